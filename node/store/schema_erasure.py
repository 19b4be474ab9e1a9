"""State the tables of erasures, and of what stays behind of erased credentials: only what the chain says anyway."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, LargeBinary, String, Table, Text

from node.store.schema import metadata, row_number

# Never deleted. `subject_id` is NULL once everything is; until then no second erasure of it begins.
erasures = Table(
    "erasures",
    metadata,
    Column("number", row_number(), primary_key=True, autoincrement=True),
    Column("erasure_id", String, nullable=False, unique=True),
    Column("act_id", String, nullable=False),
    Column("request_digest", LargeBinary, nullable=False),
    Column("subject_id", String, unique=True),
    Column("ground", String, nullable=False),
    Column("state", String, nullable=False),
    Column("began_at", BigInteger, nullable=False),
    Column("locked_until", BigInteger),
    Column("deleted_at", BigInteger),
    Column("backups_until", BigInteger),
    Column("certificate", Text),
    CheckConstraint("length(request_digest) = 32", name="digest"),
    Index("ix_erasures_state_number", "state", "number"),
    sqlite_autoincrement=True,
)

# An auditor finds each of these on the chain and must not take it for an attestation nobody issued. The rows are in
# the order of their keys, and there are two tables, so that neither tells which digest had which place.
erased_digests = Table(
    "erased_digests",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("schema_id", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

erased_places = Table(
    "erased_places",
    metadata,
    Column("list_number", BigInteger, primary_key=True, autoincrement=False),
    Column("status_index", Integer, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

# What the append-only log calls a person's proofings, credentials and the rest: a random name for each id. Without
# the row the name leads nowhere.
log_names = Table(
    "log_names",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("created_at", BigInteger, nullable=False, index=True),
    sqlite_with_rowid=False,
)
