"""Accounts at a remote signer: what it is asked, what is believed of its answers, and what it is never asked."""

from collections.abc import Iterator
from pathlib import Path

import coincurve
import pytest

from keys.backends.elsewhere import Elsewhere
from keys.backends.web3signer import Web3SignerBackend
from keys.errors import (
    BackendRefused,
    BackendUnavailable,
    KeystoreLocked,
    MessageRefused,
    SignatureRefused,
)
from keys.keystore import Keystore
from keys.model import KeyRecord, State
from keys.purposes import Purpose
from tests.common.custody import SoftwareCustody
from tests.common.keystores import JWS_INPUT, TYPED_DATA, UNSIGNED_TRANSACTION
from tests.common.web3signer import DirectTransport, Web3Signer


class SignerCustody(SoftwareCustody):
    def __init__(self, folder: Path, signer: Web3Signer) -> None:
        super().__init__(folder)
        self.signer = signer

    def elsewhere(self) -> Elsewhere:
        return Elsewhere({"signer": Web3SignerBackend(DirectTransport(self.signer))}, {Purpose.ATTEST: "signer"})


@pytest.fixture
def signer() -> Web3Signer:
    return Web3Signer([coincurve.PrivateKey() for _ in range(3)])


@pytest.fixture
def keystore(tmp_path: Path, signer: Web3Signer) -> Iterator[Keystore]:
    with SignerCustody(tmp_path, signer).create() as keystore:
        yield keystore


@pytest.fixture
def record(keystore: Keystore, signer: Web3Signer) -> KeyRecord:
    return keystore.activate(keystore.create(Purpose.ATTEST, adopt=signer.accounts[1]).key_id)


def recovered(signature: bytes, message: bytes) -> str:
    from eth_keys.datatypes import Signature

    return Signature(signature).recover_public_key_from_msg(message).to_checksum_address()


@pytest.mark.parametrize("is_high_s", [False, True])
@pytest.mark.parametrize("message", [UNSIGNED_TRANSACTION, TYPED_DATA], ids=["transaction", "typed data"])
def test_signer_gets_the_whole_message_and_the_chain_a_low_s(
    keystore: Keystore, signer: Web3Signer, record: KeyRecord, message: bytes, is_high_s: bool
) -> None:
    signer.is_high_s = is_high_s
    signature = keystore.sign(record.key_id, Purpose.ATTEST, message)
    assert signer.signed == [message]
    assert recovered(signature, message) == record.address == signer.accounts[1]
    assert signature[64] in (0, 1)


@pytest.mark.parametrize("spelling", [str.lower, str, lambda account: "0x" + account[2:].upper()])
def test_account_is_adopted_by_its_address_however_spelled(
    keystore: Keystore, signer: Web3Signer, spelling: object
) -> None:
    record = keystore.create(Purpose.ATTEST, adopt=spelling(signer.accounts[0]))  # type: ignore[operator]
    assert (record.address, record.handle) == (signer.accounts[0], signer.public_keys[0])
    assert keystore.create(Purpose.ATTEST, adopt=signer.public_keys[2]).address == signer.accounts[2]


def test_key_is_not_made_at_a_remote_signer(keystore: Keystore) -> None:
    with pytest.raises(BackendRefused, match="adopt"):
        keystore.create(Purpose.ATTEST)
    assert keystore.list() == []


@pytest.mark.parametrize("name", ["", "0x" + "00" * 20, "0x", "*"])
def test_account_the_signer_does_not_have_is_refused(keystore: Keystore, name: str) -> None:
    with pytest.raises(BackendRefused, match="does not have"):
        keystore.create(Purpose.ATTEST, adopt=name)


@pytest.mark.parametrize("purpose", [Purpose.CREDENTIAL_SIGNING, Purpose.DATA_WRAPPING, Purpose.WITNESS_COSIGNING])
def test_only_accounts_of_the_chain_lie_at_a_signer(keystore: Keystore, signer: Web3Signer, purpose: Purpose) -> None:
    with pytest.raises(BackendRefused, match="accounts of the chain"):
        keystore.create(purpose, backend="signer", adopt=signer.accounts[0])


@pytest.mark.parametrize(
    "message", [bytes(32), JWS_INPUT, b"\x19Ethereum Signed Message:\n5hello"], ids=["digest", "JWS", "personal_sign"]
)
def test_signer_is_never_asked_for_anything_but_transactions_and_typed_data(
    keystore: Keystore, signer: Web3Signer, record: KeyRecord, message: bytes
) -> None:
    with pytest.raises(MessageRefused):
        keystore.sign(record.key_id, Purpose.ATTEST, message)
    with pytest.raises(MessageRefused):
        Web3SignerBackend(DirectTransport(signer)).sign(record, message)
    assert signer.signed == []


