"""A small OpenID provider over real HTTP with real signatures, and every lie a test wants told."""

import base64
import hashlib
import secrets
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, redirect, request
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from jeung.crypto.jwk import parse_jwk
from jeung.crypto.jws import parse_jws, verify_jws

CLIENT = "jeung-bank"
SUBJECT = "248289761001"


class Provider:
    """Answer as OpenID Connect Core says; attributes change one thing each."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.key = ECKey.generate_key("P-256", {"use": "sig"}, auto_kid=True)
        self.algorithm = "ES256"
        self.signing_key: Any = self.key
        self.header: dict[str, Any] = {}
        self.now: Callable[[], int] = lambda: int(time.time())
        self.claims: dict[str, Any] = {}
        self.metadata: dict[str, Any] = {}
        self.extra: dict[str, str] = {}
        self.client_jwk: dict[str, Any] | None = None
        self.secret: str | None = None
        self.codes: dict[str, dict[str, str]] = {}
        self.calls: list[str] = []
        self.app = Flask("provider")
        self.app.add_url_rule("/.well-known/openid-configuration", view_func=self.discovery)
        self.app.add_url_rule("/jwks", view_func=self.jwks)
        self.app.add_url_rule("/authorize", view_func=self.authorize)
        self.app.add_url_rule("/token", view_func=self.token, methods=["POST"])
        self.app.add_url_rule("/bye", view_func=lambda: "bye")

    def rotate(self) -> None:
        """Sign with a fresh key that the provider publishes from now on."""
        self.key = ECKey.generate_key("P-256", {"use": "sig"}, auto_kid=True)
        self.signing_key = self.key

    def discovery(self) -> dict[str, Any]:
        self.calls.append("discovery")
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
            "end_session_endpoint": f"{self.url}/bye",
            "authorization_response_iss_parameter_supported": True,
            **self.metadata,
        }

    def jwks(self) -> dict[str, Any]:
        self.calls.append("jwks")
        return {"keys": [self.key.as_dict(private=False)]}

    def authorize(self) -> Any:  # noqa: ANN401 - a redirect
        """Let the one person there is in, and send the browser back."""
        code = secrets.token_urlsafe(16)
        self.codes[code] = dict(request.args)
        answer = {"code": code, "state": request.args["state"], "iss": self.url, **self.extra}
        return redirect(f"{request.args['redirect_uri']}?{urlencode(answer)}")

    def token(self) -> Any:  # noqa: ANN401 - an answer
        self.calls.append("token")
        form = request.form
        asked = self.codes.pop(form["code"], None)
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if asked is None or asked["code_challenge"] != challenge or asked["redirect_uri"] != form["redirect_uri"]:
            return Response('{"error": "invalid_grant"}', 400, content_type="application/json")
        if not self._client_is_known():
            return Response('{"error": "invalid_client"}', 401, content_type="application/json")
        now = self.now()
        claims = {
            "iss": self.url,
            "sub": SUBJECT,
            "aud": CLIENT,
            "exp": now + 300,
            "iat": now,
            "auth_time": now,
            "nonce": asked["nonce"],
            **self.claims,
        }
        kept = {name: value for name, value in claims.items() if value is not None}
        return {"id_token": self.signed(kept), "access_token": "x", "token_type": "Bearer"}

    def signed(self, claims: dict[str, Any]) -> str:
        header = {"alg": self.algorithm, "kid": self.key.kid, **self.header}
        if self.algorithm == "none":
            parts = str(jwt.encode({"alg": "HS256", **self.header}, claims, OctKey.import_key("x" * 32))).split(".")
            none = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
            return f"{none}.{parts[1]}."
        return str(jwt.encode(header, claims, self.signing_key, algorithms=[self.algorithm]))

    def _client_is_known(self) -> bool:
        if self.secret is not None:
            given = request.authorization
            return given is not None and (given.username, given.password) == (CLIENT, self.secret)
        assert self.client_jwk is not None
        jws = parse_jws(request.form["client_assertion"], typ="client-authentication+jwt")
        verify_jws(jws, parse_jwk(self.client_jwk))
        claims = jws.claims()
        return (claims["iss"], claims["sub"], claims["aud"]) == (CLIENT, CLIENT, f"{self.url}/token")
