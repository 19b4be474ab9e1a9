"""Read everything a judgement rested on out of one state: the same reading gathers proofs, exports and verifies."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from jeung.crypto.trie import Header, NotShownError, TrieNodes
from jeung.domain.ledger import Freshness
from jeung.services.evidence.asked import Asked
from jeung.services.evidence.proven import CONTRACTS, Beside, ProvenLedger
from jeung.services.evidence.state import ContractState, Wanted


@dataclass(frozen=True, slots=True)
class Read:
    """Hold what was read: the ledger of one judgement, the nodes that show it, and which code answered by contract.

    A contract that was replaced has several addresses, each with its own code.
    """

    ledger: ProvenLedger
    code_hashes: Mapping[str, frozenset[bytes]]
    nodes: Sequence[bytes]
    unused: int


def read_state(
    nodes: TrieNodes, header: Header, directory: bytes, asked: Asked, beside: Beside, freshness: Freshness
) -> Read:
    """Read a judgement's part of the ledger.

    Raises:
        NotShownError: the nodes lack something.
        InvalidProof: they contradict themselves.
    """
    own = nodes.afresh()
    state = ContractState(own, header.state_root, directory)
    ledger = ProvenLedger(state, asked, beside, freshness)
    code_hashes = {}
    for contract in CONTRACTS:
        try:
            found = state.code_hashes(contract)
        except NotShownError:
            # Nothing of this contract was asked.
            continue
        if found:
            code_hashes[contract] = found
    return Read(ledger, code_hashes, own.used, own.unused)


def read_with_log_key(
    nodes: TrieNodes, header: Header, directory: bytes, asked: Asked, beside: Beside, freshness: Freshness
) -> Read:
    """Read a judgement's part of the ledger, without the log's key where that was not gathered.

    The checkpoint may be signed by a key that the log took up after the proofs were gathered.

    Raises:
        NotShownError, InvalidProof: as `read_state`.
    """
    try:
        return read_state(nodes, header, directory, asked, beside, freshness)
    except NotShownError:
        return read_state(nodes, header, directory, asked, replace(beside, keys=()), freshness)


def wanted_slots(
    nodes: TrieNodes, header: Header, directory: bytes, asked: Asked, beside: Beside, freshness: Freshness
) -> Wanted:
    """Say which slots the nodes do not show yet; each answer may lead to further ones.

    Raises:
        InvalidProof: the nodes contradict themselves.
    """
    wanted: Wanted = set()
    state = ContractState(nodes.afresh(), header.state_root, directory, wanted)
    # What the nodes do not show yet cannot agree with what was registered.
    with suppress(NotShownError):
        ProvenLedger(state, asked, beside, freshness)
    return wanted
