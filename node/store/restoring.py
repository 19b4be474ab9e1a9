"""Make a copy of a database, and a database that was restored from one fit for use."""

import sqlite3
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, delete, select, union, update

from jeung.errors import StoreUnavailable
from node.store.faults import RETRY_AFTER_S
from node.store.files import make_private_file
from node.store.schema import data_keys, nonces, proofings, worker_lease
from node.store.schema_presentations import presentation_requests
from node.store.schema_staff import staff_sessions
from node.store.schema_wallets import credential_offers, wallet_authorizations, wallet_grants

_OPEN_DEALINGS: Final = (
    staff_sessions,
    nonces,
    presentation_requests,
    credential_offers,
    wallet_grants,
    wallet_authorizations,
)


def copy_database(source: Path, target: Path) -> None:
    """Copy a database that is in use into a new private file, as of one moment and without what was deleted.

    Raises:
        StoreUnavailable: it cannot be read, or the copy not be written.
    """
    make_private_file(target)
    try:
        connection = sqlite3.connect(f"{source.resolve().as_uri()}?mode=rw", uri=True, isolation_level=None)
        try:
            connection.execute("PRAGMA busy_timeout = 5000")
            connection.execute("VACUUM INTO ?", (str(target),))
        finally:
            connection.close()
    except sqlite3.Error:
        raise StoreUnavailable("The database cannot be copied.", retry_after_s=RETRY_AFTER_S) from None


def require_sound(path: Path) -> None:
    """Refuse a database whose pages do not fit together.

    Raises:
        StoreUnavailable: they do not.
    """
    try:
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
        try:
            (answer,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
        finally:
            connection.close()
    except sqlite3.Error:
        answer = "unreadable"
    if answer != "ok":
        raise StoreUnavailable("The restored database is damaged.", retry_after_s=RETRY_AFTER_S)


def forget_open_dealings(connection: Connection) -> int:
    """Forget what was open when the backup was made; give how many rows went.

    Sessions, nonces, offers, codes and tokens that were used or ended afterwards would be good once more.
    """
    gone = sum(connection.execute(delete(table)).rowcount for table in _OPEN_DEALINGS)
    # The worker that held the lease is not this one; the fencing token goes on counting.
    connection.execute(update(worker_lease).values(holder=None, expires_at=0))
    return gone


def subjects_in(connection: Connection) -> list[str]:
    """Give the ids of every subject the database holds something of."""
    owners = select(data_keys.c.owner).where(data_keys.c.owner.startswith("sub_"))
    return list(connection.execute(union(owners, select(proofings.c.subject_id))).scalars())
