"""Wire a node's background work: what follows the chain, sends what waits, publishes and clears away."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from jeung.domain.chain import ChainCall
from jeung.ports.chain import IndexStore, Lease, Outbox
from jeung.services.dual_control import ActWork
from jeung.services.erasure import ErasureWork
from jeung.services.evidence.gathering import ProofGatherer
from jeung.services.evidence.vouching import VouchCollector
from jeung.services.log import LogWork
from jeung.services.status_lists import StatusListService
from keys.envelope import Vault
from node.chain.abi import decode_result, encode_call
from node.chain.addresses import AddressBook
from node.chain.answering import Answerer
from node.chain.deployment import Deployment, load_deployment
from node.chain.errors import WrongChain
from node.chain.follower import Follower
from node.chain.hexes import bytes_of, hex_of
from node.chain.proofs import RpcProofs
from node.chain.rpc import Rpc, RpcLimits
from node.chain.sender import Sender, SenderSettings
from node.runtime.acts import build_act_work
from node.runtime.adapters import SystemClock
from node.runtime.backups import sweep_left_behind
from node.runtime.courier import Courier
from node.runtime.database import own_id
from node.runtime.erasure_journal import JournalFile
from node.runtime.governing import Reminder, build_reminder
from node.runtime.inventory import build_keeper
from node.runtime.keeper import KeyKeeper
from node.runtime.log_work import LogThreads, build_log_work
from node.runtime.presentations import build_webhook_delivery
from node.runtime.retention import build_erasure_work, build_journal
from node.runtime.rewrapping import Rewrapper
from node.runtime.services import build_status_lists, open_parts
from node.runtime.settings_log import log_settings
from node.runtime.vouching import build_vouch_collector
from node.settings import MIN_PRODUCTION_TIMELOCK_S, Environment, Settings
from node.store.janitor import Janitor


class UnfitConsortium(WrongChain, code="unfit_consortium"):
    """The consortium's rules are those of a sandbox; a production node does not join it."""


class Gate:
    """Let a production node work only for a consortium whose decisions leave time to object; ask once."""

    def __init__(self, rpc: Rpc, deployment: Deployment, environment: Environment) -> None:
        self._rpc = rpc
        self._consortium = deployment.addresses["Consortium"]
        self._passed = environment is not Environment.PRODUCTION

    def require_passed(self) -> None:
        """Read the consortium's timelock, the first time.

        Raises:
            UnfitConsortium: it is shorter than a day.
            RpcError: the chain does not answer.
        """
        if self._passed:
            return
        call = encode_call(ChainCall("Consortium", "rules", ()), {})
        answer = self._rpc.call("eth_call", {"to": self._consortium, "data": hex_of(call)}, "latest")
        ((_, _, timelock_s, _),) = decode_result("Consortium", "rules", bytes_of(answer))
        if timelock_s < MIN_PRODUCTION_TIMELOCK_S:
            raise UnfitConsortium(f"expected a timelock of at least {MIN_PRODUCTION_TIMELOCK_S} s")
        self._passed = True


@dataclass(frozen=True, slots=True)
class Background:
    """Hold what a worker does its work with."""

    settings: Settings
    clock: SystemClock
    lease: Lease
    gate: Gate
    follower: Follower
    sender: Sender
    answerer: Answerer
    reminder: Reminder
    outbox: Outbox
    index: IndexStore
    status_lists: StatusListService
    courier: Courier
    acts: ActWork
    erasures: ErasureWork
    journal: JournalFile
    keeper: KeyKeeper
    rewrapper: Rewrapper
    janitor: Janitor
    log: LogWork
    proofs: ProofGatherer
    vouches: VouchCollector


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
    sweep_left_behind(settings)
    parts = open_parts(settings)
    # One round only: the worker's loop has its own patience, and must renew its lease meanwhile.
    rpc = Rpc(settings.rpc_urls, RpcLimits(timeout_s=settings.worker.rpc_timeout_s, rounds=1))
    journal = build_journal(parts)
    courier = Courier(build_webhook_delivery(parts))
    threads, asking = LogThreads(), LogThreads()
    chain = RpcProofs(rpc, deployment)
    try:
        log_settings(parts.settings, parts.kept.store, parts.clock, parts.entropy, "worker")
        book = AddressBook(deployment)
        yield Background(
            settings=parts.settings,
            clock=parts.clock,
            lease=parts.kept.lease,
            gate=Gate(rpc, deployment, settings.environment),
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
            answerer=Answerer(rpc, parts.kept.store, book, parts.clock),
            reminder=build_reminder(parts),
            outbox=parts.kept.outbox,
            index=parts.kept.index,
            status_lists=build_status_lists(parts),
            courier=courier,
            acts=build_act_work(parts),
            erasures=build_erasure_work(parts, journal),
            journal=journal,
            keeper=build_keeper(parts),
            rewrapper=Rewrapper(parts.keystore, parts.kept.database, parts.clock),
            janitor=parts.kept.janitor,
            log=build_log_work(parts, threads),
            proofs=ProofGatherer(
                store=parts.kept.store,
                ledger=parts.kept.ledger,
                log=parts.kept.log,
                vault=Vault(parts.keystore),
                chain=chain,
                clock=parts.clock,
            ),
            vouches=build_vouch_collector(parts, chain, asking),
        )
    finally:
        rpc.close()
        courier.close()
        threads.close()
        asking.close()
        parts.close()
