"""Make sure that exactly one worker of a node acts, by a lease with a fencing token.

The token grows each time the lease changes hands. Every write of a worker states the token it holds and is checked
against the present one in its own transaction (`hold_fence`): a worker that slept through the loss of its lease
cannot write any more, whatever it believes.
"""

from sqlalchemy import Connection, bindparam, select, update

from jeung.errors import FenceLost
from node.store.engine import Database
from node.store.schema import worker_lease

_GET = select(worker_lease)
_TAKE = update(worker_lease).values(
    holder=bindparam("new_holder"), token=bindparam("new_token"), expires_at=bindparam("until")
)
_GIVE_BACK = (
    update(worker_lease).where(worker_lease.c.holder == bindparam("old_holder")).values(holder=None, expires_at=0)
)
_TOKEN = select(worker_lease.c.token)


def hold_fence(connection: Connection, fence: int) -> None:
    """Go on only while the worker with this fencing token holds the lease.

    Raises:
        FenceLost: another worker holds the lease now.
    """
    if connection.execute(_TOKEN).scalar_one() != fence:
        raise FenceLost


class SqlLease:
    """Keep the one lease of a node's worker (jeung.ports.chain.Lease)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def acquire(self, holder: str, *, now: int, ttl_s: int) -> int | None:
        """Take or renew the lease for `ttl_s` seconds; give the fencing token, or None while another holds it.

        `holder` names one process once: two processes under one name would both believe in the same lease.

        Raises:
            StoreBusy: the wait for another writer ran out.
        """
        with self._database.write() as connection:
            row = connection.execute(_GET).one()
            if row.holder not in (None, holder) and row.expires_at > now:
                return None
            token: int = row.token if row.holder == holder else row.token + 1
            connection.execute(_TAKE, {"new_holder": holder, "new_token": token, "until": now + ttl_s})
            return token

    def release(self, holder: str) -> None:
        """Give the lease back at a clean stop; nothing happens where another holds it by now."""
        with self._database.write() as connection:
            connection.execute(_GIVE_BACK, {"old_holder": holder})
