"""Remember the newest checkpoint that this node cosigned of each member's log, and what contradicted one."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, insert, select, update

from jeung.errors import CheckpointForked, CheckpointNotConsistent
from jeung.ports.log import WitnessedHead
from node.store.engine import Database
from node.store.schema_log import witness_forks, witness_heads

FORKS_KEPT: Final = 64
_HEAD = select(witness_heads).where(witness_heads.c.origin == bindparam("o"))
_ADD = insert(witness_heads)
_MOVE = update(witness_heads).where(witness_heads.c.origin == bindparam("o"))
_FORKS = select(witness_forks).where(witness_forks.c.origin == bindparam("o")).order_by(witness_forks.c.seen_at)
_COUNT = select(func.count()).select_from(witness_forks).where(witness_forks.c.origin == bindparam("o"))
_IS_KNOWN = select(witness_forks.c.size).where(
    witness_forks.c.origin == bindparam("o"),
    witness_forks.c.size == bindparam("s"),
    witness_forks.c.root == bindparam("r"),
)
_ADD_FORK = insert(witness_forks)


class SqlWitnessMemory:
    """Keep what a witness must not forget (jeung.ports.log.WitnessMemory)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def advance(self, head: WitnessedHead, judge: Callable[[WitnessedHead | None], None]) -> None:
        """Keep a new head in the transaction in which `judge` was shown the present one and did not raise.

        Raises:
            whatever `judge` raises; what it refuses as a contradiction is kept.
        """
        refusal: Exception | None = None
        with self._database.write() as connection:
            row = connection.execute(_HEAD, {"o": head.origin}).first()
            try:
                judge(None if row is None else _head(row, row.cosigned_at))
            except (CheckpointForked, CheckpointNotConsistent) as error:
                _keep_fork(connection, head)
                refusal = error
            else:
                values = {"size": head.size, "root": head.root, "note": head.note, "key": head.key}
                values["cosigned_at"] = head.cosigned_at
                if row is None:
                    connection.execute(_ADD, {"origin": head.origin, **values})
                else:
                    connection.execute(_MOVE.values(**values), {"o": head.origin})
        if refusal is not None:
            raise refusal

    def head(self, origin: str) -> WitnessedHead | None:
        """Give the newest head of a log, None where none was cosigned."""
        with self._database.read() as connection:
            row = connection.execute(_HEAD, {"o": origin}).first()
        return None if row is None else _head(row, row.cosigned_at)

    def forks(self, origin: str) -> Sequence[WitnessedHead]:
        """Give what contradicted the heads of a log, oldest first."""
        with self._database.read() as connection:
            return [_head(row, row.seen_at) for row in connection.execute(_FORKS, {"o": origin})]


def _keep_fork(connection: Connection, head: WitnessedHead) -> None:
    known = connection.execute(_IS_KNOWN, {"o": head.origin, "s": head.size, "r": head.root}).first()
    if known is None and connection.execute(_COUNT, {"o": head.origin}).scalar_one() < FORKS_KEPT:
        connection.execute(
            _ADD_FORK,
            {
                "origin": head.origin,
                "size": head.size,
                "root": head.root,
                "note": head.note,
                "key": head.key,
                "seen_at": head.cosigned_at,
            },
        )


def _head(row: Any, at: int) -> WitnessedHead:  # noqa: ANN401 - a row
    return WitnessedHead(row.origin, row.size, bytes(row.root), bytes(row.note), row.key, at)
