"""Describe blocks, events and writes as the node's rooms hand them to each other."""

import enum
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jeung.crypto import base64url
from jeung.crypto.hashing import sha256
from jeung.domain.identifiers import Address, BatchId, CredentialDigest, MemberId, SchemaId
from jeung.domain.ledger import CredentialStatus


@dataclass(frozen=True, slots=True)
class BlockHeader:
    """Identify a block; the parent hash is what reveals a reorganisation."""

    number: int
    hash: bytes
    parent_hash: bytes
    time: int


@dataclass(frozen=True, slots=True)
class RegistryEvent:
    """Carry one decoded event of the small registries (everything but attestations and statuses).

    `args` holds JSON values only: 0x-hex for bytes, decimal int, str, bool, list; so that it can be stored as it is.
    """

    contract: str
    name: str
    args: Mapping[str, Any]
    block_number: int
    block_time: int
    log_index: int
    transaction: bytes


@dataclass(frozen=True, slots=True)
class AttestedBatch:
    """Carry one CredentialsAttested event; `digests` are in the order of the event (ascending by leaf hash)."""

    batch: BatchId
    issuer: MemberId
    schema: SchemaId
    operator: Address
    root: bytes
    digests: tuple[CredentialDigest, ...]
    block_number: int
    block_time: int
    log_index: int
    transaction: bytes


@dataclass(frozen=True, slots=True)
class StatusChange:
    """Carry one StatusesSet event."""

    issuer: MemberId
    list_number: int
    status: CredentialStatus
    indexes: tuple[int, ...]
    block_number: int
    block_time: int
    log_index: int
    transaction: bytes


@dataclass(frozen=True, slots=True)
class BlockRange:
    """Carry everything one poll of the follower found, to be applied in one database transaction.

    `headers` holds at least the last header of the range, and every header that carried an event. `chain_head` is
    where the chain itself stood at the poll: a node that is catching up must know how far behind it is.
    """

    headers: tuple[BlockHeader, ...]
    registry_events: tuple[RegistryEvent, ...]
    batches: tuple[AttestedBatch, ...]
    status_changes: tuple[StatusChange, ...]
    chain_head: BlockHeader


class ChainAccount(enum.StrEnum):
    """Say which of a member's chain accounts signs a write."""

    GOVERNANCE = "governance"
    ATTEST = "attest"
    STATUS = "status"


@dataclass(frozen=True, slots=True)
class ChainCall:
    """Name a contract function and its arguments, before encoding.

    `args` holds JSON values (0x-hex for bytes and addresses). An argument that is itself a ChainCall in JSON form
    ({"contract", "function", "args"}) stands for its calldata: so a proposal stays readable in the database.
    """

    contract: str
    function: str
    args: tuple[Any, ...]

    @property
    def digest(self) -> str:
        """Give what the event log keeps of the call: base64url of SHA-256 over its parts as a compact JSON array."""
        parts = json.dumps([self.contract, self.function, *self.args], separators=(",", ":"))
        return base64url.encode(sha256(parts.encode()))


class IntentState(enum.StrEnum):
    """Follow a write from the outbox to the chain."""

    PENDING = "pending"
    SENT = "sent"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Intent:
    """Hold one wanted governance or key write; `dedupe_key` makes asking twice harmless.

    `failure` is the contract's error name where the chain refused it for good.
    """

    intent_id: str
    dedupe_key: str
    account: ChainAccount
    call: ChainCall
    state: IntentState
    created_at: int
    transaction: bytes | None = None
    failure: str | None = None


class TransactionState(enum.StrEnum):
    """Follow one signed transaction; a lost block turns MINED back into SIGNED."""

    SIGNED = "signed"
    MINED = "mined"
    REVERTED = "reverted"


@dataclass(frozen=True, slots=True)
class SignedTransaction:
    """Hold a signed transaction byte for byte, as it is sent and sent again."""

    hash: bytes
    account: ChainAccount
    address: Address
    nonce: int
    raw: bytes
    state: TransactionState
    created_at: int
    block_number: int | None = None
