"""A bank and an exchange with real keys, certificates and databases behind their HTTP skins; the chain is played."""

import dataclasses
import json
import secrets
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from api.app import create_app
from cli.demo.catalogue import OPENING, SHOWN, TYPE_NAME, Catalogue
from cli.demo.issuing import METHODS
from cli.p256 import P256Key
from cli.wallet.attestation import Instance, Shape, WalletProvider
from cli.wallet.credentials import Held
from cli.wallet.register import RelyingPartyRegister
from cli.wallet.wallet import HeadlessWallet, Wish, World
from jeung.crypto import base64url, canonical_json
from jeung.crypto.jwk import parse_jwk
from jeung.crypto.jws import sign_jws
from jeung.domain.access import Client, Scope
from jeung.domain.chain import BlockHeader, BlockRange
from jeung.domain.identifiers import to_hex
from jeung.domain.ledger import CredentialStatus
from jeung.domain.members import Role
from jeung.domain.proofing import AssuranceLevel
from jeung.domain.registrations import KeyPurpose
from jeung.services.log.checkpoints import CheckpointService
from node.runtime.adapters import SystemClock, Timers
from node.runtime.creation import NodePlan, create_node
from node.runtime.services import build_api_services, open_parts
from node.settings import load_settings
from node.store.open import NodeStore
from tests.common.app_http import AppHttp
from tests.common.consortium import FAR, Consortium, member_id
from tests.common.memory.world import AtOnce, SetClock

BANK, EXCHANGE = "http://localhost:8101", "http://localhost:8102"
PERMITTED = ("name_ko", "birthdate", "phone_number", "account", "age_equal_or_over", "proofing")
_PURPOSES = (
    *(KeyPurpose.CREDENTIAL_SIGNING, KeyPurpose.STATUS_SIGNING),
    *(KeyPurpose.REQUEST_SIGNING, KeyPurpose.RECEIPT_SIGNING, KeyPurpose.LOG_CHECKPOINT_SIGNING),
)
_ALL_LIMITS = {f"rate_{name}": "100000/minute" for name in ("default", "oauth", "public")}
PERSON: dict[str, Any] = {
    "family_name": "Kim",
    "given_name": "Minseo",
    "name_ko": "김민서",
    "birthdate": "1990-05-17",
    "sex": "female",
    "nationality": "KR",
    "phone_number": "+821012345678",
    "address": "서울특별시 중구 세종대로 1",
    "account": {"bank": "한빛은행", "number": "110123456789", "verified_at": 1_700_000_000},
}


class Node:
    """One member's node: what a process of it opens, with the scene's clock in place of the system's."""

    def __init__(self, folder: Path, name: str, url: str, clock: SetClock, wallets: dict[str, Any]) -> None:
        self.url, self.clock, self.key = url, clock, P256Key.generate()
        settings: dict[str, Any] = {
            "name": name,
            "environment": "sandbox",
            "base_url": url,
            "listen_port": int(url.rpartition(":")[2]),
            "rpc_urls": ["http://127.0.0.1:9"],
            "unsafe_fast_key_derivation": True,
            "api": _ALL_LIMITS,
            "issuance": {"time_rounding_s": 1, "max_copies": 4},
            "wallets": wallets,
        }
        client = Client("back-office", self.key.jwk, frozenset(Scope))
        create_node(NodePlan(folder, name.title(), settings, [client]), SystemClock())
        parts = open_parts(load_settings(folder))
        self.parts = dataclasses.replace(parts, clock=cast(SystemClock, clock), later=cast(Timers, AtOnce()))
        self.kept: NodeStore = parts.kept
        self.services = build_api_services(self.parts)
        self.app = create_app(self.services)
        fence = self.kept.lease.acquire("scene", now=clock.now(), ttl_s=FAR)
        assert fence is not None
        self.fence = fence

    def thumbprint(self, purpose: KeyPurpose) -> bytes:
        return base64url.decode(self.parts.signer.active_key(purpose).key_id)

    def publish_log(self) -> None:
        """Do what the worker does every few seconds: sequence, sign and publish the log."""
        signer, log = self.parts.signer, self.kept.log
        service = CheckpointService(log=log, signer=signer, clock=self.clock, url=self.url)
        while service.sequence(self.fence):
            pass
        signed = service.sign(self.fence)
        assert signed is not None
        log.publish(signed.epoch, signed.size, (), fence=self.fence)

    def close(self) -> None:
        self.parts.close()


