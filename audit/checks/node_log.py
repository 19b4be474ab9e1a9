"""Compare the events that a node logged with the chain and with the node's other tables.

Proves that what the chain says the member did was logged, each act with its block and transaction, and that nothing
of the kind was logged that the chain does not say; that every credential, completed proofing and erasure of the
tables has its event. It cannot prove that an event tells the truth about what left no other trace.
"""

import json
from collections.abc import Iterator
from typing import Any, Final

from audit import rules
from audit.database import NodeDatabase
from audit.findings import Finding
from audit.log.acts import Bounds, Expected, compare_blocks, compare_kind, expected_batches, expected_changes
from audit.log.entries import Act, Read
from audit.source import ChainReader
from audit.state import State
from jeung.domain.transparency import CREDENTIALS_ATTESTED, GOVERNANCE_RECORDED, KEY_RECORDED, STATUSES_CHANGED

_KEY_REGISTRY: Final = "KeyRegistry"
# An anchor is made of the log, and leaves no entry in it.
_PASSED_OVER: Final = "LogAnchor"
_SUBJECT: Final = "logged events"
_BY_CHAIN: Final = f"'{CREDENTIALS_ATTESTED}', '{STATUSES_CHANGED}', '{KEY_RECORDED}', '{GOVERNANCE_RECORDED}'"
_MOST_NAMED: Final = 10
_LOGGED: Final = (
    "SELECT json_extract(CAST(body AS TEXT), :path) FROM log_events WHERE kind = :kind"
    " AND json_valid(CAST(body AS TEXT)) AND json_extract(CAST(body AS TEXT), :path) IS NOT NULL"
)
# What must be logged: the rows, the column that names one, the event and the member of its body that names it.
_ROWS: Final = (
    ("credentials", "credential_id", "", "credential_issued", "$.credential"),
    ("proofings", "proofing_id", "WHERE state = 'completed'", "proofing_completed", "$.proofing"),
    ("erasures", "erasure_id", "", "erasure_begun", "$.erasure"),
    ("erasures", "erasure_id", "WHERE state = 'erased'", "subject_erased", "$.erasure"),
)


def compare_node_log(
    database: NodeDatabase, state: State, reader: ChainReader, member: str
) -> tuple[list[Finding], int]:
    """Compare a node's logged events at `state.block`, where its index stands; give findings and a count.

    Raises:
        AuditImpossible: the database or the chain cannot be read.
    """
    logged, count, findings = _logged(database, member)
    named = Read()
    for (entry,) in database.tuples(
        "SELECT entry FROM log_entries WHERE event_number IS NULL ORDER BY epoch, position"
    ):
        named.take(0, [entry if isinstance(entry, bytes) else b""])
    _, lost = compare_blocks(reader, named, _SUBJECT, member, -1, state.block)
    bounds = Bounds(_SUBJECT, member, state.block, lost)
    keys, acts = _expected_acts(state, member)
    for kind, what, expected in (
        (CREDENTIALS_ATTESTED, "attestation", expected_batches(state, member)),
        (STATUSES_CHANGED, "change of status", expected_changes(state, member)),
        (KEY_RECORDED, "change of a key", keys),
        (GOVERNANCE_RECORDED, "governance act", acts),
    ):
        findings += compare_kind(what, expected, logged.get(kind, {}), bounds).findings
    findings += _rows(database, member)
    findings += _issued(database, member)
    return findings, count


def _logged(database: NodeDatabase, member: str) -> tuple[dict[str, dict[str, list[Act]]], int, list[Finding]]:
    """Read what was logged of the chain's acts: kind -> place -> acts."""
    logged: dict[str, dict[str, list[Act]]] = {}
    count, unreadable = 0, 0
    for kind, body in database.tuples(f"SELECT kind, body FROM log_events WHERE kind IN ({_BY_CHAIN})"):  # noqa: S608
        count += 1
        try:
            said = json.loads(body)
            place = f"{int(said['block'])}/{int(said['index'])}"
            act = _act(kind, said)
        except (ValueError, KeyError, TypeError, RecursionError):
            unreadable += 1
            continue
        logged.setdefault(kind, {}).setdefault(place, []).append(act)
    if not unreadable:
        return logged, count, []
    message = f"{unreadable} events about the chain cannot be read"
    return logged, count, [Finding(rules.LOG_ENTRY_UNEXPLAINED, _SUBJECT, message, member=member)]


def _act(kind: str, said: dict[str, Any]) -> Act:
    names: tuple[str, ...]
    if kind == CREDENTIALS_ATTESTED:
        names = ("batch", "count")
    elif kind == STATUSES_CHANGED:
        names = ("count", "list", "status")
    else:
        names = ("contract", "event")
    act = (*(said[name] for name in names), said["transaction"])
    hash(act)
    return act


def _expected_acts(state: State, member: str) -> tuple[Expected, Expected]:
    keys: Expected = {}
    acts: Expected = {}
    for place, (contract, event, transaction, time, members) in state.acts.items():
        if member in members and contract != _PASSED_OVER:
            kept = keys if contract == _KEY_REGISTRY else acts
            kept[place] = (contract, event, transaction), time
    return keys, acts


def _rows(database: NodeDatabase, member: str) -> Iterator[Finding]:
    for table, column, which, event, path in _ROWS:
        # A log names people's things by random names of its own, which can be forgotten (jeung.services.acts).
        named = f"coalesce((SELECT name FROM log_names WHERE id = {column}), {column})"  # noqa: S608 - all ours
        rows = database.tuples(
            f"SELECT {column} FROM (SELECT * FROM {table} {which}) WHERE {named} NOT IN ({_LOGGED})",  # noqa: S608
            kind=event,
            path=path,
        )
        missing = [str(name) for (name,) in rows]
        message = f"there is no event {event} of it"
        for name in missing[:_MOST_NAMED]:
            yield Finding(rules.LOG_ACT_MISSING, f"{table} {name}", message, member=member)
        if len(missing) > _MOST_NAMED:
            subject = f"{len(missing) - _MOST_NAMED} more {table}"
            yield Finding(rules.LOG_ACT_MISSING, subject, message, member=member)


def _issued(database: NodeDatabase, member: str) -> Iterator[Finding]:
    """Hold the number of copies that were logged as issued against those that are kept or were erased."""
    kept = database.one("SELECT (SELECT count(*) FROM credentials) + (SELECT count(*) FROM erased_digests) AS number")
    logged = database.one("SELECT count(*) AS number FROM log_events WHERE kind = 'credential_issued'")
    if logged["number"] > kept["number"]:
        message = f"{logged['number']} copies were logged as issued, {kept['number']} are kept or were erased"
        yield Finding(rules.LOG_ENTRY_UNEXPLAINED, "issued credentials", message, member=member)
