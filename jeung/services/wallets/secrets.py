"""Make and compare what opens something: codes, tokens, the customer's transaction code."""

import hmac
from typing import Final

from jeung.crypto import base64url
from jeung.crypto.hashing import sha256
from jeung.ports.world import Entropy

SECRET_BYTES: Final = 32
SECRET_CHARACTERS: Final = 43
"""What 32 bytes are in base64url; nothing else is looked up."""

# No letter that could be read as a digit or as another letter (Crockford's Base32).
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RECEPTION_CHARACTERS: Final = 8
_MEANT: Final = str.maketrans({"I": "1", "L": "1", "O": "0", "-": None, " ": None})


def new_secret(entropy: Entropy) -> str:
    """Make a code or token of 256 random bits."""
    return base64url.encode(entropy.token(SECRET_BYTES))


def digest(secret: str) -> bytes:
    """Give what is kept of a secret: its SHA-256, by which it is found again."""
    return sha256(secret.encode("utf-8", "replace"))


def new_transaction_code(entropy: Entropy, length: int) -> str:
    """Make a code of digits, each as likely as the others."""
    # 32 bits more than the code holds leave no digit likelier than another by more than one in four thousand million.
    bits = int.from_bytes(entropy.token((length * 4 + 7) // 8 + 4))
    return str(bits % 10**length).zfill(length)


def new_reception_number(entropy: Entropy) -> str:
    """Make the number that a customer tells where no offer led him: 40 random bits in letters easy to read."""
    drawn = entropy.token(_RECEPTION_CHARACTERS)
    return "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in drawn)


def read_reception_number(typed: str) -> str:
    """Give a reception number as it is kept, however it was typed."""
    return typed.strip().upper().translate(_MEANT)[: 4 * _RECEPTION_CHARACTERS]


def same(one: str, other: str) -> bool:
    """Tell whether two texts are equal, in a time that tells nothing about where they differ."""
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))
