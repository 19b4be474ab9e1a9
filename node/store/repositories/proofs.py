"""Keep what was gathered of the chain, and of others' logs, about evidence."""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, exists, func, insert, literal, select, update

from jeung.domain.verification import EvidenceRecord, WantedVouches
from node.store.repositories.judgements import EVIDENCE_COLUMNS, evidence_record
from node.store.schema import data_keys, evidence
from node.store.schema_evidence import block_vouches, evidence_proofs

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
_V = block_vouches.c
_WANT = insert(block_vouches).from_select(
    ["number", "tries", "due_at", "wanted_at"],
    select(
        bindparam("wanted", type_=_V.number.type),
        literal(0),
        bindparam("at", type_=_V.due_at.type),
        bindparam("at", type_=_V.wanted_at.type),
    ).where(~exists().where(_V.number == bindparam("wanted", type_=_V.number.type))),
)
_DUE = (
    select(_V.number, _V.gathered, _V.tries)
    .where(_V.due_at <= bindparam("now"))
    .order_by(_V.due_at, _V.number)
    .limit(bindparam("most"))
)
_KEEP = (
    update(block_vouches)
    .where(_V.number == bindparam("wanted"))
    .values(gathered=bindparam("found"), tries=bindparam("count"), due_at=bindparam("at"))
)
_VOUCHES = select(_V.gathered).where(_V.number == bindparam("wanted"))


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


class SqlBlockVouches:
    """Keep what other members' logs say of blocks (jeung.ports.store.BlockVouches)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def want(self, number: int, at: int) -> None:
        """Want it for a block, from a time on; one that is wanted already stays as it is."""
        self._connection.execute(_WANT, {"wanted": number, "at": at})

    def due(self, now: int, limit: int) -> Sequence[WantedVouches]:
        """Give blocks that are due, the longest due first."""
        rows = self._connection.execute(_DUE, {"now": now, "most": limit})
        return [WantedVouches(row.number, _bytes(row.gathered), row.tries) for row in rows]

    def keep(self, gathered: WantedVouches, due_at: int | None) -> None:
        """Keep what was gathered; `due_at` is when to ask again, None for never."""
        values = {"wanted": gathered.number, "found": gathered.gathered, "count": gathered.tries, "at": due_at}
        self._connection.execute(_KEEP, values)

    def get(self, number: int) -> bytes | None:
        """Give what was gathered for a block, None where nothing was."""
        return _bytes(self._connection.execute(_VOUCHES, {"wanted": number}).scalar())


def _bytes(found: bytes | None) -> bytes | None:
    return None if found is None else bytes(found)
