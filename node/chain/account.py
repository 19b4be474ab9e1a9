"""Sign and send for a member's accounts, each with its own row of nonces.

The order that makes a write happen exactly once: ask the chain whether it would take it, sign, store, and only then
send; send the same bytes again until the account's nonce on the chain has passed theirs. A nonce is never signed
twice, because the next one follows the highest stored.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from jeung.domain.chain import ChainAccount, SignedTransaction
from jeung.domain.identifiers import Address
from jeung.errors import JeungError
from jeung.ports.chain import ChainSigner, Outbox
from jeung.ports.world import Clock
from node.chain.abi import Revert, decode_revert
from node.chain.errors import RpcRefused
from node.chain.fees import quote
from node.chain.hexes import hex_of, int_of
from node.chain.rpc import Rpc
from node.chain.transactions import MAX_GAS, UnsignedTransaction, sign_transaction
from node.chain.verdicts import ENDPOINT_REFUSED, TOO_MUCH_GAS
from node.settings import FeeSettings

_LOG = structlog.get_logger(__name__)
# What a state that changes between the estimate and the block may add.
_GAS_MARGIN, _GAS_EXTRA = 1.25, 20_000
MAX_IN_FLIGHT = 32
"""Transactions of one account that may be unmined at once; pools drop more."""
_REVERT_CODE = 3
# What Anvil, Geth and Besu say of a call that no block could hold; there is no code for it.
_TOO_MUCH_GAS = ("out of gas", "gas required exceeds", "exceeds block gas limit")


@dataclass(frozen=True, slots=True)
class SenderRules:
    """Set the waits of sending, in seconds.

    Between two broadcasts of the same bytes; before a nonce that is used without a receipt of ours counts as somebody
    else's; before a missing nonce is filled.
    """

    rebroadcast_s: float = 5.0
    foreign_nonce_s: float = 20.0
    gap_s: float = 30.0


class Accounts:
    """Sign, broadcast and re-broadcast."""

    def __init__(
        self,
        rpc: Rpc,
        outbox: Outbox,
        signer: ChainSigner,
        fees: FeeSettings,
        chain_id: int,
        clock: Clock,
        rules: SenderRules,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Remember only when something was sent last; everything else is in the outbox."""
        self._rpc = rpc
        self._outbox = outbox
        self._signer = signer
        self._fees = fees
        self._chain_id = chain_id
        self._clock = clock
        self._rules = rules
        self._monotonic = monotonic
        self._sent_at: dict[bytes, float] = {}
        self._gap_since: dict[Address, float] = {}

    def address(self, account: ChainAccount) -> Address | None:
        """Give an account's address; None where the member has no such key."""
        try:
            return self._signer.address(account)
        except JeungError:
            return None

    def used_nonces(self, addresses: list[Address]) -> dict[Address, int]:
        """Read how many transactions of each account the chain has.

        Raises:
            RpcError: the chain does not answer.
        """
        counts = self._rpc.batch_all([("eth_getTransactionCount", [address, "latest"]) for address in addresses])
        return {address: int_of(count) for address, count in zip(addresses, counts, strict=True)}

    def gas_or_refusal(self, sender: Address, to: Address, data: bytes) -> int | Revert:
        """Ask the chain what a call would need; give its refusal if it would revert now, or could never be sent.

        A refusal for whatever reason is about this one call: anything raised here would stop all other calls too.

        Raises:
            RpcError: the chain does not answer.
        """
        try:
            needed = int_of(self._rpc.call("eth_estimateGas", {"from": sender, "to": to, "data": hex_of(data)}))
        except RpcRefused as refusal:
            said = refusal.said.lower()
            if refusal.revert_data or refusal.rpc_code == _REVERT_CODE or "revert" in said:
                return decode_revert(refusal.revert_data)
            _LOG.warning("endpoint_refuses_to_estimate", rpc_code=refusal.rpc_code, said=refusal.said)
            too_much = any(words in said for words in _TOO_MUCH_GAS)
            return Revert(TOO_MUCH_GAS if too_much else ENDPOINT_REFUSED, {})
        if needed > MAX_GAS:
            return Revert(TOO_MUCH_GAS, {})
        return min(int(needed * _GAS_MARGIN) + _GAS_EXTRA, MAX_GAS)

    def sign(self, account: ChainAccount, to: Address, data: bytes, gas: int) -> SignedTransaction | None:
        """Sign the account's next transaction; None while too many of its transactions are unmined.

        Raises:
            RpcError: the chain does not answer.
            SignatureUnusable: the signer signs for another account.
        """
        address = self._signer.address(account)
        used = self.used_nonces([address])[address]
        nonce = max(self._outbox.next_nonce(address) or 0, used)
        if nonce - used >= MAX_IN_FLIGHT:
            return None
        price = quote(self._fees, self._rpc)
        unsigned = UnsignedTransaction(
            self._chain_id, nonce, price.max_priority_fee_wei, price.max_fee_wei, gas, to, data
        )
        return sign_transaction(unsigned, account, self._signer, now=self._clock.now())

    def broadcast(self, addresses: list[Address]) -> int:
        """Send every stored transaction that the chain has not taken and that was not sent just now; count them.

        Whatever its state in the outbox: what the chain lost again is sent again, byte for byte, in nonce order.

        Raises:
            RpcError: the chain does not answer.
        """
        now = self._monotonic()
        self._sent_at = {sent: at for sent, at in self._sent_at.items() if at > now - self._rules.rebroadcast_s}
        count = 0
        for address, used in self.used_nonces(addresses).items():
            kept = self._outbox.from_nonce(address, used, MAX_IN_FLIGHT)
            self._mend_gap(address, used, kept[0] if kept else None)
            for transaction in kept:
                if transaction.hash not in self._sent_at:
                    self._send(transaction.raw, transaction.hash, transaction.nonce)
                    self._sent_at[transaction.hash] = now
                    count += 1
        return count

    def _send(self, raw: bytes, transaction: bytes, nonce: int) -> None:
        try:
            # One by one: the endpoint may work on a batch in any order, and Hardhat queues no nonce that is too high.
            self._rpc.call("eth_sendRawTransaction", hex_of(raw))
        except RpcRefused as refusal:
            # Known already, mined meanwhile, reverted at once (Hardhat), or out of funds: the receipt decides.
            _LOG.info(
                "transaction_not_taken",
                transaction=hex_of(transaction),
                nonce=nonce,
                rpc_code=refusal.rpc_code,
                said=refusal.said,
            )

    def _mend_gap(self, address: Address, used: int, lowest: SignedTransaction | None) -> None:
        """Fill a nonce that no stored transaction has, or those above it would wait for ever.

        It takes a chain that lost a block whose transactions were pruned here. The filler does nothing; signing is
        deterministic, so it need not be stored.
        """
        if lowest is None or lowest.nonce == used:
            self._gap_since.pop(address, None)
            return
        now = self._monotonic()
        if now - self._gap_since.setdefault(address, now) < self._rules.gap_s:
            return
        _LOG.error("nonce_gap_filled", address=address, nonce=used)
        price = quote(self._fees, self._rpc)
        gas = self.gas_or_refusal(address, address, b"")
        if isinstance(gas, int) and self.address(lowest.account) == address:
            filler = UnsignedTransaction(
                self._chain_id, used, price.max_priority_fee_wei, price.max_fee_wei, gas, address, b""
            )
            signed = sign_transaction(filler, lowest.account, self._signer, now=self._clock.now())
            self._send(signed.raw, signed.hash, used)
