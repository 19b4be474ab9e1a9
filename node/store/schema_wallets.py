"""State the tables of what passes between wallets and the authorization server.

Codes and tokens stand as their SHA-256; what must be shown again is sealed. The janitor removes every row a while
after it expired.
"""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Integer, LargeBinary, String, Table, Text

from node.store.schema import metadata

credential_offers = Table(
    "credential_offers",
    metadata,
    Column("offer_id", String, primary_key=True),
    Column("proofing_id", String, ForeignKey("proofings.proofing_id"), nullable=False, index=True),
    Column("subject_id", String, nullable=False),
    # JSON: a list of texts.
    Column("configuration_ids", Text, nullable=False),
    Column("created_by", String, nullable=False),
    Column("state", String, nullable=False),
    Column("reference_hash", LargeBinary, nullable=False, unique=True),
    Column("code_hash", LargeBinary, nullable=False, unique=True),
    Column("issuer_state_hash", LargeBinary, nullable=False, unique=True),
    Column("reception_number", String, nullable=False, unique=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False, index=True),
    Column("closed_at", BigInteger),
    Column("replayed_at", BigInteger),
)

wallet_authorizations = Table(
    "wallet_authorizations",
    metadata,
    Column("request_id", String, primary_key=True),
    Column("uri_hash", LargeBinary, nullable=False, unique=True),
    Column("client_id", String, nullable=False),
    Column("attested_by", String),
    Column("redirect_uri", String, nullable=False),
    Column("state", String),
    # JSON: a list of texts.
    Column("configuration_ids", Text, nullable=False),
    Column("with_details", Boolean, nullable=False),
    Column("code_challenge", String, nullable=False),
    Column("dpop_jkt", String),
    Column("offer_id", String),
    Column("stage", String, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False, index=True),
    Column("attempts", Integer, nullable=False),
    Column("session_hash", LargeBinary),
    Column("code_hash", LargeBinary, unique=True),
    Column("grant_id", String),
)

wallet_grants = Table(
    "wallet_grants",
    metadata,
    Column("grant_id", String, primary_key=True),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    # The database itself refuses a second grant of one offer.
    Column("offer_id", String, nullable=False, unique=True),
    Column("proofing_id", String, nullable=False),
    Column("subject_id", String, nullable=False),
    # JSON: a list of texts, then two lists of pairs of texts.
    Column("configuration_ids", Text, nullable=False),
    Column("credential_identifiers", Text, nullable=False),
    Column("families", Text, nullable=False),
    Column("client_id", String),
    Column("dpop_jkt", String),
    Column("issued_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False, index=True),
    Column("revoked_at", BigInteger),
)
