"""Read and write the hexadecimal forms of Ethereum's JSON-RPC: quantities, data, addresses."""

from __future__ import annotations

from typing import Any, TypeAlias

from jeung.crypto.hashing import keccak256
from jeung.domain.identifiers import Address

Json: TypeAlias = Any
"""A JSON value whose shape is not known yet, or differs from case to case."""

ADDRESS_LENGTH = 20
WORD_LENGTH = 32
STATUS_INDEX_LENGTH = 3
"""Bytes of one status index: they travel packed, big-endian, in calldata and events alike."""


def int_of(text: Json) -> int:
    """Read a quantity such as 0x1f.

    Raises:
        ValueError: not a quantity; the message does not repeat it.
    """
    if not isinstance(text, str) or not text.startswith("0x") or not 2 < len(text) <= 2 + 2 * WORD_LENGTH:
        raise ValueError("expected a 0x quantity")
    try:
        return int(text[2:], 16)
    except ValueError:
        raise ValueError("expected a 0x quantity") from None


def bytes_of(text: Json, length: int | None = None) -> bytes:
    """Read data such as 0xc0ffee, of a certain length where one is given.

    Raises:
        ValueError: not data of that length; the message does not repeat it.
    """
    if not isinstance(text, str) or not text.startswith("0x"):
        raise ValueError("expected 0x data")
    try:
        data = bytes.fromhex(text[2:])
    except ValueError:
        raise ValueError("expected 0x data") from None
    # fromhex passes over spaces; the two lengths tell.
    if 2 * len(data) != len(text) - 2 or (length is not None and len(data) != length):
        raise ValueError("expected 0x data of another length")
    return data


def hex_of(data: bytes) -> str:
    """Write data as 0x and lower-case digits."""
    return "0x" + data.hex()


def address_of(raw: bytes) -> Address:
    """Write a 20-byte account in the form of EIP-55, whose letter cases are a checksum.

    Raises:
        ValueError: not 20 bytes.
    """
    if len(raw) != ADDRESS_LENGTH:
        raise ValueError("expected 20 bytes")
    digits = raw.hex()
    marks = keccak256(digits.encode()).hex()
    return Address("0x" + "".join(c.upper() if mark >= "8" else c for c, mark in zip(digits, marks, strict=False)))


def address_bytes(address: str) -> bytes:
    """Read an account's 20 bytes; mixed cases must be the right checksum (EIP-55).

    Raises:
        ValueError: not an account, or mistyped; the message does not repeat it.
    """
    raw = bytes_of(address, ADDRESS_LENGTH)
    digits = address[2:]
    if digits not in {digits.lower(), digits.upper()} and address_of(raw) != address:
        raise ValueError("expected an account whose letter cases are right")
    return raw
