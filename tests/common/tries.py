"""Build Merkle-Patricia tries the long way (Yellow Paper, appendix D): the other side of `jeung.crypto.trie`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import rlp

from jeung.crypto.hashing import keccak256
from jeung.crypto.trie import EMPTY_TRIE

EMPTY_CODE = keccak256(b"")


class Trie:
    """Hold a whole trie: its root and all its nodes by hash."""

    def __init__(self, values: Mapping[bytes, bytes]) -> None:
        """Put values under keccak256 of their keys, as states and storages do."""
        self.nodes: dict[bytes, bytes] = {}
        pairs = {keccak256(key).hex(): value for key, value in values.items()}
        self.root = self._reference(self._built(pairs), at_root=True) if pairs else EMPTY_TRIE

    def _built(self, pairs: Mapping[str, bytes]) -> list[Any]:
        first, *others = sorted(pairs)
        if not others:
            return [_packed(first, leaf=True), pairs[first]]
        shared = 0
        while all(path[shared] == first[shared] for path in others):
            shared += 1
        if shared:
            below = self._built({path[shared:]: value for path, value in pairs.items()})
            return [_packed(first[:shared], leaf=False), self._reference(below)]
        branch: list[Any] = [b""] * 17
        for digit in "0123456789abcdef":
            under = {path[1:]: value for path, value in pairs.items() if path[0] == digit}
            if under:
                branch[int(digit, 16)] = self._reference(self._built(under))
        return branch

    def _reference(self, node: list[Any], *, at_root: bool = False) -> Any:  # noqa: ANN401 - bytes or a node
        raw = bytes(rlp.encode(node))
        if len(raw) < 32 and not at_root:
            return node
        self.nodes[keccak256(raw)] = raw
        return keccak256(raw)


def _packed(nibbles: str, *, leaf: bool) -> bytes:
    flag = 2 * leaf + len(nibbles) % 2
    return bytes.fromhex(f"{flag:x}{'' if len(nibbles) % 2 else '0'}{nibbles}")


def storage_trie(slots: Mapping[int, int]) -> Trie:
    """Build the storage of a contract."""
    filled = {slot.to_bytes(32): bytes(rlp.encode(word)) for slot, word in slots.items() if word}
    return Trie(filled)


def header(number: int, time: int, state_root: bytes, parent: bytes = bytes(32)) -> bytes:
    """Write the header of a block of our own: only what evidence reads has a sense."""
    fields = [parent, bytes(32), bytes(20), state_root, bytes(32), bytes(32), bytes(256)]
    return bytes(rlp.encode([*fields, 0, number, 30_000_000, 0, time, b"", bytes(32), bytes(8), 0]))
