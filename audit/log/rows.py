"""Compare the entries of a node's log with the events that the node keeps beside them, row by row.

An entry is computed anew from its event, by code of the audit's own: whatever differs was changed on one side.
"""

import base64
import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, Final

from audit import rules
from audit.database import NodeDatabase
from audit.findings import Finding, Rule
from audit.log.growing import leaves_of
from jeung.domain.transparency import (
    BLOCK_SEEN,
    CREDENTIALS_ATTESTED,
    EPOCH_OPENED,
    JUDGED,
    KINDS,
    SALT_BYTES,
    STATUSES_CHANGED,
    EntryKind,
)

_IN_CLEAR: Final = frozenset({CREDENTIALS_ATTESTED, STATUSES_CHANGED, BLOCK_SEEN, EPOCH_OPENED})
_OF_NO_EVENT: Final = tuple(
    b'"kind":"%s"' % kind.value.encode() for kind in (EntryKind.BLOCK, EntryKind.EPOCH_OPENED)
)
_MOST_NAMED: Final = 10
_WAITING_S: Final = 3_600 + 120
"""How old an event without a place may be: the time of a judgement is that of its hour."""
_JOINED: Final = (
    "SELECT e.epoch, e.position, e.event_number, e.entry, e.leaf_hash, l.number, l.kind, l.body, l.occurred_at,"
    " l.salt, e.event_number IS NULL AND EXISTS"
    " (SELECT 1 FROM log_entries b WHERE b.leaf_hash = e.leaf_hash AND b.epoch < e.epoch)"
    " FROM log_entries e LEFT JOIN log_events l ON l.number = e.event_number ORDER BY e.epoch, e.position"
)
_LEFT_BEHIND: Final = (
    "SELECT l.number FROM log_events l WHERE l.number <= (SELECT max(event_number) FROM log_entries)"
    " AND l.number NOT IN (SELECT event_number FROM log_entries WHERE event_number IS NOT NULL) ORDER BY l.number"
)
_UNPUBLISHED: Final = (
    "SELECT count(*) FROM log_events l LEFT JOIN log_entries e ON e.event_number = l.number"
    " WHERE l.occurred_at <= :since"
    " AND (e.epoch IS NULL OR e.position >= (SELECT published_size FROM log_epochs p WHERE p.epoch = e.epoch))"
    # What nobody held of an epoch when it was closed has another place in the next.
    " AND NOT EXISTS (SELECT 1 FROM log_entries c JOIN log_epochs o ON o.epoch = c.epoch"
    " WHERE c.leaf_hash = e.leaf_hash AND c.epoch > e.epoch AND c.position < o.published_size)"
)


def compare_rows(database: NodeDatabase, member: str, now: int) -> tuple[list[Finding], int]:
    """Compare every entry of a node's log with its event, and every event with its entry; give a count as well.

    Raises:
        AuditImpossible: the database cannot be read.
    """
    wrong: dict[tuple[Rule, str], list[str]] = {}
    count, last = 0, 0
    for epoch, position, event, entry, leaf, number, *row, is_carried in database.tuples(_JOINED):
        count += 1
        name = f"entry {epoch}/{position}"
        for fault in _faults(event, entry, leaf, number, row, is_carried=bool(is_carried)):
            wrong.setdefault(fault, []).append(name)
        if isinstance(event, int):
            if event <= last:
                wrong.setdefault((rules.LOG_ENTRY_MISMATCH, "stands out of the order of events"), []).append(name)
            last = event
    behind = [f"event {number}" for (number,) in database.tuples(_LEFT_BEHIND)]
    if behind:
        wrong[rules.LOG_ACT_MISSING, "has no entry, and later ones have"] = behind
    findings = [finding for (rule, what), names in wrong.items() for finding in _named(rule, what, names, member)]
    ((waiting,),) = database.tuples(_UNPUBLISHED, since=now - _WAITING_S)
    if waiting:
        message = f"{waiting} events of an hour ago or more are in no published checkpoint"
        findings.append(Finding(rules.LOG_WAITING, "events", message, member=member))
    return findings, count


def _faults(
    event: object, entry: object, leaf: object, number: object, row: list[Any], *, is_carried: bool
) -> Iterator[tuple[Rule, str]]:
    if not isinstance(entry, bytes) or leaves_of([entry])[0] != leaf:
        yield rules.LOG_ENTRY_MISMATCH, "has another leaf hash than its bytes give"
    if event is None:
        is_one = isinstance(entry, bytes) and any(kind in entry for kind in _OF_NO_EVENT)
        if not is_one and not is_carried:
            yield rules.LOG_ENTRY_UNEXPLAINED, "belongs to no event"
    elif number is None:
        yield rules.LOG_ENTRY_UNEXPLAINED, "belongs to an event that is gone"
    elif entry != entry_for(*row):
        yield rules.LOG_ENTRY_MISMATCH, "is not that of its event"


def entry_for(event: object, body: object, occurred_at: object, salt: object) -> bytes | None:
    """Compute the entry of an event; None where the row cannot be one."""
    if not (isinstance(event, str) and isinstance(body, bytes) and isinstance(occurred_at, int)):
        return None
    kind = KINDS.get(event, EntryKind.OPERATION).value.encode()
    if event in _IN_CLEAR:
        what = b'"facts":' + body
    elif event == JUDGED:
        what = b'"commitment":"' + _stated(body) + b'"'
    else:
        # What something else than the node wrote may lack its salt.
        salted = (salt if isinstance(salt, bytes) and salt else bytes(SALT_BYTES)) + event.encode() + b"\n" + body
        what = b'"commitment":"' + base64.urlsafe_b64encode(sha256(salted).digest()).rstrip(b"=") + b'"'
    return b'{%s,"kind":"%s","time":%d,"v":1}' % (what, kind, occurred_at)


def _stated(body: bytes) -> bytes:
    try:
        return str(json.loads(body)["commitment"]).encode("ascii")
    except (ValueError, KeyError, TypeError, RecursionError):
        return b""


def _named(rule: Rule, what: str, names: list[str], member: str) -> Iterator[Finding]:
    for name in names[:_MOST_NAMED]:
        yield Finding(rule, name, what, member=member)
    if len(names) > _MOST_NAMED:
        yield Finding(rule, f"{len(names) - _MOST_NAMED} more", what, member=member)
