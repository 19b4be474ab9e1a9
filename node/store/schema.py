"""State every table of a node's database.

What is written here is what `migrations/` builds; a test compares the two. Types and constraints are those that
SQLite and PostgreSQL share. Times are seconds UTC, identifiers of the ledger are 32 raw bytes, personal data is
sealed before it comes here. Column names follow the domain's field names wherever those are not reserved words.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeEngine

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def row_number() -> TypeEngine[int]:
    """Give the type of a counting key: SQLite counts only in its INTEGER."""
    return BigInteger().with_variant(Integer(), "sqlite")


# --- personal data and what is issued ---------------------------------------------------------------------------

data_keys = Table(
    "data_keys",
    metadata,
    Column("owner", String, primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

proofings = Table(
    "proofings",
    metadata,
    Column("proofing_id", String, primary_key=True),
    Column("subject_id", String, nullable=False, index=True),
    Column("state", String, nullable=False),
    Column("policy_version", String, nullable=False),
    Column("sealed_person", LargeBinary, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("completed_at", BigInteger),
    Column("assurance_level", String),
    Index("ix_proofings_opened_at_proofing_id", "opened_at", "proofing_id"),
)

proofing_checks = Table(
    "proofing_checks",
    metadata,
    Column("proofing_id", String, ForeignKey("proofings.proofing_id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("method", String, nullable=False),
    Column("performed_at", BigInteger, nullable=False),
    Column("evidence_digest", LargeBinary, nullable=False),
    Column("passed", Boolean, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Column("salt", LargeBinary, nullable=False),
)

credentials = Table(
    "credentials",
    metadata,
    # The order of issue; pages are cut along it.
    Column("number", row_number(), primary_key=True, autoincrement=True),
    Column("credential_id", String, nullable=False, unique=True),
    Column("family_id", String, nullable=False, index=True),
    Column("subject_id", String, nullable=False),
    Column("proofing_id", String, ForeignKey("proofings.proofing_id"), nullable=False, index=True),
    Column("schema_id", LargeBinary, nullable=False),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("list_number", BigInteger, nullable=False),
    Column("status_index", Integer, nullable=False),
    Column("wanted_status", SmallInteger, nullable=False),
    Column("signing_key_id", String, nullable=False, index=True),
    Column("issued_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("key_storage", String, nullable=False, server_default="software"),
    # Two credentials that share two status bits would be revoked together: the database itself refuses.
    UniqueConstraint("list_number", "status_index"),
    CheckConstraint("wanted_status BETWEEN 0 AND 2", name="status"),
    CheckConstraint("status_index BETWEEN 0 AND 1048575", name="index"),
    CheckConstraint("length(digest) = 32 AND length(schema_id) = 32", name="ids"),
    Index("ix_credentials_subject_id_number", "subject_id", "number"),
    sqlite_autoincrement=True,
)

status_groups = Table(
    "status_groups",
    metadata,
    Column("number", row_number(), primary_key=True, autoincrement=True),
    Column("first_list", BigInteger, nullable=False, unique=True),
    Column("wrapped_key", LargeBinary, nullable=False),
    # The first counter that was never handed out; it only grows.
    Column("next_counter", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

status_tokens = Table(
    "status_tokens",
    metadata,
    Column("list_number", BigInteger, primary_key=True, autoincrement=False),
    Column("token", Text, nullable=False),
    Column("issued_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)

# --- what must reach the chain ----------------------------------------------------------------------------------
# The state of a work is one of jeung.domain.chain.IntentState; `transaction_hash` names the signed transaction that
# carries it. No foreign key: a pruned transaction leaves its hash behind.

attest_works = Table(
    "attest_works",
    metadata,
    Column("number", row_number(), primary_key=True, autoincrement=True),
    Column("credential_id", String, ForeignKey("credentials.credential_id"), nullable=False, unique=True),
    Column("family_id", String, nullable=False),
    Column("schema_id", LargeBinary, nullable=False),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("created_at", BigInteger, nullable=False),
    Column("state", String, nullable=False),
    Column("retry_at", BigInteger, nullable=False),
    Column("transaction_hash", LargeBinary, index=True),
    Column("failure", String),
    Index("ix_attest_works_state_number", "state", "number"),
    sqlite_autoincrement=True,
)

status_works = Table(
    "status_works",
    metadata,
    Column("change_id", row_number(), primary_key=True, autoincrement=True),
    Column("list_number", BigInteger, nullable=False),
    Column("status_index", Integer, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("state", String, nullable=False),
    Column("retry_at", BigInteger, nullable=False),
    Column("transaction_hash", LargeBinary, index=True),
    Column("failure", String),
    Index("ix_status_works_state_change_id", "state", "change_id"),
    Index("ix_status_works_list_number_status_index", "list_number", "status_index", "state"),
    sqlite_autoincrement=True,
)
# At most one change of an index waits: a later decision replaces it.
Index(
    "uq_status_works_waiting",
    status_works.c.list_number,
    status_works.c.status_index,
    unique=True,
    sqlite_where=status_works.c.state == "pending",
    postgresql_where=status_works.c.state == "pending",
)

intents = Table(
    "intents",
    metadata,
    Column("number", row_number(), primary_key=True, autoincrement=True),
    Column("intent_id", String, nullable=False, unique=True),
    Column("dedupe_key", String, nullable=False, unique=True),
    Column("account", String, nullable=False),
    Column("contract", String, nullable=False),
    Column("function", String, nullable=False),
    Column("args", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("state", String, nullable=False),
    Column("retry_at", BigInteger, nullable=False),
    Column("transaction_hash", LargeBinary, index=True),
    Column("failure", String),
    Index("ix_intents_state_number", "state", "number"),
    sqlite_autoincrement=True,
)

chain_transactions = Table(
    "chain_transactions",
    metadata,
    Column("hash", LargeBinary, primary_key=True),
    Column("account", String, nullable=False),
    Column("address", String, nullable=False),
    Column("nonce", BigInteger, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("state", String, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("block_number", BigInteger, index=True),
    # A nonce is spent once: a second transaction for it means that two workers signed.
    UniqueConstraint("address", "nonce"),
    Index("ix_chain_transactions_state_address_nonce", "state", "address", "nonce"),
)

# --- callers, presentations, evidence ---------------------------------------------------------------------------

clients = Table(
    "clients",
    metadata,
    Column("client_id", String, primary_key=True),
    Column("jwk", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("kept_by", String),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("caller", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("operation", String, nullable=False),
    Column("body_digest", LargeBinary, nullable=False),
    Column("result_id", String, nullable=False),
    Column("created_at", BigInteger, nullable=False, index=True),
)

replays = Table(
    "replays",
    metadata,
    Column("kind", String, primary_key=True),
    Column("value", String, primary_key=True),
    Column("expires_at", BigInteger, nullable=False, index=True),
)

nonces = Table(
    "nonces",
    metadata,
    Column("nonce", String, primary_key=True),
    Column("profile", String, nullable=False),
    Column("channel", String, nullable=False),
    Column("audience", String, nullable=False),
    Column("client_id", String, nullable=False),
    Column("issued_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False, index=True),
    Column("used_at", BigInteger),
    # The judgement that used it up: written with used_at, or not at all.
    Column("evidence_id", String),
)

# Triggers refuse UPDATE; DELETE is left to retention.
evidence = Table(
    "evidence",
    metadata,
    Column("number", row_number(), primary_key=True, autoincrement=True),
    Column("evidence_id", String, nullable=False, unique=True),
    Column("profile", String, nullable=False),
    # None where no nonce of ours was answered, so that no client's id can equal it.
    Column("client_id", String),
    Column("verdict", String, nullable=False),
    Column("code", String),
    Column("data_key_id", String, nullable=False, index=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

# Triggers refuse UPDATE, DELETE and an INSERT in place of a row.
log_events = Table(
    "log_events",
    metadata,
    Column("number", row_number(), primary_key=True, autoincrement=True),
    Column("kind", String, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("occurred_at", BigInteger, nullable=False),
    # What the published entry's commitment is salted with; it never leaves the node but with the body.
    Column("salt", LargeBinary, nullable=False, server_default=""),
    sqlite_autoincrement=True,
)

# --- the projection of the chain --------------------------------------------------------------------------------

block_headers = Table(
    "block_headers",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
    Column("parent_hash", LargeBinary, nullable=False),
    Column("time", BigInteger, nullable=False),
    # Kept for ever; the others only until they are a few hundred blocks old.
    Column("eventful", Boolean, nullable=False),
)

registry_events = Table(
    "registry_events",
    metadata,
    Column("block_number", BigInteger, primary_key=True, autoincrement=False),
    Column("log_index", Integer, primary_key=True, autoincrement=False),
    Column("block_time", BigInteger, nullable=False),
    Column("contract", String, nullable=False),
    Column("name", String, nullable=False),
    Column("args", Text, nullable=False),
    Column("transaction_hash", LargeBinary, nullable=False),
)

batches = Table(
    "batches",
    metadata,
    # Counts in the order of the chain, so the lowest number is the earliest batch.
    Column("number", row_number(), primary_key=True, autoincrement=True),
    Column("batch", LargeBinary, nullable=False, index=True),
    Column("issuer", LargeBinary, nullable=False),
    Column("schema_id", LargeBinary, nullable=False),
    Column("operator", String, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("block_number", BigInteger, nullable=False, index=True),
    Column("block_time", BigInteger, nullable=False),
    Column("log_index", Integer, nullable=False),
    Column("transaction_hash", LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)

attestations = Table(
    "attestations",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("batch_number", BigInteger, ForeignKey("batches.number"), primary_key=True, autoincrement=False),
    Column("position", Integer, nullable=False),
    Index("ix_attestations_batch_number_position", "batch_number", "position", unique=True),
    sqlite_with_rowid=False,
)

status_changes = Table(
    "status_changes",
    metadata,
    Column("issuer", LargeBinary, primary_key=True),
    Column("list_number", BigInteger, primary_key=True, autoincrement=False),
    Column("status_index", Integer, primary_key=True, autoincrement=False),
    Column("block_number", BigInteger, primary_key=True, autoincrement=False),
    Column("log_index", Integer, primary_key=True, autoincrement=False),
    Column("status", SmallInteger, nullable=False),
    Column("block_time", BigInteger, nullable=False),
    Column("transaction_hash", LargeBinary, nullable=False),
    Index("ix_status_changes_block_number", "block_number"),
    sqlite_with_rowid=False,
)

status_words = Table(
    "status_words",
    metadata,
    Column("issuer", LargeBinary, primary_key=True),
    Column("list_number", BigInteger, primary_key=True, autoincrement=False),
    Column("word_index", Integer, primary_key=True, autoincrement=False),
    # 32 bytes, big-endian: the contract's uint256 with the lowest index in the lowest bits.
    Column("word", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

# One row, put there by the migration. `registry_version` only grows: a version never names two states.
follower_state = Table(
    "follower_state",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("head_number", BigInteger),
    Column("head_time", BigInteger),
    Column("indexed_number", BigInteger),
    Column("indexed_hash", LargeBinary),
    Column("polled_at", BigInteger),
    Column("registry_version", BigInteger, nullable=False),
    CheckConstraint("id = 1", name="single"),
)

# One row, put there by the migration. `token` only grows.
worker_lease = Table(
    "worker_lease",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("holder", String),
    Column("token", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    CheckConstraint("id = 1", name="single"),
)
