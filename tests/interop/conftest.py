"""Have the consortium trust one wallet provider, for all of these tests."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from joserfc.jwk import ECKey

from cli.demo.catalogue import OPENING, Catalogue
from cli.demo.issuing import proof
from cli.demo.parties import CLOCK, Party, wait_for
from cli.demo.people import invent_customers
from cli.demo.votes import Motion, decide
from jeung.crypto import base64url
from jeung.crypto.canonical_json import canonical
from jeung.domain.identifiers import to_hex
from tests.e2e.founded import Founded
from tests.interop.clients import act

YEAR_S = 365 * 86_400


@dataclass(frozen=True)
class Stage:
    """Hold the members, and the wallet provider whose key the consortium trusts."""

    bank: Party
    exchange: Party
    catalogue: Catalogue
    provider: dict[str, Any]
    stranger: dict[str, Any]

    def proofed(self) -> str:
        """Proof one more invented customer; give the proofing's id."""
        (customer,) = invent_customers(1, run="interop", now=CLOCK.now())
        return proof(self.bank, customer)

    def offer(self, flow: str, *, by_reference: bool = True) -> dict[str, Any]:
        """Offer a credential to a fresh customer; give what a wallet needs to take it, as a job's beginning."""
        made = self.bank.post("/v1/credential-offers", {"proofing_id": self.proofed()})
        link = made["deep_link" if by_reference else "deep_link_by_value"]
        return {
            "flow": flow,
            "offer": link,
            "txCode": made["transaction_code"],
            "reference": made["reception_number"],
        }

    def received(self, **job: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON values
        """Have an independent wallet receive one credential; give it with its key."""
        got = act("receive", {**self.offer("pre-authorized"), "copies": 1, "dpop": True, **job})
        return {"credential": got["credentials"][0], "key": got["keys"][0]}

    def credential_id_of(self, credential: str) -> dict[str, Any]:
        """Find a credential among the issuer's records by its digest; wait until the ledger holds it."""
        digest = "0x" + hashlib.sha256(credential.split("~")[0].encode()).hexdigest()

        def attested() -> dict[str, Any] | None:
            items = self.bank.all("/v1/credentials")
            return next((i for i in items if i["digest"] == digest and i["anchoring"] == "attested"), None)

        return wait_for("the attestation", attested)

    def attested_credential(self) -> dict[str, Any]:
        """Have an independent wallet receive a credential, and wait until it can be verified."""
        held = self.received()
        self.credential_id_of(held["credential"])
        return held

    def revoke(self, held: dict[str, Any]) -> None:
        """Revoke a credential, and wait until the other member's node knows."""
        found = self.credential_id_of(held["credential"])
        self.bank.post(f"/v1/credentials/{found['credential_id']}/revocation")

        def settled() -> bool | None:
            now = self.bank.get(f"/v1/credentials/{found['credential_id']}")
            return True if now["ledger_status"] == "revoked" else None

        wait_for("the revocation", settled)

    def presentation_request(self, **wish: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON values
        """Have the exchange ask for a presentation."""
        made: dict[str, Any] = self.exchange.post("/v1/presentation-requests", {"profile": OPENING, **wish})
        return made

    def result_of(self, request: dict[str, Any]) -> dict[str, Any]:
        """Read what the exchange made of the answer."""
        result: dict[str, Any] = self.exchange.get(f"/v1/presentation-requests/{request['request_id']}")
        return result

    def status_list_of(self, credential: str) -> str:
        """Fetch the status list that a credential refers to."""
        payload = json.loads(base64url.decode(credential.split("~")[0].split(".")[1]))
        answer = requests.get(payload["status"]["status_list"]["uri"], timeout=10)
        assert answer.status_code == 200
        return answer.text


@pytest.fixture(scope="session")
def stage(founded: Founded) -> Stage:
    consortium = founded.consortium()
    provider, stranger = (ECKey.generate_key("P-256").as_dict(private=True) for _ in range(2))
    jwk = canonical({name: provider[name] for name in ("crv", "kty", "x", "y")})
    trust = Motion(
        "RelyingPartyRegistry",
        "trustWalletProvider",
        (to_hex(jwk), "Interop wallet provider", CLOCK.now() + YEAR_S),
    )
    decide(consortium.bank, [consortium.exchange], [trust])
    return Stage(consortium.bank, consortium.exchange, consortium.catalogue, provider, stranger)
