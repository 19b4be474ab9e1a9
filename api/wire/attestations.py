"""Describe attestations on the wire."""

from api.wire.base import Hex32, Out, Query
from jeung.domain.identifiers import to_hex
from jeung.services.attestations import AttestationProof


class AttestationQuery(Query):
    """Say whose attestation under which schema is asked for; another member's of the same digest means nothing."""

    issuer: Hex32
    schema_id: Hex32


class Attestation(Out):
    """Show an attestation and the Merkle proof (OpenZeppelin's standard tree) of its digest in its batch."""

    digest: str
    issuer: str
    schema_id: str
    batch: str
    operator: str
    block_number: int
    block_time: int
    root: str
    proof: list[str]

    @classmethod
    def of(cls, found: AttestationProof) -> "Attestation":
        """Write an attestation with its proof."""
        attestation = found.attestation
        return cls(
            digest=to_hex(attestation.digest),
            issuer=to_hex(attestation.issuer),
            schema_id=to_hex(attestation.schema),
            batch=to_hex(attestation.batch),
            operator=attestation.operator,
            block_number=attestation.block_number,
            block_time=attestation.block_time,
            root=to_hex(found.root),
            proof=[to_hex(sibling) for sibling in found.proof],
        )
