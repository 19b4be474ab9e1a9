"""State the table that names every event of the chain, for whoever looks back along it."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, SmallInteger, String, Table

from node.store.schema import metadata

# The last four count what the member did up to this event, this one included. So a count at any time is one seek,
# and a fork takes rows back without touching another.
chain_events = Table(
    "chain_events",
    metadata,
    Column("block_number", BigInteger, primary_key=True, autoincrement=False),
    Column("log_index", Integer, primary_key=True, autoincrement=False),
    Column("block_time", BigInteger, nullable=False),
    Column("name", String, nullable=False),
    # None for an event about the consortium as a whole.
    Column("member", LargeBinary),
    Column("transaction_hash", LargeBinary, nullable=False, index=True),
    # How many digests or status indexes it is about, 1 for any other event.
    Column("count", Integer, nullable=False),
    # What the indexes were set to; None for any other event.
    Column("status", SmallInteger),
    Column("attested", BigInteger, nullable=False),
    Column("reinstated", BigInteger, nullable=False),
    Column("revoked", BigInteger, nullable=False),
    Column("suspended", BigInteger, nullable=False),
    Index("ix_chain_events_member_block_time", "member", "block_time", "block_number", "log_index"),
    sqlite_with_rowid=False,
)
