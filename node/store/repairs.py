"""Bring projections of the chain back to it, as its operator decided after an audit.

What is done is the least that makes the node's own work do the rest: the follower reads an emptied index anew, the
publisher signs a list that has no token, the anchorer sends what waits in the outbox. Nothing is invented here.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from jeung.domain.chain import IntentState
from node.store.schema import (
    attest_works,
    attestations,
    batches,
    block_headers,
    credentials,
    follower_state,
    registry_events,
    status_changes,
    status_tokens,
    status_words,
    status_works,
)
from node.store.schema_history import chain_events

_PENDING = IntentState.PENDING.value
_INDEX = (chain_events, attestations, batches, status_changes, status_words, registry_events, block_headers)
_ATTEST = (
    update(attest_works)
    .where(attest_works.c.credential_id == bindparam("whose"))
    .values(state=_PENDING, transaction_hash=None, failure=None, retry_at=0)
)
_CREDENTIAL = select(credentials.c.list_number, credentials.c.status_index, credentials.c.wanted_status).where(
    credentials.c.credential_id == bindparam("whose")
)
_WAITING = delete(status_works).where(
    status_works.c.list_number == bindparam("list"),
    status_works.c.status_index == bindparam("place"),
    status_works.c.state == _PENDING,
)
_TAKE = (
    update(credentials)
    .where(credentials.c.credential_id == bindparam("whose"))
    .values(wanted_status=bindparam("taken"))
)
_DROP_TOKEN = delete(status_tokens).where(status_tokens.c.list_number == bindparam("list"))


@dataclass(frozen=True, slots=True)
class Repair:
    """Say one thing to do: its kind, the credential or list it is about, and the status to take where one is."""

    kind: str
    target: str = ""
    status: int | None = None


def apply_repairs(connection: Connection, repairs: Sequence[Repair], now: int) -> int:
    """Do what was decided, in one transaction; give how many repairs found something to do.

    Raises:
        KeyError: a kind that does not exist.
        ValueError: a list's number that is none.
    """
    return sum(_REPAIRS[repair.kind](connection, repair, now) for repair in repairs)


def _rebuild_index(connection: Connection, repair: Repair, now: int) -> bool:
    for table in _INDEX:
        connection.execute(delete(table))
    connection.execute(
        update(follower_state).values(
            head_number=None,
            head_time=None,
            indexed_number=None,
            indexed_hash=None,
            polled_at=None,
            registry_version=follower_state.c.registry_version + 1,
        )
    )
    return True


def _publish_list(connection: Connection, repair: Repair, now: int) -> bool:
    return connection.execute(_DROP_TOKEN, {"list": int(repair.target)}).rowcount > 0


def _attest_again(connection: Connection, repair: Repair, now: int) -> bool:
    return connection.execute(_ATTEST, {"whose": repair.target}).rowcount > 0


def _change_again(connection: Connection, repair: Repair, now: int) -> bool:
    row = connection.execute(_CREDENTIAL, {"whose": repair.target}).first()
    if row is None:
        return False
    connection.execute(_WAITING, {"list": row.list_number, "place": row.status_index})
    connection.execute(
        insert(status_works).values(
            list_number=row.list_number,
            status_index=row.status_index,
            status=row.wanted_status,
            created_at=now,
            state=_PENDING,
            retry_at=0,
        )
    )
    return True


def _take_status(connection: Connection, repair: Repair, now: int) -> bool:
    row = connection.execute(_CREDENTIAL, {"whose": repair.target}).first()
    if row is None:
        return False
    connection.execute(_WAITING, {"list": row.list_number, "place": row.status_index})
    connection.execute(_TAKE, {"whose": repair.target, "taken": repair.status})
    return True


_REPAIRS = {
    "rebuild-index": _rebuild_index,
    "publish-list": _publish_list,
    "attest-again": _attest_again,
    "change-again": _change_again,
    "take-status": _take_status,
}
