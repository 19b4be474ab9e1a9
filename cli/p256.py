"""Hold keys that are not a member's: a back office's for its token requests, a customer's device in the demo.

A member's keys live in its keystore and never leave it; these belong to other people and are plain files or memory.
"""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from cli.console import CommandFailed
from jeung.crypto import base64url

_COORDINATE = 32


class P256Key:
    """Sign with a P-256 key (ES256, RFC 7518 section 3.4)."""

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        """Take the private key."""
        self._key = key

    def __repr__(self) -> str:
        """Show nothing of the key."""
        return "P256Key()"

    @classmethod
    def generate(cls) -> "P256Key":
        """Make a fresh key."""
        return cls(ec.generate_private_key(ec.SECP256R1()))

    @classmethod
    def load(cls, path: Path) -> "P256Key":
        """Read a key from a PEM file (PKCS #8, not encrypted).

        Raises:
            CommandFailed: no such file, or another kind of key.
        """
        try:
            return cls.from_pem(path.read_text("ascii"))
        except OSError as error:
            raise CommandFailed(f"cannot read the key {path}: {error.strerror}") from None
        except TypeError:
            raise CommandFailed(f"{path} holds no P-256 key") from None
        except ValueError:
            raise CommandFailed(f"{path} holds no PEM private key without a passphrase") from None

    @classmethod
    def from_pem(cls, text: str) -> "P256Key":
        """Read a key from PEM text (PKCS #8, not encrypted).

        Raises:
            ValueError: no PEM private key, or an encrypted one.
            TypeError: a key of another kind.
        """
        try:
            key = load_pem_private_key(text.encode("ascii"), None)
        except TypeError:
            raise ValueError("the key is encrypted") from None
        if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
            raise TypeError("not a P-256 key")
        return cls(key)

    @property
    def pem(self) -> str:
        """Give the private key as PEM text, for a file of mode 0600."""
        return self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")

    @property
    def jwk(self) -> dict[str, str]:
        """Give the public key as a JWK, required members only."""
        numbers = self._key.public_key().public_numbers()
        x, y = (base64url.encode(number.to_bytes(_COORDINATE)) for number in (numbers.x, numbers.y))
        return {"crv": "P-256", "kty": "EC", "x": x, "y": y}

    def sign(self, message: bytes) -> bytes:
        """Sign a message; give r and s, 64 bytes."""
        r, s = decode_dss_signature(self._key.sign(message, ec.ECDSA(SHA256())))
        return r.to_bytes(_COORDINATE) + s.to_bytes(_COORDINATE)
