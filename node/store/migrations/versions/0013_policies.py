"""Make the table of policies that two people approved."""

import sqlalchemy as sa
from alembic import op

from node.store.migrations.triggers import refusing_triggers

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database to this revision."""
    op.create_table(
        "policies",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("act_id", sa.String(), nullable=True),
        sa.Column("approved_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("length(digest) = 32", name=op.f("ck_policies_digest")),
        sa.PrimaryKeyConstraint("number", name="pk_policies"),
        sqlite_autoincrement=True,
    )
    dialect = op.get_bind().dialect.name
    for statement in refusing_triggers(dialect, "policies", keys=("number",), events=("UPDATE", "DELETE")):
        op.execute(statement)
