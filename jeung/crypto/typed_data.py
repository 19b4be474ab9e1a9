"""Write EIP-712 typed data as it is signed, and tell whose signature stands under it (EIP-712, EIP-2098's low s)."""

from collections.abc import Sequence

import coincurve

from jeung.crypto.hashing import keccak256
from jeung.errors import InvalidSignature

SIGNATURE_LENGTH = 65
_PREFIX = b"\x19\x01"
_DOMAIN = keccak256(b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")
_WORD = 32
# Half the order of secp256k1: OpenZeppelin's ECDSA takes the low one of the two values of s only.
_HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0


def typed_message(
    *, name: str, version: str, chain_id: int, contract: bytes, type_text: str, members: Sequence[bytes]
) -> bytes:
    """Give the 66 bytes whose keccak256 is signed.

    Args:
        name: of the domain.
        version: of the domain.
        chain_id: of the domain.
        contract: the verifying contract's address, 20 bytes.
        type_text: the struct's encoded type, for example `Mail(address from,bytes32 digest)`.
        members: each member as its 32-byte word.

    """
    domain = keccak256(
        _DOMAIN
        + keccak256(name.encode())
        + keccak256(version.encode())
        + word(chain_id)
        + contract.rjust(_WORD, b"\0")
    )
    return _PREFIX + domain + keccak256(keccak256(type_text.encode()) + b"".join(members))


def word(number: int) -> bytes:
    """Write a number as a 32-byte word.

    Raises:
        OverflowError: it is negative or needs more than 256 bits.
    """
    return number.to_bytes(_WORD, "big")


def recovered_account(message: bytes, signature: bytes) -> bytes:
    """Give the 20-byte account that signed a message: r, s (the low one), v (27 or 28), 65 bytes.

    Raises:
        InvalidSignature: another form, or no account could have signed so.
    """
    if len(signature) != SIGNATURE_LENGTH or signature[64] not in (27, 28):
        raise InvalidSignature
    if int.from_bytes(signature[32:64]) > _HALF_ORDER:
        raise InvalidSignature
    compact = signature[:64] + bytes([signature[64] - 27])
    try:
        key = coincurve.PublicKey.from_signature_and_message(compact, message, hasher=keccak256)
    # The library raises a plain Exception for some values that are no signature.
    except Exception:
        raise InvalidSignature from None
    return keccak256(key.format(compressed=False)[1:])[12:]
