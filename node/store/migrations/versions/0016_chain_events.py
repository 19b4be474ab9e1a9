"""Add a row for each event of the chain, with running totals of its member, from what the index already holds."""

import heapq
import json
from collections.abc import Iterator
from itertools import islice
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_ROWS_AT_ONCE = 1_000
_STATUSES = {0: "reinstated", 1: "revoked", 2: "suspended"}
_COUNTED = ("attested", *_STATUSES.values())
_REGISTRY = (
    "SELECT block_number, log_index, block_time, name, args, transaction_hash FROM registry_events ORDER BY 1, 2"
)
_BATCHES = (
    "SELECT b.block_number, b.log_index, b.block_time, b.issuer, b.transaction_hash,"
    " (SELECT count(*) FROM attestations a WHERE a.batch_number = b.number) AS number_of"
    " FROM batches b ORDER BY 1, 2"
)
_CHANGES = (
    "SELECT block_number, log_index, block_time, issuer, status, transaction_hash, count(*) AS number_of"
    " FROM status_changes GROUP BY block_number, log_index, block_time, issuer, status, transaction_hash"
    " ORDER BY 1, 2"
)


def upgrade() -> None:
    """Bring the database to this revision."""
    table = op.create_table(
        "chain_events",
        sa.Column("block_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("log_index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("block_time", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("member", sa.LargeBinary(), nullable=True),
        sa.Column("transaction_hash", sa.LargeBinary(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=True),
        sa.Column("attested", sa.BigInteger(), nullable=False),
        sa.Column("reinstated", sa.BigInteger(), nullable=False),
        sa.Column("revoked", sa.BigInteger(), nullable=False),
        sa.Column("suspended", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("block_number", "log_index", name="pk_chain_events"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_chain_events_transaction_hash", "chain_events", ["transaction_hash"], unique=False)
    op.create_index(
        "ix_chain_events_member_block_time",
        "chain_events",
        ["member", "block_time", "block_number", "log_index"],
        unique=False,
    )
    rows = _with_totals(heapq.merge(_registry(), _batches(), _changes(), key=itemgetter("block_number", "log_index")))
    while part := list(islice(rows, _ROWS_AT_ONCE)):
        op.bulk_insert(table, part)


def _with_totals(rows: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    running: dict[bytes, dict[str, int]] = {}
    for row in rows:
        nothing = dict.fromkeys(_COUNTED, 0)
        totals = nothing if row["member"] is None else running.setdefault(row["member"], nothing)
        counted = "attested" if row["name"] == "CredentialsAttested" else _STATUSES.get(row["status"])
        if counted is not None:
            totals[counted] += row["count"]
        yield {**row, **totals}


def _registry() -> Iterator[dict[str, Any]]:
    for row in _read(_REGISTRY):
        args = json.loads(row.args)
        named = args.get("member", args.get("proposer"))
        member = None if named is None else bytes.fromhex(named[2:])
        yield _row(row, row.name, member, 1, None)


def _batches() -> Iterator[dict[str, Any]]:
    for row in _read(_BATCHES):
        yield _row(row, "CredentialsAttested", row.issuer, row.number_of, None)


def _changes() -> Iterator[dict[str, Any]]:
    for row in _read(_CHANGES):
        yield _row(row, "StatusesSet", row.issuer, row.number_of, row.status)


def _read(statement: str) -> Iterator[Any]:
    yield from op.get_bind().execute(sa.text(statement))


def _row(row: Any, name: str, member: bytes | None, count: int, status: int | None) -> dict[str, Any]:  # noqa: ANN401 - a row
    return {
        "block_number": row.block_number,
        "log_index": row.log_index,
        "block_time": row.block_time,
        "name": name,
        "member": member,
        "transaction_hash": row.transaction_hash,
        "count": count,
        "status": status,
    }
