"""Make valid things to keep, different from each other, with what a test cares about given by name."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from jeung.domain.chain import (
    AttestedBatch,
    BlockHeader,
    BlockRange,
    ChainAccount,
    ChainCall,
    Intent,
    IntentState,
    RegistryEvent,
    SignedTransaction,
    StatusChange,
    TransactionState,
)
from jeung.domain.credentials import CredentialRecord, StatusReference
from jeung.domain.identifiers import Address, BatchId, CredentialDigest, MemberId, SchemaId
from jeung.domain.ledger import CredentialStatus
from jeung.domain.proofing import Proofing, ProofingCheck, ProofingMethod, ProofingState
from jeung.domain.verification import Channel, EvidenceRecord, IssuedNonce, Verdict
from jeung.ports.store import Transaction
from tests.common.stores import OWN

SCHEMA = SchemaId(b"\x5c" * 32)
ADDRESS = Address("0x52908400098527886E0F7030069857D2E4169EE7")
OPERATOR = Address("0x8617E340B3D01FA5F11F306F4090FD50E238070D")
NOW = 1_800_000_000


def digest_of(name: object) -> CredentialDigest:
    """Give 32 bytes that stand for a name."""
    return CredentialDigest(hashlib.sha256(str(name).encode()).digest())


def proofing(proofing_id: str = "proofing-1", *, checks: Sequence[ProofingCheck] = (), **changes: Any) -> Proofing:  # noqa: ANN401
    """Make an open proofing."""
    values: dict[str, Any] = {
        "subject_id": "subject-1",
        "state": ProofingState.OPEN,
        "policy_version": "1",
        "sealed_person": b"sealed",
        "opened_at": NOW,
    }
    return Proofing(proofing_id=proofing_id, checks=tuple(checks), **{**values, **changes})


def check(method: ProofingMethod = ProofingMethod.MOBILE_PHONE) -> ProofingCheck:
    """Make a passed check."""
    return ProofingCheck(method, NOW - 60, digest_of(method), passed=True, recorded_at=NOW, salt=digest_of("salt"))


def credential(number: int, **changes: Any) -> CredentialRecord:  # noqa: ANN401 - fields of CredentialRecord
    """Make the `number`th copy ever issued, of a family of its own unless said otherwise."""
    values: dict[str, Any] = {
        "credential_id": f"credential-{number}",
        "family_id": f"family-{number}",
        "subject_id": "subject-1",
        "proofing_id": "proofing-1",
        "schema": SCHEMA,
        "digest": digest_of(number),
        "status": StatusReference(number % 4, number),
        "wanted_status": CredentialStatus.VALID,
        "signing_key_id": "key-1",
        "issued_at": NOW + number,
        "expires_at": NOW + 86_400,
        "sealed": b"sealed credential",
    }
    return CredentialRecord(**{**values, **changes})


def keep_credentials(tx: Transaction, records: Iterable[CredentialRecord]) -> None:
    """Keep credentials, one family each, with the proofings they need."""
    for record in records:
        if tx.proofings.get(record.proofing_id) is None:
            tx.proofings.add(proofing(record.proofing_id, subject_id=record.subject_id))
        tx.credentials.add_family([record])


def header(number: int, fork: str = "main") -> BlockHeader:
    """Make the header of a block on a fork of the chain."""
    return BlockHeader(number, digest_of((fork, number)), digest_of((fork, number - 1)), NOW + number)


def batch(
    number: int,
    digests: Sequence[CredentialDigest],
    *,
    issuer: MemberId = OWN,
    log_index: int = 0,
    **changes: Any,  # noqa: ANN401
) -> AttestedBatch:
    """Make a batch in the block `number`."""
    values: dict[str, Any] = {
        "batch": BatchId(digest_of(("batch", issuer, number, log_index))),
        "schema": SCHEMA,
        "operator": OPERATOR,
        "root": digest_of(("root", number)),
        "block_time": NOW + number,
        "transaction": digest_of(("transaction", number, log_index)),
    }
    return AttestedBatch(
        issuer=issuer, digests=tuple(digests), block_number=number, log_index=log_index, **{**values, **changes}
    )


def status_change(
    number: int,
    list_number: int,
    status: CredentialStatus,
    indexes: Sequence[int],
    *,
    issuer: MemberId = OWN,
    log_index: int = 1,
) -> StatusChange:
    """Make a change of statuses in the block `number`."""
    return StatusChange(
        issuer=issuer,
        list_number=list_number,
        status=status,
        indexes=tuple(indexes),
        block_number=number,
        block_time=NOW + number,
        log_index=log_index,
        transaction=digest_of(("status", number, log_index)),
    )


def admission(number: int, url: str, *, log_index: int = 2) -> RegistryEvent:
    """Make the event of a member's admission in the block `number`."""
    return RegistryEvent(
        contract="Consortium",
        name="MemberAdmitted",
        args={"member": "0x" + digest_of(url).hex(), "url": url, "governance": ADDRESS, "roles": 3},
        block_number=number,
        block_time=NOW + number,
        log_index=log_index,
        transaction=digest_of(("admission", number)),
    )


def blocks(
    first: int,
    last: int,
    *,
    fork: str = "main",
    events: Sequence[RegistryEvent] = (),
    batches: Sequence[AttestedBatch] = (),
    changes: Sequence[StatusChange] = (),
    chain_head: BlockHeader | None = None,
) -> BlockRange:
    """Make a range of blocks with every header of it."""
    headers = tuple(header(number, fork) for number in range(first, last + 1))
    return BlockRange(headers, tuple(events), tuple(batches), tuple(changes), chain_head or headers[-1])


def signed(nonce: int, *, account: ChainAccount = ChainAccount.ATTEST, **changes: Any) -> SignedTransaction:  # noqa: ANN401
    """Make a signed transaction."""
    values: dict[str, Any] = {
        "hash": digest_of(("signed", account, nonce)),
        "address": ADDRESS,
        "raw": b"\x02" + digest_of(("raw", nonce)),
        "state": TransactionState.SIGNED,
        "created_at": NOW,
    }
    return SignedTransaction(account=account, nonce=nonce, **{**values, **changes})


def intent(number: int, **changes: Any) -> Intent:  # noqa: ANN401 - fields of Intent
    """Make a wanted governance write."""
    values: dict[str, Any] = {
        "intent_id": f"intent-{number}",
        "dedupe_key": f"dedupe-{number}",
        "account": ChainAccount.GOVERNANCE,
        "call": ChainCall("Consortium", "approve", ("0x" + "11" * 32, 2**255, [True, "text"])),
        "state": IntentState.PENDING,
        "created_at": NOW,
    }
    return Intent(**{**values, **changes})


def nonce(value: str = "nonce-1", *, expires_at: int = NOW + 300) -> IssuedNonce:
    """Make a nonce nobody used."""
    return IssuedNonce(
        value, "account-opening", Channel.DIRECT, "https://exchange.example", "client-1", NOW, expires_at
    )


def evidence(number: int) -> EvidenceRecord:
    """Make the evidence of a refusal."""
    return EvidenceRecord(
        f"evidence-{number}",
        "account-opening",
        "client-1",
        Verdict.REFUSED,
        "nonce_replayed",
        "key-1",
        b"sealed",
        NOW + number,
    )
