"""The core's port `Signer`, served from a keystore."""

from pathlib import Path

import pytest

from jeung.domain.registrations import KeyPurpose
from jeung.errors import KeyUnavailable
from jeung.ports.custody import Signer
from keys.purposes import Purpose
from keys.signer import KeystoreSigner
from tests.common.custody import SoftwareCustody


@pytest.mark.parametrize("purpose", list(KeyPurpose))
def test_every_registered_purpose_signs_with_the_current_key(tmp_path: Path, purpose: KeyPurpose) -> None:
    with SoftwareCustody(tmp_path).create() as keystore:
        record = keystore.activate(keystore.create(Purpose[purpose.name]).key_id)
        signer: Signer = KeystoreSigner(keystore, {record.key_id: ("leaf",)})
        key = signer.active_key(purpose)
        assert (key.key_id, key.purpose, key.jwk, key.x5c) == (
            record.key_id,
            purpose,
            record.public_jwk,
            ("leaf",),
        )
        assert len(signer.sign(key.key_id, purpose, b"message")) == 64


def test_key_that_may_not_sign_is_unavailable_to_the_core(tmp_path: Path) -> None:
    with SoftwareCustody(tmp_path).create() as keystore:
        signer = KeystoreSigner(keystore, {})
        with pytest.raises(KeyUnavailable):
            signer.active_key(KeyPurpose.TOKEN_SIGNING)
        record = keystore.activate(keystore.create(Purpose.TOKEN_SIGNING).key_id)
        assert signer.active_key(KeyPurpose.TOKEN_SIGNING).x5c == ()
        with pytest.raises(KeyUnavailable):
            signer.sign(record.key_id, KeyPurpose.RECEIPT_SIGNING, b"message")
        keystore.retire(record.key_id)
        with pytest.raises(KeyUnavailable):
            signer.sign(record.key_id, KeyPurpose.TOKEN_SIGNING, b"message")
        with pytest.raises(KeyUnavailable):
            signer.sign("unknown", KeyPurpose.TOKEN_SIGNING, b"message")


def test_keys_are_published_before_during_and_after_their_work_but_never_once_compromised(tmp_path: Path) -> None:
    purpose = Purpose.CREDENTIAL_SIGNING
    with SoftwareCustody(tmp_path).create() as keystore:
        signer = KeystoreSigner(keystore, {})

        def published() -> list[str]:
            return [key.key_id for key in signer.published_keys(KeyPurpose.CREDENTIAL_SIGNING)]

        assert published() == []
        first, other = keystore.create(purpose).key_id, keystore.create(Purpose.STATUS_SIGNING).key_id
        assert published() == [first]
        keystore.activate(first)
        second = keystore.create(purpose).key_id
        assert published() == [first, second]
        keystore.retire(first)
        keystore.activate(second)
        assert published() == [second, first]
        keystore.mark_compromised(first, since=0)
        assert published() == [second]
        assert other not in published()
