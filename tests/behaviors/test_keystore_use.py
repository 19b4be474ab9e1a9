"""What every custody must do when a key is used, and must never do: one suite, each backend passes it."""

import copy
import pickle
import traceback
from collections.abc import Callable
from typing import Any

import pytest
from eth_keys.datatypes import Signature

from jeung.crypto import base64url
from keys.algorithms import ChainKind, EcdsaKind, PlainKind, SoftwareKind, WrappingKind
from keys.errors import (
    EnvelopeRefused,
    ExportRefused,
    KeystoreLocked,
    MessageRefused,
    WrongPurpose,
    WrongState,
)
from keys.keystore import Keystore
from keys.model import KeyRecord, State
from keys.purposes import CHAIN_PURPOSES, MAX_MESSAGE_BYTES, Purpose
from tests.common.custody import NOW
from tests.common.keystores import (
    JWS_INPUT,
    TYPED_DATA,
    Custody,
    active,
    in_state,
    message_for,
    verify_es256,
)


def test_chain_signature_is_what_ethereum_expects(keystore: Keystore) -> None:
    half_order = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
    record = active(keystore, Purpose.GOVERNANCE)
    parities = set()
    for index in range(40):
        message = TYPED_DATA[:-1] + bytes([index])
        signature = keystore.sign(record.key_id, Purpose.GOVERNANCE, message)
        assert len(signature) == 65
        assert int.from_bytes(signature[32:64]) <= half_order
        assert Signature(signature).recover_public_key_from_msg(message).to_checksum_address() == record.address
        parities.add(signature[64])
    assert parities == {0, 1}


@pytest.mark.parametrize("state", [state for state in State if state is not State.ACTIVE])
def test_only_an_active_key_signs(keystore: Keystore, state: State) -> None:
    record = in_state(keystore, state)
    with pytest.raises(WrongState, match=state.value):
        keystore.sign(record.key_id, Purpose.STATUS_SIGNING, JWS_INPUT)
    assert keystore.get(record.key_id).uses == 0


def test_key_signs_for_no_purpose_but_its_own(keystore: Keystore) -> None:
    records = [active(keystore, purpose) for purpose in Purpose]
    refused = 0
    for record in records:
        for purpose in Purpose:
            if purpose is not record.purpose:
                with pytest.raises(WrongPurpose):
                    keystore.sign(record.key_id, purpose, message_for(purpose))
                refused += 1
    assert refused == len(Purpose) * (len(Purpose) - 1)


def test_wrapping_key_does_not_sign(keystore: Keystore) -> None:
    record = active(keystore, Purpose.DATA_WRAPPING)
    with pytest.raises(WrongPurpose):
        keystore.sign(record.key_id, Purpose.DATA_WRAPPING, JWS_INPUT)


@pytest.mark.parametrize("purpose", sorted(CHAIN_PURPOSES))
@pytest.mark.parametrize(
    "message",
    [
        pytest.param(bytes(range(32)), id="bare digest"),
        pytest.param(b"\x02" + bytes(31), id="digest that begins with 2"),
        pytest.param(b"\x02", id="type byte alone"),
        pytest.param(b"\x19\x01" + bytes(63), id="EIP-712 one byte short"),
        pytest.param(b"\x19\x01" + bytes(65), id="EIP-712 one byte long"),
        pytest.param(b"\x19\x00" + bytes(64), id="EIP-191 intended validator"),
        pytest.param(b"\x19Ethereum Signed Message:\n5hello", id="personal_sign"),
        pytest.param(b"\x01\xe3" + bytes(35), id="EIP-2930"),
        pytest.param(b"\x04\xe3" + bytes(35), id="EIP-7702 transaction"),
        pytest.param(b"\x05\xe3" + bytes(35), id="EIP-7702 authorisation"),
        pytest.param(b"\xe9" + bytes(41), id="legacy transaction"),
        pytest.param(JWS_INPUT, id="JWS"),
    ],
)
def test_chain_key_signs_only_transactions_and_typed_data(
    keystore: Keystore, purpose: Purpose, message: bytes
) -> None:
    record = active(keystore, purpose)
    with pytest.raises(MessageRefused):
        keystore.sign(record.key_id, purpose, message)


def test_authority_signs_only_what_can_be_a_certificate(keystore: Keystore) -> None:
    record = active(keystore, Purpose.CERTIFICATE_AUTHORITY)
    with pytest.raises(MessageRefused):
        keystore.sign(record.key_id, Purpose.CERTIFICATE_AUTHORITY, JWS_INPUT)


