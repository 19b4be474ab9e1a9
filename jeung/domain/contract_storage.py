"""Say where the consortium's contracts keep what a verification rests on, slot by slot.

The numbers are those of the compiler's storage layouts; a test compares them with the artifacts, and another with
what a chain answers. A mapping's value stands at keccak256(key ‖ slot), the elements of an array from
keccak256(slot) on (Solidity documentation, "Layout of State Variables in Storage"). Fields that share a slot are
packed from the lowest bytes up: `bits` takes one out.
"""

from typing import Final

from jeung.crypto.hashing import keccak256

MEMBER_RECORDS: Final = 1
URL_OWNERS: Final = 2
ACCOUNT_OWNERS: Final = 3
OPERATORS: Final = 4
KEY_RECORDS: Final = 0
GRANTS: Final = 0
SCHEMA_RECORDS: Final = 1
SCHEMAS_BY_VCT: Final = 2
BATCHES: Final = 3
STATUS_WORDS: Final = 1
STATUS_INHERITED: Final = 2
PROFILES: Final = 0
NAMES_HISTORY: Final = 1

KEY_REVOCATIONS: Final = 1
KEY_COMPROMISES: Final = 2
"""Slots of a key's record behind its first."""
PROFILE_SLOTS: Final = 2
INDEXES_PER_WORD: Final = 128
FLAGS_PER_WORD: Final = 256
"""Of OpenZeppelin's BitMaps."""

_WORD_BYTES: Final = 32
_MODULUS: Final = 1 << 256


def under(slot: int, *keys: bytes) -> int:
    """Give the slot of a mapping's value, or of a mapping of mappings' under several keys."""
    for key in keys:
        slot = int.from_bytes(keccak256(key.rjust(_WORD_BYTES, b"\0") + slot.to_bytes(_WORD_BYTES)))
    return slot


def element(slot: int, index: int, size: int = 1) -> int:
    """Give the first slot of an element of a dynamic array whose elements fill `size` slots."""
    return (int.from_bytes(keccak256(slot.to_bytes(_WORD_BYTES))) + index * size) % _MODULUS


def behind(slot: int, offset: int) -> int:
    """Give a later slot of the same struct or fixed array."""
    return (slot + offset) % _MODULUS


def bits(word: int, at_byte: int, size_bytes: int) -> int:
    """Take a packed field out of a word: `at_byte` bytes from its low end, `size_bytes` wide."""
    return (word >> (8 * at_byte)) & ((1 << (8 * size_bytes)) - 1)
