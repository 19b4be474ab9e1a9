"""Make the table of who a member of staff is at the institution's identity provider."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database to this revision."""
    op.create_table(
        "staff_identities",
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("linked_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff_accounts.staff_id"], name="fk_staff_identities_staff_id"),
        sa.PrimaryKeyConstraint("issuer", "subject", name="pk_staff_identities"),
        sa.UniqueConstraint("staff_id", name="uq_staff_identities_staff_id"),
    )