def test_record_of_another_kind_is_not_signed_with(signer: Web3Signer, record: KeyRecord) -> None:
    from dataclasses import replace

    backend = Web3SignerBackend(DirectTransport(signer))
    for wrong in (replace(record, handle="../../reload"), replace(record, purpose=Purpose.TOKEN_SIGNING)):
        with pytest.raises(BackendRefused):
            backend.sign(wrong, UNSIGNED_TRANSACTION)
    assert signer.signed == []


@pytest.mark.parametrize(
    "text",
    ["", "OK", "0x", "0x" + "00" * 65, "0x" + "11" * 64, "0x" + "11" * 64 + "1d", "[]", "0x" + "ff" * 64 + "1b", "é"],
)
def test_answer_that_is_no_signature_of_the_account_is_refused(
    keystore: Keystore, signer: Web3Signer, record: KeyRecord, text: str
) -> None:
    signer.text = text
    signer.status = 200
    with pytest.raises(SignatureRefused):
        keystore.sign(record.key_id, Purpose.ATTEST, UNSIGNED_TRANSACTION)
    assert keystore.get(record.key_id).uses == 0


def test_signature_of_another_account_or_message_is_refused(
    keystore: Keystore, signer: Web3Signer, record: KeyRecord
) -> None:
    _, other = signer.answer("POST", f"/api/v1/eth1/sign/{signer.public_keys[0]}", b'{"data":"0x02c0"}')
    _, stale = signer.answer("POST", f"/api/v1/eth1/sign/{signer.public_keys[1]}", b'{"data":"0x02c0"}')
    for text in (other, stale):
        signer.text = text
        with pytest.raises(SignatureRefused):
            keystore.sign(record.key_id, Purpose.ATTEST, UNSIGNED_TRANSACTION)


@pytest.mark.parametrize("text", ["", "{}", "[1]", "null", "[" * 5000, '["0x' + "00" * 64 + '"]'])
def test_answer_that_is_no_list_of_keys_is_refused(keystore: Keystore, signer: Web3Signer, text: str) -> None:
    signer.text, signer.status = text, 200
    with pytest.raises(BackendRefused):
        keystore.create(Purpose.ATTEST, adopt="0x" + "00" * 20)


def test_list_of_too_many_keys_is_refused(keystore: Keystore, signer: Web3Signer) -> None:
    signer.text = "[" + ",".join(['"0x00"'] * 1025) + "]"
    with pytest.raises(BackendRefused, match="no list"):
        keystore.create(Purpose.ATTEST, adopt=signer.accounts[0])


def test_signer_that_is_down_is_not_a_key_that_is_gone(
    keystore: Keystore, signer: Web3Signer, record: KeyRecord
) -> None:
    signer.status = 503
    with pytest.raises(BackendUnavailable):
        keystore.sign(record.key_id, Purpose.ATTEST, UNSIGNED_TRANSACTION)
    signer.status = None
    assert keystore.sign(record.key_id, Purpose.ATTEST, UNSIGNED_TRANSACTION)


def test_key_counts_as_destroyed_once_the_signer_has_it_no_more(
    keystore: Keystore, signer: Web3Signer, record: KeyRecord
) -> None:
    keystore.retire(record.key_id)
    with pytest.raises(BackendRefused, match="take the key away"):
        keystore.destroy(record.key_id)
    assert keystore.get(record.key_id).state is State.RETIRED
    del signer.keys[1]
    assert keystore.destroy(record.key_id).state is State.DESTROYED


def test_signer_neither_encrypts_nor_decrypts(signer: Web3Signer, record: KeyRecord) -> None:
    backend = Web3SignerBackend(DirectTransport(signer))
    with pytest.raises(BackendRefused):
        backend.seal(record, b"", b"")
    with pytest.raises(BackendRefused):
        backend.unseal(record, b"", b"")


def test_closed_signer_is_not_asked(signer: Web3Signer, record: KeyRecord) -> None:
    backend = Web3SignerBackend(DirectTransport(signer))
    backend.close()
    backend.close()
    with pytest.raises(KeystoreLocked):
        backend.sign(record, UNSIGNED_TRANSACTION)
    with pytest.raises(KeystoreLocked):
        backend.adopt(Purpose.ATTEST, "ES256K-R", signer.accounts[0])
    assert signer.signed == []
