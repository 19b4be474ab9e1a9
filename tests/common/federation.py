"""Play a desk whose staff log in through an identity provider."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from jeung.crypto import base64url
from jeung.crypto.hashing import sha256
from jeung.domain.staff import LoginMethod
from jeung.errors.staff import ProviderRefused
from jeung.ports.identity import ProviderEndpoints
from jeung.services.staff import FederationRules, LogIn, SessionRules, StaffFederation
from tests.unit.jeung.services.test_staff import Desk

ISSUER, CLIENT, SUBJECT = "https://idp.example", "jeung-bank", "2482"
BROWSER, ANOTHER = "B" * 43, "C" * 43
METHODS = frozenset({LoginMethod.OIDC, LoginMethod.PASSWORD})


class MemoryProvider:
    """Give what it is told to, once the verifier is the one whose digest the browser was sent with."""

    def __init__(self) -> None:
        self.names_itself = True
        self.end_session: str | None = f"{ISSUER}/bye"
        self.authorization = f"{ISSUER}/authorize"
        self.challenge = ""
        self.claims: dict[str, Any] = {}

    def endpoints(self) -> ProviderEndpoints:
        return ProviderEndpoints(self.authorization, self.end_session, self.names_itself)

    def verify_logout_token(self, token: str) -> Mapping[str, Any]:
        if token != "token":
            raise ProviderRefused
        return {name: value for name, value in self.claims.items() if value is not None}

    def redeem(self, code: str, *, verifier: str, redirect_uri: str) -> Mapping[str, Any]:
        assert redirect_uri == "https://bank.example/cb"
        if code != "code" or base64url.encode(sha256(verifier.encode())) != self.challenge:
            raise ProviderRefused
        return {name: value for name, value in self.claims.items() if value is not None}


class FederatedDesk(Desk):
    def __post_init__(self) -> None:
        super().__post_init__()
        self.provider = MemoryProvider()
        self.federation = self.federated()
        self.sessions.rules = SessionRules(idle_s=900, life_s=3600, methods=METHODS)
        self.accounts.link("minji", ISSUER, SUBJECT)

    def federated(self, sessions: SessionRules | None = None, **rules: Any) -> StaffFederation:  # noqa: ANN401
        given = {"issuer": ISSUER, "client_id": CLIENT, "redirect_uri": "https://bank.example/cb", **rules}
        return StaffFederation(
            store=self.store,
            provider=self.provider,
            clock=self.clock,
            entropy=self.sessions._entropy,
            sessions=sessions or SessionRules(idle_s=900, life_s=3600, methods=METHODS),
            rules=FederationRules(after_log_out="https://bank.example/bye", **given),
        )

    def sent(self, **options: bool) -> dict[str, str]:
        query = parse_qs(urlsplit(self.federation.begin(BROWSER, **options)).query)
        asked = {name: value for name, (value,) in query.items()}
        self.provider.challenge = asked["code_challenge"]
        now = self.clock.now()
        self.provider.claims = {
            "iss": ISSUER,
            "sub": SUBJECT,
            "aud": CLIENT,
            "exp": now + 300,
            "iat": now,
            "auth_time": now,
            "nonce": asked["nonce"],
        }
        return asked

    def log_in(self, change: Mapping[str, Any] = {}, **claims: Any) -> LogIn:  # noqa: ANN401
        answer = {"code": "code", "state": self.sent()["state"], "iss": ISSUER, **change}
        self.provider.claims.update(claims)
        given = {name: value for name, value in answer.items() if value is not None}
        return self.federation.finish(given, browser=BROWSER)
