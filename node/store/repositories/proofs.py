"""Keep what was gathered of the chain about evidence."""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, exists, func, insert, select

from jeung.domain.verification import EvidenceRecord
from node.store.repositories.judgements import EVIDENCE_COLUMNS, evidence_record
from node.store.schema import data_keys, evidence
from node.store.schema_evidence import evidence_proofs

_LAST = select(func.coalesce(func.max(evidence_proofs.c.evidence_number), 0)).scalar_subquery()
_WAITING = (
    select(*(evidence.c[name] for name in EVIDENCE_COLUMNS))
    .where(evidence.c.number > _LAST, exists().where(data_keys.c.owner == evidence.c.data_key_id))
    .order_by(evidence.c.number)
    .limit(bindparam("most"))
)
_ADD = insert(evidence_proofs).from_select(
    ["evidence_number", "data_key_id", "sealed", "gathered_at"],
    select(
        evidence.c.number,
        bindparam("owner", type_=evidence_proofs.c.data_key_id.type),
        bindparam("proofs", type_=evidence_proofs.c.sealed.type),
        bindparam("at", type_=evidence_proofs.c.gathered_at.type),
    ).where(evidence.c.evidence_id == bindparam("wanted")),
)
_GET = (
    select(evidence_proofs.c.sealed)
    .join(evidence, evidence.c.number == evidence_proofs.c.evidence_number)
    .where(evidence.c.evidence_id == bindparam("wanted"))
)


class SqlEvidenceProofs:
    """Keep proofs in the order of the evidence (jeung.ports.store.EvidenceProofs)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def waiting(self, limit: int) -> Sequence[EvidenceRecord]:
        """Give the oldest evidence behind the last of which proofs are kept, while its data key exists."""
        return [evidence_record(row) for row in self._connection.execute(_WAITING, {"most": limit})]

    def add(self, evidence_id: str, data_key_id: str, sealed: bytes, at: int) -> None:
        """Keep the proofs of a judgement; where its evidence has gone meanwhile, nothing is kept.

        Raises:
            Conflict: they are kept already.
        """
        self._connection.execute(_ADD, {"wanted": evidence_id, "owner": data_key_id, "proofs": sealed, "at": at})

    def get(self, evidence_id: str) -> bytes | None:
        """Give the sealed proofs of a judgement."""
        found = self._connection.execute(_GET, {"wanted": evidence_id}).scalar()
        return None if found is None else bytes(found)