class _Mirror:
    """Give every block to every node's index, as their followers would."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        self._nodes = nodes

    def head(self) -> BlockHeader | None:
        return self._nodes[0].kept.index.head()

    def apply(self, found: BlockRange, *, fence: int, polled_at: int) -> None:
        for node in self._nodes:
            node.kept.index.apply(found, fence=node.fence, polled_at=polled_at)


class Scene:
    """The consortium founded: a type, an accredited bank, two relying parties, a trusted maker of wallets."""

    def __init__(self, folder: Path, *, attestation: str = "optional") -> None:
        self.clock = SetClock(int(time.time()))
        wallets = {"attestation": attestation}
        self.bank = Node(folder / "bank", "bank", BANK, self.clock, wallets)
        self.exchange = Node(folder / "exchange", "exchange", EXCHANGE, self.clock, wallets)
        self.nodes = (self.bank, self.exchange)
        mirror = _Mirror(self.nodes)
        self.chain = Consortium(mirror, self.clock, fence=0)  # type: ignore[arg-type]  # the two methods it calls
        self.catalogue = Catalogue(BANK)
        self.provider = WalletProvider.generate()
        self._found()
        self.http = AppHttp({node.url: node.app for node in self.nodes})
        self.world = World.build(self.http, self.clock)
        self.register = RelyingPartyRegister(self.http, self.clock, BANK)

    def close(self) -> None:
        for node in self.nodes:
            node.close()

    # ---- wallets

    def wallet(self, shape: Shape | None = None, provider: WalletProvider | None = None) -> HeadlessWallet:
        """Give an empty wallet, anonymous unless a shape of attestation is named."""
        instance = shape and Instance(provider or self.provider, "https://wallet.example", P256Key.generate(), shape)
        return HeadlessWallet(self.world, instance=instance, registry=self.register)

    def received(self, wallet: HeadlessWallet | None = None, copies: int = 1, *, attest: bool = True) -> list[Held]:
        """Offer the bank's customer a credential, take it, and have it attested."""
        offer = self.offer()
        kept = (wallet or self.wallet()).receive(
            offer["deep_link"], tx_code=offer["transaction_code"], wish=Wish(copies=copies)
        )
        assert isinstance(kept, list)
        if attest:
            self.attest()
        return kept

    # ---- back offices

    def call(self, node: Node, method: str, path: str, body: object = None, *, status: int | None = None) -> Any:  # noqa: ANN401
        """Speak as a member's back office; give the JSON of the answer."""
        headers = {"Authorization": f"Bearer {self._token(node)}", "Content-Type": "application/json"}
        if method == "POST":
            headers["Idempotency-Key"] = secrets.token_urlsafe(16)
        data = None if body is None else json.dumps(body).encode()
        answer = self.http.exchange(method, node.url + path, data, headers=headers)
        expected = (200, 201) if status is None else (status,)
        assert answer.status in expected, (answer.status, answer.body)
        return json.loads(answer.body) if answer.body else {}

    def proofed(self, *, complete: bool = True) -> str:
        """Proof the customer; give the proofing's id."""
        proofing = str(self.call(self.bank, "POST", "/v1/proofings", {"person": PERSON})["proofing_id"])
        for method in METHODS:
            check = {"method": method, "performed_at": self.clock.now(), "passed": True}
            check["evidence_digest"] = "0x" + "ab" * 32
            self.call(self.bank, "POST", f"/v1/proofings/{proofing}/checks", check)
        if complete:
            self.call(self.bank, "POST", f"/v1/proofings/{proofing}/completion")
        return proofing

    def offer(self, proofing: str | None = None) -> dict[str, Any]:
        """Make an offer for a proofed customer."""
        body = {"proofing_id": proofing or self.proofed(), "credential_configuration_ids": [TYPE_NAME]}
        offer: dict[str, Any] = self.call(self.bank, "POST", "/v1/credential-offers", {**body, "qr_code": False})
        return offer

    def ask(self, node: Node | None = None, **wish: object) -> dict[str, Any]:
        """Make a presentation request."""
        body = {"profile": OPENING, "qr_code": False, **wish}
        asked: dict[str, Any] = self.call(node or self.exchange, "POST", "/v1/presentation-requests", body)
        return asked

    def result(self, asked: dict[str, Any], node: Node | None = None) -> dict[str, Any]:
        """See what became of a presentation request."""
        path = f"/v1/presentation-requests/{asked['request_id']}"
        result: dict[str, Any] = self.call(node or self.exchange, "GET", path)
        return result

    def _token(self, node: Node) -> str:
        now = self.clock.now()
        claims = {"iss": "back-office", "sub": "back-office", "aud": f"{node.url}/oauth/token", "iat": now}
        claims |= {"exp": now + 60, "jti": secrets.token_urlsafe(16)}
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": sign_jws({"alg": "ES256", "typ": "JWT"}, claims, node.key.sign),
        }
        return str(self.http.post_form(f"{node.url}/oauth/token", form).json()["access_token"])

    # ---- the chain

    def attest(self) -> None:
        """Attest whatever the bank has issued and the chain does not know yet."""
        items = self.call(self.bank, "GET", "/v1/credentials?limit=200")["items"]
        digests = [bytes.fromhex(item["digest"][2:]) for item in items if item["anchoring"] != "attested"]
        if digests:
            self.chain.attest(member_id(BANK), self.catalogue.schema, digests, self.operator)

    def set_status(self, held: Held, status: CredentialStatus) -> None:
        """Write a status on the chain, as the bank's worker would."""
        assert held.status is not None
        number = int(held.status.uri.rpartition("/")[2])
        self.chain.set_statuses(member_id(BANK), number, status, held.status.index)

    def tick(self, seconds: int = 1) -> None:
        """Let time pass, with a block at its end."""
        self.clock.advance(seconds)
        self.chain.idle()

    def _found(self) -> None:
        chain = self.chain
        for node in self.nodes:
            chain.admit(node.url, Role.ISSUER | Role.RELYING_PARTY)
            for purpose in _PURPOSES:
                chain.register_key(member_id(node.url), node.thumbprint(purpose), purpose)
        with self.bank.kept.ledger.view() as view:
            self.operator = view.registry.members[member_id(BANK)].operators[0].account
        chain.register_schema(self.catalogue.vct, self.catalogue.metadata)
        chain.accredit(member_id(BANK), self.catalogue.schema)
        for node in self.nodes:
            self.permit(node)
        self.trust(self.provider)

    def permit(self, node: Node) -> None:
        """Register what a member's service may ask for."""
        self.chain.register_profile(
            member_id(node.url),
            OPENING,
            schemas=[self.catalogue.schema],
            claims=PERMITTED,
            required=SHOWN,
            assurance_level=AssuranceLevel.SUBSTANTIAL,
        )

    def trust(self, provider: WalletProvider) -> None:
        """Let the consortium trust a maker of wallets."""
        jwk = provider.key.jwk
        args = {
            "thumbprint": to_hex(parse_jwk(jwk).thumbprint),
            "name": "Wallet maker",
            "jwk": "0x" + canonical_json.canonical(jwk).hex(),
            "validUntil": FAR,
        }
        self.chain.emit("RelyingPartyRegistry", "WalletProviderTrusted", args)
