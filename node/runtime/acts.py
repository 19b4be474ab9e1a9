"""Wire what two people must want: the one list of kinds that this node serves, for every process that needs it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache

from jeung.ports.ledger import Ledger
from jeung.ports.store import Store
from jeung.ports.world import Clock, Entropy
from jeung.services.dual_control import ActHandler, ActRegistry, ActWork, DualControlRules, DualControlService
from jeung.services.erasure import ErasureAct
from jeung.services.mass_revocation import MassRevocation
from jeung.services.reissue import MassReissue
from jeung.services.staff import StaffConfirmation, StaffTerminals
from jeung.services.wallets.offers import OfferRules, OfferService
from keys.envelope import Vault
from keys.keystore import Keystore
from node.runtime.adapters import OsEntropy
from node.runtime.custody import open_keystore
from node.runtime.database import open_node_store
from node.runtime.key_acts import BackupExport, KeyDestruction
from node.runtime.parts import NodeParts
from node.runtime.passwords import Argon2Hasher
from node.runtime.policy import PolicyChange, settings_in_force
from node.runtime.retention import retention_rules
from node.runtime.staff import session_rules
from node.settings import Settings


@dataclass(frozen=True, slots=True)
class ActContext:
    """Give a handler what it works with; `keystore` opens it where the process has not yet, which takes a second."""

    settings: Settings
    store: Store
    clock: Clock
    entropy: Entropy
    keystore: Callable[[], Keystore]
    ledger: Ledger


def act_handlers(context: ActContext) -> list[ActHandler]:
    """Give one handler for each kind of act; this is the list a new kind is added to."""
    return [
        KeyDestruction(context.keystore, context.store),
        BackupExport(context.settings),
        MassRevocation(context.store, context.clock),
        PolicyChange(context.settings, context.store),
        build_reissue(context),
        ErasureAct(clock=context.clock, entropy=context.entropy, rules=retention_rules(context.settings)),
    ]


def build_reissue(context: ActContext) -> MassReissue:
    """Wire what revokes and offers anew."""
    settings = context.settings
    return MassReissue(
        store=context.store,
        ledger=context.ledger,
        offers=build_offers(context),
        clock=context.clock,
        url=settings.base_url,
        offer_s=settings.issuance.reissue_offer_days * 86_400,
    )


def build_offers(context: ActContext) -> OfferService:
    """Wire the service that makes credential offers; the keystore is opened by the first that seals one."""
    wallets = context.settings.wallets
    return OfferService(
        store=context.store,
        ledger=context.ledger,
        vault=OpenedVault(context.keystore),
        clock=context.clock,
        entropy=context.entropy,
        rules=OfferRules(
            context.settings.base_url, wallets.offer_ttl_s, wallets.tx_code_length, wallets.tx_code_attempts
        ),
    )


class OpenedVault:
    """Be a vault (jeung.ports.custody.Vault) over a keystore that is opened when it is first needed."""

    def __init__(self, keystore: Callable[[], Keystore]) -> None:
        """Open nothing yet."""
        self._vault = cache(lambda: Vault(keystore()))

    def new_data_key(self, owner: str) -> bytes:
        """Make a fresh data key for an owner and give it wrapped."""
        return self._vault().new_data_key(owner)

    def seal(self, wrapped: bytes, owner: str, context: str, plaintext: bytes) -> bytes:
        """Encrypt one field under the owner's data key."""
        return self._vault().seal(wrapped, owner, context, plaintext)

    def open(self, wrapped: bytes, owner: str, context: str, sealed: bytes) -> bytes:
        """Decrypt what `seal` made."""
        return self._vault().open(wrapped, owner, context, sealed)


def context_of(parts: NodeParts) -> ActContext:
    """Give the context of a process that has everything open."""
    return ActContext(
        parts.settings, parts.kept.store, parts.clock, parts.entropy, lambda: parts.keystore, parts.kept.ledger
    )


def build_act_work(parts: NodeParts) -> ActWork:
    """Wire what carries approved acts out in the worker."""
    return ActWork(store=parts.kept.store, clock=parts.clock, registry=ActRegistry(act_handlers(context_of(parts))))


def build_dual_control(context: ActContext) -> DualControlService:
    """Wire the service for acts of two people."""
    rules = DualControlRules(**context.settings.dual_control.model_dump())
    registry = ActRegistry(act_handlers(context))
    return DualControlService(
        store=context.store, clock=context.clock, entropy=context.entropy, registry=registry, rules=rules
    )


@dataclass(frozen=True, slots=True)
class OperatorActs:
    """Hold what the command line needs: acts, who is sitting there, the settings in force, what acts offered."""

    acts: DualControlService
    confirmation: StaffConfirmation
    terminals: StaffTerminals
    store: Store
    settings: Settings
    offers: OfferService


@contextmanager
def open_acts(settings: Settings, clock: Clock) -> Iterator[OperatorActs]:
    """Open a node's acts for its operator, for the length of a `with` block; no key is opened before it is needed.

    Raises:
        StoreBusy, StoreUnavailable, DatabaseTooNew: the database cannot be used.
    """
    with ExitStack() as opened:
        entropy = OsEntropy()
        kept = open_node_store(settings, clock)
        opened.callback(kept.dispose)
        settings = settings_in_force(settings, kept.store, clock)

        @cache
        def keystore() -> Keystore:
            return opened.enter_context(open_keystore(settings, clock))

        context = ActContext(settings, kept.store, clock, entropy, keystore, kept.ledger)
        hasher = Argon2Hasher(entropy, unsafe_fast=settings.unsafe_fast_key_derivation)
        yield OperatorActs(
            build_dual_control(context),
            StaffConfirmation(store=kept.store, hasher=hasher, clock=clock, rules=session_rules(settings)),
            StaffTerminals(store=kept.store, clock=clock, entropy=entropy, rules=session_rules(settings)),
            kept.store,
            settings,
            build_offers(context),
        )
