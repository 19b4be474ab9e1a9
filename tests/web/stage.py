"""Let stories told in a browser have a bank issue and an exchange ask."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from cli.demo.catalogue import ASKED, OPENING, Catalogue
from cli.demo.issuing import proof
from cli.demo.parties import CLOCK, Party, wait_for
from cli.demo.people import invent_customers
from cli.demo.votes import decide


@dataclass(frozen=True)
class Stage:
    """Speak for the bank and the exchange."""

    bank: Party
    exchange: Party

    def offer(self) -> dict[str, Any]:
        """Proof an invented customer and offer him his credential."""
        (customer,) = invent_customers(1, run="wallet-page", now=CLOCK.now())
        made: dict[str, Any] = self.bank.post("/v1/credential-offers", {"proofing_id": proof(self.bank, customer)})
        return made

    def ask(self, **wish: object) -> dict[str, Any]:
        """Have the exchange ask for a presentation."""
        body = {"profile": OPENING, "qr_code": False, **wish}
        asked: dict[str, Any] = self.exchange.post("/v1/presentation-requests", body)
        return asked

    def result_of(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Read what the exchange made of the answer."""
        result: dict[str, Any] = self.exchange.get(f"/v1/presentation-requests/{asked['request_id']}")
        return result

    def wait_until_attested(self) -> None:
        """Wait until the ledger holds everything that was issued."""

        def settled() -> bool | None:
            items = self.bank.all("/v1/credentials")
            return True if all(item["anchoring"] == "attested" for item in items) else None

        wait_for("the attestations", settled)

    @contextmanager
    def registered_for_fewer(self, *dropped: str) -> Iterator[None]:
        """Have the consortium register that the exchange may ask for less, for the length of a `with` block."""
        catalogue = Catalogue(self.bank.base_url)
        decide(self.bank, [self.exchange], [catalogue.permit(self.exchange, ASKED.difference(dropped))])
        try:
            yield
        finally:
            decide(self.bank, [self.exchange], [catalogue.permit(self.exchange)])

    def revoke_all(self) -> None:
        """Revoke everything, and wait until the ledger says so."""
        items = self.bank.all("/v1/credentials")
        for item in (item for item in items if item["ledger_status"] != "revoked"):
            self.bank.post(f"/v1/credentials/{item['credential_id']}/revocation")

        def settled() -> bool | None:
            now = self.bank.all("/v1/credentials")
            return True if all(item["ledger_status"] == "revoked" for item in now) else None

        wait_for("the revocations", settled)
