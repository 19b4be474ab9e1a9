"""Keep what must reach the chain and the signed transactions that carry it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, Table, bindparam, delete, exists, func, insert, or_, select, update
from sqlalchemy.sql import ColumnElement

from jeung.domain.chain import ChainAccount, Intent, SignedTransaction, TransactionState
from jeung.domain.identifiers import Address, CredentialDigest, SchemaId
from jeung.domain.ledger import CredentialStatus
from jeung.errors import Conflict, NotFound
from jeung.ports.chain import AttestWork, StatusWork
from node.store.engine import Database
from node.store.lease import hold_fence
from node.store.own_works import DONE, FAILED, PENDING, SENT, WORKS
from node.store.repositories.wanted import intent_of
from node.store.schema import attest_works, chain_transactions, intents, status_works

PRUNED_AT_ONCE = 1000

_earlier = status_works.alias("earlier")
_WAITING_DIGESTS = (
    select(attest_works)
    .where(attest_works.c.state == PENDING, attest_works.c.retry_at <= bindparam("now"))
    .order_by(attest_works.c.number)
    .limit(bindparam("most"))
)
_WAITING_CHANGES = (
    select(status_works)
    .where(
        status_works.c.state == PENDING,
        status_works.c.retry_at <= bindparam("now"),
        ~exists(
            select(_earlier.c.change_id).where(
                _earlier.c.list_number == status_works.c.list_number,
                _earlier.c.status_index == status_works.c.status_index,
                _earlier.c.state == SENT,
            )
        ),
    )
    .order_by(status_works.c.change_id)
    .limit(bindparam("most"))
)
_WAITING_INTENTS = (
    select(intents)
    .where(intents.c.state == PENDING, intents.c.retry_at <= bindparam("now"))
    .order_by(intents.c.number)
    .limit(bindparam("most"))
)

_ADD = insert(chain_transactions)
_NEXT_NONCE = select(func.max(chain_transactions.c.nonce) + 1).where(
    chain_transactions.c.address == bindparam("whose")
)
_FROM_NONCE = (
    select(chain_transactions)
    .where(chain_transactions.c.address == bindparam("whose"), chain_transactions.c.nonce >= bindparam("lowest"))
    .order_by(chain_transactions.c.nonce)
    .limit(bindparam("most"))
)
_IN_STATE = (
    select(chain_transactions)
    .where(chain_transactions.c.state == bindparam("wanted"))
    .order_by(chain_transactions.c.address, chain_transactions.c.nonce)
    .limit(bindparam("most"))
)
_SETTLE = (
    update(chain_transactions)
    .where(chain_transactions.c.hash == bindparam("wanted"))
    .values(state=bindparam("new_state"), block_number=bindparam("block"))
)
_STATE_OF = select(chain_transactions.c.state).where(chain_transactions.c.hash == bindparam("wanted"))


def _carries_open_work() -> ColumnElement[bool]:
    carried = [
        exists(
            select(works.c.state).where(works.c.transaction_hash == chain_transactions.c.hash, works.c.state == SENT)
        )
        for works in WORKS
    ]
    return or_(*carried)


_UNJUDGED = _IN_STATE.where(_carries_open_work())
_OLD = (
    select(chain_transactions.c.hash)
    .where(
        # One that is still to be mined has no block.
        chain_transactions.c.block_number < bindparam("below"),
        ~_carries_open_work(),
    )
    .limit(PRUNED_AT_ONCE)
)
_PRUNE = delete(chain_transactions).where(chain_transactions.c.hash.in_(_OLD))

# An older change that comes back after a later one was decided would undo it: it is dropped.
_later = status_works.alias("later")
_SUPERSEDED = delete(status_works).where(
    status_works.c.transaction_hash == bindparam("carrier"),
    status_works.c.state == SENT,
    exists(
        select(_later.c.change_id).where(
            _later.c.list_number == status_works.c.list_number,
            _later.c.status_index == status_works.c.status_index,
            _later.c.change_id > status_works.c.change_id,
        )
    ),
)


class SqlOutbox:
    """Keep what must reach the chain (jeung.ports.chain.Outbox)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def waiting_attestations(self, limit: int, now: int) -> Sequence[AttestWork]:
        """Give digests that are in no transaction and whose retry time has come, oldest first."""
        with self._database.read() as connection:
            return [
                AttestWork(
                    credential_id=row.credential_id,
                    family_id=row.family_id,
                    schema=SchemaId(row.schema_id),
                    digest=CredentialDigest(row.digest),
                    created_at=row.created_at,
                )
                for row in connection.execute(_WAITING_DIGESTS, {"now": now, "most": limit})
            ]

    def waiting_statuses(self, limit: int, now: int) -> Sequence[StatusWork]:
        """Give status changes whose turn has come, oldest first, at most one per index."""
        with self._database.read() as connection:
            return [
                StatusWork(
                    change_id=row.change_id,
                    list_number=row.list_number,
                    index=row.status_index,
                    status=CredentialStatus(row.status),
                    created_at=row.created_at,
                )
                for row in connection.execute(_WAITING_CHANGES, {"now": now, "most": limit})
            ]

    def waiting_intents(self, limit: int, now: int) -> Sequence[Intent]:
        """Give pending intents whose retry time has come, oldest first."""
        with self._database.read() as connection:
            return [intent_of(row) for row in connection.execute(_WAITING_INTENTS, {"now": now, "most": limit})]

    def record_attestation(self, signed: SignedTransaction, credential_ids: Sequence[str], *, fence: int) -> None:
        """Keep the transaction that attests these digests.

        Raises:
            FenceLost: another worker holds the lease now.
            Conflict: one of them does not wait any more, or the account's nonce is taken.
        """
        self._record(signed, attest_works, "credential_id", credential_ids, fence)

    def record_statuses(self, signed: SignedTransaction, change_ids: Sequence[int], *, fence: int) -> None:
        """Keep the transaction that carries these status changes.

        Raises:
            FenceLost: another worker holds the lease now.
            Conflict: one of them was replaced or does not wait any more, or the account's nonce is taken.
        """
        self._record(signed, status_works, "change_id", change_ids, fence)

    def record_intent(self, signed: SignedTransaction, intent_id: str, *, fence: int) -> None:
        """Keep the transaction that carries this intent.

        Raises:
            FenceLost: another worker holds the lease now.
            Conflict: it does not wait any more, or the account's nonce is taken.
        """
        self._record(signed, intents, "intent_id", [intent_id], fence)

    def next_nonce(self, address: Address) -> int | None:
        """Give one more than the highest nonce of a kept transaction of the account, or None."""
        with self._database.read() as connection:
            nonce: int | None = connection.execute(_NEXT_NONCE, {"whose": address}).scalar()
        return nonce

    def in_state(self, state: TransactionState, limit: int) -> Sequence[SignedTransaction]:
        """Give kept transactions in a state, by account and nonce; of REVERTED only those not yet judged."""
        statement = _UNJUDGED if state is TransactionState.REVERTED else _IN_STATE
        with self._database.read() as connection:
            return [_signed(row) for row in connection.execute(statement, {"wanted": state.value, "most": limit})]

    def from_nonce(self, address: Address, nonce: int, limit: int) -> Sequence[SignedTransaction]:
        """Give the account's kept transactions of this nonce and higher, whatever their state, by nonce."""
        with self._database.read() as connection:
            rows = connection.execute(_FROM_NONCE, {"whose": address, "lowest": nonce, "most": limit})
            return [_signed(row) for row in rows]

    def postpone_intent(self, intent_id: str, *, retry_at: int, fence: int) -> None:
        """Let a pending intent wait.

        Raises:
            FenceLost: another worker holds the lease now.
            Conflict: it does not wait any more.
        """
        self._decide(intents, "intent_id", [intent_id], fence, retry_at=retry_at)

    def finish_intent(self, intent_id: str, *, fence: int) -> None:
        """Mark a pending intent done without a transaction.

        Raises:
            FenceLost: another worker holds the lease now.
            Conflict: it does not wait any more.
        """
        self._decide(intents, "intent_id", [intent_id], fence, state=DONE)

    def refuse_intent(self, intent_id: str, *, failure: str, fence: int) -> None:
        """Mark a pending intent failed without a transaction.

        Raises:
            FenceLost: another worker holds the lease now.
            Conflict: it does not wait any more.
        """
        self._decide(intents, "intent_id", [intent_id], fence, state=FAILED, failure=failure)

    def refuse_statuses(self, change_ids: Sequence[int], *, failure: str, fence: int) -> None:
        """Mark waiting status changes failed without a transaction.

        Raises:
            FenceLost: another worker holds the lease now.
            Conflict: one of them was replaced or does not wait any more.
        """
        self._decide(status_works, "change_id", change_ids, fence, state=FAILED, failure=failure)

    def settle(self, transaction: bytes, *, state: TransactionState, block_number: int, fence: int) -> None:
        """Record a receipt; MINED finishes the work, REVERTED leaves it to `release` or `fail`.

        Raises:
            FenceLost: another worker holds the lease now.
            NotFound: no such transaction is kept.
        """
        with self._database.write() as connection:
            hold_fence(connection, fence)
            values = {"wanted": transaction, "new_state": state.value, "block": block_number}
            if connection.execute(_SETTLE, values).rowcount == 0:
                raise NotFound("There is no such transaction.")
            if state is TransactionState.MINED:
                _move_carried(connection, transaction, state=DONE)

    def release(self, transaction: bytes, *, retry_at: int, fence: int) -> None:
        """Give the work of a reverted transaction back to the queue, to be sent anew after `retry_at`.

        Raises:
            FenceLost: another worker holds the lease now.
            Conflict: the transaction did not revert, so it may still do its work.
        """
        with self._database.write() as connection:
            hold_fence(connection, fence)
            _require_reverted(connection, transaction)
            connection.execute(_SUPERSEDED, {"carrier": transaction})
            _move_carried(connection, transaction, state=PENDING, transaction_hash=None, retry_at=retry_at)

    def fail(self, transaction: bytes, *, failure: str, fence: int) -> None:
        """Mark the work of a reverted transaction as refused for good, with the contract's error name.

        Raises:
            FenceLost: another worker holds the lease now.
            Conflict: the transaction did not revert, so it may still do its work.
        """
        with self._database.write() as connection:
            hold_fence(connection, fence)
            _require_reverted(connection, transaction)
            _move_carried(connection, transaction, state=FAILED, failure=failure)

    def prune(self, *, mined_before: int, fence: int) -> int:
        """Forget settled transactions of blocks below a number, at most 1,000 a call; give how many.

        Raises:
            FenceLost: another worker holds the lease now.
        """
        with self._database.write() as connection:
            hold_fence(connection, fence)
            return connection.execute(_PRUNE, {"below": mined_before}).rowcount

    def _record(
        self, signed: SignedTransaction, works: Table, key: str, ids: Sequence[str] | Sequence[int], fence: int
    ) -> None:
        with self._database.write() as connection:
            hold_fence(connection, fence)
            connection.execute(_ADD, _columns(signed))
            _move_waiting(connection, works, key, ids, state=SENT, transaction_hash=signed.hash)

    def _decide(
        self, works: Table, key: str, ids: Sequence[str] | Sequence[int], fence: int, **values: object
    ) -> None:
        with self._database.write() as connection:
            hold_fence(connection, fence)
            _move_waiting(connection, works, key, ids, **values)


