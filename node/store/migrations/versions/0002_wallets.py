"""Add what the authorization server keeps of wallets: offers, authorization requests, grants."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring a database of the first release to this revision."""
    _offers()
    _authorizations()
    _grants()


def _offers() -> None:
    op.create_table(
        "credential_offers",
        sa.Column("offer_id", sa.String(), nullable=False),
        sa.Column("proofing_id", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("configuration_ids", sa.Text(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reference_hash", sa.LargeBinary(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("issuer_state_hash", sa.LargeBinary(), nullable=False),
        sa.Column("reception_number", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("replayed_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["proofing_id"], ["proofings.proofing_id"], name="fk_credential_offers_proofing_id"),
        sa.PrimaryKeyConstraint("offer_id", name="pk_credential_offers"),
        sa.UniqueConstraint("reference_hash", name="uq_credential_offers_reference_hash"),
        sa.UniqueConstraint("code_hash", name="uq_credential_offers_code_hash"),
        sa.UniqueConstraint("issuer_state_hash", name="uq_credential_offers_issuer_state_hash"),
        sa.UniqueConstraint("reception_number", name="uq_credential_offers_reception_number"),
    )
    op.create_index("ix_credential_offers_proofing_id", "credential_offers", ["proofing_id"], unique=False)
    op.create_index("ix_credential_offers_expires_at", "credential_offers", ["expires_at"], unique=False)


def _authorizations() -> None:
    op.create_table(
        "wallet_authorizations",
        sa.Column("request_id", sa.String(), nullable=False),
        sa.Column("uri_hash", sa.LargeBinary(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("attested_by", sa.String(), nullable=True),
        sa.Column("redirect_uri", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=True),
        sa.Column("configuration_ids", sa.Text(), nullable=False),
        sa.Column("with_details", sa.Boolean(), nullable=False),
        sa.Column("code_challenge", sa.String(), nullable=False),
        sa.Column("dpop_jkt", sa.String(), nullable=True),
        sa.Column("offer_id", sa.String(), nullable=True),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("session_hash", sa.LargeBinary(), nullable=True),
        sa.Column("code_hash", sa.LargeBinary(), nullable=True),
        sa.Column("grant_id", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("request_id", name="pk_wallet_authorizations"),
        sa.UniqueConstraint("uri_hash", name="uq_wallet_authorizations_uri_hash"),
        sa.UniqueConstraint("code_hash", name="uq_wallet_authorizations_code_hash"),
    )
    op.create_index("ix_wallet_authorizations_expires_at", "wallet_authorizations", ["expires_at"], unique=False)


def _grants() -> None:
    op.create_table(
        "wallet_grants",
        sa.Column("grant_id", sa.String(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("offer_id", sa.String(), nullable=False),
        sa.Column("proofing_id", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("configuration_ids", sa.Text(), nullable=False),
        sa.Column("credential_identifiers", sa.Text(), nullable=False),
        sa.Column("families", sa.Text(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=True),
        sa.Column("dpop_jkt", sa.String(), nullable=True),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("grant_id", name="pk_wallet_grants"),
        sa.UniqueConstraint("token_hash", name="uq_wallet_grants_token_hash"),
        sa.UniqueConstraint("offer_id", name="uq_wallet_grants_offer_id"),
    )
    op.create_index("ix_wallet_grants_expires_at", "wallet_grants", ["expires_at"], unique=False)
