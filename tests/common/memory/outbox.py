"""The outbox in memory: works of three kinds, and the signed transactions that carry them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from jeung.domain.chain import Intent, IntentState, SignedTransaction, TransactionState
from jeung.domain.identifiers import Address
from jeung.errors import Conflict, FenceLost, NotFound
from jeung.ports.chain import AttestWork, StatusWork
from tests.common.memory.database import MemoryDatabase, Tables, Work
from tests.common.memory.wanted import intent_with_state

_Works = Callable[[Tables], dict[Any, Work]]


def _attest(tables: Tables) -> dict[Any, Work]:
    return tables.attest_works


def _status(tables: Tables) -> dict[Any, Work]:
    return tables.status_works


def _intent(tables: Tables) -> dict[Any, Work]:
    return tables.intent_works


_ALL: tuple[_Works, ...] = (_attest, _status, _intent)


class MemoryOutbox:
    """Keep what must reach the chain."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    def waiting_attestations(self, limit: int, now: int) -> Sequence[AttestWork]:
        tables = self._database.read()
        waiting = []
        for work in _waiting(tables.attest_works, now)[:limit]:
            record = tables.credentials[work.key]
            waiting.append(
                AttestWork(record.credential_id, record.family_id, record.schema, record.digest, record.issued_at)
            )
        return waiting

    def waiting_statuses(self, limit: int, now: int) -> Sequence[StatusWork]:
        tables = self._database.read()
        wanted = tables.status_changes_wanted
        carried = {wanted[key][:2] for key, work in tables.status_works.items() if work.state is IntentState.SENT}
        works = (work for work in _waiting(tables.status_works, now) if wanted[work.key][:2] not in carried)
        return [StatusWork(work.key, *wanted[work.key]) for work in works][:limit]

    def waiting_intents(self, limit: int, now: int) -> Sequence[Intent]:
        tables = self._database.read()
        return [
            intent_with_state(tables, tables.intents[work.key]) for work in _waiting(tables.intent_works, now)[:limit]
        ]

    def record_attestation(self, signed: SignedTransaction, credential_ids: Sequence[str], *, fence: int) -> None:
        self._record(signed, _attest, credential_ids, fence)

    def record_statuses(self, signed: SignedTransaction, change_ids: Sequence[int], *, fence: int) -> None:
        self._record(signed, _status, change_ids, fence)

    def record_intent(self, signed: SignedTransaction, intent_id: str, *, fence: int) -> None:
        self._record(signed, _intent, [intent_id], fence)

    def next_nonce(self, address: Address) -> int | None:
        nonces = [kept.nonce for kept in self._database.read().transactions.values() if kept.address == address]
        return max(nonces) + 1 if nonces else None

    def in_state(self, state: TransactionState, limit: int) -> Sequence[SignedTransaction]:
        tables = self._database.read()
        found = [kept for kept in tables.transactions.values() if kept.state is state]
        if state is TransactionState.REVERTED:
            found = [kept for kept in found if _carries_open_work(tables, kept.hash)]
        return sorted(found, key=lambda kept: (kept.address, kept.nonce))[:limit]

    def from_nonce(self, address: Address, nonce: int, limit: int) -> Sequence[SignedTransaction]:
        kept = self._database.read().transactions.values()
        found = [signed for signed in kept if signed.address == address and signed.nonce >= nonce]
        return sorted(found, key=lambda signed: signed.nonce)[:limit]

    def postpone_intent(self, intent_id: str, *, retry_at: int, fence: int) -> None:
        self._decide(_intent, [intent_id], fence, retry_at=retry_at)

    def finish_intent(self, intent_id: str, *, fence: int) -> None:
        self._decide(_intent, [intent_id], fence, state=IntentState.DONE)

    def refuse_intent(self, intent_id: str, *, failure: str, fence: int) -> None:
        self._decide(_intent, [intent_id], fence, state=IntentState.FAILED, failure=failure)

    def refuse_statuses(self, change_ids: Sequence[int], *, failure: str, fence: int) -> None:
        self._decide(_status, change_ids, fence, state=IntentState.FAILED, failure=failure)

    def settle(self, transaction: bytes, *, state: TransactionState, block_number: int, fence: int) -> None:
        with self._database.write() as tables:
            _hold(tables, fence)
            if transaction not in tables.transactions:
                raise NotFound
            tables.transactions[transaction] = replace(
                tables.transactions[transaction], state=state, block_number=block_number
            )
            if state is TransactionState.MINED:
                _move_carried(tables, transaction, state=IntentState.DONE)

    def release(self, transaction: bytes, *, retry_at: int, fence: int) -> None:
        with self._database.write() as tables:
            _hold(tables, fence)
            _require_reverted(tables, transaction)
            for change_id in _superseded(tables, transaction):
                del tables.status_works[change_id]
            _move_carried(tables, transaction, state=IntentState.PENDING, transaction=None, retry_at=retry_at)

    def fail(self, transaction: bytes, *, failure: str, fence: int) -> None:
        with self._database.write() as tables:
            _hold(tables, fence)
            _require_reverted(tables, transaction)
            _move_carried(tables, transaction, state=IntentState.FAILED, failure=failure)

    def prune(self, *, mined_before: int, fence: int) -> int:
        with self._database.write() as tables:
            _hold(tables, fence)
            old = [
                kept.hash
                for kept in tables.transactions.values()
                if kept.block_number is not None
                and kept.block_number < mined_before
                and not _carries_open_work(tables, kept.hash)
            ]
            for transaction in old:
                del tables.transactions[transaction]
            return len(old)

    def _record(self, signed: SignedTransaction, works: _Works, keys: Iterable[Any], fence: int) -> None:
        with self._database.write() as tables:
            _hold(tables, fence)
            if any(
                (kept.address, kept.nonce) == (signed.address, signed.nonce) for kept in tables.transactions.values()
            ):
                raise Conflict
            tables.transactions[signed.hash] = signed
            _move_waiting(works(tables), keys, state=IntentState.SENT, transaction=signed.hash)

    def _decide(self, works: _Works, keys: Iterable[Any], fence: int, **changes: object) -> None:
        with self._database.write() as tables:
            _hold(tables, fence)
            _move_waiting(works(tables), keys, **changes)


