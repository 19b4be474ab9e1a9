"""Wire a node's background work: what follows the chain, sends what waits, publishes and clears away."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from jeung.ports.chain import IndexStore, Lease, Outbox
from jeung.services.status_lists import StatusListService
from node.chain.addresses import AddressBook
from node.chain.deployment import load_deployment
from node.chain.follower import Follower
from node.chain.rpc import Rpc, RpcLimits
from node.chain.sender import Sender, SenderSettings
from node.runtime.adapters import SystemClock
from node.runtime.database import own_id
from node.runtime.services import build_status_lists, open_parts
from node.settings import Settings
from node.store.janitor import Janitor


@dataclass(frozen=True, slots=True)
class Background:
    """Hold what a worker does its work with."""

    clock: SystemClock
    lease: Lease
    follower: Follower
    sender: Sender
    outbox: Outbox
    index: IndexStore
    status_lists: StatusListService
    janitor: Janitor


@contextmanager
def open_background(settings: Settings) -> Iterator[Background]:
    """Open keys, database and chain for a worker, for the length of a `with` block.

    The chain itself need not answer yet; that it is the deployment's is checked when it first does.

    Raises:
        KeyCustodyError: the keystore cannot be opened.
        StoreBusy, StoreUnavailable, DatabaseTooNew: the database cannot be used.
        DeploymentFailed: the node does not know its consortium's contracts.
    """
    deployment = load_deployment(settings.deployment_path)
    parts = open_parts(settings)
    # One round only: the worker's loop has its own patience, and must renew its lease meanwhile.
    rpc = Rpc(settings.rpc_urls, RpcLimits(timeout_s=settings.worker.rpc_timeout_s, rounds=1))
    try:
        book = AddressBook(deployment)
        yield Background(
            clock=parts.clock,
            lease=parts.kept.lease,
            follower=Follower(rpc, parts.kept.index, deployment, book, parts.clock),
            sender=Sender(
                rpc,
                parts.kept.outbox,
                parts.kept.index,
                parts.chain_signer,
                book,
                parts.clock,
                SenderSettings(own_id(settings), deployment.chain_id, settings.fees, settings.anchoring),
            ),
            outbox=parts.kept.outbox,
            index=parts.kept.index,
            status_lists=build_status_lists(parts),
            janitor=parts.kept.janitor,
        )
    finally:
        rpc.close()
        parts.close()
