"""Say what a transaction offers for gas: nothing, a fixed price, or what the chain asks, within a bound."""

from __future__ import annotations

from dataclasses import dataclass

from node.chain.errors import ChainMoved
from node.chain.hexes import int_of
from node.chain.rpc import Rpc
from node.settings import FeeMode, FeeSettings


@dataclass(frozen=True, slots=True)
class Fees:
    """Hold the two prices of EIP-1559, in wei per unit of gas."""

    max_priority_fee_wei: int
    max_fee_wei: int


def quote(settings: FeeSettings, rpc: Rpc) -> Fees:
    """Give the prices to offer now.

    In market mode the offer bears a base fee twice the present one, which six full blocks in a row cannot reach;
    a sent transaction is never replaced by a dearer one, it waits until the base fee falls below its offer.

    Raises:
        RpcError: the chain does not answer.
        ChainMoved: the chain's newest block cannot be read.
    """
    if settings.mode is FeeMode.ZERO:
        # Stated, because a zero-fee Anvil still suggests a tip of 1 gwei when it is asked.
        return Fees(0, 0)
    if settings.mode is FeeMode.FIXED:
        return Fees(settings.price_wei, settings.price_wei)
    block = rpc.call("eth_getBlockByNumber", "latest", False)
    try:
        base_fee = int_of(block["baseFeePerGas"])
    except (KeyError, TypeError, ValueError):
        raise ChainMoved("the newest block does not state a base fee") from None
    tip = min(settings.max_priority_fee_wei, settings.max_fee_wei)
    return Fees(tip, min(2 * base_fee + tip, settings.max_fee_wei))
