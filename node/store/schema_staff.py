"""State the tables of a member's staff: accounts, open sessions, failed log-ins."""

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Integer, LargeBinary, String, Table

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
    CheckConstraint("length(token_hash) = 32", name="hash"),
)

login_attempts = Table(
    "login_attempts",
    metadata,
    Column("key", String, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_at", BigInteger, nullable=False, index=True),
)
