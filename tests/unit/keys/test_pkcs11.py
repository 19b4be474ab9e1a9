"""Keys in a PKCS#11 token, asked of SoftHSM: what the token keeps, and what it must refuse us."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from keys.backends import sessions
from keys.backends.pkcs11 import Pkcs11Backend
from keys.errors import (
    BackendRefused,
    BackendUnavailable,
)
from keys.keystore import Keystore
from keys.model import KeyRecord
from keys.purposes import Purpose
from tests.common.custody import Pkcs11Custody
from tests.common.keystores import JWS_INPUT, UNSIGNED_TRANSACTION, active
from tests.common.tokens import connected, logged_out_afterwards, objects


@pytest.fixture(autouse=True)
def log_out() -> Iterator[None]:
    with logged_out_afterwards():
        yield


@pytest.fixture
def custody(tmp_path: Path) -> Pkcs11Custody:
    return Pkcs11Custody(tmp_path)


@pytest.fixture
def keystore(custody: Pkcs11Custody) -> Iterator[Keystore]:
    with custody.create() as keystore:
        yield keystore


# What the token keeps


@pytest.mark.parametrize(
    "purpose", [Purpose.GOVERNANCE, Purpose.CREDENTIAL_SIGNING, Purpose.WITNESS_COSIGNING, Purpose.DATA_WRAPPING]
)
def test_private_half_is_made_on_the_token_and_cannot_be_read(
    keystore: Keystore, custody: Pkcs11Custody, purpose: Purpose
) -> None:
    import pkcs11
    from pkcs11 import Attribute, ObjectClass

    handle = keystore.create(purpose).handle
    found = objects(custody, handle)
    secret = next(one for one in found if one.object_class is not ObjectClass.PUBLIC_KEY)
    marks = (Attribute.SENSITIVE, Attribute.ALWAYS_SENSITIVE, Attribute.NEVER_EXTRACTABLE, Attribute.LOCAL)
    assert all(secret[mark] for mark in marks)
    assert not secret[Attribute.EXTRACTABLE]
    with pytest.raises(pkcs11.PKCS11Error):
        secret[Attribute.VALUE]


def test_file_holds_no_material_of_a_key_on_the_token(keystore: Keystore, custody: Pkcs11Custody) -> None:
    keystore.create(Purpose.GOVERNANCE)
    assert b'"sealed":null' in (custody.folder / "keys.jeung").read_bytes()


def test_destroyed_key_is_gone_from_the_token(keystore: Keystore, custody: Pkcs11Custody) -> None:
    record = keystore.create(Purpose.CREDENTIAL_SIGNING)
    assert len(objects(custody, record.handle)) == 2
    keystore.destroy(record.key_id)
    assert objects(custody, record.handle) == []


def test_key_that_vanished_from_the_token_is_refused_by_name(keystore: Keystore, custody: Pkcs11Custody) -> None:
    record = active(keystore, Purpose.CREDENTIAL_SIGNING)
    for found in objects(custody, record.handle):
        found.destroy()
    with pytest.raises(BackendRefused, match="found 0"):
        keystore.sign(record.key_id, Purpose.CREDENTIAL_SIGNING, JWS_INPUT)


# Keys that are there already


def test_key_of_a_ceremony_is_adopted_and_signs(keystore: Keystore, custody: Pkcs11Custody) -> None:
    backend = custody.backend()
    held = backend.generate(Purpose.GOVERNANCE, "ES256K-R")
    secret = backend.generate(Purpose.DATA_WRAPPING, "A256GCM")
    backend.close()
    record = keystore.create(Purpose.GOVERNANCE, adopt=held.handle)
    assert record.address == held.public.address
    keystore.activate(record.key_id)
    assert keystore.sign(record.key_id, Purpose.GOVERNANCE, UNSIGNED_TRANSACTION)
    assert keystore.create(Purpose.DATA_WRAPPING, adopt=secret.handle).key_id == secret.public.key_id
    with pytest.raises(BackendRefused, match="already"):
        keystore.create(Purpose.DATA_WRAPPING, adopt=secret.handle)


@pytest.mark.parametrize("name", ["", "zz", "00" * 65, "0x00", "00112233445566778899aabbccddeeff"])
def test_key_the_token_does_not_have_is_not_adopted(keystore: Keystore, name: str) -> None:
    with pytest.raises(BackendRefused):
        keystore.create(Purpose.GOVERNANCE, adopt=name)


def test_key_on_another_curve_is_not_adopted(keystore: Keystore) -> None:
    other = keystore.create(Purpose.CREDENTIAL_SIGNING)
    with pytest.raises(BackendRefused, match="none for ES256K-R"):
        keystore.create(Purpose.GOVERNANCE, adopt=other.handle)


def test_key_that_can_be_extracted_is_not_adopted(keystore: Keystore, custody: Pkcs11Custody) -> None:
    from pkcs11 import Attribute, KeyType

    def weak(lent: sessions.Borrowed) -> None:
        lent.session.generate_key(
            KeyType.AES, 256, id=b"weak-key", store=True, template={Attribute.EXTRACTABLE: True}
        )

    connected(custody).run(weak)
    with pytest.raises(BackendRefused, match="extracted"):
        keystore.create(Purpose.DATA_WRAPPING, adopt=b"weak-key".hex())


def test_key_that_somebody_put_in_the_place_of_ours_wraps_nothing(keystore: Keystore, custody: Pkcs11Custody) -> None:
    """Another program at the token erased our key, and put one under its CKA_ID that it knows."""
    from pkcs11 import Attribute, KeyType

    record = active(keystore, Purpose.DATA_WRAPPING)
    identifier = bytes.fromhex(record.handle)

    def exchange(lent: sessions.Borrowed) -> None:
        for found in list(lent.session.get_objects({Attribute.ID: identifier})):
            found.destroy()
        known = {Attribute.EXTRACTABLE: True, Attribute.SENSITIVE: False}
        lent.session.generate_key(KeyType.AES, 256, id=identifier, store=True, template=known)

    connected(custody).run(exchange)
    with pytest.raises(BackendRefused, match="extracted"):
        keystore.wrap_data_key(record.key_id, bytes(32), b"")


def test_token_that_does_not_obey_loses_the_key_again(
    keystore: Keystore, custody: Pkcs11Custody, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order to make it non-extractable is left out here, as a token may leave out to follow it."""
    from pkcs11 import Attribute

    loose = {Attribute.PRIVATE: True, Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: True}
    monkeypatch.setattr("keys.backends.pkcs11._guard", lambda: loose)
    monkeypatch.setattr("keys.backends.pkcs11.secrets.token_bytes", lambda size: b"\x77" * size)
    for purpose in (Purpose.CREDENTIAL_SIGNING, Purpose.DATA_WRAPPING):
        with pytest.raises(BackendRefused, match="extracted"):
            keystore.create(purpose)
    monkeypatch.undo()
    assert objects(custody, "77" * 16) == []
    assert keystore.list() == []


