"""Proof customers and issue their credentials, through the issuer's API, as its back office would."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from cli.demo.catalogue import Catalogue
from cli.demo.parties import CLOCK, Party, wait_for
from cli.demo.people import Customer
from cli.demo.wallet import Copy
from cli.p256 import P256Key

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


def proof_all(pool: ThreadPoolExecutor, issuer: Party, customers: Sequence[Customer]) -> list[Future[str]]:
    """Begin to proof customers, a few at a time."""
    return [pool.submit(proof, issuer, customer) for customer in customers]


def issue(issuer: Party, catalogue: Catalogue, proofing: str, copies: int = 1) -> list[Copy]:
    """Issue a family of copies, each bound to a device key of its own.

    Raises:
        Problem: the node refuses.
    """
    keys = [P256Key.generate() for _ in range(copies)]
    body = {"proofing_id": proofing, "vct": catalogue.vct, "holder_keys": [key.jwk for key in keys]}
    issued = issuer.post("/v1/credentials", body)
    return [
        Copy(copy["credential_id"], issued["family_id"], copy["digest"], copy["credential"], key)
        for copy, key in zip(issued["copies"], keys, strict=True)
    ]


def wait_until_anchored(issuer: Party, copies: Sequence[Copy]) -> None:
    """Wait until the ledger holds every copy's digest.

    Raises:
        StepFailed: it took too long.
    """
    wanted = {copy.credential_id for copy in copies}

    def anchored() -> bool | None:
        for item in issuer.all("/v1/credentials"):
            if item["anchoring"] == "attested":
                wanted.discard(item["credential_id"])
        return True if not wanted else None

    wait_for("the attestations", anchored, timeout_s=60.0, poll_s=0.5)
