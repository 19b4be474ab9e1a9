"""Serve proofs that a digest stands on the ledger."""

from apiflask import APIBlueprint

from api.context import runtime
from api.operation import Operation, operation
from api.wire.attestations import Attestation, AttestationQuery
from jeung.domain.identifiers import CredentialDigest, MemberId, SchemaId, id_from_hex
from jeung.errors import LedgerStale

blueprint = APIBlueprint("attestations", __name__, tag="Ledger")


@operation(
    blueprint,
    Operation(
        "GET",
        "/v1/attestations/<hex32:digest>",
        frozenset(),
        query=AttestationQuery,
        gives=Attestation,
        refuses=(LedgerStale,),
    ),
)
def get_attestation(digest: str, query: AttestationQuery) -> Attestation:
    """Prove that an issuer attested a credential digest under a schema."""
    found = runtime().attestations.proof(
        CredentialDigest(id_from_hex(digest)),
        issuer=MemberId(id_from_hex(query.issuer)),
        schema=SchemaId(id_from_hex(query.schema_id)),
    )
    return Attestation.of(found)
