"""Take a passphrase from a private file or a person, never from argv or the environment, and keep it unseen."""

import getpass
import secrets
import unicodedata
import warnings
from collections.abc import Callable
from pathlib import Path

from argon2.low_level import Type, hash_secret_raw

from keys.errors import PassphraseRefused
from keys.files import create_private_file, read_private_file
from keys.guarded import Guarded

MIN_CHARACTERS = 12
MAX_BYTES = 1024


class Passphrase(Guarded):
    """Hold a passphrase that can be stretched and not read."""

    __slots__ = ("_encoded",)

    def __init__(self, text: str) -> None:
        """Take a passphrase.

        It is normalised to NFC (RFC 8265, 4.2): the same Hangul typed on another system must open the same file.

        Raises:
            PassphraseRefused: fewer than 12 characters, more than 1,024 bytes, a control character, or no UTF-8.
        """
        normal = unicodedata.normalize("NFC", text)
        problem = _problem_of(normal)
        self._encoded = b"" if problem else normal.encode()
        # A traceback that shows local variables must not show a nearly right passphrase.
        del text, normal
        if problem:
            raise PassphraseRefused(problem)

    def stretch(self, salt: bytes, *, time_cost: int, memory_kib: int, lanes: int) -> bytes:
        """Derive 32 bytes by Argon2id (RFC 9106)."""
        return hash_secret_raw(self._encoded, salt, time_cost, memory_kib, lanes, 32, Type.ID)


def read_passphrase_file(path: Path) -> Passphrase:
    """Read the passphrase that a file holds on its only line, UTF-8.

    Raises:
        InsecureFile: a link, not regular, not ours, mode not 0600, or too large.
        PassphraseRefused: the file is missing, or what it holds is no passphrase.
    """
    try:
        # In one expression: a frame that can raise must not hold the text in a local variable.
        return Passphrase(_text_of(read_private_file(path, max_bytes=MAX_BYTES + 2)[0]))
    except FileNotFoundError:
        raise PassphraseRefused(f"there is no passphrase file {path}") from None


def create_passphrase_file(path: Path) -> Passphrase:
    """Make a passphrase of 256 random bits, keep it in a new file of mode 0600, and give it.

    Raises:
        FileExistsError: there is something of that name; it is left alone.
        KeystoreNotWritten: the disk refused.
    """
    text = secrets.token_urlsafe(32)
    create_private_file(path, text.encode() + b"\n")
    return Passphrase(text)


def prompt_passphrase(
    prompt: str = "Passphrase: ", *, confirm: bool = False, ask: Callable[[str], str] = getpass.getpass
) -> Passphrase:
    """Ask a person at a terminal, without echo; twice where a typing slip would lock the keystore for ever.

    Raises:
        PassphraseRefused: no terminal that can hide what is typed, two different answers, or no passphrase.
    """
    try:
        with warnings.catch_warnings():
            # getpass only warns before it reads with the echo on.
            warnings.simplefilter("error", getpass.GetPassWarning)
            first = Passphrase(ask(prompt))
            agrees = not confirm or first._encoded == Passphrase(ask("Once more: "))._encoded
    except (EOFError, getpass.GetPassWarning):
        raise PassphraseRefused("there is no terminal that can hide what is typed") from None
    if not agrees:
        raise PassphraseRefused("the two passphrases differ")
    return first


def _text_of(raw: bytes) -> str:
    """Decode one line; what is not UTF-8 becomes surrogates, refused later: a UnicodeDecodeError would hold it."""
    return raw.decode(errors="surrogateescape").removesuffix("\n").removesuffix("\r")


def _problem_of(text: str) -> str:
    if len(text) < MIN_CHARACTERS:
        return f"expected a passphrase of at least {MIN_CHARACTERS} characters"
    if len(text.encode(errors="replace")) > MAX_BYTES:
        return f"expected a passphrase of at most {MAX_BYTES} bytes"
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in text):
        return "expected a passphrase of one line of UTF-8 text without control characters"
    return ""
