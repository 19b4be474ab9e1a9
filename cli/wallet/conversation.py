"""Speak with one issuer: every request with the proofs its server wants, every retry it may ask for at most once."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cli.wallet.attestation import Instance, Shape, fetch_challenge
from cli.wallet.dpop import Dpop
from cli.wallet.errors import ServerRefused
from cli.wallet.http import JSON, Answer, WalletHttp
from cli.wallet.metadata import Issuer
from jeung.ports.world import Clock

_STALE_CHALLENGE = frozenset({"use_attestation_challenge", "use_fresh_attestation"})


@dataclass(frozen=True, slots=True)
class Token:
    """Hold an access token and what came with it; never in a repr."""

    value: str = field(repr=False)
    token_type: str
    credential_identifiers: Mapping[str, tuple[str, ...]]
    """By configuration id, what the server said to ask for (OpenID4VCI 1.0 section 6.2); mostly empty."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """Hold the two parties and how the wallet proves itself: under which key, as which instance (None: anonymous)."""

    http: WalletHttp
    issuer: Issuer
    clock: Clock
    dpop: Dpop | None = None
    instance: Instance | None = None

    @property
    def client_id(self) -> str | None:
        """Give the wallet's client id, None where it stays anonymous."""
        return None if self.instance is None else self.instance.client_id

    def post_form(self, endpoint: str, form: Mapping[str, str]) -> Answer:
        """Post to an endpoint of the authorization server, authenticated as the instance.

        Raises:
            NotTrusted: there is no such endpoint.
            Unanswered: nobody answers.
        """
        url = self.issuer.server_endpoint(endpoint)
        answer = self._post_form(url, form)
        try:
            answer.require_success()
        except ServerRefused as refused:
            # The proof is made anew for each try, so asking again repeats nothing.
            if self.instance is not None and refused.error in _STALE_CHALLENGE:
                return self._post_form(url, form)
        return answer

    def _post_form(self, url: str, form: Mapping[str, str]) -> Answer:
        proofs: dict[str, str] = {}
        if self.instance is not None:
            combined = self.instance.shape is Shape.COMBINED
            challenge = None if combined else fetch_challenge(self.http, self.issuer)
            proofs = self.instance.headers(self.issuer.server_issuer, now=self.clock.now(), challenge=challenge)
            form = {**form, "client_id": self.instance.client_id}

        def send(headers: Mapping[str, str]) -> Answer:
            return self.http.post_form(url, form, headers={**proofs, **headers})

        return send({}) if self.dpop is None else self.dpop.send("POST", url, send)

    def post_json(self, endpoint: str, body: Mapping[str, Any], token: Token) -> Answer:
        """Post JSON to an endpoint of the issuer under an access token; raises as `post_form`."""
        return self.post_bytes(endpoint, json.dumps(body).encode(), token, content_type=JSON)

    def post_bytes(self, endpoint: str, body: bytes, token: Token, *, content_type: str) -> Answer:
        """Post any body to an endpoint of the issuer under an access token; raises as `post_form`."""
        url = self.issuer.endpoint(endpoint)

        def send(headers: Mapping[str, str]) -> Answer:
            return self.http.post(url, body, content_type=content_type, headers=headers)

        if self.dpop is None or token.token_type.lower() != "dpop":
            return send({"Authorization": f"Bearer {token.value}"})
        return self.dpop.send("POST", url, send, token=token.value)

    def fetch_nonce(self) -> str | None:
        """Get a nonce for key proofs (section 7); None where the issuer has no nonce endpoint.

        Raises:
            NotTrusted, ServerRefused, Unanswered: it says so and then gives none.
        """
        if "nonce_endpoint" not in self.issuer.metadata:
            return None
        url = self.issuer.endpoint("nonce_endpoint")
        answer = self.http.post(url)
        if self.dpop is not None:
            self.dpop.learn(url, answer)
        nonce = answer.json().get("c_nonce")
        return nonce if isinstance(nonce, str) else None
