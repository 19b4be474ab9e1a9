"""State the tables of the credential issuer's endpoints.

Transaction ids and notification ids stand as their SHA-256. The janitor removes every row once it expired.
"""

from sqlalchemy import BigInteger, Column, LargeBinary, String, Table, Text, UniqueConstraint

from node.store.schema import metadata

deferred_issuances = Table(
    "deferred_issuances",
    metadata,
    Column("transaction_hash", LargeBinary, primary_key=True),
    Column("grant_id", String, nullable=False),
    Column("configuration_id", String, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("next_poll_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False, index=True),
    # Asking again takes the place of what waits, so a wallet cannot pile up rows.
    UniqueConstraint("grant_id", "configuration_id"),
)

wallet_notifications = Table(
    "wallet_notifications",
    metadata,
    Column("notification_hash", LargeBinary, primary_key=True),
    Column("grant_id", String, nullable=False),
    Column("family_id", String, nullable=False),
    Column("event", String),
    Column("noted_at", BigInteger),
    Column("expires_at", BigInteger, nullable=False, index=True),
)

encryption_keys = Table(
    "encryption_keys",
    metadata,
    Column("key_id", String, primary_key=True),
    # JSON: the public JWK as it is published.
    Column("jwk", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False, index=True),
)
