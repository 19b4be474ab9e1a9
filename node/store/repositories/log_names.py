"""Keep what the append-only log calls ids that must be forgettable."""

import secrets

from sqlalchemy import Connection, bindparam, select

from node.store.hot import HotStatement, hot_insert
from node.store.schema_erasure import log_names

_NAME_BYTES = 16
_GET = HotStatement(select(log_names.c.name).where(log_names.c.id == bindparam("wanted")), "wanted")
_ADD = hot_insert(log_names, "id", "name", "created_at")


class SqlLogNames:
    """Keep the log's names (jeung.ports.erasure.LogNames)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, identifier: str, at: int) -> str:
        """Give the log's name for an id, made at its first use."""
        row = _GET.first(self._connection, identifier)
        if row is not None:
            return str(row[0])
        name = f"{identifier.partition('_')[0]}-{secrets.token_hex(_NAME_BYTES)}"
        _ADD.run(self._connection, identifier, name, at)
        return name