def _hold(tables: Tables, fence: int) -> None:
    if tables.lease[1] != fence:
        raise FenceLost


def _waiting(works: dict[Any, Work], now: int) -> list[Work]:
    return [work for work in works.values() if work.state is IntentState.PENDING and work.retry_at <= now]


def _changed(work: Work, changes: Mapping[str, Any]) -> Work:
    return replace(work, **changes)


def _move_waiting(works: dict[Any, Work], keys: Iterable[Any], **changes: object) -> None:
    for key in keys:
        if key not in works or works[key].state is not IntentState.PENDING:
            raise Conflict
        works[key] = _changed(works[key], changes)


def _move_carried(tables: Tables, carrier: bytes, **changes: object) -> None:
    for works_of in _ALL:
        works = works_of(tables)
        for key, work in works.items():
            if work.transaction == carrier and work.state is IntentState.SENT:
                works[key] = _changed(work, changes)


def _carries_open_work(tables: Tables, transaction: bytes) -> bool:
    return any(
        work.transaction == transaction and work.state is IntentState.SENT
        for works_of in _ALL
        for work in works_of(tables).values()
    )


def _require_reverted(tables: Tables, transaction: bytes) -> None:
    kept = tables.transactions.get(transaction)
    if kept is None or kept.state is not TransactionState.REVERTED:
        raise Conflict


def _superseded(tables: Tables, transaction: bytes) -> list[int]:
    """Find carried changes of status after which another one of the same place was decided."""
    wanted = tables.status_changes_wanted
    latest: dict[tuple[int, int], int] = {}
    for change_id in tables.status_works:
        place = wanted[change_id][:2]
        latest[place] = max(change_id, latest.get(place, 0))
    return [
        change_id
        for change_id, work in tables.status_works.items()
        if work.transaction == transaction and latest[wanted[change_id][:2]] > change_id
    ]
