"""Make the table of the settings that the processes of the node told the log of."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database to this revision."""
    op.create_table(
        "logged_settings",
        sa.Column("process", sa.String(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("digests", sa.Text(), nullable=False),
        sa.Column("logged_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("length(salt) = 32", name=op.f("ck_logged_settings_salt")),
        sa.PrimaryKeyConstraint("process", name="pk_logged_settings"),
    )
