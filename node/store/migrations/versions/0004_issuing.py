"""Add what the credential issuer's endpoints keep, and how well a credential's device key is kept."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring a database of revision 0003 to this one; of the keys of credentials it holds nobody said anything."""
    op.add_column("credentials", sa.Column("key_storage", sa.String(), nullable=False, server_default="software"))
    op.create_table(
        "deferred_issuances",
        sa.Column("transaction_hash", sa.LargeBinary(), nullable=False),
        sa.Column("grant_id", sa.String(), nullable=False),
        sa.Column("configuration_id", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("next_poll_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("transaction_hash", name=op.f("pk_deferred_issuances")),
        sa.UniqueConstraint(
            "grant_id", "configuration_id", name=op.f("uq_deferred_issuances_grant_id_configuration_id")
        ),
    )
    op.create_index(op.f("ix_deferred_issuances_expires_at"), "deferred_issuances", ["expires_at"])
    op.create_table(
        "wallet_notifications",
        sa.Column("notification_hash", sa.LargeBinary(), nullable=False),
        sa.Column("grant_id", sa.String(), nullable=False),
        sa.Column("family_id", sa.String(), nullable=False),
        sa.Column("event", sa.String(), nullable=True),
        sa.Column("noted_at", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("notification_hash", name=op.f("pk_wallet_notifications")),
    )
    op.create_index(op.f("ix_wallet_notifications_expires_at"), "wallet_notifications", ["expires_at"])
    op.create_table(
        "encryption_keys",
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("jwk", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_encryption_keys")),
    )
    op.create_index(op.f("ix_encryption_keys_expires_at"), "encryption_keys", ["expires_at"])
