"""Encode and decode status lists (Token Status List section 4), and read the ledger's words as lists.

A list packs `bits` per status, the first status in the lowest bits of the first byte. The ledger packs 2-bit
statuses 128 to a uint256, index i in word i//128 at bits 2*(i%128): the same bits as the list's bytes when each
word is written little end first, so that projecting the chain is joining words.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Self

from jeung.crypto import base64url
from jeung.errors import MalformedBase64url, MalformedStatusList, StatusReferenceInvalid

LIST_LENGTH: Final = 2**20
"""Statuses in one list of the StatusRegistry."""
STATUSES_PER_WORD: Final = 128
WORDS_PER_LIST: Final = LIST_LENGTH // STATUSES_PER_WORD
LEDGER_BITS: Final = 2
MAX_LIST_BYTES: Final = 2**20
"""The most that a foreign list may inflate to: 2**20 statuses of 8 bits."""
_ALLOWED_BITS: Final = frozenset({1, 2, 4, 8})
_WORD_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class StatusList:
    """An immutable list of small numbers; 0 is valid, 1 revoked, 2 suspended."""

    bits: int
    data: bytes

    def __post_init__(self) -> None:
        """Refuse a width that does not divide a byte.

        Raises:
            MalformedStatusList: `bits` is not 1, 2, 4 or 8.

        """
        if self.bits not in _ALLOWED_BITS:
            raise MalformedStatusList("expected 1, 2, 4 or 8 bits for each status")

    def __len__(self) -> int:
        """Return how many statuses the bytes hold."""
        return len(self.data) * 8 // self.bits

    def __getitem__(self, index: int) -> int:
        """Return the status at `index`.

        Raises:
            StatusReferenceInvalid: the list is shorter, or the index negative.

        """
        if not 0 <= index < len(self):
            raise StatusReferenceInvalid("the index lies outside of the status list")
        byte, place = divmod(index * self.bits, 8)
        return self.data[byte] >> place & (1 << self.bits) - 1

    @classmethod
    def from_statuses(cls, bits: int, statuses: Iterable[int]) -> Self:
        """Pack statuses; the last byte is filled with zeros.

        Raises:
            MalformedStatusList: a status does not fit into `bits`, or `bits` is not allowed.

        """
        packed = cls(bits, b"")  # refuses the width before it is used
        per_byte, data = 8 // packed.bits, bytearray()
        for position, status in enumerate(statuses):
            if not 0 <= status < 1 << bits:
                raise MalformedStatusList("a status does not fit into its bits")
            if position % per_byte == 0:
                data.append(0)
            data[-1] |= status << position % per_byte * bits
        return cls(bits, bytes(data))

    @classmethod
    def from_words(cls, words: Mapping[int, int]) -> Self:
        """Project the words of one ledger list; a word that is not there is all valid.

        Raises:
            MalformedStatusList: a word's number or value is out of range.

        """
        data = bytearray(WORDS_PER_LIST * _WORD_BYTES)
        for number, word in words.items():
            if not 0 <= number < WORDS_PER_LIST or not 0 <= word < 1 << 8 * _WORD_BYTES:
                raise MalformedStatusList("a word of the ledger is out of range")
            data[number * _WORD_BYTES : (number + 1) * _WORD_BYTES] = word.to_bytes(_WORD_BYTES, "little")
        return cls(LEDGER_BITS, bytes(data))

    def to_words(self) -> dict[int, int]:
        """Return the ledger words that are not zero; the inverse of `from_words`.

        Raises:
            MalformedStatusList: the list does not have the ledger's width and length.

        """
        if self.bits != LEDGER_BITS or len(self) != LIST_LENGTH:
            raise MalformedStatusList("expected 2**20 statuses of 2 bits")
        chunks = (self.data[start : start + _WORD_BYTES] for start in range(0, len(self.data), _WORD_BYTES))
        words = ((number, int.from_bytes(chunk, "little")) for number, chunk in enumerate(chunks))
        return {number: word for number, word in words if word}

    def compressed(self) -> str:
        """Return `lst`: zlib at level 9, then base64url (section 4.1)."""
        return base64url.encode(zlib.compress(self.data, 9))

    @classmethod
    def from_compressed(cls, bits: int, lst: str, *, max_bytes: int = MAX_LIST_BYTES) -> Self:
        """Inflate `lst`, never further than the bound: a few kilobytes could spell a terabyte.

        Raises:
            MalformedStatusList: not base64url, not one whole zlib stream, or larger than `max_bytes`.

        """
        inflater = zlib.decompressobj()
        try:
            data = inflater.decompress(base64url.decode(lst), max_bytes + 1)
        except (MalformedBase64url, zlib.error):
            raise MalformedStatusList from None
        if len(data) > max_bytes:
            raise MalformedStatusList("the status list is larger than its bound")
        if not inflater.eof or inflater.unused_data:
            raise MalformedStatusList("expected one whole zlib stream")
        return cls(bits, data)


def status_in_word(word: int, index: int) -> int:
    """Return the 2-bit status of `index` from the ledger word that holds it."""
    return word >> LEDGER_BITS * (index % STATUSES_PER_WORD) & 3
