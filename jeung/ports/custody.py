"""State what the core needs of key custody: signatures and envelopes, never a key."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from jeung.crypto.jwe import UnopenedJwe
from jeung.crypto.signatures import algorithm_of
from jeung.domain.registrations import KeyPurpose
from jeung.errors import MalformedKey


@dataclass(frozen=True, slots=True)
class SigningKey:
    """Describe an active key: its id (RFC 7638 thumbprint, base64url), public JWK and certificate chain.

    `x5c` holds Base64 (standard, padded) DER certificates, leaf first, the trust anchor left out; it may be empty.
    """

    key_id: str
    purpose: KeyPurpose
    jwk: dict[str, Any]
    x5c: tuple[str, ...]

    @property
    def algorithm(self) -> str:
        """Give the JOSE name of the key's algorithm: a property of the key, never of the code that signs with it.

        Raises:
            MalformedKey: the key is of no registered algorithm.
        """
        found = algorithm_of(self.jwk)
        if found is None:
            raise MalformedKey
        return found.name


class Signer(Protocol):
    """Sign with the member's keys."""

    def active_key(self, purpose: KeyPurpose) -> SigningKey:
        """Give the key that signs for a purpose now.

        Raises:
            KeyUnavailable: no active key has this purpose.
        """
        ...

    def published_keys(self, purpose: KeyPurpose) -> Sequence[SigningKey]:
        """Give the keys whose signatures may be met: the active one, those before it and the one to come.

        The active one stands first, then the newest. A compromised or destroyed key is not among them.
        """
        ...

    def sign(self, key_id: str, purpose: KeyPurpose, message: bytes) -> bytes:
        """Sign a message in the form of the key's algorithm (ECDSA: r and s, as JOSE writes them).

        Raises:
            KeyUnavailable: unknown key, wrong purpose or a state that must not sign.
        """
        ...


class Vault(Protocol):
    """Seal personal data under data keys that can be destroyed one by one."""

    def new_data_key(self, owner: str) -> bytes:
        """Make a fresh 256-bit data key for an owner and give it wrapped, bound to that owner."""
        ...

    def seal(self, wrapped: bytes, owner: str, context: str, plaintext: bytes) -> bytes:
        """Encrypt under the owner's data key, bound to a context such as "proofing/<id>"."""
        ...

    def open(self, wrapped: bytes, owner: str, context: str, sealed: bytes) -> bytes:
        """Decrypt what `seal` made for the same owner and context.

        Raises:
            SealBroken: tampered with, moved to another owner or context, or under another key.
        """
        ...


class DigestVault(Vault, Protocol):
    """Digest under data keys as well; an owner's key does one or the other."""

    def digest(self, wrapped: bytes, owner: str, context: str, message: bytes) -> bytes:
        """Give the HMAC-SHA-256 (RFC 2104) of a message under the owner's data key, bound to a context: 32 bytes.

        Raises:
            SealBroken: the wrapped key was changed, or belongs to another owner.
        """
        ...


@dataclass(frozen=True, slots=True)
class ResponseKey:
    """Describe a fresh key that messages to us may be encrypted to (ECDH-ES on P-256).

    Attributes:
        key_id: its RFC 7638 thumbprint, base64url.
        jwk: the public key as it is published, with `kid`, `use` and `alg`.
        sealed: the private key, sealed for one context; keep it with what it belongs to, delete it to forget the key.
    """

    key_id: str
    jwk: dict[str, str]
    sealed: bytes = field(repr=False)


class ResponseKeys(Protocol):
    """Make keys that live as long as one conversation, and read what was encrypted to them."""

    def new(self, context: str) -> ResponseKey:
        """Make a key for one context such as "presentation-request/<id>"."""
        ...

    def decrypt(self, sealed: bytes, context: str, message: UnopenedJwe) -> bytes:
        """Decrypt a message that was encrypted to the key sealed for this context.

        Raises:
            DecryptionFailed: it was encrypted to another key, or changed.
            SealBroken: the sealed key was changed, or belongs to another context.
        """
        ...
