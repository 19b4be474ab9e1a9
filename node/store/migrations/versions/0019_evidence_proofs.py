"""Add what is gathered of the chain about evidence."""

import sqlalchemy as sa
from alembic import op

from node.store.migrations.triggers import refusing_triggers

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database to this revision."""
    op.create_table(
        "evidence_proofs",
        sa.Column("evidence_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("data_key_id", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("gathered_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("evidence_number", name="pk_evidence_proofs"),
    )
    op.create_index("ix_evidence_proofs_data_key_id", "evidence_proofs", ["data_key_id"], unique=False)
    dialect = op.get_bind().dialect.name
    for statement in refusing_triggers(dialect, "evidence_proofs", keys=("evidence_number",), events=("UPDATE",)):
        op.execute(statement)
