"""Move the works of a node along as the chain shows, and loses, what they wanted.

A work is a row of one of three tables and carries one of the four states of `IntentState`: pending (in no
transaction), sent (in a signed one), done, failed.
"""

from collections.abc import Iterable

from sqlalchemy import Connection, bindparam, case, null, select, update

from jeung.domain.chain import IntentState, TransactionState
from jeung.domain.identifiers import MemberId, SchemaId
from node.store.projection import word_of
from node.store.schema import attest_works, attestations, batches, chain_transactions, intents, status_works
from node.store.words import status_in_word

PENDING = IntentState.PENDING.value
SENT = IntentState.SENT.value
DONE = IntentState.DONE.value
FAILED = IntentState.FAILED.value
WORKS = (attest_works, status_works, intents)

_FINISH_ATTESTED = (
    update(attest_works)
    .where(
        attest_works.c.schema_id == bindparam("schema"),
        attest_works.c.digest.in_(
            select(attestations.c.digest).where(attestations.c.batch_number == bindparam("batch"))
        ),
    )
    .values(state=DONE, failure=None)
)

_LOST_TRANSACTIONS = select(chain_transactions.c.hash).where(chain_transactions.c.block_number > bindparam("to"))
_REOPEN = tuple(
    update(works)
    .where(works.c.state.in_((DONE, FAILED)), works.c.transaction_hash.in_(_LOST_TRANSACTIONS))
    .values(state=SENT, failure=None)
    for works in WORKS
)
_SIGNED_AGAIN = (
    update(chain_transactions)
    .where(chain_transactions.c.block_number > bindparam("to"))
    .values(state=TransactionState.SIGNED.value, block_number=None)
)

# A digest is attested as soon as the index shows it, by whichever transaction. When the index loses it again, the
# work goes on where it stood: in its own transaction if that one is still to be mined, else from the beginning.
_LOST_DIGESTS = (
    select(attestations.c.digest)
    .join(batches, batches.c.number == attestations.c.batch_number)
    .where(batches.c.block_number > bindparam("to"), batches.c.issuer == bindparam("own"))
)
_STILL_ATTESTED = (
    select(attestations.c.digest)
    .join(batches, batches.c.number == attestations.c.batch_number)
    .where(
        attestations.c.digest == attest_works.c.digest,
        batches.c.schema_id == attest_works.c.schema_id,
        batches.c.issuer == bindparam("own"),
        batches.c.block_number <= bindparam("to"),
    )
    .exists()
)
_STILL_CARRIED = (
    select(chain_transactions.c.hash)
    .where(
        chain_transactions.c.hash == attest_works.c.transaction_hash,
        chain_transactions.c.state == TransactionState.SIGNED.value,
    )
    .exists()
)
_REOPEN_DIGESTS = (
    update(attest_works)
    .where(attest_works.c.state == DONE, attest_works.c.digest.in_(_LOST_DIGESTS), ~_STILL_ATTESTED)
    .values(
        state=case((_STILL_CARRIED, SENT), else_=PENDING),
        transaction_hash=case((_STILL_CARRIED, attest_works.c.transaction_hash), else_=null()),
        retry_at=0,
    )
)

_LAST_CHANGE = (
    select(status_works.c.change_id, status_works.c.status, status_works.c.state)
    .where(status_works.c.list_number == bindparam("list"), status_works.c.status_index == bindparam("index"))
    .order_by(status_works.c.change_id.desc())
    .limit(1)
)
_REOPEN_CHANGE = (
    update(status_works)
    .where(status_works.c.change_id == bindparam("wanted"))
    .values(state=PENDING, transaction_hash=None, retry_at=0)
)


def finish_attested(connection: Connection, batch_number: int, schema: SchemaId) -> None:
    """End the works whose digests stand in a batch of our own."""
    connection.execute(_FINISH_ATTESTED, {"batch": batch_number, "schema": schema})


def reopen_lost_works(connection: Connection, own: MemberId, to_number: int) -> None:
    """Reopen what was settled after a block, while the index still holds what the fork is about to take back."""
    for statement in _REOPEN:
        connection.execute(statement, {"to": to_number})
    connection.execute(_SIGNED_AGAIN, {"to": to_number})
    connection.execute(_REOPEN_DIGESTS, {"to": to_number, "own": own})


def reopen_lost_changes(connection: Connection, own: MemberId, places: Iterable[tuple[int, int]]) -> None:
    """Put our last decision on (list, index) back into the queue where no kept transaction will bring it back.

    That happens only when the chain loses blocks so old that the transaction in them was pruned.
    """
    for list_number, index in places:
        last = connection.execute(_LAST_CHANGE, {"list": list_number, "index": index}).first()
        if last is not None and last.state == DONE:
            word = word_of(connection, own, list_number, index)
            if status_in_word(word, index) != last.status:
                connection.execute(_REOPEN_CHANGE, {"wanted": last.change_id})
