"""State the table of acts that two people must want."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, LargeBinary, String, Table, Text

from node.store.schema import metadata, row_number

# Never deleted: the event log names them. What an act must forget is set to NULL.
acts = Table(
    "acts",
    metadata,
    Column("number", row_number(), primary_key=True, autoincrement=True),
    Column("act_id", String, nullable=False, unique=True),
    Column("kind", String, nullable=False),
    # JSON: an object.
    Column("parameters", Text),
    Column("salt", LargeBinary),
    Column("digest", LargeBinary, nullable=False),
    Column("reason", Text),
    Column("state", String, nullable=False),
    # JSON: {kind, id, channel, traces} of who asked.
    Column("requested_by", Text, nullable=False),
    Column("requested_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    # JSON, as `requested_by`.
    Column("decided_by", Text),
    Column("decided_at", BigInteger),
    Column("begun_at", BigInteger),
    Column("ended_at", BigInteger),
    Column("failure", String),
    # JSON: an object.
    Column("result", Text),
    CheckConstraint("length(digest) = 32", name="digest"),
    Index("ix_acts_state_number", "state", "number"),
    sqlite_autoincrement=True,
)
