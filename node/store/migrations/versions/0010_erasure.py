"""Add erasures, what stays behind of erased credentials, and the names that the log has for ids."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database to this revision."""
    op.create_table(
        "erasures",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("erasure_id", sa.String(), nullable=False),
        sa.Column("act_id", sa.String(), nullable=False),
        sa.Column("request_digest", sa.LargeBinary(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=True),
        sa.Column("ground", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("locked_until", sa.BigInteger(), nullable=True),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.Column("backups_until", sa.BigInteger(), nullable=True),
        sa.Column("certificate", sa.Text(), nullable=True),
        sa.CheckConstraint("length(request_digest) = 32", name=op.f("ck_erasures_digest")),
        sa.PrimaryKeyConstraint("number", name="pk_erasures"),
        sa.UniqueConstraint("erasure_id", name="uq_erasures_erasure_id"),
        sa.UniqueConstraint("subject_id", name="uq_erasures_subject_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_erasures_state_number", "erasures", ["state", "number"], unique=False)
    op.create_table(
        "erased_digests",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("schema_id", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_erased_digests"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "erased_places",
        sa.Column("list_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("status_index", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("list_number", "status_index", name="pk_erased_places"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "log_names",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_log_names"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_log_names_created_at", "log_names", ["created_at"], unique=False)
