"""Talk to a node's API as a back office does: JSON over HTTP, a short-lived token, one connection kept open."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests

from cli.console import CommandFailed, Exit
from cli.p256 import P256Key
from jeung.crypto import base64url, jws
from node.runtime.adapters import SystemClock

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

_TIMEOUT_S = (3.05, 30.0)
_ASSERTION_LIFE_S = 60
_RENEW_BEFORE_S = 30
_CLOCK = SystemClock()


class Problem(CommandFailed):
    """A node answered with an error; `code` is the stable one of the problem document (RFC 9457)."""

    def __init__(self, status: int, code: str, detail: str, retry_after_s: int | None = None) -> None:
        """Keep what the node said."""
        super().__init__(f"the node answered {status} {code}: {detail}", Exit.NO)
        self.status = status
        self.code = code
        self.detail = detail
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Token:
    """Hold an access token and when to get another, seconds UTC."""

    value: str
    renew_at: int


class NodeClient:
    """Call one node for one registered client; not for use by several threads at once."""

    def __init__(self, base_url: str, client_id: str, key: P256Key, scopes: tuple[str, ...]) -> None:
        """Prepare; nothing is asked yet."""
        self.base_url = base_url
        self._client_id = client_id
        self._key = key
        self._scopes = scopes
        self._token: Token | None = None
        self._session = requests.Session()
        # Proxies and credentials that the environment holds for other places are not for this one.
        self._session.trust_env = False

    def fresh_token(self) -> Token:
        """Get an access token (RFC 6749 section 4.4, the client authenticated by RFC 7523 section 2.2).

        Raises:
            Problem: the node refuses the client or a scope.
            CommandFailed: nobody answers.
        """
        now = _CLOCK.now()
        endpoint = f"{self.base_url}/oauth/token"
        claims = {
            "iss": self._client_id,
            "sub": self._client_id,
            "aud": endpoint,
            "iat": now,
            "exp": now + _ASSERTION_LIFE_S,
            "jti": base64url.encode(secrets.token_bytes(16)),
        }
        assertion = jws.sign_jws({"alg": "ES256", "typ": "JWT"}, claims, self._key.sign)
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion,
            "scope": " ".join(self._scopes),
        }
        body = self._exchange("POST", endpoint, data=form)
        return Token(str(body["access_token"]), now + int(body["expires_in"]) - _RENEW_BEFORE_S)

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Any:  # noqa: ANN401 - the API's JSON
        """Read a resource.

        Raises:
            Problem: the node refuses.
            CommandFailed: nobody answers.
        """
        return self._exchange("GET", self.base_url + path, params=query, headers=self._headers())

    def post(self, path: str, body: Mapping[str, Any] | None = None, *, key: str | None = None) -> Any:  # noqa: ANN401
        """Create or act; every call carries an Idempotency-Key, a fresh one unless given.

        Raises:
            Problem: the node refuses.
            CommandFailed: nobody answers.
        """
        headers = {**self._headers(), "Idempotency-Key": key or base64url.encode(secrets.token_bytes(16))}
        return self._exchange(
            "POST", self.base_url + path, json=None if body is None else dict(body), headers=headers
        )

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def _headers(self) -> dict[str, str]:
        if self._token is None or self._token.renew_at <= _CLOCK.now():
            self._token = self.fresh_token()
        return {"Authorization": f"Bearer {self._token.value}"}

    def _exchange(self, method: str, url: str, **request: Any) -> Any:  # noqa: ANN401 - what requests takes and JSON gives
        try:
            answer = self._session.request(method, url, timeout=_TIMEOUT_S, allow_redirects=False, **request)
        except requests.RequestException:
            raise CommandFailed(f"nobody answers at {self.base_url}; is the node running? (jeung up)") from None
        try:
            body = answer.json() if answer.content else {}
        except json.JSONDecodeError:
            body = {}
        if answer.status_code < 300:
            return body
        fields = body if isinstance(body, dict) else {}
        retry = answer.headers.get("Retry-After", "")
        raise Problem(
            answer.status_code,
            str(fields.get("code") or fields.get("error") or "error"),
            str(fields.get("detail") or fields.get("error_description") or answer.reason),
            int(retry) if retry.isdecimal() else None,
        )
