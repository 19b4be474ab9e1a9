"""Check the ledger's word on credentials: each digest's Merkle path leads to the root of its batch."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from cli.demo.catalogue import Catalogue
from cli.demo.parties import Party
from cli.demo.wallet import Copy
from jeung.crypto.merkle import verify_proof
from jeung.domain.identifiers import id_from_hex


def count_batches(pool: ThreadPoolExecutor, issuer: Party, catalogue: Catalogue, copies: Sequence[Copy]) -> int:
    """Verify every copy's proof of attestation; give in how many batches they stand.

    Raises:
        JeungError: a proof does not lead to its root.
    """
    query = {"issuer": issuer.member_id, "schema_id": "0x" + catalogue.schema.hex()}

    def proved(copy: Copy) -> str:
        found = issuer.get(f"/v1/attestations/{copy.digest}", query)
        path = [id_from_hex(node) for node in found["proof"]]
        verify_proof(id_from_hex(found["root"]), id_from_hex(copy.digest), path)
        return str(found["batch"])

    return len(set(pool.map(proved, copies)))
