"""Name the two hash functions: SHA-256 for everything off chain, keccak256 for what a contract recomputes."""

from __future__ import annotations

import hashlib

import sha3

DIGEST_LENGTH = 32


def sha256(data: bytes) -> bytes:
    """Return the 32-byte SHA-256 digest of `data`."""
    return hashlib.sha256(data).digest()


def keccak256(data: bytes) -> bytes:
    """Return the 32-byte keccak256 digest of `data` (Ethereum's padding, not SHA3-256's).

    The compiled Keccak is called directly: the back end that eth-hash picks by itself takes ten times as long
    on the 64 bytes of a tree node.
    """
    return bytes(sha3.keccak_256(data).digest())
