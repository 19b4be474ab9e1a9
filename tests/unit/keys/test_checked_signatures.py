"""Signatures from outside: believed when they verify, and written as the chain and JOSE want them."""

import coincurve
import pytest

from jeung.crypto.hashing import keccak256
from keys.backends.checked import SECP256K1_ORDER, checked
from keys.errors import SignatureRefused
from keys.keystore import Keystore
from keys.model import KeyRecord
from keys.purposes import Purpose
from tests.common.custody import SoftwareCustody
from tests.common.keystores import JWS_INPUT, UNSIGNED_TRANSACTION, active

MESSAGES = [UNSIGNED_TRANSACTION + bytes([number]) for number in range(12)]


@pytest.fixture
def keystore(tmp_path_factory: pytest.TempPathFactory) -> Keystore:
    return SoftwareCustody(tmp_path_factory.mktemp("k")).create()


def high(signature: bytes) -> bytes:
    """Give r and the other s, as a token that does not care may."""
    s = SECP256K1_ORDER - int.from_bytes(signature[32:64])
    return signature[:32] + s.to_bytes(32)


@pytest.mark.parametrize("message", MESSAGES, ids=range(12))
def test_whatever_s_a_token_gives_the_chain_gets_the_low_one_and_its_parity(
    keystore: Keystore, message: bytes
) -> None:
    record = active(keystore, Purpose.GOVERNANCE)
    right = keystore.sign(record.key_id, Purpose.GOVERNANCE, message)
    assert checked(record, message, right[:64]) == right
    assert checked(record, message, high(right)) == right


@pytest.mark.parametrize(
    "spoil",
    [
        lambda signature: signature[:63],
        lambda signature: signature + b"\x00",
        lambda signature: bytes(64),
        lambda signature: b"\xff" * 64,
        lambda signature: signature[:32] + b"\xff" * 32,
        lambda signature: signature[32:] + signature[:32],
    ],
    ids=["short", "with parity", "zero", "beyond the order", "s beyond the order", "swapped"],
)
def test_chain_signature_that_is_none_is_refused(keystore: Keystore, spoil: object) -> None:
    record = active(keystore, Purpose.ATTEST)
    signature = keystore.sign(record.key_id, Purpose.ATTEST, UNSIGNED_TRANSACTION)[:64]
    with pytest.raises(SignatureRefused):
        checked(record, UNSIGNED_TRANSACTION, spoil(signature))  # type: ignore[operator]


def test_chain_signature_of_another_account_is_refused(keystore: Keystore) -> None:
    record = active(keystore, Purpose.ATTEST)
    stranger = coincurve.PrivateKey().sign_recoverable(UNSIGNED_TRANSACTION, hasher=keccak256)[:64]
    with pytest.raises(SignatureRefused):
        checked(record, UNSIGNED_TRANSACTION, stranger)


@pytest.mark.parametrize("purpose", [Purpose.TOKEN_SIGNING, Purpose.WITNESS_COSIGNING])
def test_jose_signature_is_believed_over_its_own_message_only(keystore: Keystore, purpose: Purpose) -> None:
    record: KeyRecord = active(keystore, purpose)
    signature = keystore.sign(record.key_id, purpose, JWS_INPUT)
    assert checked(record, JWS_INPUT, signature) == signature
    for message, answer in ((JWS_INPUT + b"x", signature), (JWS_INPUT, signature[:-1]), (JWS_INPUT, bytes(64))):
        with pytest.raises(SignatureRefused):
            checked(record, message, answer)
