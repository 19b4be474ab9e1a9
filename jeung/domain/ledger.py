"""Describe what the ledger says about credentials, and how fresh a node's knowledge of it is."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from jeung.crypto.values import light_value
from jeung.domain.identifiers import Address, BatchId, CredentialDigest, MemberId, SchemaId

LIST_SIZE = 1 << 20
"""Entries of one status list."""


class CredentialStatus(enum.IntEnum):
    """Give the 2-bit statuses of the StatusRegistry contract (and of the Token Status List).

    The contract never writes REFUSED; whoever reads it refuses, for nobody has said what it means.
    """

    VALID = 0
    REVOKED = 1
    SUSPENDED = 2
    REFUSED = 3


@dataclass(frozen=True, slots=True)
class PastStatuses:
    """Hold a status list as it stood at a time: its words, and between which changes it stood so, seconds UTC.

    `words` are those of `LedgerView.status_words`; `since` is None before the first change, `until` after the last.
    """

    words: Mapping[int, int]
    since: int | None
    until: int | None


@light_value
class Attestation:
    """Record that an issuer vouched for a digest; `block_time` is the trusted issuing time, seconds UTC."""

    batch: BatchId
    issuer: MemberId
    schema: SchemaId
    digest: CredentialDigest
    operator: Address
    block_number: int
    block_time: int


@light_value
class Freshness:
    """Say how far a node has followed the chain; times are seconds UTC, `polled_at` of the last successful poll."""

    head_number: int
    head_time: int
    indexed_number: int
    indexed_hash: bytes
    polled_at: int
