"""Make the root material in a ceremony: a secret that exists whole for a moment only, and in shares afterwards.

The root opens backups (`keys.archive`) and signs the ceremony's protocol; it signs and opens nothing else. Its secret
is 32 random bytes, split with SLIP-0039 (Shamir over GF(256), words with a Reed-Solomon checksum, a digest that tells
a wrong set of shares from the right one), so that any conforming tool recovers it without us. Everything else is
derived: an X25519 key that backups are encrypted to, and an Ed25519 key that signs the protocol.

Each custodian gets one share. Fewer than the threshold know nothing at all, whatever they can compute.
"""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from shamir_mnemonic import MnemonicError, combine_mnemonics, generate_mnemonics

from jeung.crypto import base64url
from jeung.crypto.hashing import sha256
from keys.algorithms import WrappingKind
from keys.errors import ArchiveRefused, CeremonyRefused, ShareRefused
from keys.guarded import Guarded
from keys.memory import wiped

MIN_THRESHOLD: Final = 2
MAX_SHARES: Final = 16
MAX_TRIED: Final = 256
"""Sets of shares that a ceremony tries before it ends; of more it tries the first ones, each share among them."""
SECRET_BYTES: Final = 32
WORDS: Final = 33
_MAX_WORDS_CHARACTERS = 512
# RFC 9180: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM.
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


@dataclass(frozen=True, slots=True)
class RootPublic:
    """Hold what everybody may know of a root: its public keys, and how it is shared.

    `recipient` (X25519) and `verifier` (Ed25519) are 32 raw bytes each.
    """

    recipient: bytes
    verifier: bytes
    threshold: int
    shares: int

    @property
    def root_id(self) -> str:
        """Give the root's name: SHA-256 over both public keys, base64url."""
        return base64url.encode(sha256(b"jeung root 1" + self.recipient + self.verifier))

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "version": 1,
            "root_id": self.root_id,
            "recipient": base64url.encode(self.recipient),
            "verifier": base64url.encode(self.verifier),
            "threshold": self.threshold,
            "shares": self.shares,
        }

    @classmethod
    def from_json(cls, values: object) -> "RootPublic":
        """Read what `to_json` wrote.

        Raises:
            CeremonyRefused: it was written by something else, or changed.
        """
        try:
            if not isinstance(values, dict) or values["version"] != 1:
                raise ValueError
            recipient, verifier = (base64url.decode(values[name]) for name in ("recipient", "verifier"))
            found = cls(recipient, verifier, int(values["threshold"]), int(values["shares"]))
            if len(recipient) != 32 or len(verifier) != 32 or found.root_id != values["root_id"]:
                raise ValueError
        except (ValueError, KeyError, TypeError):
            raise CeremonyRefused("this does not describe a root") from None
        _require_sharing(found.threshold, found.shares)
        return found

    def wrap(self, file_key: bytearray, associated: bytes) -> bytes:
        """Encrypt a backup's key so that only the recovered root can read it (RFC 9180, base mode)."""
        recipient = X25519PublicKey.from_public_bytes(self.recipient)
        return _SUITE.encrypt(file_key, recipient, info=_info(associated))

    def verify(self, signature: bytes, message: bytes) -> None:
        """Refuse a protocol that the root did not sign.

        Raises:
            CeremonyRefused: it did not.
        """
        try:
            Ed25519PublicKey.from_public_bytes(self.verifier).verify(signature, message)
        except InvalidSignature:
            raise CeremonyRefused("the protocol was not signed in this root's ceremony") from None


class Root(Guarded):
    """Hold the recovered root for the work at hand: reading backups, signing the protocol of its ceremony."""

    __slots__ = ("_opener", "_signer", "public")
    public: RootPublic

    def __init__(self, secret: bytes | bytearray, threshold: int, shares: int) -> None:
        """Derive the keys; the caller wipes the secret."""
        self._opener = X25519PrivateKey.from_private_bytes(_derived(secret, b"recipient"))
        self._signer = Ed25519PrivateKey.from_private_bytes(_derived(secret, b"protocol"))
        recipient = self._opener.public_key().public_bytes_raw()
        self.public = RootPublic(recipient, self._signer.public_key().public_bytes_raw(), threshold, shares)

    def unwrap(self, wrapped: bytes, associated: bytes) -> bytearray:
        """Undo `RootPublic.wrap`; the caller wipes what it gets.

        Raises:
            ArchiveRefused: changed, or wrapped for another root.
        """
        try:
            return bytearray(_SUITE.decrypt(wrapped, self._opener, info=_info(associated)))
        except (InvalidTag, ValueError):
            raise ArchiveRefused("the backup's key was changed, or is another root's") from None

    def sign(self, message: bytes) -> bytes:
        """Sign the protocol of a ceremony (Ed25519)."""
        return self._signer.sign(message)