# Decrypting


def test_broken_token_is_not_taken_for_a_changed_ciphertext(
    keystore: Keystore, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = active(keystore, Purpose.DATA_WRAPPING)
    wrapped = keystore.wrap_data_key(record.key_id, bytes(32), b"")
    monkeypatch.setattr("keys.backends.pkcs11._still_works", lambda borrowed, record: False)
    with pytest.raises(BackendUnavailable, match="GeneralError"):
        keystore.unwrap_data_key(record.key_id, wrapped[:-1] + bytes([wrapped[-1] ^ 1]), b"")


def test_probe_fails_where_the_key_does_not_work(keystore: Keystore, custody: Pkcs11Custody) -> None:
    from keys.backends.pkcs11 import _still_works

    record: KeyRecord = active(keystore, Purpose.DATA_WRAPPING)

    def probe(lent: sessions.Borrowed) -> tuple[bool, bool]:
        before = _still_works(lent, record)
        lent.session.close()
        return before, _still_works(lent, record)

    assert connected(custody).run(probe) == (True, False)


def test_public_key_that_is_no_point_is_refused() -> None:
    from pkcs11 import Attribute

    from keys.backends.pkcs11 import _public_part

    for algorithm in ("ES256", "ES256K-R", "Ed25519"):
        with pytest.raises(BackendRefused, match="no point"):
            _public_part(algorithm, {Attribute.EC_POINT: b"\x04\x03abc"})


def test_backend_shows_nothing(custody: Pkcs11Custody) -> None:
    assert repr(custody.backend()) == "<Pkcs11Backend>"
    assert isinstance(custody.backend(), Pkcs11Backend)
