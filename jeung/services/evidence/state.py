"""Read the storage of the consortium's contracts in the state of one block, from proofs alone.

Only the Directory's address is believed; every other address is read from it, as it is recorded there.
"""

from typing import Final

from jeung.crypto.trie import Account, NotShownError, TrieNodes
from jeung.domain.contract_storage import NAMES_HISTORY, bits, element, under
from jeung.errors import InvalidProof

ADDRESS_BYTES: Final = 20
DIRECTORY: Final = "Directory"
MAX_GENERATIONS: Final = 64
"""Addresses that one name may have had."""
_NAME_BYTES: Final = 32

Wanted = set[tuple[bytes, int]]
"""Slots by the address of their contract, 20 bytes."""


class ContractState:
    """Answer what stands in which slot.

    With `wanted`, nothing is missing: what the nodes do not show counts as 0 and is noted there, so that whoever
    gathers proofs learns what to ask the chain for, and asks again until nothing new is wanted.
    """

    def __init__(self, nodes: TrieNodes, state_root: bytes, directory: bytes, wanted: Wanted | None = None) -> None:
        self._nodes = nodes
        self._state_root = state_root
        self._directory = directory
        self._wanted = wanted
        self._accounts: dict[bytes, Account] = {}
        self._addresses: dict[str, tuple[bytes, ...]] = {DIRECTORY: (directory,)}

    def addresses(self, contract: str) -> tuple[bytes, ...]:
        """Give every address the Directory ever named for a contract, 20 bytes each, the present one last.

        Raises:
            NotShownError, InvalidProof: the proofs do not say.
        """
        if contract not in self._addresses:
            history = under(NAMES_HISTORY, contract.encode().ljust(_NAME_BYTES, b"\0"))
            count = self._word(self._directory, history)
            if count > MAX_GENERATIONS:
                raise InvalidProof("the Directory names too many addresses")
            found = [self._word(self._directory, element(history, index)) for index in range(count)]
            named = tuple(bits(word, 0, ADDRESS_BYTES).to_bytes(ADDRESS_BYTES) for word in found)
            if self._wanted is not None and not all(map(any, named)):
                return ()
            self._addresses[contract] = named
        return self._addresses[contract]

    def code_hashes(self, contract: str) -> frozenset[bytes]:
        """Give the keccak256 of the code at each of a contract's addresses that something was read at.

        Raises:
            NotShownError, InvalidProof: the proofs do not name its addresses.
        """
        read = (self._accounts.get(address) for address in self.addresses(contract))
        return frozenset(account.code_hash for account in read if account is not None)

    def word(self, contract: str, slot: int, generation: int = -1) -> int:
        """Give the word of a slot at one of a contract's addresses, by default the present one.

        Raises:
            NotShownError, InvalidProof: the proofs do not say, or the Directory names no such contract.
        """
        addresses = self.addresses(contract)
        if not addresses:
            if self._wanted is None:
                raise NotShownError
            return 0
        return self._word(addresses[generation], slot)

    def _word(self, address: bytes, slot: int) -> int:
        try:
            return self._nodes.storage(self._account(address).storage_root, slot)
        except NotShownError:
            if self._wanted is None:
                raise
            self._wanted.add((address, slot))
            return 0

    def _account(self, address: bytes) -> Account:
        if address not in self._accounts:
            self._accounts[address] = self._nodes.account(self._state_root, address)
        return self._accounts[address]
