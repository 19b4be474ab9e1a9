"""State the tables of the node's policies, each in force until the next, and of the settings its processes logged."""

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

# Which settings a kind of process told the log of last: "api" or "worker".
logged_settings = Table(
    "logged_settings",
    metadata,
    Column("process", String, primary_key=True),
    Column("salt", LargeBinary, nullable=False),
    # JSON: the name of each group of settings, its salted SHA-256 in base64url.
    Column("digests", Text, nullable=False),
    Column("logged_at", BigInteger, nullable=False),
    CheckConstraint("length(salt) = 32", name="salt"),
)
