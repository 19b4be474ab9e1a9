"""Compare a node's index, on which its verifications rest, with what the events say.

Proves that this node judges by the chain. Both directions are compared: a row too many is as bad as one too few.
"""

from collections.abc import Iterator

import orjson

from audit import rules
from audit.database import NodeDatabase
from audit.findings import Finding
from audit.replay import event_digest
from audit.state import State

_LATE_S = 120


def compare(database: NodeDatabase, state: State) -> tuple[list[Finding], int]:
    """Compare the index up to `state.block`; give findings and a count of rows."""
    findings: list[Finding] = []
    looked_at = 0
    for check in (_registry_events, _batches, _attestations, _statuses, _words):
        for finding in check(database, state):
            looked_at += 1
            if finding is not None:
                findings.append(finding)
    return findings, looked_at


def _wrong(subject: str, message: str, state: State) -> Finding:
    return Finding(rules.INDEX_MISMATCH, subject, message, state.block)


def _registry_events(database: NodeDatabase, state: State) -> Iterator[Finding | None]:
    missing = dict(state.registry_events)
    for row in database.rows("SELECT * FROM registry_events WHERE block_number <= :block", block=state.block):
        place = f"{row['block_number']}/{row['log_index']}"
        try:
            args = orjson.loads(row["args"])
        except ValueError:
            args = {}
        said = event_digest(row["contract"], row["name"], args, row["block_time"], row["transaction_hash"])
        same = missing.pop(place, None) == said
        yield None if same else _wrong(f"registry event {place}", "differs from the chain's event", state)
    for place in missing:
        yield _wrong(f"registry event {place}", "is missing", state)


def _batches(database: NodeDatabase, state: State) -> Iterator[Finding | None]:
    missing = dict(state.batches)
    for row in database.rows(
        "SELECT b.*, t.created_at AS signed_at FROM batches b"
        " LEFT JOIN chain_transactions t ON t.hash = b.transaction_hash WHERE b.block_number <= :block",
        block=state.block,
    ):
        expected = missing.pop(row["batch"], None)
        same = expected is not None and (
            row["issuer"],
            row["schema_id"],
            row["operator"],
            row["root"],
            row["block_time"],
            row["block_number"],
        ) == tuple(expected[name] for name in ("issuer", "schema", "operator", "root", "time", "block"))
        yield None if same else _wrong(f"batch {row['batch']}", "differs from the chain", state)
        if same and row["signed_at"] is not None and row["block_time"] - row["signed_at"] > _LATE_S:
            late = row["block_time"] - row["signed_at"]
            message = f"attested {late} s after the transaction was signed"
            yield Finding(rules.BLOCK_TIME_CHANGED, f"batch {row['batch']}", message, row["block_number"])
    for batch in missing:
        yield _wrong(f"batch {batch}", "is missing", state)


def _attestations(database: NodeDatabase, state: State) -> Iterator[Finding | None]:
    counts: dict[str, int] = {}
    missing = set(state.digests)
    for row in database.rows(
        "SELECT a.digest, b.issuer, b.schema_id, b.batch FROM attestations a"
        " JOIN batches b ON b.number = a.batch_number WHERE b.block_number <= :block",
        block=state.block,
    ):
        key = f"{row['issuer']}/{row['schema_id']}/{row['digest']}"
        counts[row["batch"]] = counts.get(row["batch"], 0) + 1
        missing.discard(key)
        yield None if key in state.digests else _wrong(f"attestation {row['digest']}", "is not on the chain", state)
    for key in missing:
        yield _wrong(f"attestation {key.split('/')[2]}", "is missing", state)
    for batch, record in state.batches.items():
        found = counts.get(batch, 0)
        yield None if found == record["count"] else _wrong(f"batch {batch}", f"has {found} digests", state)


def _statuses(database: NodeDatabase, state: State) -> Iterator[Finding | None]:
    indexed: dict[str, dict[str, int]] = {}
    for row in database.rows(
        "SELECT issuer, list_number, status_index, status FROM status_changes WHERE block_number <= :block"
        " ORDER BY block_number, log_index",
        block=state.block,
    ):
        entries = indexed.setdefault(f"{row['issuer']}/{row['list_number']}", {})
        entries[str(row["status_index"])] = row["status"]
    for pair in indexed.keys() | state.statuses.keys():
        found = {index: status for index, status in indexed.get(pair, {}).items() if status}
        expected = {index: entry[0] for index, entry in state.statuses.get(pair, {}).items() if entry[0]}
        for index in found.keys() | expected.keys():
            same = found.get(index) == expected.get(index)
            yield None if same else _wrong(f"status {pair}/{index}", "differs from the chain", state)


def _words(database: NodeDatabase, state: State) -> Iterator[Finding | None]:
    """Compare the packed words, which verification reads, with the changes they are made of."""
    made: dict[tuple[str, int, int], int] = {}
    latest: dict[tuple[str, int, int], int] = {}
    for row in database.rows(
        "SELECT issuer, list_number, status_index, status FROM status_changes ORDER BY block_number, log_index"
    ):
        latest[row["issuer"], row["list_number"], row["status_index"]] = row["status"]
    for (issuer, number, index), status in latest.items():
        word, place = divmod(index, 128)
        made[issuer, number, word] = made.get((issuer, number, word), 0) | status << 2 * place
    for row in database.rows("SELECT * FROM status_words"):
        key = (row["issuer"], row["list_number"], row["word_index"])
        same = made.pop(key, 0) == int(row["word"], 16)
        yield None if same else _wrong(f"status word {key[0]}/{key[1]}/{key[2]}", "differs from its changes", state)
    for key, value in made.items():
        yield None if value == 0 else _wrong(f"status word {key[0]}/{key[1]}/{key[2]}", "is missing", state)
