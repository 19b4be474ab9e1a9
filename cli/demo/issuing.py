"""Proof customers and offer them credentials, through the issuer's API, as its back office would."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from cli.demo.catalogue import TYPE_NAME
from cli.demo.parties import CLOCK, Party, wait_for
from cli.demo.people import Customer
from cli.demo.wallet import Copy, Phones

METHODS = ("mobile_phone", "id_document", "account_ownership")


def proof(issuer: Party, customer: Customer) -> str:
    """Proof one customer: open, report three checks, complete; give the proofing's id.

    Raises:
        Problem: the node refuses.
    """
    opened = issuer.post("/v1/proofings", {"person": customer.person})
    proofing = str(opened["proofing_id"])
    for method in METHODS:
        check = {
            "method": method,
            "performed_at": CLOCK.now(),
            "evidence_digest": customer.evidence_digest(method),
            "passed": True,
        }
        issuer.post(f"/v1/proofings/{proofing}/checks", check)
    issuer.post(f"/v1/proofings/{proofing}/completion")
    return proofing


class Proofings:
    """Proof customers a few at a time, beside whatever else happens; `each` holds one future a customer."""

    def __init__(self, pool: ThreadPoolExecutor, issuer: Party, customers: Sequence[Customer]) -> None:
        """Begin."""
        self._began = time.perf_counter()
        self._ended: list[float] = []
        self.each = [pool.submit(self._proof, issuer, customer) for customer in customers]

    def _proof(self, issuer: Party, customer: Customer) -> str:
        proofing = proof(issuer, customer)
        self._ended.append(time.perf_counter())
        return proofing

    def took_s(self) -> float:
        """Give the seconds from the beginning to the last that has ended so far."""
        return max(self._ended, default=self._began) - self._began


def offer(issuer: Party, proofing: str) -> dict[str, Any]:
    """Offer a proofed customer his credential: a link for his phone, a transaction code on another channel.

    Raises:
        Problem: the node refuses.
    """
    body = {"proofing_id": proofing, "credential_configuration_ids": [TYPE_NAME], "qr_code": False}
    made: dict[str, Any] = issuer.post("/v1/credential-offers", body)
    return made


def issue(phones: Phones, issuer: Party, proofing: str, copies: int = 1) -> list[Copy]:
    """Offer a customer his credential and let his phone take a family of copies, each under a key of its own.

    Raises:
        Problem: the node refuses the back office.
        WalletError: the node refuses the phone, or the phone what it got.
    """
    made = offer(issuer, proofing)
    return phones.receive(made["deep_link"], made["transaction_code"], copies)


def wait_until_anchored(issuer: Party, copies: Sequence[Copy]) -> None:
    """Wait until the ledger holds every copy's digest.

    Raises:
        StepFailed: it took too long.
    """
    wanted = {copy.digest for copy in copies}

    def anchored() -> bool | None:
        for item in issuer.all("/v1/credentials"):
            if item["anchoring"] == "attested":
                wanted.discard(item["digest"])
        return True if not wanted else None

    wait_for("the attestations", anchored, timeout_s=60.0, poll_s=0.5)


def record_of(issuer: Party, copy: Copy) -> dict[str, Any]:
    """Find what the issuer keeps of a copy, by its digest.

    Raises:
        StopIteration: it has issued no such credential.
    """
    return next(item for item in issuer.all("/v1/credentials") if item["digest"] == copy.digest)