@pytest.mark.parametrize("size", [0, MAX_MESSAGE_BYTES + 1])
def test_empty_and_oversized_messages_are_refused(keystore: Keystore, size: int) -> None:
    record = active(keystore, Purpose.STATUS_SIGNING)
    with pytest.raises(MessageRefused, match=str(size)):
        keystore.sign(record.key_id, Purpose.STATUS_SIGNING, bytes(size))
    assert keystore.sign(record.key_id, Purpose.STATUS_SIGNING, bytes(MAX_MESSAGE_BYTES))


# Wrapping


def test_wrapped_key_comes_back_only_in_its_context_and_under_its_key(keystore: Keystore) -> None:
    first, second = (active(keystore, Purpose.DATA_WRAPPING).key_id for _ in range(2))
    wrapped = keystore.wrap_data_key(first, b"k" * 32, b"subject 1")
    assert b"k" * 8 not in wrapped
    assert keystore.unwrap_data_key(first, wrapped, b"subject 1") == b"k" * 32
    for key_id, context, data in [
        (first, b"subject 2", wrapped),
        (second, b"subject 1", wrapped),
        (first, b"subject 1", wrapped[:-1]),
        (first, b"subject 1", wrapped[:20]),
        (first, b"subject 1", bytes([wrapped[0] ^ 1]) + wrapped[1:]),
    ]:
        with pytest.raises(EnvelopeRefused):
            keystore.unwrap_data_key(key_id, data, context)


def test_the_same_key_is_never_wrapped_alike(keystore: Keystore) -> None:
    key_id = active(keystore, Purpose.DATA_WRAPPING).key_id
    assert len({keystore.wrap_data_key(key_id, bytes(32), b"") for _ in range(50)}) == 50


@pytest.mark.parametrize("end", ["retire", "compromise"])
def test_ended_wrapping_key_unwraps_and_does_not_wrap(keystore: Keystore, end: str) -> None:
    key_id = active(keystore, Purpose.DATA_WRAPPING).key_id
    wrapped = keystore.wrap_data_key(key_id, bytes(32), b"")
    keystore.retire(key_id) if end == "retire" else keystore.mark_compromised(key_id, NOW)
    with pytest.raises(WrongState):
        keystore.wrap_data_key(key_id, bytes(32), b"")
    assert keystore.unwrap_data_key(key_id, wrapped, b"") == bytes(32)
    keystore.destroy(key_id)
    with pytest.raises(WrongState):
        keystore.unwrap_data_key(key_id, wrapped, b"")


def test_signing_key_neither_wraps_nor_unwraps(keystore: Keystore) -> None:
    key_id = active(keystore, Purpose.STATUS_SIGNING).key_id
    with pytest.raises(WrongPurpose):
        keystore.wrap_data_key(key_id, bytes(32), b"")
    with pytest.raises(WrongPurpose):
        keystore.unwrap_data_key(key_id, bytes(60), b"")


# Counting


def test_every_use_is_counted_and_survives_closing(custody: Custody) -> None:
    with custody.create() as keystore:
        signer, wrapper = active(keystore, Purpose.STATUS_SIGNING), active(keystore, Purpose.DATA_WRAPPING)
        for _ in range(3):
            keystore.sign(signer.key_id, Purpose.STATUS_SIGNING, JWS_INPUT)
        keystore.unwrap_data_key(wrapper.key_id, keystore.wrap_data_key(wrapper.key_id, bytes(32), b""), b"")
        assert keystore.get(signer.key_id).uses == 3
        assert keystore.current(Purpose.DATA_WRAPPING).uses == 2
    with custody.open() as keystore:
        assert {record.purpose: record.uses for record in keystore.list()} == {
            Purpose.STATUS_SIGNING: 3,
            Purpose.DATA_WRAPPING: 2,
        }


def test_uses_of_two_handles_add_up(custody: Custody) -> None:
    with custody.create() as one, custody.open() as other:
        record = active(one, Purpose.STATUS_SIGNING)
        for keystore in (one, other, other):
            keystore.sign(record.key_id, Purpose.STATUS_SIGNING, JWS_INPUT)
        one.flush()
        one.flush()
        other.flush()
        assert one.get(record.key_id).uses == other.get(record.key_id).uses == 3


# Several handles