def _move_waiting(
    connection: Connection, works: Table, key: str, ids: Sequence[str] | Sequence[int], **values: object
) -> None:
    statement = update(works).where(works.c[key] == bindparam("wanted"), works.c.state == PENDING).values(**values)
    for wanted in ids:
        if connection.execute(statement, {"wanted": wanted}).rowcount == 0:
            # Somebody decided otherwise since the queue was read: nothing is recorded, the queue is read again.
            raise Conflict("The work does not wait any more.")


def _move_carried(connection: Connection, transaction: bytes, **values: object) -> None:
    for works in WORKS:
        moved = update(works).where(works.c.transaction_hash == transaction, works.c.state == SENT)
        connection.execute(moved.values(**values))


def _require_reverted(connection: Connection, transaction: bytes) -> None:
    state = connection.execute(_STATE_OF, {"wanted": transaction}).scalar()
    if state != TransactionState.REVERTED.value:
        raise Conflict("The transaction did not revert.")


def _columns(signed: SignedTransaction) -> dict[str, Any]:
    return {
        "hash": signed.hash,
        "account": signed.account.value,
        "address": signed.address,
        "nonce": signed.nonce,
        "raw": signed.raw,
        "state": signed.state.value,
        "created_at": signed.created_at,
        "block_number": signed.block_number,
    }


def _signed(row: Row[Any]) -> SignedTransaction:
    return SignedTransaction(
        hash=row.hash,
        account=ChainAccount(row.account),
        address=Address(row.address),
        nonce=row.nonce,
        raw=row.raw,
        state=TransactionState(row.state),
        created_at=row.created_at,
        block_number=row.block_number,
    )
