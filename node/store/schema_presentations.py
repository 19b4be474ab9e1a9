"""State the tables of what is asked of wallets, and of who is told about it."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, Text

from node.store.schema import metadata, row_number

presentation_requests = Table(
    "presentation_requests",
    metadata,
    Column("request_id", String, primary_key=True),
    Column("created_by", String, nullable=False),
    Column("profile", String, nullable=False),
    Column("flow", String, nullable=False),
    Column("response_mode", String, nullable=False),
    Column("client_id", String, nullable=False),
    Column("key_id", String, nullable=False),
    Column("nonce", String, nullable=False, unique=True),
    Column("data_key_id", String, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False, index=True),
    Column("fetched_at", BigInteger),
    Column("ended_at", BigInteger),
    Column("outcome", String),
    Column("code", String),
    # JSON: a list of [credential query, evidence id].
    Column("evidence", Text, nullable=False),
    Column("response_code_hash", LargeBinary),
    Column("code_attempts", Integer, nullable=False),
    Column("redeemed_at", BigInteger),
)

# Who opened a record of evidence: what its holder is told. The rows go with the record, by the key of its day.
evidence_readings = Table(
    "evidence_readings",
    metadata,
    Column("number", row_number(), primary_key=True, autoincrement=True),
    Column("evidence_id", String, nullable=False, index=True),
    Column("data_key_id", String, nullable=False, index=True),
    Column("reader", String, nullable=False),
    Column("read_at", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

webhooks = Table(
    "webhooks",
    metadata,
    Column("webhook_id", String, primary_key=True),
    Column("client_id", String, nullable=False, index=True),
    Column("url", String, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("delivery_id", String, primary_key=True),
    Column("webhook_id", String, nullable=False, index=True),
    Column("url", String, nullable=False),
    Column("request_id", String, nullable=False),
    Column("state_reported", String, nullable=False),
    Column("occurred_at", BigInteger, nullable=False),
    Column("state", String, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("retry_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger, index=True),
    Index("ix_webhook_deliveries_state_retry_at", "state", "retry_at"),
)
