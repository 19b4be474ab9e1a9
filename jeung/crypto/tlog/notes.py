"""Read, write and verify signed notes (C2SP signed-note) under Ed25519, plain or as timestamped cosignatures.

A note's text counts for nothing until a signature of a key that the reader trusts for its own reasons was verified:
`parse_note` therefore gives an unverified note, and `verify_note` wants the keys.
"""

from __future__ import annotations

import base64
import binascii
import enum
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from jeung.crypto import base64url
from jeung.crypto.hashing import sha256
from jeung.crypto.jwk import VerifyingKey, parse_jwk
from jeung.errors import InvalidSignature, MalformedNote

MAX_NOTE_BYTES: Final = 64 * 1024
MAX_SIGNATURES: Final = 64
MAX_NAME_LENGTH: Final = 512
MAX_TIMESTAMP: Final = (1 << 63) - 1

_ID_BYTES: Final = 4
_KEY_BYTES: Final = 32
_SIGNATURE_BYTES: Final = 64
_TIMESTAMP_BYTES: Final = 8
_MAX_SIGNATURE_BYTES: Final = 8 * 1024
_DASH: Final = "\u2014 "
_CONTROL: Final = re.compile("[\x00-\x09\x0b-\x1f]")
_NAME: Final = re.compile(r"[^\s+]{1,512}")
_KEY_ID: Final = re.compile(r"[0-9a-f]{8}", re.ASCII)


class KeyType(enum.IntEnum):
    """Say how a key signs; the numbers are those of signed-note."""

    ED25519 = 0x01
    COSIGNATURE_V1 = 0x04


