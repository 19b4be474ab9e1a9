"""Describe what the ledger says about credentials, and how fresh a node's knowledge of it is."""

import enum

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
