"""Believe no signature from outside before it verifies under the key's public part, and write it as we do.

A token with a fault, or a signer on another machine that was taken over, can answer anything. What leaves custody was
checked here, so a wrong answer is an error at the backend and not a transaction nobody can explain.
"""

from functools import lru_cache

import coincurve

from jeung.crypto.hashing import keccak256
from jeung.crypto.jwk import VerifyingKey, parse_jwk
from jeung.errors import JeungError
from keys.algorithms import ES256K_RECOVERABLE, account_part
from keys.errors import SignatureRefused
from keys.model import KeyRecord

SECP256K1_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_SCALAR_BYTES = 32


def checked(record: KeyRecord, message: bytes, signature: bytes) -> bytes:
    """Give a signature once it is known to be the key's.

    Args:
        record: the key's.
        message: what was signed.
        signature: JOSE's form; for a chain account r and s, 64 bytes, whatever the s.

    Returns:
        JOSE's form; for a chain account 65 bytes r, s and yParity, s low (EIP-2).

    Raises:
        SignatureRefused: it does not verify.
    """
    if record.algorithm == ES256K_RECOVERABLE:
        return _recoverable(record, message, signature)
    try:
        _loaded(record.public_members).verify(signature, message)
    except JeungError:
        raise SignatureRefused from None
    return signature


@lru_cache(maxsize=64)
def _loaded(members: tuple[tuple[str, str], ...]) -> VerifyingKey:
    """Load a public key once: loading it costs half a verification."""
    return parse_jwk(dict(members))


def _recoverable(record: KeyRecord, message: bytes, signature: bytes) -> bytes:
    """Make s low and find the parity: a token gives neither (EIP-2; SEC 1, 4.1.6)."""
    if len(signature) != 2 * _SCALAR_BYTES:
        raise SignatureRefused(f"expected r and s of {2 * _SCALAR_BYTES} bytes, got {len(signature)}")
    s = int.from_bytes(signature[_SCALAR_BYTES:])
    low = min(s, SECP256K1_ORDER - s) if s < SECP256K1_ORDER else s
    scalars = signature[:_SCALAR_BYTES] + low.to_bytes(_SCALAR_BYTES)
    for parity in (b"\x00", b"\x01"):
        try:
            key = coincurve.PublicKey.from_signature_and_message(scalars + parity, message, hasher=keccak256)
        except ValueError:
            # No point has this r, or a scalar is out of range.
            continue
        if account_part(key.format(compressed=False)).address == record.address:
            return scalars + parity
    raise SignatureRefused
