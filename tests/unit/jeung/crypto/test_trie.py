"""Values are read out of tries as Ethereum writes them; another form is refused, and what is not shown is said."""

from __future__ import annotations

import pytest
import rlp
from hypothesis import given, settings
from hypothesis import strategies as st

from jeung.crypto.hashing import keccak256
from jeung.crypto.trie import EMPTY_TRIE, NotShownError, TrieNodes, decode_plain, parse_header
from jeung.errors import InvalidProof
from tests.common.tries import Trie, header, storage_trie

SLOTS = st.dictionaries(st.integers(0, (1 << 256) - 1), st.integers(1, (1 << 256) - 1), max_size=40)


@settings(max_examples=60, deadline=None)
@given(SLOTS, st.integers(0, (1 << 256) - 1))
def test_every_word_reads_as_it_was_written_and_every_other_as_zero(slots: dict[int, int], other: int) -> None:
    trie = storage_trie(slots)
    nodes = TrieNodes(trie.nodes.values())
    assert {slot: nodes.storage(trie.root, slot) for slot in slots} == slots
    assert nodes.storage(trie.root, other) == slots.get(other, 0)


def test_proof_holds_what_leads_to_its_value_and_no_more() -> None:
    trie = storage_trie({slot: slot + 1 for slot in range(200)})
    nodes = TrieNodes(trie.nodes.values())
    nodes.storage(trie.root, 7)
    proof = TrieNodes(nodes.used)
    assert proof.storage(trie.root, 7) == 8
    assert (proof.unused, nodes.unused) == (0, len(trie.nodes) - len(nodes.used))
    with pytest.raises(NotShownError):
        [proof.storage(trie.root, slot) for slot in range(200)]


def test_root_that_mainnet_would_give() -> None:
    # The first vector of ethereum/tests, TrieTests/trietest_secureTrie (singleItem).
    trie = Trie({b"A": b"a" * 50})
    assert trie.root.hex() == "e9e2935138352776cad724d31c9fa5266a5c593bb97726dd2a908fe6d53284df"
    assert TrieNodes(trie.nodes.values()).value(trie.root, b"A") == b"a" * 50


def test_account_is_read_from_the_state() -> None:
    account = [1, 0, keccak256(b"storage"), keccak256(b"code")]
    state = Trie({b"a" * 20: bytes(rlp.encode(account))})
    nodes = TrieNodes(state.nodes.values())
    found = nodes.account(state.root, b"a" * 20)
    assert (found.storage_root, found.code_hash) == (account[2], account[3])
    with pytest.raises(InvalidProof):
        nodes.account(state.root, b"b" * 20)
    short = Trie({b"a" * 20: bytes(rlp.encode([1, 0, b"x" * 40]))})
    with pytest.raises(InvalidProof):
        TrieNodes(short.nodes.values()).account(short.root, b"a" * 20)


def test_nothing_stands_in_an_empty_trie() -> None:
    assert TrieNodes().storage(EMPTY_TRIE, 1) == 0


def lone(item: object) -> tuple[bytes, TrieNodes]:
    raw = bytes(rlp.encode(item))
    return keccak256(raw), TrieNodes([raw])


PATH = keccak256(bytes(32)).hex()
LEAF = bytes.fromhex("20" + PATH)


@pytest.mark.parametrize(
    "item",
    [
        b"text",
        [b"a", b"b", b"c"],
        [bytes.fromhex("40" + PATH), b"x"],
        [bytes.fromhex("21" + PATH), b"x"],
        [bytes.fromhex("01" + PATH), b"x"],
        [b"", b"x"],
        [[b"x"], b"x"],
        [LEAF, [b"x"]],
        [LEAF, b"\x81\x00"],
        [LEAF, bytes(rlp.encode([b"list"]))],
        [LEAF, bytes(rlp.encode(b"\x00\x01"))],
        [LEAF, bytes(rlp.encode(b"x" * 33))],
        [bytes.fromhex("00" + PATH), [[b""] * 17][0]],
    ],
    ids=[
        *("a text", "three items", "an unknown flag", "odd and even", "even and odd", "no path", "a list as path"),
        *("a list as value", "not the shortest RLP", "a list as word", "leading zeros", "33 bytes", "beyond a path"),
    ],
)
def test_what_has_the_right_hash_and_is_no_node_is_refused(item: object) -> None:
    root, nodes = lone(item)
    with pytest.raises(InvalidProof):
        nodes.storage(root, 0)


def test_leaf_of_a_longer_or_shorter_path_is_none_of_ours() -> None:
    root, nodes = lone([bytes.fromhex("20" + PATH[:62]), b"\x05"])
    assert nodes.storage(root, 0) == 0


@pytest.mark.parametrize("raw", [b"", b"\xc0", b"\xff" * 40, b"\xc1" * 1_000, b"\x00" * 2_000], ids=range(5))
def test_bytes_that_are_no_node_are_refused(raw: bytes) -> None:
    with pytest.raises(InvalidProof):
        TrieNodes([raw]).storage(keccak256(raw), 0)


def test_header_reads_as_it_was_written() -> None:
    raw = header(7, 1_800_000_000, b"s" * 32, b"p" * 32)
    read = parse_header(raw)
    assert (read.hash, read.parent_hash, read.state_root) == (keccak256(raw), b"p" * 32, b"s" * 32)
    assert (read.number, read.time) == (7, 1_800_000_000)


@pytest.mark.parametrize(
    "raw",
    [
        *(b"", b"\xc0", b"text", bytes(rlp.encode([b""] * 14)), bytes(rlp.encode([b""] * 33)), b"\xc0" * 5_000),
        bytes(rlp.encode([b""] * 8 + [b"\x00\x01"] + [b""] * 7)),
        bytes(rlp.encode([b""] * 8 + [b"x" * 9] + [b""] * 7)),
        bytes(rlp.encode([[b""]] + [b""] * 15)),
    ],
    ids=["empty", "no fields", "a text", "too few", "too many", "too large", "leading zero", "too long", "a list"],
)
def test_what_is_no_header_is_refused(raw: bytes) -> None:
    with pytest.raises(InvalidProof):
        parse_header(raw)


def by_library(raw: bytes) -> object:
    try:
        return rlp.decode(raw)
    except rlp.exceptions.DecodingError:
        return None


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=70), st.lists(st.binary(max_size=60), max_size=20)), st.binary(max_size=2))
def test_plain_items_decode_as_by_the_library(item: object, behind: bytes) -> None:
    raw = bytes(rlp.encode(item))
    assert decode_plain(raw) in (item, None)
    for other in (raw + behind, raw[:-1], raw[1:], behind + raw):
        plain = decode_plain(other)
        assert plain is None or plain == by_library(other)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x81\x05",
        b"\x81",
        b"\xf8",
        b"\xf8\x01\x05",
        b"\xf9",
        b"\xf9\x00\x38" + b"\x05" * 56,
        b"\xc2\x05",
        b"\x05\x05",
    ],
    ids=range(9),
)
def test_item_with_a_second_spelling_is_not_plain(raw: bytes) -> None:
    assert decode_plain(raw) is None
    assert by_library(raw) is None
