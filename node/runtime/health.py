"""Say how the node is: what its database, its worker and its copy of the ledger look like from one process."""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import func, select

from jeung.errors import JeungError
from jeung.ports.ledger import Ledger
from jeung.ports.world import Clock
from jeung.services.verification import VerificationRules
from node.store.engine import Database
from node.store.schema import evidence, worker_lease
from node.store.schema_evidence import evidence_proofs
from node.store.schema_keys import key_inventory

_MOST_WAITING: Final = 10_000
# Behind the last with proofs, as the worker takes it; counted no further than anybody needs to know.
_WAITING = select(func.count()).select_from(
    select(evidence.c.number)
    .where(
        evidence.c.number > select(func.coalesce(func.max(evidence_proofs.c.evidence_number), 0)).scalar_subquery()
    )
    .limit(_MOST_WAITING)
    .subquery()
)
_LEASE_END = select(worker_lease.c.expires_at)
_KEYS = select(func.count(), func.min(key_inventory.c.due_at)).where(key_inventory.c.state == "active")


class NodeHealth:
    """Judge the node's fitness by its database alone; every question is bounded by the database's time-outs."""

    def __init__(self, *, database: Database, ledger: Ledger, clock: Clock, rules: VerificationRules) -> None:
        """Judge by the same bounds as verification does."""
        self._database = database
        self._ledger = ledger
        self._clock = clock
        self._rules = rules

    def checks(self) -> Mapping[str, bool]:
        """Tell which parts are fit for work."""
        return {"database": self._writable(), "worker": self._worker_lives(), "ledger": self._ledger_is_fresh()}

    def measurements(self) -> Mapping[str, float]:
        """Give the follower's distance from the chain, what waits and what the keys say; empty before a poll."""
        try:
            with self._ledger.view() as view:
                freshness = view.freshness
        except JeungError:
            return {}
        now = self._clock.now()
        return {
            "ledger_head_block": float(freshness.head_number),
            "ledger_blocks_behind": float(freshness.head_number - freshness.indexed_number),
            "ledger_head_age_seconds": float(now - freshness.head_time),
            "ledger_poll_age_seconds": float(now - freshness.polled_at),
            **self._counted(now),
        }

    def _counted(self, now: int) -> dict[str, float]:
        """Say how many keys are at work, when the first of them is due, and how many judgements wait for proofs."""
        try:
            with self._database.read() as connection:
                active, due_at = connection.execute(_KEYS).one()
                waiting = connection.execute(_WAITING).scalar_one()
        except JeungError:
            return {}
        found = {"keys_active": float(active), "evidence_without_proofs": float(waiting)}
        return found if due_at is None else {**found, "keys_first_due_in_seconds": float(due_at - now)}

    def _writable(self) -> bool:
        try:
            with self._database.write():
                return True
        except JeungError:
            return False

    def _worker_lives(self) -> bool:
        try:
            with self._database.read() as connection:
                end = connection.execute(_LEASE_END).scalar()
        except JeungError:
            return False
        return end is not None and end > self._clock.now()

    def _ledger_is_fresh(self) -> bool:
        try:
            with self._ledger.view() as view:
                return self._rules.stale_reason(view.freshness, self._clock.now()) is None
        except JeungError:
            return False
