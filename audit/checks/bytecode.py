"""Compare the code on chain with the committed artifacts, immutable values included.

The runtime code is not compared around its immutables but made again: the creation code found in the deploying
transaction must begin with the artifact's, and is then run by the chain's own EVM at the contract's address (an
`eth_call` with the code overridden and the storage emptied); what it returns must be the code that stands there.
"""

from typing import Any

from audit import rules
from audit.decoding import CONTRACTS
from audit.findings import AuditImpossible, Finding
from audit.source import ChainReader
from audit.state import State
from node import artifacts


def compare(reader: ChainReader, state: State) -> tuple[list[Finding], int]:
    """Compare every contract the Directory names with its artifact; give findings and a count."""
    findings, looked_at = [], 0
    for name in CONTRACTS:
        for address in state.addresses(name):
            looked_at += 1
            reason = _difference(reader, name, address, state.block)
            if reason is not None:
                findings.append(Finding(rules.BYTECODE_MISMATCH, f"{name} {address}", reason, state.block))
    return findings, looked_at


def _difference(reader: ChainReader, name: str, address: str, block: int) -> str | None:
    code = reader.code(address, block)
    if not code:
        return "there is no code at the address"
    created_in = _creation_block(reader, address, block)
    creation = _creation_code(reader, address, created_in)
    if creation is None:
        return "no transaction of the block where the code appeared created it"
    expected = artifacts.load(name).bytecode
    if not creation.startswith(expected):
        return "the creation code is not the artifact's"
    override = {address: {"code": "0x" + creation.hex(), "state": {}}}
    made = reader.call("eth_call", {"to": address}, hex(created_in), override)
    return None if bytes.fromhex(made[2:]) == code else "the runtime code is not what the creation code makes"


def _creation_block(reader: ChainReader, address: str, head: int) -> int:
    """Find the first block with code at the address, by halving."""
    low, high = 0, head
    while low < high:
        middle = (low + high) // 2
        if reader.code(address, middle):
            high = middle
        else:
            low = middle + 1
    return low


def _creation_code(reader: ChainReader, address: str, block: int) -> bytes | None:
    creations = [raw for raw in reader.transactions_of(block) if raw.get("to") is None]
    receipts: list[dict[str, Any] | None] = reader.batch(
        [("eth_getTransactionReceipt", [raw["hash"]]) for raw in creations]
    )
    for raw, receipt in zip(creations, receipts, strict=True):
        if receipt is None:
            raise AuditImpossible("the chain lacks a receipt it should have")
        if str(receipt.get("contractAddress") or "").lower() == address.lower():
            return bytes.fromhex(raw["input"][2:])
    return None
