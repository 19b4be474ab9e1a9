"""Hold one status list as events made it, in as little memory as a list of a million indexes allows.

A list's words are packed as the contract packs them, and beside each word stand the times of the last change of its
indexes: nine bytes an index at most, where a table of Python objects takes some two hundred and fifty.
"""

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

INDEXES_PER_WORD: Final = 128
REVOKED: Final = 1
_BITS: Final = 2
_MASK: Final = (1 << _BITS) - 1
_WORD_BITS: Final = _BITS * INDEXES_PER_WORD
_NEVER: Final = bytes(8 * INDEXES_PER_WORD)


@dataclass(slots=True)
class StatusList:
    """Hold statuses by index; an index that no event ever named has status 0."""

    words: dict[int, int] = field(default_factory=dict)
    """Every word that was ever touched, packed as the contract does: index 0 lowest."""
    _times: dict[int, "array[int]"] = field(default_factory=dict)
    """word -> time of the last change of each of its indexes, seconds UTC; 0 where there was none."""

    def set(self, indexes: Iterable[int], status: int, time: int) -> bool:
        """Give some indexes a status; tell whether a revoked one was among them and got another status."""
        undone = False
        for index in indexes:
            number, place = divmod(index, INDEXES_PER_WORD)
            word, times = self.words.get(number, 0), self._times.get(number)
            if times is None:
                times = self._times[number] = array("Q", _NEVER)
            before = word >> _BITS * place & _MASK
            undone |= before == REVOKED != status
            self.words[number] = word ^ (before ^ status) << _BITS * place
            if before != status or not times[place]:
                times[place] = time
        return undone

    def at(self, index: object) -> int:
        """Give the status of an index; 0 for whatever is none."""
        if not isinstance(index, int):
            return 0
        number, place = divmod(index, INDEXES_PER_WORD)
        return self.words.get(number, 0) >> _BITS * place & _MASK

    def not_valid(self) -> Iterator[int]:
        """Give the indexes whose status is another one than 0, in their order."""
        for number, word in sorted(self.words.items()):
            while word:
                place = ((word & -word).bit_length() - 1) // _BITS
                yield INDEXES_PER_WORD * number + place
                word &= ~(_MASK << _BITS * place)

    def changed_after(self, time: int) -> Iterator[int]:
        """Give the indexes that changed later than a time."""
        for number, times in self._times.items():
            if max(times) > time:
                yield from (INDEXES_PER_WORD * number + place for place, at in enumerate(times) if at > max(time, 0))

    def as_json(self) -> list[list[Any]]:
        """Give the list as JSON values: [number of a word, the word in hexadecimal, times of its indexes]."""
        return [[number, f"{word:x}", self._times[number].tolist()] for number, word in self.words.items()]

    @classmethod
    def from_json(cls, rows: Any) -> "StatusList":  # noqa: ANN401 - whatever a file holds
        """Read what `as_json` gave.

        Raises:
            ValueError, TypeError, OverflowError: something else.
        """
        read = cls()
        for number, word, times in rows:
            read.words[number], read._times[number] = int(word, 16), array("Q", times)
            if (
                type(number) is not int
                or len(times) != INDEXES_PER_WORD
                or not 0 <= read.words[number] < 1 << _WORD_BITS
            ):
                raise ValueError("not a word of a status list")
        return read
