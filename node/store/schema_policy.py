"""State the table of the node's policies, each in force from its approval until the next."""

from sqlalchemy import BigInteger, CheckConstraint, Column, LargeBinary, String, Table, Text

from node.store.schema import metadata, row_number

# Never changed and never deleted: what was in force when is part of what was done.
policies = Table(
    "policies",
    metadata,
    Column("number", row_number(), primary_key=True, autoincrement=True),
    # SHA-256 of the document's canonical form.
    Column("digest", LargeBinary, nullable=False),
    # JSON: an object of settings.
    Column("document", Text, nullable=False),
    # NULL for the one the node began with.
    Column("act_id", String),
    Column("approved_at", BigInteger, nullable=False),
    CheckConstraint("length(digest) = 32", name="digest"),
    sqlite_autoincrement=True,
)
