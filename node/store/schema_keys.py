"""State the table that says which keys the node holds; what they are is in the keystore alone."""

from sqlalchemy import BigInteger, Column, String, Table

from node.store.schema import metadata

# Written by the worker after the keystore, for whoever may read the database and not the keystore: `jeung audit`.
key_inventory = Table(
    "key_inventory",
    metadata,
    # RFC 7638 thumbprint (base64url), account address, or a random name.
    Column("key_id", String, primary_key=True),
    Column("purpose", String, nullable=False),
    Column("algorithm", String, nullable=False),
    Column("state", String, nullable=False),
    Column("backend", String, nullable=False),
    Column("uses", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("activated_at", BigInteger),
    Column("retired_at", BigInteger),
    Column("destroyed_at", BigInteger),
    # When it was declared, and since when it counts.
    Column("compromised_at", BigInteger),
    Column("compromised_since", BigInteger),
    Column("due_at", BigInteger),
    Column("seen_at", BigInteger, nullable=False),
)
