"""Compare a node's index, on which its verifications rest, with what the events say.

Proves that this node judges by the chain. Both directions are compared: a row too many is as bad as one too few.
"""

import json
from collections.abc import Callable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

from audit import rules
from audit.checks.node_history import compare_history
from audit.database import NodeDatabase, plain
from audit.digests import LENGTH, Run
from audit.findings import Finding
from audit.remedies import REBUILD
from audit.replay import event_digest
from audit.replay.attestations import unpack_indexes
from audit.source import ChainReader
from audit.state import State

_LATE_S = 120
_AHEAD_S = 60
_HEADERS_AT_ONCE = 500

Check = Callable[[NodeDatabase, State], Iterator[Finding | int]]
"""Yields findings, each of one row, and how many rows were looked at and are right."""


def compare_index(database: NodeDatabase, state: State, reader: ChainReader, now: int) -> tuple[list[Finding], int]:
    """Compare the index up to `state.block`; give findings and a count of rows.

    Raises:
        AuditImpossible: the database or the chain cannot be read.
    """
    findings: list[Finding] = []
    looked_at = 0
    checks: tuple[Check, ...] = (_registry_events, _batches, _attestations, _status_changes, _words, compare_history)
    results = [check(database, state) for check in checks]
    for result in (*results, _headers(database, state, reader), _heartbeat(database, state, now)):
        for seen in result:
            if isinstance(seen, Finding):
                findings.append(seen)
            looked_at += 1 if isinstance(seen, Finding) else seen
    return findings, looked_at


# What is no digest is counted and left out, so that a batch with such a row differs from every batch of the chain.
# SQLite walks the index over batch and position, and so takes a batch's rows in their order; asking for an order
# would only make it sort them all. Should it take them otherwise, the batch is opened.
_TOGETHER = f"""
    SELECT b.number, b.batch, count(*), CAST(group_concat(a.digest, '')
        FILTER (WHERE typeof(a.digest) = 'blob' AND length(a.digest) = {LENGTH}) AS BLOB)
    FROM attestations a JOIN batches b ON b.number = a.batch_number
    WHERE b.block_number <= :block GROUP BY a.batch_number
"""  # noqa: S608 - a number of ours


def _wrong(subject: str, message: str, state: State) -> Finding:
    return Finding(rules.INDEX_MISMATCH, subject, message, state.block, remedy=REBUILD)


def _registry_events(database: NodeDatabase, state: State) -> Iterator[Finding | int]:
    missing = dict(state.registry_events)
    for row in database.rows("SELECT * FROM registry_events WHERE block_number <= :block", block=state.block):
        place = f"{row['block_number']}/{row['log_index']}"
        said = _digest_of(row)
        same = said is not None and missing.pop(place, None) == said
        yield 1 if same else _wrong(f"registry event {place}", "differs from the chain's event", state)
    for place in missing:
        yield _wrong(f"registry event {place}", "is missing, or differs", state)


def _digest_of(row: dict[str, Any]) -> str | None:
    try:
        args = json.loads(row["args"])
        return event_digest(row["contract"], row["name"], args, row["block_time"], row["transaction_hash"])
    except (ValueError, TypeError, RecursionError):
        return None


def _batches(database: NodeDatabase, state: State) -> Iterator[Finding | int]:
    columns = (
        "issuer",
        "schema_id",
        "operator",
        "root",
        "block_time",
        "block_number",
        "log_index",
        "transaction_hash",
    )
    kept = ("issuer", "schema", "operator", "root", "time", "block", "log", "transaction")
    missing = dict(state.batches)
    in_order = iter(state.batches)
    for row in database.rows(
        "SELECT b.*, t.created_at AS signed_at FROM batches b"
        " LEFT JOIN chain_transactions t ON t.hash = b.transaction_hash WHERE b.block_number <= :block"
        " ORDER BY b.number",
        block=state.block,
    ):
        subject, expected = f"batch {row['batch']}", missing.pop(row["batch"], None)
        same = expected is not None and [row[name] for name in columns] == [expected[name] for name in kept]
        yield 1 if same else _wrong(subject, "differs from the chain", state)
        # The earliest batch of a digest counts, and the index takes the lowest number for the earliest.
        if same and next(in_order, None) != row["batch"]:
            yield _wrong(subject, "stands in another order than on the chain", state)
        late = row["block_time"] - row["signed_at"] if same and isinstance(row["signed_at"], int) else 0
        if late > _LATE_S:
            message = f"attested {late} s after the transaction was signed"
            yield Finding(rules.BLOCK_TIME_CHANGED, subject, message, row["block_number"])
    for batch in missing:
        yield _wrong(f"batch {batch}", "is missing", state)


