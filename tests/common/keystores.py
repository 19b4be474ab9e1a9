"""Make keystores of every custody, and what their behaviour suite signs and checks."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from jeung.crypto import base64url
from keys.keystore import Keystore
from keys.model import KeyRecord, State
from keys.purposes import CHAIN_PURPOSES, Purpose
from tests.common.custody import NOW, MemoryTokenCustody, Pkcs11Custody, SetClock, SoftwareCustody

JWS_INPUT = b"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJodHRwczovL2JhbmsifQ"
UNSIGNED_TRANSACTION = b"\x02\xe3" + bytes(35)
TYPED_DATA = b"\x19\x01" + bytes(range(64))
SIGNING_PURPOSES = [purpose for purpose in Purpose if purpose is not Purpose.DATA_WRAPPING]


class Custody(Protocol):
    makes_keys_here: bool
    clock: SetClock

    def create(self) -> Keystore: ...

    def open(self) -> Keystore: ...


CUSTODIES: list[Callable[[Path], Custody]] = [SoftwareCustody, MemoryTokenCustody, Pkcs11Custody]


def active(keystore: Keystore, purpose: Purpose) -> KeyRecord:
    return keystore.activate(keystore.create(purpose).key_id)


def message_for(purpose: Purpose) -> bytes:
    if purpose is Purpose.CERTIFICATE_AUTHORITY:
        return b"\x30\x03\x02\x01\x01"
    return UNSIGNED_TRANSACTION if purpose in CHAIN_PURPOSES else JWS_INPUT


def verify_es256(record: KeyRecord, signature: bytes, message: bytes) -> None:
    assert len(signature) == 64
    jwk = record.public_jwk or {}
    x, y = (int.from_bytes(base64url.decode(jwk[name])) for name in ("x", "y"))
    key = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    der = encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))
    key.verify(der, message, ec.ECDSA(SHA256()))


# Creation


def in_state(keystore: Keystore, state: State, purpose: Purpose = Purpose.STATUS_SIGNING) -> KeyRecord:
    record = keystore.create(purpose)
    if state in {State.ACTIVE, State.RETIRED, State.DESTROYED}:
        record = keystore.activate(record.key_id)
    if state in {State.RETIRED, State.DESTROYED}:
        record = keystore.retire(record.key_id)
    if state is State.DESTROYED:
        record = keystore.destroy(record.key_id)
    if state is State.COMPROMISED:
        record = keystore.mark_compromised(record.key_id, NOW)
    assert record.state is state
    return record
