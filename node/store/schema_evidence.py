"""State the tables of what was gathered of the chain, and of others' logs, about evidence."""

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, String, Table

from node.store.schema import metadata

# Triggers refuse UPDATE; DELETE is left to retention. Kept in the order of the evidence, without a gap.
evidence_proofs = Table(
    "evidence_proofs",
    metadata,
    Column("evidence_number", BigInteger, primary_key=True, autoincrement=False),
    Column("data_key_id", String, nullable=False, index=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("gathered_at", BigInteger, nullable=False),
)

# What goes before its evidence, by the owner's name of its data key: shown/ and the day on which it goes.
evidence_presentations = Table(
    "evidence_presentations",
    metadata,
    Column("evidence_id", String, primary_key=True),
    Column("data_key_id", String, nullable=False, index=True),
    Column("sealed", LargeBinary, nullable=False),
)

# One for each block that evidence rests on: what other members' logs say of it. It holds nothing about a person.
block_vouches = Table(
    "block_vouches",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("gathered", LargeBinary),
    Column("tries", Integer, nullable=False),
    Column("due_at", BigInteger, index=True),
    Column("wanted_at", BigInteger, nullable=False, index=True),
)
