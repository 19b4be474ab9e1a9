"""State the tables of the transparency log and of the witness that a node is for the others' logs."""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Index, Integer, LargeBinary, String, Table, Text

from node.store.schema import metadata

# The first row is put there by the migration. `log_origin` ends in the epoch; a new one is opened after a loss.
log_epochs = Table(
    "log_epochs",
    metadata,
    Column("epoch", BigInteger, primary_key=True, autoincrement=False),
    Column("published_size", BigInteger, nullable=False),
    # The newest block that an entry names.
    Column("block_number", BigInteger, nullable=False),
    # Set by a restore: nothing is signed before the others' copies were looked at.
    Column("guarded", Boolean, nullable=False),
)

# Triggers refuse UPDATE, DELETE and an INSERT in place of a row. `event_number` is None for what no act caused.
log_entries = Table(
    "log_entries",
    metadata,
    Column("epoch", BigInteger, primary_key=True, autoincrement=False),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("event_number", BigInteger, unique=True),
    Column("entry", LargeBinary, nullable=False),
    Column("leaf_hash", LargeBinary, nullable=False, index=True),
    CheckConstraint("length(leaf_hash) = 32", name="leaf"),
)

# Triggers refuse DELETE, and an UPDATE that does more than append.
log_tiles = Table(
    "log_tiles",
    metadata,
    Column("epoch", BigInteger, primary_key=True, autoincrement=False),
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("tile", BigInteger, primary_key=True, autoincrement=False),
    Column("hashes", LargeBinary, nullable=False),
    CheckConstraint("length(hashes) BETWEEN 32 AND 8192", name="width"),
)

# Triggers refuse UPDATE, DELETE and an INSERT in place of a row.
log_checkpoints = Table(
    "log_checkpoints",
    metadata,
    Column("epoch", BigInteger, primary_key=True, autoincrement=False),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("root", LargeBinary, nullable=False),
    Column("note", LargeBinary, nullable=False),
    Column("key", String, nullable=False),
    Column("signed_at", BigInteger, nullable=False),
    CheckConstraint("length(root) = 32", name="root"),
)

log_cosignatures = Table(
    "log_cosignatures",
    metadata,
    Column("epoch", BigInteger, primary_key=True, autoincrement=False),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("key", String, primary_key=True),
    Column("line", Text, nullable=False),
    Column("timestamp", BigInteger, nullable=False),
)

# What this node last cosigned of each log: a trigger refuses less, or the same size with another root.
witness_heads = Table(
    "witness_heads",
    metadata,
    Column("origin", String, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("note", LargeBinary, nullable=False),
    Column("key", String, nullable=False),
    Column("cosigned_at", BigInteger, nullable=False),
    CheckConstraint("length(root) = 32", name="root"),
)

# Signed proof that a log showed two histories: kept for the audit, a few of each log.
witness_forks = Table(
    "witness_forks",
    metadata,
    Column("origin", String, primary_key=True),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("root", LargeBinary, primary_key=True),
    Column("note", LargeBinary, nullable=False),
    Column("key", String, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Index("ix_witness_forks_origin_seen_at", "origin", "seen_at"),
)
