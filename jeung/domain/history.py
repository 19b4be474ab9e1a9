"""Describe the chain's events as one sequence, for whoever looks back: what happened, when, by which transaction."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from jeung.domain.chain import RegistryEvent
from jeung.domain.identifiers import Address, BatchId, CredentialDigest, MemberId, SchemaId, id_from_hex
from jeung.domain.ledger import CredentialStatus

ATTESTED: Final = "CredentialsAttested"
STATUSES_SET: Final = "StatusesSet"


@dataclass(frozen=True, slots=True, order=True)
class EventPlace:
    """Say where an event stands on the chain; `time` is its block's, seconds UTC."""

    time: int
    block_number: int
    log_index: int


@dataclass(frozen=True, slots=True)
class PastEvent:
    """Hold an event; `count` is how many digests or status indexes it is about, 1 for any other.

    `args` are those of an event of the small registries, empty for attestations and statuses.
    """

    place: EventPlace
    name: str
    transaction: bytes
    member: MemberId | None
    count: int
    status: CredentialStatus | None = None
    batch: BatchId | None = None
    args: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Batch:
    """Describe an attested batch of `count` digests."""

    batch: BatchId
    issuer: MemberId
    schema: SchemaId
    operator: Address
    root: bytes
    place: EventPlace
    transaction: bytes
    count: int


@dataclass(frozen=True, slots=True)
class PlacedDigest:
    """Say that a digest stands in a batch, as the leaf at `position` in the order of the batch's event."""

    digest: CredentialDigest
    batch: Batch
    position: int


@dataclass(frozen=True, slots=True)
class Totals:
    """Count what a member did up to a time: digests attested, and indexes set to each status (acts, not standing)."""

    attested: int = 0
    reinstated: int = 0
    revoked: int = 0
    suspended: int = 0


def member_of(event: RegistryEvent) -> MemberId | None:
    """Give the member an event is about; None for one about the consortium as a whole."""
    named = event.args.get("member", event.args.get("proposer"))
    return None if named is None else MemberId(id_from_hex(named))