class Share(Guarded):
    """Hold one custodian's share: 33 words, to be printed once and never logged."""

    __slots__ = ("number", "words")
    number: int
    words: tuple[str, ...]

    def __init__(self, number: int, words: Sequence[str]) -> None:
        """Take a share; `number` counts from 1."""
        self.number = number
        self.words = tuple(words)


def hold_ceremony(threshold: int, shares: int) -> tuple[Root, list[Share]]:
    """Make a root and split it; the secret itself is wiped before this returns.

    Args:
        threshold: how many shares recover it, at least 2.
        shares: how many there are, at most 16.

    Raises:
        CeremonyRefused: a threshold that makes no sense.
    """
    _require_sharing(threshold, shares)
    with wiped(WrappingKind().generate()) as secret:
        root = Root(secret, threshold, shares)
        # The library has no bytearrays; what it copies lives until its memory is used again.
        (group,) = generate_mnemonics(1, [(threshold, shares)], bytes(secret))
    return root, [Share(number, mnemonic.split()) for number, mnemonic in enumerate(group, 1)]


def recover_root(shares: Iterable[Sequence[str]], expected: RootPublic) -> Root:
    """Recover a root from the words of its shares; more than the threshold is fine, the first ones count.

    Raises:
        ShareRefused: not shares of this root, too few, twice the same, or a word was misread.
    """
    mnemonics = list(dict.fromkeys(" ".join(words).lower() for words in shares))
    if len(mnemonics) < expected.threshold:
        raise ShareRefused(f"expected {expected.threshold} different shares, got {len(mnemonics)}")
    root = _combined(mnemonics[: expected.threshold], expected)
    if root is None:
        raise ShareRefused("these are not shares of this root, or a word was misread")
    if root.public != expected:
        raise ShareRefused("these are shares of another root")
    return root


def verify_recovery(shares: Sequence[Sequence[str]], expected: RootPublic) -> int:
    """Make sure that the shares, as somebody read them back, recover the root; give how many sets were tried.

    Raises:
        ShareRefused: a set of them does not.
    """
    covering = [shares[at : at + expected.threshold] for at in range(len(shares) - expected.threshold + 1)]
    every = itertools.combinations(shares, expected.threshold)
    tried = 0
    for chosen in itertools.islice(itertools.chain(covering, every), MAX_TRIED):
        recover_root(chosen, expected)
        tried += 1
    if not tried:
        raise ShareRefused(f"expected {expected.threshold} shares, got {len(shares)}")
    return tried


def parse_words(text: str) -> tuple[str, ...]:
    """Read the words of one share as typed or scanned; numbers, commas and line feeds between them are passed over.

    Raises:
        ShareRefused: not 33 words; the message repeats none.
    """
    if len(text) > 4 * _MAX_WORDS_CHARACTERS:
        raise ShareRefused(f"a share has {WORDS} words")
    words = tuple(word for word in text.lower().replace(",", " ").replace(".", " ").split() if not word.isdigit())
    count = len(words)
    if count != WORDS or not all(word.isascii() and word.isalpha() for word in words):
        del words, text
        raise ShareRefused(f"a share has {WORDS} words, got {count}")
    return words


def _combined(mnemonics: list[str], expected: RootPublic) -> Root | None:
    # What the library raises may hold words: nothing of it leaves this frame.
    try:
        secret = bytearray(combine_mnemonics(mnemonics))
    except (MnemonicError, ValueError):
        return None
    with wiped(secret):
        return Root(secret, expected.threshold, expected.shares)


def _derived(secret: bytes | bytearray, use: bytes) -> bytes:
    return HKDFExpand(SHA256(), 32, b"jeung root 1 " + use).derive(bytes(secret))


def _info(associated: bytes) -> bytes:
    return b"jeung backup 1" + associated


def _require_sharing(threshold: int, shares: int) -> None:
    if not MIN_THRESHOLD <= threshold <= shares <= MAX_SHARES:
        raise CeremonyRefused(f"expected {MIN_THRESHOLD} <= threshold <= shares <= {MAX_SHARES}")