@dataclass(frozen=True, slots=True)
class NoteKey:
    """Hold a key that verifies notes: its name, how it signs, and the 32 bytes of the Ed25519 public key."""

    name: str
    type: KeyType
    public: bytes

    @property
    def key_id(self) -> bytes:
        """Give the four bytes that stand before a signature."""
        return sha256(self.name.encode() + b"\n" + bytes([self.type]) + self.public)[:_ID_BYTES]

    @property
    def verifier(self) -> VerifyingKey:
        """Give the key as JOSE knows it; its thumbprint is what the chain's KeyRegistry holds."""
        return parse_jwk({"kty": "OKP", "crv": "Ed25519", "x": base64url.encode(self.public)})

    @property
    def text(self) -> str:
        """Write the key as `name+id+base64(type || key)`, a vkey of signed-note."""
        material = base64.b64encode(bytes([self.type]) + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{material}"


def parse_note_key(text: str) -> NoteKey:
    """Read a vkey.

    Raises:
        MalformedNote: it is none, of another algorithm, or its id is not that of its key.
    """
    # The name has no plus, base64 may.
    name, _, rest = text.partition("+")
    key_id, _, encoded = rest.partition("+")
    material = _unbase64(encoded)
    if (
        not _NAME.fullmatch(name)
        or not _KEY_ID.fullmatch(key_id)
        or len(material) != 1 + _KEY_BYTES
        or material[0] not in tuple(KeyType)
    ):
        raise MalformedNote("not a verifier key of Ed25519")
    key = NoteKey(name, KeyType(material[0]), material[1:])
    if key.key_id.hex() != key_id:
        raise MalformedNote("the verifier key's id is not that of its key")
    return key


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """Hold one signature line: the key's name, its id and what follows it."""

    name: str
    key_id: bytes
    signature: bytes = field(repr=False)

    @property
    def line(self) -> str:
        """Write the line, with its newline."""
        return f"{_DASH}{self.name} {base64.b64encode(self.key_id + self.signature).decode()}\n"


@dataclass(frozen=True, slots=True)
class UnverifiedNote:
    """Hold a note as read: nothing in it may be believed yet."""

    text: str
    signatures: tuple[NoteSignature, ...]

    @property
    def encoded(self) -> bytes:
        """Write the note as it stands in a file."""
        return encode_note(self.text, self.signatures)


@dataclass(frozen=True, slots=True)
class VerifiedSignature:
    """Say whose signature was verified; `timestamp` is a cosignature's, seconds UTC."""

    key: NoteKey
    signature: NoteSignature
    timestamp: int | None


def encode_note(text: str, signatures: Iterable[NoteSignature]) -> bytes:
    """Write a note: its text, which ends in a newline, an empty line, the signatures."""
    return (text + "\n" + "".join(signature.line for signature in signatures)).encode()


def parse_note(data: bytes) -> UnverifiedNote:
    """Read a note.

    Raises:
        MalformedNote: larger than 64 KiB, not UTF-8, control characters, no text, or no or too many signatures.
    """
    if len(data) > MAX_NOTE_BYTES:
        raise MalformedNote("a note has at most 64 KiB")
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedNote("a note is UTF-8") from None
    text, separator, lines = whole.rpartition("\n\n")
    if not text or not separator or not lines.endswith("\n") or _CONTROL.search(whole):
        raise MalformedNote("a note is a text, an empty line and signatures")
    return UnverifiedNote(text + "\n", parse_signatures(lines))


def parse_signatures(lines: str) -> tuple[NoteSignature, ...]:
    """Read signature lines, such as a witness answers with.

    Raises:
        MalformedNote: none, more than 64, or one of another form.
    """
    if not lines.endswith("\n") or lines.count("\n") > MAX_SIGNATURES:
        raise MalformedNote(f"a note has 1 to {MAX_SIGNATURES} lines of signatures")
    return tuple(_parse_signature(line) for line in lines[:-1].split("\n"))


def verify_note(note: UnverifiedNote, keys: Iterable[NoteKey]) -> tuple[VerifiedSignature, ...]:
    """Verify the signatures of known keys; those of unknown keys are passed over.

    The text may be believed for what the verified keys stand for. How many of them there must be is the caller's to
    decide: one key is given back once, however often it signed.

    Raises:
        InvalidSignature: a known key's signature is not good, or no known key signed.
    """
    known = {(key.name, key.key_id): key for key in keys}
    verified: dict[NoteKey, VerifiedSignature] = {}
    for signature in note.signatures:
        key = known.get((signature.name, signature.key_id))
        if key is not None:
            verified.setdefault(key, VerifiedSignature(key, signature, _verify(key, signature, note.text)))
    if not verified:
        raise InvalidSignature("no known key signed the note")
    return tuple(verified.values())


def cosigned_message(text: str, timestamp: int) -> bytes:
    """Give what a cosignature/v1 signs of a checkpoint at a time (C2SP tlog-cosignature)."""
    return f"cosignature/v1\ntime {timestamp}\n{text}".encode()


def cosignature(key: NoteKey, timestamp: int, signature: bytes) -> NoteSignature:
    """Put a timestamped cosignature together."""
    return NoteSignature(key.name, key.key_id, timestamp.to_bytes(_TIMESTAMP_BYTES) + signature)


def _verify(key: NoteKey, signature: NoteSignature, text: str) -> int | None:
    if key.type is KeyType.ED25519:
        key.verifier.verify(signature.signature, text.encode())
        return None
    stamp, signed = signature.signature[:_TIMESTAMP_BYTES], signature.signature[_TIMESTAMP_BYTES:]
    timestamp = int.from_bytes(stamp)
    if len(signed) != _SIGNATURE_BYTES or timestamp > MAX_TIMESTAMP:
        raise InvalidSignature("not a timestamped cosignature")
    key.verifier.verify(signed, cosigned_message(text, timestamp))
    return timestamp


def _parse_signature(line: str) -> NoteSignature:
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    material = _unbase64(encoded)
    sound = line.startswith(_DASH) and space and _NAME.fullmatch(name)
    if not sound or not _ID_BYTES < len(material) <= _MAX_SIGNATURE_BYTES:
        raise MalformedNote("a line of signatures is a dash, a name and base64")
    return NoteSignature(name, material[:_ID_BYTES], material[_ID_BYTES:])


def _unbase64(text: str) -> bytes:
    """Decode padded base64 (RFC 4648 section 4), refusing a second spelling of the same bytes."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise MalformedNote("not base64") from None
    if base64.b64encode(data).decode() != text:
        raise MalformedNote("not base64")
    return data
