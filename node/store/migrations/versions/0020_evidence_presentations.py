"""Add presentations that go before their evidence."""

import sqlalchemy as sa
from alembic import op

from node.store.migrations.triggers import refusing_triggers

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database to this revision."""
    op.create_table(
        "evidence_presentations",
        sa.Column("evidence_id", sa.String(), nullable=False),
        sa.Column("data_key_id", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("evidence_id", name="pk_evidence_presentations"),
    )
    op.create_index("ix_evidence_presentations_data_key_id", "evidence_presentations", ["data_key_id"], unique=False)
    dialect = op.get_bind().dialect.name
    for statement in refusing_triggers(dialect, "evidence_presentations", keys=("evidence_id",), events=("UPDATE",)):
        op.execute(statement)
