"""Compare a node's row for each event, which the explorer reads, with the events it is made from.

Those stand in the same index and are compared with the chain by `node_index`; here it is enough that both agree.
"""

import json
from collections.abc import Iterator
from typing import Any

from audit import rules
from audit.database import NodeDatabase
from audit.findings import Finding
from audit.remedies import REBUILD
from audit.state import State

_COUNTED = {0: "reinstated", 1: "revoked", 2: "suspended"}
_TOTALS = ("attested", *_COUNTED.values())
_ATTESTED = "CredentialsAttested"
_BESIDE = """
    SELECT told.*, e.* FROM (
        SELECT block_number AS b, log_index AS l, block_time AS time, name AS what, args, NULL AS whose,
            transaction_hash AS hash, 1 AS number_of, NULL AS became
        FROM registry_events
        UNION ALL
        SELECT block_number, log_index, block_time, 'CredentialsAttested', NULL, issuer, transaction_hash,
            (SELECT count(*) FROM attestations a WHERE a.batch_number = batches.number), NULL
        FROM batches
        UNION ALL
        SELECT block_number, log_index, block_time, 'StatusesSet', NULL, issuer, transaction_hash, count(*), status
        FROM status_changes GROUP BY block_number, log_index
    ) told
    LEFT JOIN chain_events e ON e.block_number = told.b AND e.log_index = told.l
    WHERE told.b <= :block ORDER BY told.b, told.l
"""
_UNTOLD = """
    SELECT block_number, log_index FROM chain_events e
    WHERE block_number <= :block
    AND NOT EXISTS (
        SELECT 1 FROM registry_events t WHERE t.block_number = e.block_number AND t.log_index = e.log_index)
    AND NOT EXISTS (SELECT 1 FROM batches t WHERE t.block_number = e.block_number AND t.log_index = e.log_index)
    AND NOT EXISTS (
        SELECT 1 FROM status_changes t WHERE t.block_number = e.block_number AND t.log_index = e.log_index)
"""


def compare_history(database: NodeDatabase, state: State) -> Iterator[Finding | int]:
    """Yield a finding for each row that differs, is missing or too many, 1 for each that is right."""
    running: dict[str, dict[str, int]] = {}
    for row in database.rows(_BESIDE, block=state.block):
        member = row["whose"] if row["args"] is None else _named(row["args"])
        totals = dict.fromkeys(_TOTALS, 0)
        if member is not None:
            totals = running.setdefault(member, totals)
        counted = "attested" if row["what"] == _ATTESTED else _COUNTED.get(row["became"])
        if counted is not None:
            totals[counted] += row["number_of"]
        told = [row["time"], row["what"], member, row["hash"], row["number_of"], row["became"], *totals.values()]
        columns = ("block_time", "name", "member", "transaction_hash", "count", "status", *_TOTALS)
        same = [row[name] for name in columns] == told
        yield 1 if same else _wrong(row["b"], row["l"], "is missing, or differs from what it is made from", state)
    for row in database.rows(_UNTOLD, block=state.block):
        yield _wrong(row["block_number"], row["log_index"], "is made from nothing", state)


def _named(args: object) -> str | None:
    try:
        read: Any = json.loads(str(args))
        named = read.get("member", read.get("proposer"))
    except (ValueError, RecursionError, AttributeError):
        # What cannot be read is a finding about the event itself.
        return None
    return named if isinstance(named, str) else None


def _wrong(block: object, log_index: object, message: str, state: State) -> Finding:
    return Finding(rules.INDEX_MISMATCH, f"chain event {block}/{log_index}", message, state.block, remedy=REBUILD)
