"""Compare the code on chain with the committed artifacts, immutable values included.

The runtime code is not compared around its immutables but made again: the creation code found in the deploying
transaction must begin with the artifact's, and is then run by the chain's own EVM at the contract's address (an
`eth_call` with the code overridden and the storage emptied); what it returns must be the code that stands there.
The constructor's arguments that name other contracts must name those of this consortium.
"""

from typing import Any

from audit import rules
from audit.decoding import CONTRACTS, Undecodable, decode_constructor
from audit.findings import Finding
from audit.source import ChainReader
from audit.state import State
from node import artifacts

_NOBODY = "0x" + 40 * "0"
_CONTRACT_TYPE = "contract I"
_BLOCKS_AT_ONCE = 50


def compare_bytecode(reader: ChainReader, state: State) -> tuple[list[Finding], int]:
    """Compare every contract the Directory names with its artifact; give findings and a count.

    Raises:
        AuditImpossible: the chain does not answer for the audited block, or lacks an older one.
    """
    findings, looked_at = [], 0
    for name in CONTRACTS:
        named: list[list[Any]] = state.contracts.get(name, [])
        if name == "Directory":
            named = [[state.directory, state.genesis]]
        if not named:
            findings.append(
                Finding(rules.BYTECODE_MISMATCH, name, "the Directory names no such contract", state.block)
            )
        for address, named_in in named:
            looked_at += 1
            reason = _difference(reader, state, name, address, named_in)
            if reason is not None:
                findings.append(Finding(rules.BYTECODE_MISMATCH, f"{name} {address}", reason, state.block))
    return findings, looked_at


def _difference(reader: ChainReader, state: State, name: str, address: str, named_in: int) -> str | None:
    code = reader.code(address, state.block)
    if not code:
        return "there is no code at the address"
    creation = _creation_code(reader, address, named_in)
    if creation is None:
        return "no transaction before its naming created it"
    expected = artifacts.load(name).bytecode
    if not creation.startswith(expected):
        return "the creation code is not the artifact's"
    # Asked at the audited block, whose state every endpoint has: what a constructor makes of its arguments does not
    # depend on when it runs.
    if reader.made_by(address, creation, state.block) != code:
        return "the runtime code is not what the creation code makes"
    return _wrong_peer(state, name, address, creation[len(expected) :])


def _creation_code(reader: ChainReader, address: str, named_in: int) -> bytes | None:
    """Look backwards from the block that named an address for the transaction that created it."""
    for end in range(named_in + 1, 0, -_BLOCKS_AT_ONCE):
        found = reader.creations_in(range(max(0, end - _BLOCKS_AT_ONCE), end))
        if address.lower() in found:
            return found[address.lower()]
    return None


def _wrong_peer(state: State, name: str, address: str, encoded: bytes) -> str | None:
    try:
        arguments = decode_constructor(name, encoded)
    except Undecodable:
        return "the constructor's arguments do not have their shape"
    for kind, value in arguments:
        if not kind.startswith(_CONTRACT_TYPE):
            continue
        peer = kind.removeprefix(_CONTRACT_TYPE)
        addresses = state.addresses(peer)
        if peer == name:  # what it succeeds, if anything
            place = addresses.index(address)
            addresses = [addresses[place - 1] if place else _NOBODY]
        if value not in addresses:
            return f"it was made for another {peer}"
    return None
