"""Note who opened a record of evidence, so that its holder can be told; nothing is known of readings before."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database to this revision."""
    op.create_table(
        "evidence_readings",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("evidence_id", sa.String(), nullable=False),
        sa.Column("data_key_id", sa.String(), nullable=False),
        sa.Column("reader", sa.String(), nullable=False),
        sa.Column("read_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_evidence_readings"),
        sqlite_autoincrement=True,
    )
    for column in ("evidence_id", "data_key_id"):
        op.create_index(f"ix_evidence_readings_{column}", "evidence_readings", [column], unique=False)