def test_key_made_by_one_handle_is_used_by_the_other(custody: Custody) -> None:
    with custody.create() as one, custody.open() as other:
        record = active(one, Purpose.STATUS_SIGNING)
        verify_es256(record, other.sign(record.key_id, Purpose.STATUS_SIGNING, JWS_INPUT), JWS_INPUT)


def test_compromise_declared_by_one_handle_stops_the_other_at_once(custody: Custody) -> None:
    with custody.create() as one, custody.open() as other:
        record = active(one, Purpose.STATUS_SIGNING)
        other.sign(record.key_id, Purpose.STATUS_SIGNING, JWS_INPUT)
        one.mark_compromised(record.key_id, NOW)
        with pytest.raises(WrongState, match="compromised"):
            other.sign(record.key_id, Purpose.STATUS_SIGNING, JWS_INPUT)


def test_key_destroyed_by_one_handle_is_forgotten_by_the_other(custody: Custody) -> None:
    with custody.create() as one, custody.open() as other:
        key_id = active(one, Purpose.DATA_WRAPPING).key_id
        wrapped = other.wrap_data_key(key_id, bytes(32), b"")
        one.mark_compromised(key_id, NOW)
        one.destroy(key_id)
        with pytest.raises(WrongState):
            other.unwrap_data_key(key_id, wrapped, b"")


# Closing and secrecy


def test_closed_keystore_does_nothing(custody: Custody) -> None:
    keystore = custody.create()
    record = active(keystore, Purpose.STATUS_SIGNING)
    keystore.sign(record.key_id, Purpose.STATUS_SIGNING, JWS_INPUT)
    keystore.close()
    keystore.close()
    acts: list[Callable[[], object]] = [
        keystore.list,
        lambda: keystore.sign(record.key_id, Purpose.STATUS_SIGNING, JWS_INPUT),
        lambda: keystore.create(Purpose.STATUS_SIGNING),
        lambda: keystore.retire(record.key_id),
    ]
    for act in acts:
        with pytest.raises(KeystoreLocked):
            act()


def test_keystore_cannot_be_pickled_or_copied(keystore: Keystore) -> None:
    active(keystore, Purpose.GOVERNANCE)
    for act in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(ExportRefused):
            act(keystore)
    assert repr(keystore) == "<Keystore>"
    assert not hasattr(keystore, "__dict__")


def test_nothing_in_the_interface_exports(keystore: Keystore) -> None:
    public = {name for name in dir(keystore) if not name.startswith("_")}
    assert public == {
        "activate",
        "close",
        "create",
        "create_in",
        "current",
        "destroy",
        "flush",
        "get",
        "list",
        "mark_compromised",
        "open_in",
        "place_of_successor",
        "require_unwrapping",
        "retire",
        "sign",
        "unwrap_data_key",
        "wrap_data_key",
    }


def traceback_of_refusal(keystore: Keystore, record: KeyRecord) -> str:
    """Show what a crash reporter shows: every frame with its local variables."""
    try:
        keystore.sign(record.key_id, record.purpose, b"")
    except MessageRefused as error:
        lines = list(traceback.TracebackException.from_exception(error, capture_locals=True).format())
        assert len(lines) > 3
        return "".join(lines)
    raise AssertionError("an empty message was signed")


def test_no_private_byte_is_printed_logged_or_shown_by_a_traceback(
    keystore: Keystore, custody: Custody, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Watch every private byte that is made, then look for it wherever a curious operator would."""
    secrets: list[bytes] = []
    for kind in (ChainKind, EcdsaKind, PlainKind, WrappingKind):

        def watched(self: SoftwareKind, make: Callable[[Any], bytearray] = kind.generate) -> bytearray:
            private = make(self)
            secrets.append(bytes(private))
            return private

        monkeypatch.setattr(kind, "generate", watched)
    caplog.set_level(0)
    shown = []
    for purpose in Purpose:
        record = active(keystore, purpose)
        shown += [traceback_of_refusal(keystore, record), repr(record), repr(keystore), str(record)]
    text = "\n".join([*shown, caplog.text])
    assert len(secrets) == (len(Purpose) if custody.makes_keys_here else 0)
    assert "key created" in caplog.text
    for secret in secrets:
        number = int.from_bytes(secret)
        for form in (secret.hex(), base64url.encode(secret), repr(secret)[2:-1], str(number), hex(number)[2:]):
            assert form not in text
