"""Serve the wallet page: one shell, a manifest, and the service worker that keeps the page's own files.

Nothing here knows a person. The page is the same for everybody; what it holds stays in the browser that shows it.
"""

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Final

from apiflask import APIBlueprint
from flask import Response, current_app, render_template

from api.context import runtime
from api.limits import Limit, count

blueprint = APIBlueprint(
    "wallet_page", __name__, url_prefix="/wallet", template_folder="../web/templates", enable_openapi=False
)

_FOLDERS: Final = ("common", "wallet")
_WORKER: Final = "wallet/sw.js"
# A wallet must reach issuers and verifiers that nobody knows beforehand; what else a page could load is ours alone.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self' https:{local}; manifest-src 'self'; worker-src 'self'; "
    "form-action 'none'; frame-ancestors 'none'; base-uri 'none'; "
    "require-trusted-types-for 'script'; trusted-types jeung-wallet"
)
_WORKER_POLICY: Final = "default-src 'none'; connect-src 'self'"


@blueprint.get("")
@blueprint.get("/return")
def show_wallet() -> Response:
    """Show the wallet; an issuer's consent page leads back to its second address."""
    count(Limit.PUBLIC)
    response = Response(render_template("wallet.html", lang="ko"), content_type="text/html; charset=utf-8")
    local = " http://localhost:*" if runtime().settings.environment.value == "sandbox" else ""
    response.headers["Content-Security-Policy"] = _POLICY.format(local=local)
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Permissions-Policy"] = (
        "camera=(self), publickey-credentials-get=(self), publickey-credentials-create=(self), "
        "microphone=(), geolocation=()"
    )
    response.headers["Cache-Control"] = "no-cache"
    return response


@blueprint.get("/manifest.webmanifest")
def get_manifest() -> Response:
    """Say how the page is installed (W3C Web Application Manifest)."""
    icons = [
        {"src": "/static/wallet/icons/icon.svg", "sizes": "any", "type": "image/svg+xml", "purpose": "any"},
        {"src": "/static/wallet/icons/icon-192.png", "sizes": "192x192", "type": "image/png", "purpose": "any"},
        {"src": "/static/wallet/icons/icon-512.png", "sizes": "512x512", "type": "image/png", "purpose": "any"},
        {
            "src": "/static/wallet/icons/maskable-512.png",
            "sizes": "512x512",
            "type": "image/png",
            "purpose": "maskable",
        },
    ]
    manifest = {
        "id": "/wallet",
        "name": "Jeung 지갑",
        "short_name": "Jeung",
        "description": "내 신원은 내 휴대폰에 · Your identity, kept by you",
        "lang": "ko",
        "dir": "ltr",
        "start_url": "/wallet",
        "scope": "/wallet",
        "display": "standalone",
        "background_color": "#f3f5f9",
        "theme_color": "#1f3fd1",
        "categories": ["finance", "security"],
        "icons": icons,
    }
    return Response(json.dumps(manifest, ensure_ascii=False), content_type="application/manifest+json")


@blueprint.get("/sw.js")
def get_worker() -> Response:
    """Give the service worker, led by the list of the page's files and a digest over all of them.

    A browser takes a worker for new when one byte of it differs, so a change in any file renews all of them together.
    """
    root = Path(current_app.static_folder or "")
    files, digest = _files(root)
    # The shell is not a static file; a change of its template must count all the same.
    digest = hashlib.sha256((digest + render_template("wallet.html", lang="ko")).encode()).hexdigest()[:16]
    head = f"const VERSION = {json.dumps(digest)};\nconst FILES = {json.dumps(files)};\n"
    response = Response(head + (root / _WORKER).read_text("utf-8"), content_type="text/javascript; charset=utf-8")
    response.headers["Content-Security-Policy"] = _WORKER_POLICY
    response.headers["Service-Worker-Allowed"] = "/wallet"
    response.headers["Cache-Control"] = "no-cache"
    return response


@cache
def _files(root: Path) -> tuple[list[str], str]:
    """List the addresses of the page's static files, and digest names and contents."""
    found = sorted(path for folder in _FOLDERS for path in (root / folder).rglob("*") if path.is_file())
    digest = hashlib.sha256()
    for path in found:
        digest.update(f"{path.relative_to(root).as_posix()}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    names = [path.relative_to(root).as_posix() for path in found if path != root / _WORKER]
    return [f"/static/{name}" for name in names], digest.hexdigest()
