"""State the tables of a member's staff: accounts, sessions, failed log-ins, passkeys and what leads to them."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)

from node.store.schema import metadata

# Never deleted: old entries of the log name them.
staff_accounts = Table(
    "staff_accounts",
    metadata,
    Column("staff_id", String, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    # Names of jeung.domain.staff.StaffRole, a space between.
    Column("roles", String, nullable=False),
    Column("password_hash", String, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("disabled_at", BigInteger),
)

staff_sessions = Table(
    "staff_sessions",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("staff_id", String, ForeignKey("staff_accounts.staff_id"), nullable=False, index=True),
    Column("opened_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False, index=True),
    Column("authenticated_at", BigInteger, nullable=False),
    # A name of jeung.domain.staff.LoginMethod.
    Column("method", String, nullable=False),
    # SHA-256 of the provider's `sid`, where it said one.
    Column("provider_session", LargeBinary, index=True),
    CheckConstraint("length(token_hash) = 32", name="hash"),
)

login_attempts = Table(
    "login_attempts",
    metadata,
    Column("key", String, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_at", BigInteger, nullable=False, index=True),
)

staff_passkeys = Table(
    "staff_passkeys",
    metadata,
    Column("credential_id", LargeBinary, primary_key=True),
    Column("staff_id", String, ForeignKey("staff_accounts.staff_id"), nullable=False, index=True),
    Column("public_key", LargeBinary, nullable=False),
    Column("algorithm", Integer, nullable=False),
    Column("sign_count", BigInteger, nullable=False),
    Column("label", String, nullable=False),
    Column("aaguid", String, nullable=False),
    Column("backup_eligible", Boolean, nullable=False),
    Column("backed_up", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("last_used_at", BigInteger),
    Column("suspected_at", BigInteger),
)

staff_challenges = Table(
    "staff_challenges",
    metadata,
    Column("challenge_hash", LargeBinary, primary_key=True),
    # A name of jeung.domain.passkeys.Ceremony.
    Column("ceremony", String, nullable=False),
    Column("staff_id", String),
    Column("bound_to", LargeBinary, nullable=False),
    Column("expires_at", BigInteger, nullable=False, index=True),
    UniqueConstraint("bound_to", "ceremony"),
)

staff_enrolments = Table(
    "staff_enrolments",
    metadata,
    Column("staff_id", String, ForeignKey("staff_accounts.staff_id"), primary_key=True),
    Column("code_hash", LargeBinary, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("expires_at", BigInteger, nullable=False, index=True),
)

staff_identities = Table(
    "staff_identities",
    metadata,
    Column("issuer", String, primary_key=True),
    Column("subject", String, primary_key=True),
    Column("staff_id", String, ForeignKey("staff_accounts.staff_id"), nullable=False, unique=True),
    Column("linked_at", BigInteger, nullable=False),
)
