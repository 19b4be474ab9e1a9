"""Read and change the 256-bit words of status lists as the StatusRegistry contract packs them.

A word holds 128 statuses of two bits, the lowest index in the lowest bits; the database keeps it as 32 bytes,
big-endian.
"""

from jeung.domain.ledger import CredentialStatus

INDEXES_PER_WORD = 128
WORD_BYTES = 32
_BITS = 2
_MASK = 0b11


def status_in_word(word: bytes | None, index: int) -> CredentialStatus:
    """Give the status of a list's index from its word; a word that was never written holds VALID only."""
    if word is None:
        return CredentialStatus.VALID
    return CredentialStatus(int.from_bytes(word) >> _BITS * (index % INDEXES_PER_WORD) & _MASK)


def word_with(word: int, index: int, status: CredentialStatus) -> int:
    """Give a word with the status of one of its indexes changed."""
    shift = _BITS * (index % INDEXES_PER_WORD)
    return word & ~(_MASK << shift) | status.value << shift
