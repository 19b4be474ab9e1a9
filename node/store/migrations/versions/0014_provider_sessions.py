"""Say of each session which of the identity provider's it came from."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database to this revision."""
    op.add_column("staff_sessions", sa.Column("provider_session", sa.LargeBinary(), nullable=True))
    op.create_index("ix_staff_sessions_provider_session", "staff_sessions", ["provider_session"], unique=False)
