"""Bind tokens to a key of the wallet (RFC 9449): proofs, server nonces, and the one retry a server may ask for."""

import secrets
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from cli.p256 import P256Key
from cli.wallet.errors import ServerRefused
from cli.wallet.http import Answer
from jeung.crypto import base64url
from jeung.crypto.hashing import sha256
from jeung.crypto.jwk import parse_jwk
from jeung.crypto.jws import sign_jws
from jeung.ports.world import Clock

PROOF_TYPE = "dpop+jwt"

Send = Callable[[Mapping[str, str]], Answer]
"""Sends one and the same request with some more headers."""


def dpop_proof(
    key: P256Key,
    method: str,
    url: str,
    *,
    now: int,
    nonce: str | None = None,
    token: str | None = None,
    jti: str | None = None,
) -> str:
    """Make a DPoP proof (section 4.2).

    Args:
        key: what the token is, or will be, bound to.
        method: the request's.
        url: the request's; query and fragment are left out of `htu`.
        now: seconds UTC.
        nonce: what the server gave out last.
        token: the access token it goes with, named by its hash.
        jti: a fresh one unless given.

    """
    claims: dict[str, object] = {
        "jti": jti or base64url.encode(secrets.token_bytes(16)),
        "htm": method,
        "htu": urlsplit(url)._replace(query="", fragment="").geturl(),
        "iat": now,
    }
    if nonce is not None:
        claims["nonce"] = nonce
    if token is not None:
        claims["ath"] = base64url.encode(sha256(token.encode("ascii")))
    return sign_jws({"typ": PROOF_TYPE, "alg": "ES256", "jwk": key.jwk}, claims, key.sign)


class Dpop:
    """Send requests under one key, remembering the nonce each server gave out last; for one thread at a time."""

    def __init__(self, key: P256Key, clock: Clock) -> None:
        """Take the key."""
        self.key = key
        self._clock = clock
        self._nonces: dict[str, str] = {}

    @property
    def thumbprint(self) -> str:
        """Give the key's JWK thumbprint (RFC 7638), `jkt` in tokens."""
        return base64url.encode(parse_jwk(self.key.jwk).thumbprint)

    def learn(self, url: str, answer: Answer) -> None:
        """Remember the nonce an answer of any endpoint of a server carried (section 8.2)."""
        nonce = answer.headers.get("dpop-nonce")
        if nonce:
            self._nonces[_origin(url)] = nonce

    def send(self, method: str, url: str, send: Send, *, token: str | None = None) -> Answer:
        """Send a request with a proof; where the server asks for its nonce, once more with that (section 8)."""
        answer = self._once(method, url, send, token)
        if answer.status in (400, 401) and "dpop-nonce" in answer.headers and _asks_for_nonce(answer):
            answer = self._once(method, url, send, token)
        return answer

    def _once(self, method: str, url: str, send: Send, token: str | None) -> Answer:
        nonce = self._nonces.get(_origin(url))
        proof = dpop_proof(self.key, method, url, now=self._clock.now(), nonce=nonce, token=token)
        headers = {"DPoP": proof} if token is None else {"DPoP": proof, "Authorization": f"DPoP {token}"}
        answer = send(headers)
        self.learn(url, answer)
        return answer


def _asks_for_nonce(answer: Answer) -> bool:
    """Tell whether an error asks for a nonce: in the token endpoint's JSON, or a resource's WWW-Authenticate."""
    if "use_dpop_nonce" in answer.headers.get("www-authenticate", ""):
        return True
    try:
        answer.require_success()
    except ServerRefused as refused:
        return refused.error == "use_dpop_nonce"
    return False


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
