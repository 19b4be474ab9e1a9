"""Pack 2-bit statuses into 256-bit words, as the StatusRegistry contract does."""

from collections.abc import Mapping

from jeung.domain.identifiers import MemberId
from jeung.domain.ledger import CredentialStatus

PER_WORD = 128
Words = dict[tuple[MemberId, int, int], int]


def status_in(
    words: Mapping[tuple[MemberId, int, int], int], issuer: MemberId, list_number: int, index: int
) -> CredentialStatus:
    """Read one status."""
    word = words.get((issuer, list_number, index // PER_WORD), 0)
    return CredentialStatus(word >> 2 * (index % PER_WORD) & 0b11)


def set_status(words: Words, issuer: MemberId, list_number: int, index: int, status: CredentialStatus) -> None:
    """Write one status."""
    key, shift = (issuer, list_number, index // PER_WORD), 2 * (index % PER_WORD)
    words[key] = words.get(key, 0) & ~(0b11 << shift) | status << shift
