"""Compare the code on chain with the committed artifacts, immutable values included.

The runtime code is not compared around its immutables but made again: the creation code found in the deploying
transaction must begin with the artifact's, and is then run by the chain's own EVM at the contract's address (an
`eth_call` with the code overridden and the storage emptied); what it returns must be the code that stands there.
The constructor's arguments that name other contracts must name those of this consortium.
"""

from audit import rules
from audit.decoding import CONTRACTS, Undecodable, decode_constructor
from audit.findings import Finding
from audit.source import ChainReader
from audit.state import State
from node import artifacts

_NOBODY = "0x" + 40 * "0"
_CONTRACT_TYPE = "contract I"


def compare_bytecode(reader: ChainReader, state: State) -> tuple[list[Finding], int]:
    """Compare every contract the Directory names with its artifact; give findings and a count.

    Raises:
        AuditImpossible: the chain does not answer for the audited block, or for the one that deployed a contract.
    """
    findings, looked_at = [], 0
    for name in CONTRACTS:
        addresses = state.addresses(name)
        if not addresses:
            findings.append(
                Finding(rules.BYTECODE_MISMATCH, name, "the Directory names no such contract", state.block)
            )
        for address in addresses:
            looked_at += 1
            reason = _difference(reader, state, name, address)
            if reason is not None:
                findings.append(Finding(rules.BYTECODE_MISMATCH, f"{name} {address}", reason, state.block))
    return findings, looked_at


def _difference(reader: ChainReader, state: State, name: str, address: str) -> str | None:
    code = reader.code(address, state.block)
    if not code:
        return "there is no code at the address"
    created_in = _creation_block(reader, address, state.block)
    creation = dict(reader.creations_in(created_in)).get(address.lower())
    if creation is None:
        return "no transaction of the block where the code appeared created it"
    expected = artifacts.load(name).bytecode
    if not creation.startswith(expected):
        return "the creation code is not the artifact's"
    if reader.made_by(address, creation, created_in) != code:
        return "the runtime code is not what the creation code makes"
    return _wrong_peer(state, name, address, creation[len(expected) :])


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
