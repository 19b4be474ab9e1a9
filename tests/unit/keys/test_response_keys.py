"""Keys for one conversation: what was encrypted to one opens there and nowhere else."""

from pathlib import Path

import pytest

from jeung.crypto.jwe import MAX_JWE_CHARACTERS, encrypt_jwe, parse_jwe
from jeung.crypto.jwk import parse_agreement_jwk
from jeung.errors import DecryptionFailed, KeyUnavailable, SealBroken
from jeung.ports.custody import ResponseKeys
from keys.errors import EnvelopeRefused
from keys.keystore import Keystore
from keys.purposes import Purpose
from keys.response_keys import KeystoreResponseKeys
from tests.common.custody import SoftwareCustody
from tests.common.jwe_by_hand import encrypt_by_hand
from tests.common.memory.custody import MemoryResponseKeys

HERE = "presentation-request/1"


@pytest.fixture
def keystore(tmp_path: Path) -> Keystore:
    keystore = SoftwareCustody(tmp_path).create()
    keystore.activate(keystore.create(Purpose.DATA_WRAPPING).key_id)
    return keystore


@pytest.fixture(params=["keystore", "memory"])
def keys(request: pytest.FixtureRequest) -> ResponseKeys:
    if request.param == "memory":
        return MemoryResponseKeys()
    return KeystoreResponseKeys(request.getfixturevalue("keystore"))


def test_message_to_a_key_opens_under_it(keys: ResponseKeys) -> None:
    key = keys.new(HERE)
    message = parse_jwe(encrypt_jwe(b"answer", key.jwk, content_encryption="A256GCM"))
    assert message.key_id == key.key_id
    assert keys.decrypt(key.sealed, HERE, message) == b"answer"


@pytest.mark.parametrize("enc", ["A128GCM", "A256GCM"])
@pytest.mark.parametrize(
    ("header", "epk"),
    [
        ({}, {}),
        # What a browser's WebCrypto exports of a public key for agreement.
        ({}, {"ext": True, "key_ops": []}),
        ({}, {"key_ops": ["deriveBits"], "use": "enc", "alg": "ECDH-ES", "kid": "mine"}),
        # RFC 7516 section 4: parameters that are not understood are ignored.
        ({"typ": "JWT", "cty": "json", "iat": 1_800_000_000, "x-wallet": {"version": 1.5}}, {}),
        ({"padding": "p" * 1_500}, {}),
    ],
    ids=["plain", "webcrypto", "described", "unknown parameters", "long header"],
)
def test_message_of_a_foreign_wallet_opens(
    keys: ResponseKeys, enc: str, header: dict[str, object], epk: dict[str, object]
) -> None:
    key = keys.new(HERE)
    text = encrypt_by_hand(b"answer", key.jwk, enc=enc, header=header, epk=epk, apu=b"wallet", apv=b"nonce")
    assert keys.decrypt(key.sealed, HERE, parse_jwe(text)) == b"answer"


def test_message_as_long_as_its_bound_opens(keys: ResponseKeys) -> None:
    key = keys.new(HERE)
    plaintext = b"a" * (MAX_JWE_CHARACTERS // 4 * 3 - 1_000)
    assert keys.decrypt(key.sealed, HERE, parse_jwe(encrypt_by_hand(plaintext, key.jwk))) == plaintext


def test_every_key_is_another(keys: ResponseKeys) -> None:
    first, second = keys.new(HERE), keys.new(HERE)
    assert first.key_id != second.key_id
    assert first.sealed != second.sealed
    assert parse_agreement_jwk(first.jwk) != parse_agreement_jwk(second.jwk)


def test_message_to_another_key_does_not_open(keys: ResponseKeys) -> None:
    message = parse_jwe(encrypt_jwe(b"answer", keys.new(HERE).jwk, content_encryption="A128GCM"))
    with pytest.raises(DecryptionFailed):
        keys.decrypt(keys.new(HERE).sealed, HERE, message)


@pytest.mark.parametrize("part", [2, 3, 4])
def test_changed_message_does_not_open(keys: ResponseKeys, part: int) -> None:
    key = keys.new(HERE)
    parts = encrypt_jwe(b"answer", key.jwk, content_encryption="A128GCM").split(".")
    parts[part] = ("B" if parts[part][0] == "A" else "A") + parts[part][1:]
    with pytest.raises(DecryptionFailed):
        keys.decrypt(key.sealed, HERE, parse_jwe(".".join(parts)))


@pytest.mark.parametrize(("part", "length"), [(2, 8), (2, 32), (4, 8), (4, 32)])
def test_nonce_or_tag_of_another_length_does_not_open(keys: ResponseKeys, part: int, length: int) -> None:
    key = keys.new(HERE)
    parts = encrypt_jwe(b"answer", key.jwk, content_encryption="A128GCM").split(".")
    parts[part] = "A" * length
    with pytest.raises(DecryptionFailed):
        keys.decrypt(key.sealed, HERE, parse_jwe(".".join(parts)))


def test_key_moved_to_another_context_is_refused(keys: ResponseKeys) -> None:
    key = keys.new(HERE)
    message = parse_jwe(encrypt_jwe(b"answer", key.jwk, content_encryption="A128GCM"))
    with pytest.raises(SealBroken):
        keys.decrypt(key.sealed, "presentation-request/2", message)


def test_key_of_a_destroyed_wrapping_key_is_gone(keystore: Keystore) -> None:
    keys = KeystoreResponseKeys(keystore)
    key = keys.new(HERE)
    message = parse_jwe(encrypt_jwe(b"answer", key.jwk, content_encryption="A128GCM"))
    wrapping = keystore.current(Purpose.DATA_WRAPPING).key_id
    keystore.retire(wrapping)
    assert keys.decrypt(key.sealed, HERE, message) == b"answer"
    keystore.destroy(wrapping)
    with pytest.raises(KeyUnavailable):
        keys.decrypt(key.sealed, HERE, message)


@pytest.mark.parametrize("change", [lambda sealed: b"\x02" + sealed[1:], lambda sealed: sealed[:-1], lambda _: b""])
def test_bytes_that_are_no_sealed_key_are_refused(keystore: Keystore, change: object) -> None:
    assert callable(change)
    keys = KeystoreResponseKeys(keystore)
    key = keys.new(HERE)
    message = parse_jwe(encrypt_jwe(b"answer", key.jwk, content_encryption="A128GCM"))
    with pytest.raises(EnvelopeRefused):
        keys.decrypt(change(key.sealed), HERE, message)


def test_no_repr_shows_what_is_sealed(keys: ResponseKeys) -> None:
    key = keys.new(HERE)
    assert repr(key.sealed)[2:20] not in repr(key)
