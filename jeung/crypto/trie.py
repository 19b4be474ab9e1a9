"""Read values out of Merkle-Patricia proofs, and headers of blocks (Yellow Paper, section 4.3, appendices B to D).

A proof is a set of trie nodes. Each is found by its keccak256 only, so that whoever reads a value from a root has
proved it: a node that was altered is not found any more. That nothing stands at a key is proved in the same way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import rlp

from jeung.crypto.hashing import DIGEST_LENGTH, keccak256
from jeung.errors import InvalidProof

EMPTY_TRIE: Final = keccak256(b"\x80")
MAX_NODE_BYTES: Final = 1_024
"""A branch has 16 hashes and a value of at most 32 bytes, or of an account."""
MAX_HEADER_BYTES: Final = 4_096
_NIBBLES: Final = 64
_BRANCH: Final = 17
_SHORT: Final = 2
_ACCOUNT: Final = 4
# parentHash, ommersHash, beneficiary, stateRoot, …, number, gasLimit, gasUsed, timestamp, extraData, mixHash, nonce.
_LEAST_FIELDS, _MOST_FIELDS = 15, 32
_PARENT, _STATE, _NUMBER, _TIME = 0, 3, 8, 11
_MAX_QUANTITY_BYTES = 8
_PARENT_BEGIN = 4
# RLP, appendix B: where strings and lists begin, and from which length on their length has bytes of its own.
_STRING, _LIST, _LIST_8, _LIST_16, _SHORTEST_LONG = 0x80, 0xC0, 0xF8, 0xF9, 56


class NotShownError(LookupError):
    """Raised where the nodes at hand lead neither to a value nor to its absence."""


@dataclass(frozen=True, slots=True)
class Header:
    """Hold what a block's header says; `time` is seconds UTC."""

    hash: bytes
    parent_hash: bytes
    state_root: bytes
    number: int
    time: int


@dataclass(frozen=True, slots=True)
class Account:
    """Hold what the state says of a contract: the root of its storage and the keccak256 of its code."""

    storage_root: bytes
    code_hash: bytes


class TrieNodes:
    """Find nodes by their hashes, and remember which were of use."""

    def __init__(self, nodes: Iterable[bytes] = ()) -> None:
        self._nodes: dict[bytes, bytes] = {}
        self._decoded: dict[bytes, Any] = {}
        self._used: set[bytes] = set()
        self.add(nodes)

    def add(self, nodes: Iterable[bytes]) -> None:
        """Take more nodes in."""
        self._nodes.update((keccak256(node), node) for node in nodes)

    def afresh(self) -> TrieNodes:
        """Give the same nodes, of which none was of use yet."""
        other = TrieNodes()
        other._nodes, other._decoded = self._nodes, self._decoded
        return other

    @property
    def used(self) -> list[bytes]:
        """Give the nodes that some reading went through, in the order of their hashes."""
        return [self._nodes[name] for name in sorted(self._used)]

    @property
    def unused(self) -> int:
        """Count the nodes that no reading went through."""
        return len(self._nodes) - len(self._used)

    def node(self, name: bytes) -> Any:  # noqa: ANN401 - an RLP item: bytes or a list of items
        """Give a node's items by its keccak256.

        Raises:
            NotShownError: it is not among the nodes.
            InvalidProof: it is no list in RLP.
        """
        if name not in self._decoded:
            if name not in self._nodes:
                raise NotShownError
            node = _decode(self._nodes[name], MAX_NODE_BYTES)
            if not isinstance(node, list):
                raise InvalidProof("not a node of a trie")
            self._decoded[name] = node
        self._used.add(name)
        return self._decoded[name]

    def value(self, root: bytes, key: bytes) -> bytes:
        """Give what stands under keccak256(key) in the trie of a root, empty where nothing does.

        Raises:
            NotShownError: the nodes do not lead there.
            InvalidProof: something that has the right hash is no node of a trie.
        """
        if root == EMPTY_TRIE:
            return b""
        path = keccak256(key).hex()
        node, at = self.node(root), 0
        while True:
            if len(node) == _BRANCH:
                if at == _NIBBLES:
                    raise InvalidProof("a path of the trie is too long")
                child, at = node[int(path[at], 16)], at + 1
            elif len(node) == _SHORT:
                nibbles, is_leaf = _unpacked(node[0])
                if not path.startswith(nibbles, at):
                    return b""
                at += len(nibbles)
                if is_leaf:
                    return _bytes(node[1]) if at == _NIBBLES else b""
                child = node[1]
            else:
                raise InvalidProof("not a node of a trie")
            if child == b"":
                return b""
            # A node of fewer than 32 bytes stands in its parent itself.
            node = child if isinstance(child, list) else self.node(child)

    def account(self, state_root: bytes, address: bytes) -> Account:
        """Give an account of the state.

        Raises:
            NotShownError, InvalidProof: as `value`; also where there is no such account.
        """
        found = _decode(self.value(state_root, address), MAX_NODE_BYTES)
        if not isinstance(found, list) or len(found) != _ACCOUNT:
            raise InvalidProof("the state has no such account")
        return Account(_bytes(found[2]), _bytes(found[3]))

    def storage(self, storage_root: bytes, slot: int) -> int:
        """Give the 256-bit word of a slot, 0 where nothing stands.

        Raises:
            NotShownError, InvalidProof: as `value`.
        """
        found = self.value(storage_root, slot.to_bytes(DIGEST_LENGTH))
        return _quantity(_decode(found, MAX_NODE_BYTES), DIGEST_LENGTH) if found else 0


