"""Prove to anyone that a digest stands on the ledger: its attestation and the Merkle proof into its batch."""

from dataclasses import dataclass

from jeung.crypto.merkle import MerkleTree
from jeung.domain.identifiers import CredentialDigest, MemberId, SchemaId
from jeung.domain.ledger import Attestation
from jeung.errors import NotFound
from jeung.ports.ledger import Ledger


@dataclass(frozen=True, slots=True)
class AttestationProof:
    """Pair an attestation with its batch's Merkle root (32 bytes) and the siblings from the leaf up to it."""

    attestation: Attestation
    root: bytes
    proof: tuple[bytes, ...]


class AttestationService:
    """Look up attestations."""

    def __init__(self, *, ledger: Ledger) -> None:
        self._ledger = ledger

    def proof(self, digest: CredentialDigest, *, issuer: MemberId, schema: SchemaId) -> AttestationProof:
        """Give the earliest attestation of a digest by that issuer under that schema, with its proof.

        Raises:
            NotFound: there is none.
            LedgerStale: the follower has never run.
        """
        with self._ledger.view() as view:
            attestation = view.attestation(issuer, schema, digest)
            if attestation is None:
                raise NotFound("no such attestation")
            digests = view.batch_digests(attestation.batch)
        tree = MerkleTree(digests)
        return AttestationProof(attestation, tree.root, tuple(tree.proof(digest)))
