"""Bring what waits in the outbox onto the chain, exactly once.

One step, numbered as the code does it:

1. Settle: ask for the receipts of what was sent. A receipt counts once the follower has applied its very block, so
   that a block that is lost again takes the receipt with it. A reverted transaction is judged: what it wanted stands
   already, it is tried again later, or it has failed for good.
2. Sign new transactions for waiting attestations, status changes and intents, each after the chain said that it
   would take them, each stored before anything is sent.
3. Send everything that the chain has not taken yet.

Calling a step twice, or killing the process between any two lines, repeats nothing but the sending of equal bytes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import rlp
import structlog

from jeung.domain.chain import ChainAccount, ChainCall, Intent, SignedTransaction, TransactionState
from jeung.domain.identifiers import Address, MemberId
from jeung.ports.chain import ChainSigner, IndexStore, Outbox
from jeung.ports.world import Clock
from node.chain.abi import Revert, encode_call, function_of
from node.chain.account import Accounts, SenderRules
from node.chain.addresses import AddressBook
from node.chain.anchorer import Anchorer, AttestBatch, StatusBatch, status_batches
from node.chain.errors import CallNotEncodable
from node.chain.hexes import address_of, bytes_of, hex_of, int_of
from node.chain.rpc import Rpc
from node.chain.verdicts import ATTEST, SET_STATUSES, Refusal, Verdict, judge
from node.settings import AnchoringSettings, FeeSettings

_LOG = structlog.get_logger(__name__)
_SETTLED_AT_ONCE = 256
_DIGESTS_AT_ONCE = 16_384
_CHANGES_AT_ONCE = 16_384
_INTENTS_AT_ONCE = 32
_SHORTEST_RETRY_S, _LONGEST_RETRY_S = 1, 60
_LONGEST_REST_S = 8


@dataclass(frozen=True, slots=True)
class Sent:
    """Say what a step did: transactions settled, signed anew, and broadcast."""

    settled: int
    signed: int
    broadcast: int


@dataclass(frozen=True, slots=True)
class SenderSettings:
    """Bundle what the sender is told: whose node it is, the chain's id, and its settings."""

    own: MemberId
    chain_id: int
    fees: FeeSettings
    anchoring: AnchoringSettings
    rules: SenderRules = field(default_factory=SenderRules)


@dataclass(frozen=True, slots=True)
class _Rest:
    """Remember why and until when a duty waits, and how long its last wait was; seconds."""

    error: str
    until: int
    pause_s: int


