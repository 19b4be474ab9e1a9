"""Add what other members' logs say of the blocks that evidence rests on."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database to this revision."""
    op.create_table(
        "block_vouches",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("gathered", sa.LargeBinary(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("wanted_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_block_vouches"),
    )
    op.create_index("ix_block_vouches_due_at", "block_vouches", ["due_at"], unique=False)
    op.create_index("ix_block_vouches_wanted_at", "block_vouches", ["wanted_at"], unique=False)
