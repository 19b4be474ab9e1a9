"""Clear secrets from memory as far as Python lets us: what lies in a bytearray is overwritten, nothing else can be.

An immutable `bytes`, `str` or `int` on a secret's way stays in freed memory until it is used again; so secrets travel
in bytearrays where the libraries take them, and docs/reference/keys.md names the places where they do not.
"""

from collections.abc import Iterator
from contextlib import contextmanager


def wipe(secret: bytearray) -> None:
    """Overwrite with zeros, in place: every view of the same memory sees it."""
    secret[:] = bytes(len(secret))


@contextmanager
def wiped(secret: bytearray) -> Iterator[bytearray]:
    """Give a secret for the length of a block, and wipe it however the block ends."""
    try:
        yield secret
    finally:
        wipe(secret)
