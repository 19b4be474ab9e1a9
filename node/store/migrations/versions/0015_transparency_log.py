"""Add the transparency log: salts of events, entries in order, tiles, checkpoints, and the witness's state."""

import secrets

import sqlalchemy as sa
from alembic import op

from node.store.migrations.triggers import growing_triggers, refusing_triggers

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_SALT_BYTES = 32
_ROWS_AT_ONCE = 1_000


def upgrade() -> None:
    """Bring the database to this revision."""
    _tables()
    _witness_tables()
    op.bulk_insert(
        sa.table("log_epochs", *(sa.column(name) for name in ("epoch", "published_size", "block_number", "guarded"))),
        [{"epoch": 1, "published_size": 0, "block_number": -1, "guarded": False}],
    )
    op.add_column("log_events", sa.Column("salt", sa.LargeBinary(), server_default="", nullable=False))
    dialect = op.get_bind().dialect.name
    _salt_what_stands(dialect)
    for table, keys in (("log_entries", ("event_number",)), ("log_checkpoints", ())):
        for statement in refusing_triggers(dialect, table, keys=keys, events=("UPDATE", "DELETE")):
            op.execute(statement)
    for statement in growing_triggers(dialect):
        op.execute(statement)


def _tables() -> None:
    op.create_table(
        "log_epochs",
        sa.Column("epoch", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("published_size", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("guarded", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("epoch", name="pk_log_epochs"),
    )
    op.create_table(
        "log_entries",
        sa.Column("epoch", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event_number", sa.BigInteger(), nullable=True),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("length(leaf_hash) = 32", name=op.f("ck_log_entries_leaf")),
        sa.PrimaryKeyConstraint("epoch", "position", name="pk_log_entries"),
        sa.UniqueConstraint("event_number", name="uq_log_entries_event_number"),
    )
    op.create_index("ix_log_entries_leaf_hash", "log_entries", ["leaf_hash"], unique=False)
    op.create_table(
        "log_tiles",
        sa.Column("epoch", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("tile", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("length(hashes) BETWEEN 32 AND 8192", name=op.f("ck_log_tiles_width")),
        sa.PrimaryKeyConstraint("epoch", "level", "tile", name="pk_log_tiles"),
    )
    op.create_table(
        "log_checkpoints",
        sa.Column("epoch", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("signed_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("length(root) = 32", name=op.f("ck_log_checkpoints_root")),
        sa.PrimaryKeyConstraint("epoch", "size", name="pk_log_checkpoints"),
    )
    op.create_table(
        "log_cosignatures",
        sa.Column("epoch", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("timestamp", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("epoch", "size", "key", name="pk_log_cosignatures"),
    )


def _witness_tables() -> None:
    op.create_table(
        "witness_heads",
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("cosigned_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("length(root) = 32", name=op.f("ck_witness_heads_root")),
        sa.PrimaryKeyConstraint("origin", name="pk_witness_heads"),
    )
    op.create_table(
        "witness_forks",
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("origin", "size", "root", name="pk_witness_forks"),
    )
    op.create_index("ix_witness_forks_origin_seen_at", "witness_forks", ["origin", "seen_at"], unique=False)


def _salt_what_stands(dialect: str) -> None:
    """Give every event that stands a salt of its own, for which its own triggers must look away."""
    bind = op.get_bind()
    guarding = list(refusing_triggers(dialect, "log_events", keys=("number",), events=("UPDATE", "DELETE")))
    for name in (
        ("update", "delete", "replace_by_number") if dialect == "sqlite" else ("update", "delete", "truncate")
    ):
        op.execute(f"DROP TRIGGER log_events_refuse_{name}" + ("" if dialect == "sqlite" else " ON log_events"))
    if dialect != "sqlite":
        op.execute("DROP FUNCTION log_events_refuse")
    numbers = [row[0] for row in bind.execute(sa.text("SELECT number FROM log_events"))]
    for begin in range(0, len(numbers), _ROWS_AT_ONCE):
        bind.execute(
            sa.text("UPDATE log_events SET salt = :salt WHERE number = :number"),
            [
                {"salt": secrets.token_bytes(_SALT_BYTES), "number": number}
                for number in numbers[begin : begin + _ROWS_AT_ONCE]
            ],
        )
    for statement in guarding:
        op.execute(statement)