def _attestations(database: NodeDatabase, state: State) -> Iterator[Finding | int]:
    """Compare each batch's digests with the chain's, in their order; name what is too many or too few.

    SQLite puts a batch's digests together, and only the batches that differ are opened: rows come by the million.
    """
    unseen = set(state.batches)
    for number, name, count, together in database.tuples(_TOGETHER, block=state.block):
        batch = plain(name)
        run = state.digests.of(str(batch))
        if run is not None:
            unseen.discard(run.batch)
        if run is not None and (together, count * LENGTH) == (run.digests, len(run.digests)):
            yield count
        else:
            yield from _opened(database, state, number, batch, run)
    for batch in unseen:
        yield _wrong(f"batch {batch}", "has no digests", state)


def _opened(
    database: NodeDatabase, state: State, number: int, batch: object, run: Run | None
) -> Iterator[Finding | int]:
    rows = database.tuples(
        "SELECT digest FROM attestations WHERE batch_number = :number ORDER BY position", number=number
    )
    digests = [digest for (digest,) in rows]
    yield len(digests)
    if digests != ([] if run is None else list(run)):
        yield from _named(database, state, batch, digests, run)


def _named(
    database: NodeDatabase, state: State, batch: object, digests: list[Any], run: Run | None
) -> Iterator[Finding]:
    """Name the digests that are nowhere on the chain, or nowhere in the index; some may only be in another batch."""
    expected = [] if run is None else list(run)
    for digest in sorted(set(digests) - set(expected), key=repr):
        if run is None or state.digests.find(run.issuer, run.schema, plain(digest)) is None:
            yield _wrong(f"attestation {plain(digest)}", "is not on the chain", state)
    for digest in sorted(set(expected) - set(digests)):
        if not list(database.tuples("SELECT 1 FROM attestations WHERE digest = :digest", digest=digest)):
            yield _wrong(f"attestation {plain(digest)}", "is missing", state)
    yield _wrong(f"batch {batch}", "has not the digests that give its root", state)


def _status_changes(database: NodeDatabase, state: State) -> Iterator[Finding | int]:
    missing = dict(state.status_events)
    rows = database.tuples(
        "SELECT block_number, log_index, issuer, list_number, status, block_time, transaction_hash, status_index"
        " FROM status_changes WHERE block_number <= :block ORDER BY block_number, log_index, status_index",
        block=state.block,
    )
    for (block, log), group in groupby(rows, key=itemgetter(0, 1)):
        changes = list(group)
        place = f"{block}/{log}"
        *expected, packed, time, transaction = missing.pop(place, (None, None, None, "0x", None, None))
        told = [tuple(map(plain, facts)) for facts in set(map(itemgetter(2, 3, 4, 5, 6), changes))]
        indexes = list(map(itemgetter(7), changes))
        same = told == [(*expected, time, transaction)] and indexes == unpack_indexes(packed)
        yield 1 if same else _wrong(f"status changes {place}", "differ from the chain's event", state)
    for place in missing:
        yield _wrong(f"status changes {place}", "are missing", state)


def _words(database: NodeDatabase, state: State) -> Iterator[Finding | int]:
    """Compare the packed words, which verification reads."""
    missing = {
        (issuer, int(number), word): value
        for issuer, number in (pair.split("/") for pair in state.statuses)
        for word, value in state.words(issuer, int(number)).items()
    }
    for row in database.rows("SELECT * FROM status_words"):
        key = (row["issuer"], row["list_number"], row["word_index"])
        expected = "0x" + missing.pop(key, 0).to_bytes(32).hex()
        subject = f"status word {key[0]}/{key[1]}/{key[2]}"
        yield 1 if row["word"] == expected else _wrong(subject, "differs from the chain", state)
    for key, value in missing.items():
        yield _wrong(f"status word {key[0]}/{key[1]}/{key[2]}", "is missing", state) if value else 1


def _headers(database: NodeDatabase, state: State, reader: ChainReader) -> Iterator[Finding | int]:
    """Compare the kept headers, by which the node notices that the chain was rewritten."""
    rows = list(database.rows("SELECT * FROM block_headers WHERE number <= :block", block=state.block))
    for begin in range(0, len(rows), _HEADERS_AT_ONCE):
        part = [row for row in rows[begin : begin + _HEADERS_AT_ONCE] if isinstance(row["number"], int)]
        for row, block in zip(part, reader.blocks([row["number"] for row in part]), strict=True):
            same = (row["hash"], row["parent_hash"], row["time"]) == (block.hash, block.parent_hash, block.time)
            yield 1 if same else _wrong(f"header of block {block.number}", "differs from the chain", state)


def _heartbeat(database: NodeDatabase, state: State, now: int) -> Iterator[Finding | int]:
    """Refuse a poll or a head from the future: the node would go on calling an old index fresh."""
    row = database.one("SELECT polled_at, head_time FROM follower_state")
    fresh = all(isinstance(time, int) and time <= now + _AHEAD_S for time in row.values())
    yield 1 if fresh else _wrong("follower", "says that it heard the chain in the future", state)
