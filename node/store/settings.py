"""Remember which settings the processes of the node told the log of: salted digests, never a value."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, insert, select

from node.store.schema_policy import logged_settings

_OF = select(logged_settings).where(logged_settings.c.process == bindparam("p"))
_FORGET = delete(logged_settings).where(logged_settings.c.process == bindparam("p"))
_ADD = insert(logged_settings)


@dataclass(frozen=True, slots=True)
class LoggedSettings:
    """Hold what a kind of process logged last: for each group of settings its SHA-256 (base64url) under the salt."""

    process: str
    salt: bytes
    digests: Mapping[str, str]
    logged_at: int


def settings_logged_by(connection: Connection, process: str) -> LoggedSettings | None:
    """Give what a kind of process logged last, None where it never did."""
    row = connection.execute(_OF, {"p": process}).first()
    return None if row is None else LoggedSettings(process, bytes(row.salt), json.loads(row.digests), row.logged_at)


def remember_settings(connection: Connection, logged: LoggedSettings) -> None:
    """Remember what a kind of process logged."""
    connection.execute(_FORGET, {"p": logged.process})
    values = {"process": logged.process, "salt": logged.salt, "logged_at": logged.logged_at}
    connection.execute(_ADD, {**values, "digests": json.dumps(dict(logged.digests), sort_keys=True)})
