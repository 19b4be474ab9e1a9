"""Keep a row for each event beside what the event brought, with running totals of its member."""

from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, insert, select

from jeung.domain.chain import AttestedBatch, BlockRange, RegistryEvent, StatusChange
from jeung.domain.history import ATTESTED, STATUSES_SET, member_of
from jeung.domain.identifiers import MemberId
from jeung.domain.ledger import CredentialStatus
from node.store.schema_history import chain_events

COUNTED: Final = {
    CredentialStatus.VALID: "reinstated",
    CredentialStatus.REVOKED: "revoked",
    CredentialStatus.SUSPENDED: "suspended",
}
_TOTALS: Final = ("attested", *COUNTED.values())

_ADD = insert(chain_events)
_FORGET = delete(chain_events).where(chain_events.c.block_number > bindparam("to"))
_LAST = (
    select(*(chain_events.c[name] for name in _TOTALS))
    .where(chain_events.c.member == bindparam("whose"))
    .order_by(chain_events.c.block_time.desc(), chain_events.c.block_number.desc(), chain_events.c.log_index.desc())
    .limit(1)
)


def append_history(connection: Connection, found: BlockRange) -> None:
    """Append a row for each event of a range, in the order of the chain."""
    rows = sorted(_rows(found), key=lambda row: (row["block_number"], row["log_index"]))
    running: dict[MemberId, dict[str, int]] = {}
    for row in rows:
        member = row["member"]
        if member is not None and member not in running:
            last = connection.execute(_LAST, {"whose": member}).first()
            running[member] = dict.fromkeys(_TOTALS, 0) if last is None else dict(last._mapping)
        totals = running.get(member, dict.fromkeys(_TOTALS, 0))
        counted = "attested" if row["name"] == ATTESTED else COUNTED.get(row["status"])
        if counted is not None:
            totals[counted] += row["count"]
        row.update(totals)
    if rows:
        connection.execute(_ADD, rows)


def forget_history_after(connection: Connection, to_number: int) -> None:
    """Delete the rows of blocks above a number."""
    connection.execute(_FORGET, {"to": to_number})


def _rows(found: BlockRange) -> list[dict[str, Any]]:
    events = [_row(event, event.name, member_of(event), 1) for event in found.registry_events]
    batches = [_row(batch, ATTESTED, batch.issuer, len(batch.digests)) for batch in found.batches]
    changes = [
        _row(change, STATUSES_SET, change.issuer, len(change.indexes), change.status)
        for change in found.status_changes
    ]
    return [*events, *batches, *changes]


def _row(
    event: RegistryEvent | AttestedBatch | StatusChange,
    name: str,
    member: MemberId | None,
    count: int,
    status: CredentialStatus | None = None,
) -> dict[str, Any]:
    return {
        "block_number": event.block_number,
        "log_index": event.log_index,
        "block_time": event.block_time,
        "name": name,
        "member": member,
        "transaction_hash": event.transaction,
        "count": count,
        "status": None if status is None else status.value,
    }
