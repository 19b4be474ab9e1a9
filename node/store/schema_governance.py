"""State the table of what is asked of the chain before a governance act."""

from sqlalchemy import BigInteger, Column, String, Table, Text

from node.store.schema import metadata

ledger_questions = Table(
    "ledger_questions",
    metadata,
    Column("question_id", String, primary_key=True),
    Column("kind", String, nullable=False),
    # JSON, as is the answer.
    Column("asked", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False, index=True),
    Column("answer", Text),
    Column("answered_at", BigInteger),
)