class Sender:
    """Send for one member."""

    def __init__(
        self,
        rpc: Rpc,
        outbox: Outbox,
        index: IndexStore,
        signer: ChainSigner,
        book: AddressBook,
        clock: Clock,
        settings: SenderSettings,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Share the follower's address book; the follower must have run before the first step."""
        self._rpc = rpc
        self._outbox = outbox
        self._index = index
        self._book = book
        self._clock = clock
        self._settings = settings
        self._monotonic = monotonic
        self._anchorer = Anchorer(settings.anchoring)
        self._accounts = Accounts(
            rpc, outbox, signer, settings.fees, settings.chain_id, clock, settings.rules, monotonic
        )
        self._orphaned_since: dict[bytes, float] = {}
        self._resting: dict[str, _Rest] = {}

    def step(self, fence: int) -> Sent:
        """Do one step.

        Raises:
            RpcError: the chain does not answer.
            FenceLost: another worker acts.
            SignatureUnusable: the signer signs for another account.
        """
        if self._index.head() is None:
            return Sent(0, 0, 0)
        settled = self._settle(fence)  # 1
        signed = self._attest(fence) + self._set_statuses(fence) + self._carry_intents(fence)  # 2
        return Sent(settled, signed, self._accounts.broadcast(self._addresses()))  # 3

    def _addresses(self) -> list[Address]:
        own = (self._accounts.address(account) for account in ChainAccount)
        # A replaced account may still have transactions on their way.
        earlier = (kept.address for kept in self._outbox.in_state(TransactionState.SIGNED, _SETTLED_AT_ONCE))
        return sorted({address for address in (*own, *earlier) if address is not None})

    def _settle(self, fence: int) -> int:
        for unjudged in self._outbox.in_state(TransactionState.REVERTED, _SETTLED_AT_ONCE):
            self._judge(unjudged, unjudged.block_number or 0, fence)
        waiting = self._outbox.in_state(TransactionState.SIGNED, _SETTLED_AT_ONCE)
        receipts = self._rpc.batch_all([("eth_getTransactionReceipt", [hex_of(kept.hash)]) for kept in waiting])
        count = 0
        for kept, receipt in zip(waiting, receipts, strict=True):
            if receipt is None:
                continue
            number, block_hash = int_of(receipt["blockNumber"]), bytes_of(receipt["blockHash"], 32)
            if not self._is_indexed(number, block_hash):
                continue
            if int_of(receipt["status"]) == 1:
                self._outbox.settle(kept.hash, state=TransactionState.MINED, block_number=number, fence=fence)
            else:
                self._judge(kept, number, fence)
            count += 1
        self._release_superseded(
            [kept for kept, receipt in zip(waiting, receipts, strict=True) if receipt is None], fence
        )
        return count

    def _is_indexed(self, number: int, block_hash: bytes) -> bool:
        head = self._index.head()
        if head is None or number > head.number:
            return False
        kept = self._index.header(number)
        # A block so old that its header is not kept any more was linked to the head when it was applied.
        return kept is None or kept.hash == block_hash

    def _judge(self, kept: SignedTransaction, block_number: int, fence: int) -> None:
        """Find out why a transaction reverted, by asking the same call again, and act on it."""
        fields = rlp.decode(kept.raw[1:])
        to, data = address_of(fields[5]), bytes(fields[7])
        answer = self._accounts.gas_or_refusal(kept.address, to, data)
        function = function_of(data)
        # What would be taken now was refused by a state that has passed.
        verdict = Verdict.LATER
        if isinstance(answer, Revert):
            verdict = self._verdict(function, answer)
        name = answer.name if isinstance(answer, Revert) else ""
        _LOG.warning("transaction_reverted", function=function, error=name, verdict=verdict.value)
        if verdict is Verdict.DONE:
            self._outbox.settle(kept.hash, state=TransactionState.MINED, block_number=block_number, fence=fence)
            return
        self._outbox.settle(kept.hash, state=TransactionState.REVERTED, block_number=block_number, fence=fence)
        if verdict is Verdict.NEVER and function not in (ATTEST, SET_STATUSES):
            self._outbox.fail(kept.hash, failure=name or "Reverted", fence=fence)
        else:
            retry_at = self._clock.now() + _SHORTEST_RETRY_S
            self._outbox.release(kept.hash, retry_at=retry_at, fence=fence)

    def _release_superseded(self, unmined: list[SignedTransaction], fence: int) -> None:
        """Give work back whose nonce somebody else used: a node restored from a backup, or a second one."""
        used = self._accounts.used_nonces(sorted({kept.address for kept in unmined}))
        passed = {kept.hash: kept for kept in unmined if kept.nonce < used[kept.address]}
        now = self._monotonic()
        self._orphaned_since = {hash_: self._orphaned_since.get(hash_, now) for hash_ in passed}
        head = self._index.head()
        for hash_, since in self._orphaned_since.items():
            if head is not None and now - since >= self._settings.rules.foreign_nonce_s:
                _LOG.error("nonce_used_elsewhere", transaction=hex_of(hash_), nonce=passed[hash_].nonce)
                self._outbox.settle(hash_, state=TransactionState.REVERTED, block_number=head.number, fence=fence)
                self._outbox.release(hash_, retry_at=self._clock.now(), fence=fence)

    def _attest(self, fence: int) -> int:
        now = self._clock.now()
        waiting = self._outbox.waiting_attestations(_DIGESTS_AT_ONCE, now)
        return sum(self._attest_batch(batch, fence) for batch in self._anchorer.batches(waiting, now))

    def _attest_batch(self, batch: AttestBatch, fence: int) -> bool:
        digests = [hex_of(digest) for digest in batch.digests]
        call = ChainCall("AttestationRegistry", ATTEST, (hex_of(batch.schema), digests))
        signed = self._signed(ChainAccount.ATTEST, call, f"{ATTEST}/{batch.schema.hex()}")
        if isinstance(signed, SignedTransaction):
            self._outbox.record_attestation(signed, batch.credential_ids, fence=fence)
        # Where the batch stands already, the follower ends the works when it comes to its block.
        return isinstance(signed, SignedTransaction)

    def _set_statuses(self, fence: int) -> int:
        waiting = self._outbox.waiting_statuses(_CHANGES_AT_ONCE, self._clock.now())
        return sum(self._set_status_batch(batch, fence) for batch in status_batches(waiting))

    def _set_status_batch(self, batch: StatusBatch, fence: int) -> bool:
        args = (batch.list_number, batch.status.value, batch.indexes)
        call = ChainCall("StatusRegistry", SET_STATUSES, args)
        key = f"{SET_STATUSES}/{batch.list_number}/{batch.status.value}"
        signed = self._signed(ChainAccount.STATUS, call, key)
        if isinstance(signed, Revert) and signed.name == "StatusCapExceeded":
            # Above the operators' cap only the governance account may, which is the point of the cap.
            _LOG.warning("status_cap_exceeded", changes=len(batch.changes))
            self._resting.pop(key, None)
            signed = self._signed(ChainAccount.GOVERNANCE, call, key)
        if isinstance(signed, Revert) and signed.name == "StatusTerminal":
            doomed = [change.change_id for change in batch.changes if change.index == signed.args.get("index")]
            self._outbox.refuse_statuses(doomed, failure=signed.name, fence=fence)
            self._resting.pop(key, None)
        if isinstance(signed, SignedTransaction):
            self._outbox.record_statuses(signed, [change.change_id for change in batch.changes], fence=fence)
        return isinstance(signed, SignedTransaction)

    def _signed(self, account: ChainAccount, call: ChainCall, key: str) -> SignedTransaction | Revert | None:
        """Sign a duty's call; give the chain's refusal, after which the duty rests, or None if it cannot go now."""
        now = self._clock.now()
        sender = self._accounts.address(account)
        rest = self._resting.get(key)
        if sender is None or (rest is not None and rest.until > now):
            return None
        addresses = self._book.current()
        data = encode_call(call, addresses)
        gas = self._accounts.gas_or_refusal(sender, addresses[call.contract], data)
        if isinstance(gas, Revert):
            self._rest(key, gas, now)
            return gas
        self._resting.pop(key, None)
        return self._accounts.sign(account, addresses[call.contract], data, gas)

    def _rest(self, key: str, error: Revert, now: int) -> None:
        """Let a duty that the chain would refuse wait, longer each time; say it once for each error."""
        earlier = self._resting.get(key)
        if earlier is None or earlier.error != error.name:
            _LOG.warning("chain_would_refuse", duty=key, error=error.name)
            self._resting[key] = _Rest(error.name, now + _SHORTEST_RETRY_S, _SHORTEST_RETRY_S)
        else:
            pause_s = min(2 * earlier.pause_s, _LONGEST_REST_S)
            self._resting[key] = _Rest(error.name, now + pause_s, pause_s)

    def _carry_intents(self, fence: int) -> int:
        waiting = self._outbox.waiting_intents(_INTENTS_AT_ONCE, self._clock.now())
        return sum(self._carry_intent(intent, fence) for intent in waiting)

    def _carry_intent(self, intent: Intent, fence: int) -> bool:
        sender = self._accounts.address(intent.account)
        addresses = self._book.current()
        try:
            to = addresses[intent.call.contract]
            data = encode_call(intent.call, addresses)
        except (CallNotEncodable, KeyError):
            self._outbox.refuse_intent(intent.intent_id, failure=CallNotEncodable.code, fence=fence)
            return False
        if sender is None:
            return False
        gas = self._accounts.gas_or_refusal(sender, to, data)
        if isinstance(gas, Revert):
            self._refused(intent, gas, fence)
            return False
        signed = self._accounts.sign(intent.account, to, data, gas)
        if signed is not None:
            self._outbox.record_intent(signed, intent.intent_id, fence=fence)
        return signed is not None

    def _refused(self, intent: Intent, error: Revert, fence: int) -> None:
        verdict = self._verdict(intent.call.function, error)
        if verdict is Verdict.DONE:
            self._outbox.finish_intent(intent.intent_id, fence=fence)
        elif verdict is Verdict.NEVER:
            _LOG.warning("intent_refused", intent=intent.intent_id, error=error.name)
            self._outbox.refuse_intent(intent.intent_id, failure=error.name or "Reverted", fence=fence)
        else:
            now = self._clock.now()
            # The longer it has waited, the longer until it is asked again: a timelock may last seconds or days.
            pause_s = max(_SHORTEST_RETRY_S, min(_LONGEST_RETRY_S, (now - intent.created_at) // 8))
            self._outbox.postpone_intent(intent.intent_id, retry_at=now + pause_s, fence=fence)

    def _verdict(self, function: str, error: Revert) -> Verdict:
        return judge(Refusal(function, error, self._settings.own))
