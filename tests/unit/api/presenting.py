"""A wallet over HTTP: fetch the request, show what it asks for, send it where it says."""

import json
from collections.abc import Callable, Collection, Mapping
from typing import Any

from jeung.crypto import base64url
from jeung.crypto.hashing import sha256
from jeung.crypto.jwe import encrypt_jwe
from jeung.crypto.jws import parse_jws, sign_jws
from jeung.crypto.key_binding import sd_hash
from jeung.crypto.sd_jwt import Path
from jeung.crypto.sd_jwt_issue import present
from tests.common.jose import P256Signer
from tests.unit.api.world import Holder, World

FORM = "application/x-www-form-urlencoded"
SHOWN: tuple[Path, ...] = (("family_name",), ("given_name",), ("proofing", "assurance_level"))
Claims = dict[str, Any]
Change = Callable[[Claims], object]


def local(url: str) -> str:
    """Give the path of an address of the node."""
    return "/" + url.split("/", 3)[3]


def fetched(world: World, made: Mapping[str, Any], *, post: Mapping[str, str] | None = None) -> Claims:
    """Fetch the request object and give its claims."""
    path = local(made["request_uri"])
    answer = world.http.get(path) if post is None else world.http.post(path, data=dict(post))
    assert answer.status_code == 200, answer.text
    assert answer.content_type == "application/oauth-authz-req+jwt"
    return parse_jws(answer.text, typ="oauth-authz-req+jwt").claims()


def shown(
    world: World,
    holder: Holder,
    request: Claims,
    *,
    show: Collection[Path] = SHOWN,
    change: Change = lambda claims: None,
    key: P256Signer | None = None,
    credential: str | None = None,
) -> str:
    """Present a credential in answer to a request, with the key binding's claims changed."""
    disclosed = present(credential or holder.credential, list(show))
    claims: Claims = {
        "iat": world.clock.now(),
        "aud": request["client_id"],
        "nonce": request["nonce"],
        "sd_hash": sd_hash(disclosed),
    }
    if "transaction_data" in request:
        digests = [base64url.encode(sha256(text.encode())) for text in request["transaction_data"]]
        claims["transaction_data_hashes"] = digests
    change(claims)
    return disclosed + sign_jws({"alg": "ES256", "typ": "kb+jwt"}, claims, (key or holder.key).sign)


def encrypted(request: Claims, answer: Claims, *, enc: str = "A256GCM") -> str:
    """Encrypt an answer to the key of a request."""
    (jwk,) = request["client_metadata"]["jwks"]["keys"]
    return encrypt_jwe(json.dumps(answer).encode(), jwk, content_encryption=enc)


def send(world: World, request: Claims, form: Mapping[str, str]) -> Any:  # noqa: ANN401 - a TestResponse
    """Post a form to the request's response address."""
    return world.http.post(local(request["response_uri"]), data=dict(form))


def answer(world: World, request: Claims, vp_token: Claims, **members: object) -> Any:  # noqa: ANN401 - a TestResponse
    """Answer a request in its mode."""
    body = {"vp_token": vp_token, "state": request["state"], **members}
    if request["response_mode"] == "direct_post.jwt":
        return send(world, request, {"response": encrypted(request, body)})
    return send(world, request, {"vp_token": json.dumps(body["vp_token"]), "state": str(body["state"])})


def asked(world: World, **members: object) -> Claims:
    """Ask for a presentation as the back end."""
    made: Claims = world.post("/v1/presentation-requests", {"profile": "open-account", **members}, status=201)
    return made


def result(world: World, made: Mapping[str, Any]) -> Claims:
    """Read what became of a request."""
    read: Claims = world.get(f"/v1/presentation-requests/{made['request_id']}")
    return read


def open_request(world: World, **members: object) -> tuple[Claims, Claims]:
    """Make a request and fetch it."""
    made = asked(world, **members)
    return made, fetched(world, made)


def still_open(world: World, made: Claims) -> bool:
    """Tell whether a request that was fetched still waits for its answer."""
    return bool(result(world, made)["state"] == "fetched")


def code_of(answered: Any) -> tuple[int, str]:  # noqa: ANN401 - a TestResponse
    """Give the status and the stable code of a refusal."""
    return answered.status_code, answered.get_json()["code"]


def twice(*members: Mapping[str, Any], **top: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """Write a query of several credentials of the bank's one type."""
    base = {
        "format": "dc+sd-jwt",
        "meta": {"vct_values": ["http://localhost:8101/types/real-name-1"]},
        "claims": [{"path": ["family_name"]}, {"path": ["given_name"]}, {"path": ["proofing", "assurance_level"]}],
    }
    return {"credentials": [{**base, **member} for member in members], **top}
