"""Carry out the repairs that a node's operator decided on, and keep them in the node's log."""

import secrets
from collections import Counter
from collections.abc import Sequence

from jeung.errors import FenceLost
from jeung.ports.world import Clock
from jeung.services.acts import log
from node.runtime.database import open_node_store, require_database
from node.settings import Settings
from node.store.lease import hold_fence
from node.store.repairs import Repair, apply_repairs

_LEASE_S = 60


def repair(settings: Settings, clock: Clock, repairs: Sequence[Repair]) -> int:
    """Do the repairs in one transaction with their log entry; give how many found something to do.

    The worker's lease is held meanwhile: what follows and publishes must not write at the same time.

    Raises:
        FenceLost: the node's worker is at work.
        StoreBusy, StoreUnavailable, DatabaseTooNew, DatabaseMissing: the database cannot be used.
    """
    require_database(settings)
    kept = open_node_store(settings, clock)
    try:
        holder = f"repair-{secrets.token_hex(8)}"
        fence = kept.lease.acquire(holder, now=clock.now(), ttl_s=_LEASE_S)
        if fence is None:
            raise FenceLost("the node's worker is at work: stop the node first")
        try:
            with kept.store.write() as tx:
                hold_fence(tx.connection, fence)
                done = apply_repairs(tx.connection, repairs, clock.now())
                kinds = Counter(repair.kind for repair in repairs)
                log(tx, "projection_repaired", {"repairs": dict(kinds)}, clock.now())
        finally:
            kept.lease.release(holder)
    finally:
        kept.dispose()
    return done
