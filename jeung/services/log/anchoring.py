"""Anchor published checkpoints on the chain, through the outbox that carries every other write."""

from jeung.domain.chain import ChainAccount, ChainCall, Intent, IntentState
from jeung.domain.identifiers import MemberId, to_hex
from jeung.domain.members import OperatorPurpose
from jeung.domain.registry import Registry
from jeung.ports.ledger import Ledger
from jeung.ports.log import TransparencyLog
from jeung.ports.store import Store
from jeung.ports.world import Clock, Entropy
from jeung.services.acts import new_id

CONTRACT = "LogAnchor"


class AnchorService:
    """Anchor one member's log."""

    def __init__(
        self, *, log: TransparencyLog, store: Store, ledger: Ledger, clock: Clock, entropy: Entropy, own: MemberId
    ) -> None:
        self._log = log
        self._store = store
        self._ledger = ledger
        self._clock = clock
        self._entropy = entropy
        self._own = own

    def anchored(self, epoch: int) -> tuple[int, bytes] | None:
        """Give size and root that stand anchored of an epoch, None where nothing does, by what the node has indexed.

        Raises:
            LedgerStale: the follower has never run.
        """
        with self._ledger.view() as view:
            anchor = view.registry.log_anchors.get((self._own, epoch))
        return None if anchor is None else (anchor.size, anchor.root)

    def present_epoch(self) -> int:
        """Give the epoch of our log that the consortium opened last, by what the node has indexed.

        Raises:
            LedgerStale: the follower has never run.
        """
        with self._ledger.view() as view:
            return view.registry.log_epochs.get(self._own, 1)

    def ask(self) -> bool:
        """Want the newest published checkpoint anchored, unless it stands or is on its way; tell whether it is new.

        It leaves no entry in the log: an anchor is made of the log, which would never come to rest.

        Raises:
            LedgerStale: the follower has never run.
            StoreBusy, StoreUnavailable: it is tried again.
        """
        epoch = self._log.head().epoch
        published = self._log.published(epoch)
        with self._ledger.view() as view:
            registry = view.registry
        standing = registry.log_anchors.get((self._own, epoch))
        if published is None or CONTRACT not in registry.contracts or epoch != registry.log_epochs.get(self._own, 1):
            return False
        checkpoint = published[0]
        if standing is not None and standing.size >= checkpoint.size:
            return False
        call = ChainCall(CONTRACT, "anchor", (epoch, checkpoint.size, to_hex(checkpoint.root)))
        intent = Intent(
            intent_id=new_id(self._entropy, "int"),
            dedupe_key=f"log-anchor/{epoch}/{checkpoint.size}",
            account=_account(registry, self._own),
            call=call,
            state=IntentState.PENDING,
            created_at=self._clock.now(),
        )
        with self._store.write() as tx:
            return tx.intents.add(intent).intent_id == intent.intent_id


def _account(registry: Registry, own: MemberId) -> ChainAccount:
    """Take the hot account where the member has one; who only relies or supervises may have none."""
    serves = any(
        operator.member == own
        and operator.purpose is OperatorPurpose.ATTEST
        and operator.retired_at is None
        and operator.compromised_since is None
        for operator in registry.operators.values()
    )
    return ChainAccount.ATTEST if serves else ChainAccount.GOVERNANCE