def parse_header(raw: bytes) -> Header:
    """Read a header from its RLP; its hash is that of the bytes.

    Raises:
        InvalidProof: it is none.
    """
    fields = _decode(raw, MAX_HEADER_BYTES)
    if not isinstance(fields, list) or not _LEAST_FIELDS <= len(fields) <= _MOST_FIELDS:
        raise InvalidProof("not the header of a block")
    return Header(
        hash=keccak256(raw),
        parent_hash=_bytes(fields[_PARENT]),
        state_root=_bytes(fields[_STATE]),
        number=_quantity(fields[_NUMBER], _MAX_QUANTITY_BYTES),
        time=_quantity(fields[_TIME], _MAX_QUANTITY_BYTES),
    )


def link_headers(raw: Sequence[bytes]) -> tuple[Header, Sequence[bytes]]:
    """Read a chain of headers: the first one, and the hashes of all, each the parent of the next.

    Of all but the first only the parent's hash is read, where RLP puts it in every header: what else stands in them
    is bound by their hashes, and whoever believes the hash of one believes all before it.

    Raises:
        InvalidProof: there is none, or they are no chain.
    """
    if not raw:
        raise InvalidProof("there is no header")
    first = parse_header(raw[0])
    hashes = [first.hash]
    for later in raw[1:]:
        sound = len(later) <= MAX_HEADER_BYTES and later[:4] == _header_start(later)
        if not sound or later[_PARENT_BEGIN : _PARENT_BEGIN + DIGEST_LENGTH] != hashes[-1]:
            raise InvalidProof("the headers are no chain")
        hashes.append(keccak256(later))
    return first, hashes


def _header_start(raw: bytes) -> bytes:
    """Give how a header of this length begins: its bloom filter alone makes its length one of two bytes."""
    return bytes([_LIST_16]) + (len(raw) - 3).to_bytes(2, signed=len(raw) < 3) + bytes([_STRING + DIGEST_LENGTH])


def decode_plain(raw: bytes) -> list[bytes] | bytes | None:
    """Decode what most nodes are, a list of short strings or one; None leaves it to the library.

    A test holds the two against each other; the library takes five times as long.
    """
    first = raw[0] if raw else 0xFF
    if first < _LIST:
        items = _short_strings(raw, 0)
        return items[0] if items is not None and len(items) == 1 else None
    if first <= _LIST + _SHORTEST_LONG - 1:
        at, size = 1, first - _LIST
    elif first == _LIST_8 and len(raw) > 1:
        at, size = 2, raw[1] if raw[1] >= _SHORTEST_LONG else -1
    elif first == _LIST_16 and len(raw) > 2 and raw[1]:
        at, size = 3, int.from_bytes(raw[1:3])
    else:
        return None
    return _short_strings(raw, at) if len(raw) == at + size else None


def _short_strings(raw: bytes, at: int) -> list[bytes] | None:
    items = []
    while at < len(raw):
        head = raw[at]
        if head < _STRING:
            items.append(raw[at : at + 1])
            at += 1
            continue
        size = head - _STRING
        item = raw[at + 1 : at + 1 + size]
        # A small byte is written as itself.
        if size >= _SHORTEST_LONG or (size == 1 and item < b"\x80"):
            return None
        items.append(item)
        at += 1 + size
    return items if at == len(raw) else None


def _decode(raw: bytes, most: int) -> Any:  # noqa: ANN401 - an RLP item: bytes or a list of items
    if len(raw) > most:
        raise InvalidProof("a part of the proof is too large")
    plain = decode_plain(raw)
    if plain is not None:
        return plain
    try:
        return rlp.decode(raw)
    except (rlp.exceptions.DecodingError, RecursionError):
        raise InvalidProof("a part of the proof is no RLP") from None


def _bytes(item: object) -> bytes:
    if not isinstance(item, bytes):
        raise InvalidProof("a part of the proof is a list where a value belongs")
    return item


def _quantity(item: object, most: int) -> int:
    value = _bytes(item)
    if len(value) > most or value[:1] == b"\0":
        raise InvalidProof("a part of the proof is no number")
    return int.from_bytes(value)


def _unpacked(item: object) -> tuple[str, bool]:
    """Read the nibbles of a leaf or an extension from their hex-prefix form (appendix C); tell if it is a leaf."""
    digits = _bytes(item).hex()
    flag = int(digits[:1] or "f", 16)
    if flag > 3 or (not flag & 1 and digits[1] != "0"):
        raise InvalidProof("not a node of a trie")
    return digits[1 if flag & 1 else 2 :], flag >= 2
