"""Build the whole database of the first release."""

import sqlalchemy as sa
from alembic import op

from node.store.migrations.triggers import refusing_triggers

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring an empty database to this revision."""
    _people_and_credentials()
    _outbox()
    _callers_and_judgements()
    _ledger_index()
    _single_rows()
    _triggers()


def _people_and_credentials() -> None:
    """Make the tables of personal data and of what is issued."""
    op.create_table(
        "data_keys",
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("owner", name="pk_data_keys"),
    )
    op.create_table(
        "proofings",
        sa.Column("proofing_id", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("policy_version", sa.String(), nullable=False),
        sa.Column("sealed_person", sa.LargeBinary(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("completed_at", sa.BigInteger(), nullable=True),
        sa.Column("assurance_level", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("proofing_id", name="pk_proofings"),
    )
    op.create_index("ix_proofings_subject_id", "proofings", ["subject_id"], unique=False)
    op.create_table(
        "proofing_checks",
        sa.Column("proofing_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("performed_at", sa.BigInteger(), nullable=False),
        sa.Column("evidence_digest", sa.LargeBinary(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["proofing_id"], ["proofings.proofing_id"], name="fk_proofing_checks_proofing_id"),
        sa.PrimaryKeyConstraint("proofing_id", "position", name="pk_proofing_checks"),
    )
    op.create_table(
        "credentials",
        sa.Column("number", _counting(), autoincrement=True, nullable=False),
        sa.Column("credential_id", sa.String(), nullable=False),
        sa.Column("family_id", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("proofing_id", sa.String(), nullable=False),
        sa.Column("schema_id", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("list_number", sa.BigInteger(), nullable=False),
        sa.Column("status_index", sa.Integer(), nullable=False),
        sa.Column("wanted_status", sa.SmallInteger(), nullable=False),
        sa.Column("signing_key_id", sa.String(), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("length(digest) = 32 AND length(schema_id) = 32", name=op.f("ck_credentials_ids")),
        sa.CheckConstraint("status_index BETWEEN 0 AND 1048575", name=op.f("ck_credentials_index")),
        sa.CheckConstraint("wanted_status BETWEEN 0 AND 2", name=op.f("ck_credentials_status")),
        sa.ForeignKeyConstraint(["proofing_id"], ["proofings.proofing_id"], name="fk_credentials_proofing_id"),
        sa.PrimaryKeyConstraint("number", name="pk_credentials"),
        sa.UniqueConstraint("credential_id", name="uq_credentials_credential_id"),
        sa.UniqueConstraint("digest", name="uq_credentials_digest"),
        sa.UniqueConstraint("list_number", "status_index", name="uq_credentials_list_number_status_index"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_credentials_family_id", "credentials", ["family_id"], unique=False)
    op.create_index("ix_credentials_proofing_id", "credentials", ["proofing_id"], unique=False)
    op.create_index("ix_credentials_signing_key_id", "credentials", ["signing_key_id"], unique=False)
    op.create_index("ix_credentials_subject_id_number", "credentials", ["subject_id", "number"], unique=False)
    op.create_table(
        "status_groups",
        sa.Column("number", _counting(), autoincrement=True, nullable=False),
        sa.Column("first_list", sa.BigInteger(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("next_counter", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_status_groups"),
        sa.UniqueConstraint("first_list", name="uq_status_groups_first_list"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "status_tokens",
        sa.Column("list_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("list_number", name="pk_status_tokens"),
    )


def _outbox() -> None:
    """Make the tables of what must reach the chain."""
    op.create_table(
        "attest_works",
        sa.Column("number", _counting(), autoincrement=True, nullable=False),
        sa.Column("credential_id", sa.String(), nullable=False),
        sa.Column("family_id", sa.String(), nullable=False),
        sa.Column("schema_id", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("retry_at", sa.BigInteger(), nullable=False),
        sa.Column("transaction_hash", sa.LargeBinary(), nullable=True),
        sa.Column("failure", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["credential_id"], ["credentials.credential_id"], name="fk_attest_works_credential_id"
        ),
        sa.PrimaryKeyConstraint("number", name="pk_attest_works"),
        sa.UniqueConstraint("credential_id", name="uq_attest_works_credential_id"),
        sa.UniqueConstraint("digest", name="uq_attest_works_digest"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_attest_works_state_number", "attest_works", ["state", "number"], unique=False)
    op.create_index("ix_attest_works_transaction_hash", "attest_works", ["transaction_hash"], unique=False)
    op.create_table(
        "status_works",
        sa.Column("change_id", _counting(), autoincrement=True, nullable=False),
        sa.Column("list_number", sa.BigInteger(), nullable=False),
        sa.Column("status_index", sa.Integer(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("retry_at", sa.BigInteger(), nullable=False),
        sa.Column("transaction_hash", sa.LargeBinary(), nullable=True),
        sa.Column("failure", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("change_id", name="pk_status_works"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_status_works_list_number_status_index",
        "status_works",
        ["list_number", "status_index", "state"],
        unique=False,
    )
    op.create_index("ix_status_works_state_change_id", "status_works", ["state", "change_id"], unique=False)
    op.create_index("ix_status_works_transaction_hash", "status_works", ["transaction_hash"], unique=False)
    op.create_index(
        "uq_status_works_waiting",
        "status_works",
        ["list_number", "status_index"],
        unique=True,
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_table(
        "intents",
        sa.Column("number", _counting(), autoincrement=True, nullable=False),
        sa.Column("intent_id", sa.String(), nullable=False),
        sa.Column("dedupe_key", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("contract", sa.String(), nullable=False),
        sa.Column("function", sa.String(), nullable=False),
        sa.Column("args", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("retry_at", sa.BigInteger(), nullable=False),
        sa.Column("transaction_hash", sa.LargeBinary(), nullable=True),
        sa.Column("failure", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("number", name="pk_intents"),
        sa.UniqueConstraint("dedupe_key", name="uq_intents_dedupe_key"),
        sa.UniqueConstraint("intent_id", name="uq_intents_intent_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_intents_state_number", "intents", ["state", "number"], unique=False)
    op.create_index("ix_intents_transaction_hash", "intents", ["transaction_hash"], unique=False)
    op.create_table(
        "chain_transactions",
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("nonce", sa.BigInteger(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("hash", name="pk_chain_transactions"),
        sa.UniqueConstraint("address", "nonce", name="uq_chain_transactions_address_nonce"),
    )
    op.create_index("ix_chain_transactions_block_number", "chain_transactions", ["block_number"], unique=False)
    op.create_index(
        "ix_chain_transactions_state_address_nonce", "chain_transactions", ["state", "address", "nonce"], unique=False
    )


def _callers_and_judgements() -> None:
    """Make the tables of callers, nonces, evidence and event rows."""
    op.create_table(
        "clients",
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("jwk", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("client_id", name="pk_clients"),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("caller", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("operation", sa.String(), nullable=False),
        sa.Column("body_digest", sa.LargeBinary(), nullable=False),
        sa.Column("result_id", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("caller", "key", name="pk_idempotency_keys"),
    )
    op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"], unique=False)
    op.create_table(
        "replays",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "value", name="pk_replays"),
    )
    op.create_index("ix_replays_expires_at", "replays", ["expires_at"], unique=False)
    op.create_table(
        "nonces",
        sa.Column("nonce", sa.String(), nullable=False),
        sa.Column("profile", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.Column("evidence_id", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("nonce", name="pk_nonces"),
    )
    op.create_index("ix_nonces_expires_at", "nonces", ["expires_at"], unique=False)
    op.create_table(
        "evidence",
        sa.Column("number", _counting(), autoincrement=True, nullable=False),
        sa.Column("evidence_id", sa.String(), nullable=False),
        sa.Column("profile", sa.String(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=True),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("data_key_id", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_evidence"),
        sa.UniqueConstraint("evidence_id", name="uq_evidence_evidence_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_evidence_data_key_id", "evidence", ["data_key_id"], unique=False)
    op.create_table(
        "log_events",
        sa.Column("number", _counting(), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("occurred_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_log_events"),
        sqlite_autoincrement=True,
    )


def _ledger_index() -> None:
    """Make the tables of the projection of the chain."""
    op.create_table(
        "block_headers",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("parent_hash", sa.LargeBinary(), nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.Column("eventful", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_block_headers"),
    )
    op.create_table(
        "registry_events",
        sa.Column("block_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("log_index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("block_time", sa.BigInteger(), nullable=False),
        sa.Column("contract", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("args", sa.Text(), nullable=False),
        sa.Column("transaction_hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("block_number", "log_index", name="pk_registry_events"),
    )
    op.create_table(
        "batches",
        sa.Column("number", _counting(), autoincrement=True, nullable=False),
        sa.Column("batch", sa.LargeBinary(), nullable=False),
        sa.Column("issuer", sa.LargeBinary(), nullable=False),
        sa.Column("schema_id", sa.LargeBinary(), nullable=False),
        sa.Column("operator", sa.String(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_time", sa.BigInteger(), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.Column("transaction_hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_batches"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_batches_batch", "batches", ["batch"], unique=False)
    op.create_index("ix_batches_block_number", "batches", ["block_number"], unique=False)
    op.create_table(
        "attestations",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("batch_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["batch_number"], ["batches.number"], name="fk_attestations_batch_number"),
        sa.PrimaryKeyConstraint("digest", "batch_number", name="pk_attestations"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_attestations_batch_number_position", "attestations", ["batch_number", "position"], unique=True
    )
    op.create_table(
        "status_changes",
        sa.Column("issuer", sa.LargeBinary(), nullable=False),
        sa.Column("list_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("status_index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("block_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("log_index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("block_time", sa.BigInteger(), nullable=False),
        sa.Column("transaction_hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint(
            "issuer", "list_number", "status_index", "block_number", "log_index", name="pk_status_changes"
        ),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_status_changes_block_number", "status_changes", ["block_number"], unique=False)
    op.create_table(
        "status_words",
        sa.Column("issuer", sa.LargeBinary(), nullable=False),
        sa.Column("list_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("word_index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("word", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("issuer", "list_number", "word_index", name="pk_status_words"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "follower_state",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("head_number", sa.BigInteger(), nullable=True),
        sa.Column("head_time", sa.BigInteger(), nullable=True),
        sa.Column("indexed_number", sa.BigInteger(), nullable=True),
        sa.Column("indexed_hash", sa.LargeBinary(), nullable=True),
        sa.Column("polled_at", sa.BigInteger(), nullable=True),
        sa.Column("registry_version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_follower_state_single")),
        sa.PrimaryKeyConstraint("id", name="pk_follower_state"),
    )
    op.create_table(
        "worker_lease",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("holder", sa.String(), nullable=True),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_worker_lease_single")),
        sa.PrimaryKeyConstraint("id", name="pk_worker_lease"),
    )


def _single_rows() -> None:
    """Put in the two rows that stand for the follower and the worker."""
    op.execute("INSERT INTO follower_state (id, registry_version) VALUES (1, 0)")
    op.execute("INSERT INTO worker_lease (id, token, expires_at) VALUES (1, 0, 0)")


def _triggers() -> None:
    """Let the database itself refuse to change what is append-only."""
    dialect = op.get_bind().dialect.name
    for statement in refusing_triggers(dialect, "log_events", keys=("number",), events=("UPDATE", "DELETE")):
        op.execute(statement)
    for statement in refusing_triggers(dialect, "evidence", keys=("number", "evidence_id"), events=("UPDATE",)):
        op.execute(statement)


def _counting() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")
