"""Permute counters under a key, so that places in a status list are handed out unpredictably yet never twice.

A balanced Feistel network over 22 bits (Luby and Rackoff) with HMAC-SHA256 as its round function: a bijection
whatever the round function does, so counters that differ give places that differ. Ten rounds, as in the network of
NIST SP 800-38G, for the halves are short.
"""

import hashlib
import hmac
from typing import Final

from jeung.errors import LimitExceeded

DOMAIN_BITS: Final = 22
DOMAIN_SIZE: Final = 1 << DOMAIN_BITS
"""Four lists of 2**20 places."""
KEY_LENGTH: Final = 32

_HALF_BITS = DOMAIN_BITS // 2
_HALF_MASK = (1 << _HALF_BITS) - 1
_ROUNDS = 10


def permute(key: bytes, counter: int) -> int:
    """Return the place in [0, 2**22) of a counter in the same range.

    Raises:
        LimitExceeded: the counter is outside of the range.
    """
    if not 0 <= counter < DOMAIN_SIZE:
        raise LimitExceeded("the counter is outside of the permutation's domain")
    left, right = counter >> _HALF_BITS, counter & _HALF_MASK
    for number in range(_ROUNDS):
        message = bytes((number,)) + right.to_bytes(2, "big")
        mixed = int.from_bytes(hmac.digest(key, message, hashlib.sha256)[:2], "big") & _HALF_MASK
        left, right = right, left ^ mixed
    return left << _HALF_BITS | right
