"""One bank's node in memory behind its HTTP skin, with everybody around it: back office, holders, chain.

The bank is issuer and relying party at once.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from apiflask import APIFlask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api.app import create_app
from jeung.crypto.jws import sign_jws
from jeung.crypto.key_binding import bind_key
from jeung.crypto.sd_jwt_issue import present
from jeung.domain.access import Client, Scope
from jeung.domain.audits import AuditUnreadable, LastAudit
from jeung.ports.log import SignedCheckpoint
from jeung.services.log import CheckpointService
from tests.common.jose import P256Signer
from tests.common.memory.database import MemoryDatabase
from tests.common.routes import remember_routes
from tests.unit.api.chain import Chain
from tests.unit.api.parts import METHODS, PERSON, PROFILE, URL, VCT, build_node

remember_routes()


@dataclass
class Holder:
    """Keep a holder's key and what was issued to it."""

    key: P256Signer = field(default_factory=P256Signer)
    credential: str = ""
    credential_id: str = ""


class World:
    """Run one node and play everybody around it."""

    def __init__(
        self,
        *,
        api: Mapping[str, Any] | None = None,
        base_url: str = URL,
        limits: dict[str, tuple[int, int]] | None = None,
        environment: str = "sandbox",
        wallets: Mapping[str, Any] | None = None,
        status_lists: Mapping[str, Any] | None = None,
        console: Mapping[str, Any] | None = None,
        oidc: Mapping[str, Any] | None = None,
        explorer: Mapping[str, Any] | None = None,
        last_audit: Callable[[], LastAudit | AuditUnreadable | None] = lambda: None,
        genesis_facts: Callable[[], bytes] | None = None,
    ) -> None:
        self.database = MemoryDatabase()
        self.node = build_node(
            self.database,
            api=api,
            base_url=base_url,
            limits=limits,
            environment=environment,
            wallets=wallets,
            status_lists=status_lists,
            console=console,
            oidc=oidc,
            explorer=explorer,
            last_audit=last_audit,
            genesis_facts=genesis_facts,
        )
        self.clock = self.node.clock
        self.chain = Chain(self.database, self.clock, self.node.signer)
        self.chain.found()
        self.app: APIFlask = create_app(self.node)
        self.http: FlaskClient = self.app.test_client()
        self.client_key = P256Signer()
        self._next_jti = 0
        self.register("back-office", set(Scope))

    def publish_log(self) -> SignedCheckpoint:
        """Sequence what was logged, and publish a checkpoint of it without cosignatures."""
        checkpoints = CheckpointService(
            log=self.node.transparency, signer=self.node.signer, clock=self.clock, url=self.node.settings.base_url
        )
        checkpoints.sequence(0)
        signed = checkpoints.sign(0)
        assert signed is not None
        self.node.transparency.publish(signed.epoch, signed.size, [], fence=0)
        return signed

    # ---- callers

    def register(self, client_id: str, scopes: Collection[Scope], key: P256Signer | None = None) -> None:
        """Register a back-end client."""
        jwk = (key or self.client_key).jwk
        self.node.tokens.register(Client(client_id, jwk, frozenset(scopes)))

    def assertion(self, client_id: str = "back-office", key: P256Signer | None = None, **claims: object) -> str:
        """Sign a client assertion; `claims` replace the good ones."""
        self._next_jti += 1
        now = self.clock.now()
        body = {"iss": client_id, "sub": client_id, "aud": f"{URL}/oauth/token", "iat": now, "exp": now + 60}
        body["jti"] = f"jti-{self._next_jti}"
        return sign_jws({"alg": "ES256"}, {**body, **claims}, (key or self.client_key).sign)

    def ask_token(self, **fields: str) -> TestResponse:
        """Ask for a token; `fields` replace the good ones of the form."""
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": fields.pop("client_assertion", None) or self.assertion(),
            **fields,
        }
        return self.http.post("/oauth/token", data=form)

    def token(self, *scopes: Scope) -> str:
        """Get a token with these scopes, or with all."""
        fields = {"scope": " ".join(scopes)} if scopes else {}
        answer = self.ask_token(**fields)
        assert answer.status_code == 200, answer.text
        return str(answer.get_json()["access_token"])

    def headers(self, *scopes: Scope, key: str | None = None) -> dict[str, str]:
        """Give the headers of an authorised call, with an Idempotency-Key where given."""
        headers = {"Authorization": f"Bearer {self.token(*scopes)}"}
        return headers if key is None else {**headers, "Idempotency-Key": key}

    def post(self, path: str, body: object = None, *, key: str | None = None, status: int | None = None) -> Any:  # noqa: ANN401 - JSON
        """Post as the back office with all scopes; give the JSON of the answer."""
        arguments = {} if body is None else {"json": body}
        answer = self.http.post(path, headers=self.headers(key=key), **arguments)
        assert status is None or answer.status_code == status, answer.text
        return answer.get_json()

    def get(self, path: str, status: int = 200) -> Any:  # noqa: ANN401 - JSON
        """Get as the back office with all scopes; give the JSON of the answer."""
        answer = self.http.get(path, headers=self.headers())
        assert answer.status_code == status, answer.text
        return answer.get_json()

    # ---- the life of a credential

    def proofed(self) -> str:
        """Run a proofing to its completion."""
        entropy = self.node.entropy.token(8).hex()
        proofing = self.post("/v1/proofings", {"person": PERSON}, key=f"p-{entropy}", status=201)["proofing_id"]
        for method in METHODS:
            check = {
                "method": method.value,
                "performed_at": self.clock.now(),
                "evidence_digest": "0x" + "ab" * 32,
                "passed": True,
            }
            self.post(f"/v1/proofings/{proofing}/checks", check, key=f"c-{entropy}-{method}", status=201)
        self.post(f"/v1/proofings/{proofing}/completion", status=200)
        return str(proofing)

    def issued(self, *, mined: bool = True) -> Holder:
        """Issue one credential to a fresh holder."""
        holder = Holder()
        proofing = self.proofed()
        body = {"proofing_id": proofing, "vct": VCT, "holder_keys": [holder.key.jwk]}
        copy = self.post("/v1/credentials", body, key=f"i-{proofing}", status=201)["copies"][0]
        holder.credential, holder.credential_id = copy["credential"], copy["credential_id"]
        if mined:
            self.chain.mine()
        return holder

    def nonce(self) -> str:
        """Fetch a nonce as the back end would."""
        return str(self.post("/v1/nonces", {"profile": PROFILE}, status=201)["nonce"])

    def presentation(self, holder: Holder, nonce: str) -> str:
        """Show the name under a nonce."""
        shown = present(holder.credential, {("family_name",), ("given_name",), ("proofing", "assurance_level")})
        return bind_key(shown, audience=URL, nonce=nonce, issued_at=self.clock.now(), sign=holder.key.sign)
