"""Speak to the institution's identity provider: discovery, keys, and the exchange of a code.

Only addresses at the issuer's origin, or at the origins the settings add, are called; no redirect is followed, no
proxy of the environment is used, and each answer is bounded in size and time. Discovery and keys are kept for an
hour; a key id nobody has heard of fetches the keys again, once a minute at most, so that forged tokens cost the
provider nothing.
"""

import json
import threading
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from joserfc import jws
from joserfc.jwk import KeySet
from urllib3.exceptions import HTTPError

from jeung.errors.staff import ProviderRefused, ProviderUnavailable
from jeung.ports.identity import ProviderEndpoints

ClientAuthentication = Callable[[str], tuple[Mapping[str, str], tuple[str, str] | None]]
"""Gives, for the token endpoint's address, fields to add to the form and HTTP Basic credentials."""

_MAX_ANSWER_BYTES = 256 * 1024
_MAX_KEYS = 100
_MAX_TOKEN_CHARACTERS = 16_384
_KEPT_S = 3_600
_AGAIN_AFTER_S = 60
_CHUNK_BYTES = 8_192
_LOGOUT_TYPES = frozenset({"logout+jwt", "application/logout+jwt", "jwt"})


class HttpIdentityProvider:
    """Serve the core's port `IdentityProvider` over HTTP."""

    def __init__(
        self,
        issuer: str,
        client_id: str,
        authenticate: ClientAuthentication,
        *,
        algorithms: Collection[str],
        more_origins: Collection[str] = (),
        timeout_s: int = 5,
        allow_http: bool = False,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare; nothing is called before somebody logs in. `allow_http` is for sandboxes."""
        self._issuer = issuer
        self._client_id = client_id
        self._authenticate = authenticate
        self._algorithms = list(algorithms)
        self._origins = {_origin(issuer), *more_origins}
        self._schemes = {"https", "http"} if allow_http else {"https"}
        self._timeout_s = timeout_s
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._metadata: tuple[float, dict[str, Any]] | None = None
        self._keys: tuple[float, KeySet] | None = None

    def endpoints(self) -> ProviderEndpoints:
        """Give where browsers are sent, as the provider publishes it.

        Raises:
            ProviderUnavailable: it does not answer, or not as its issuer.
        """
        metadata = self._discovered()
        end_session = metadata.get("end_session_endpoint")
        return ProviderEndpoints(
            authorization=self._address(metadata, "authorization_endpoint"),
            end_session=None if end_session is None else self._address(metadata, "end_session_endpoint"),
            names_itself=metadata.get("authorization_response_iss_parameter_supported") is True,
        )

    def redeem(self, code: str, *, verifier: str, redirect_uri: str) -> Mapping[str, Any]:
        """Exchange a code and give the claims of the ID token.

        Raises:
            ProviderRefused: the code is not good, or the token is not signed by a key and algorithm that are allowed.
            ProviderUnavailable: as `endpoints`.
        """
        endpoint = self._address(self._discovered(), "token_endpoint")
        fields, basic = self._authenticate(endpoint)
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
            "client_id": self._client_id,
            **fields,
        }
        answer = self._called("POST", endpoint, form, basic)
        token = answer.get("id_token")
        if not isinstance(token, str) or len(token) > _MAX_TOKEN_CHARACTERS:
            raise ProviderRefused
        return self._verified(token)

    def verify_logout_token(self, token: str) -> Mapping[str, Any]:
        """Give the claims of a logout token; raises as `redeem`.

        Its type is `logout+jwt`, as section 2.4 of Back-Channel Logout 1.0 recommends, or none in particular: what
        tells it from an ID token are its claims, which are the caller's to judge.
        """
        if len(token) > _MAX_TOKEN_CHARACTERS:
            raise ProviderRefused
        return self._verified(token, types=_LOGOUT_TYPES)

    def _verified(self, token: str, types: Collection[object] | None = None) -> Mapping[str, Any]:
        try:
            header = jws.extract_compact(token.encode("ascii")).headers()
        except Exception:
            # What the library raises on bytes of others is not documented.
            raise ProviderRefused from None
        kid, algorithm = header.get("kid"), header.get("alg")
        if algorithm not in self._algorithms or "crit" in header:
            raise ProviderRefused
        if types is not None and str(header.get("typ", "jwt")).lower() not in types:
            raise ProviderRefused
        keys = self._key_set(kid)
        try:
            fitting = [key for key in keys.keys if kid is None or key.kid == kid]
            (key,) = fitting
            payload = jws.deserialize_compact(token, key, algorithms=self._algorithms).payload
            claims = json.loads(payload)
        except Exception:
            raise ProviderRefused from None
        if not isinstance(claims, dict):
            raise ProviderRefused
        return claims

    def _key_set(self, kid: object) -> KeySet:
        """Give the provider's keys, fetched again where none has this id and the last time was long enough ago."""
        with self._lock:
            kept, now = self._keys, self._monotonic()
            if kept is not None:
                known = kid is None or any(key.kid == kid for key in kept[1].keys)
                age_s = now - kept[0]
                if age_s < _KEPT_S and (known or age_s < _AGAIN_AFTER_S):
                    return kept[1]
        document = self._called("GET", self._address(self._discovered(), "jwks_uri"))
        listed = document.get("keys")
        if not isinstance(listed, list) or len(listed) > _MAX_KEYS:
            raise _unavailable()
        try:
            # A secret key has no place in a published set; a token under one could be anybody's.
            public = [key for key in listed if key.get("kty") != "oct" and key.get("use", "sig") == "sig"]
            keys = KeySet.import_key_set({"keys": public})
        except Exception:
            raise _unavailable() from None
        with self._lock:
            self._keys = (self._monotonic(), keys)
        return keys

    def _discovered(self) -> dict[str, Any]:
        with self._lock:
            kept = self._metadata
        if kept is not None and self._monotonic() - kept[0] < _KEPT_S:
            return kept[1]
        metadata = self._called("GET", f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
        if metadata.get("issuer") != self._issuer:
            raise _unavailable()
        with self._lock:
            self._metadata = (self._monotonic(), metadata)
        return metadata

    def _address(self, metadata: Mapping[str, Any], name: str) -> str:
        address = metadata.get(name)
        if not isinstance(address, str) or not self._allowed(address):
            raise _unavailable()
        return address

    def _allowed(self, address: str) -> bool:
        try:
            parts = urlsplit(address)
        except ValueError:
            return False
        return parts.scheme in self._schemes and not parts.fragment and _origin(address) in self._origins

    def _called(
        self,
        method: str,
        address: str,
        form: Mapping[str, str] | None = None,
        basic: tuple[str, str] | None = None,
    ) -> dict[str, Any]:
        """Make one call within its bounds and give the JSON object of the answer."""
        if not self._allowed(address):
            raise _unavailable()
        deadline = self._monotonic() + 2 * self._timeout_s
        try:
            with requests.Session() as session:
                session.trust_env = False
                with session.request(
                    method,
                    address,
                    data=None if form is None else dict(form),
                    auth=basic,
                    headers={"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "jeung"},
                    timeout=self._timeout_s,
                    allow_redirects=False,
                    stream=True,
                ) as answer:
                    body = bytearray()
                    # What has arrived, not a whole chunk: one that trickles would hold up the look at the clock.
                    while chunk := answer.raw.read1(_CHUNK_BYTES):
                        body += chunk
                        if len(body) > _MAX_ANSWER_BYTES or self._monotonic() > deadline:
                            raise _unavailable()
                    status = answer.status_code
        except (requests.RequestException, HTTPError, OSError):
            # What the other side says goes into no log.
            raise _unavailable() from None
        if form is not None and status in {400, 401, 403}:
            raise ProviderRefused
        if status != requests.codes.ok:
            raise _unavailable()
        try:
            found = json.loads(body)
        except ValueError:
            raise _unavailable() from None
        if not isinstance(found, dict):
            raise _unavailable()
        return found


def _origin(address: str) -> str:
    parts = urlsplit(address)
    # A user name in an address would make another host look like this one.
    return f"{parts.scheme}://{parts.netloc}"


def _unavailable() -> ProviderUnavailable:
    return ProviderUnavailable(retry_after_s=30)
