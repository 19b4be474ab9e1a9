"""What every custody of keys must do behind `Keystore`: one suite, each backend passes it."""

import copy
import pickle
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import coincurve
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from eth_keys.datatypes import Signature
from eth_utils.address import is_checksum_address

from jeung.crypto import base64url
from jeung.crypto.hashing import keccak256
from jeung.crypto.jwk import parse_jwk
from keys.algorithms import ALGORITHMS, Algorithm
from keys.errors import (
    EnvelopeRefused,
    ExportRefused,
    KeystoreLocked,
    MessageRefused,
    UnknownKey,
    WrongPurpose,
    WrongState,
)
from keys.keystore import Keystore
from keys.model import KeyRecord, State
from keys.purposes import CHAIN_PURPOSES, MAX_MESSAGE_BYTES, Purpose
from tests.common.custody import NOW, SetClock, SoftwareCustody

JWS_INPUT = b"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJodHRwczovL2JhbmsifQ"
UNSIGNED_TRANSACTION = b"\x02\xe3" + bytes(35)
TYPED_DATA = b"\x19\x01" + bytes(range(64))
SIGNING_PURPOSES = [purpose for purpose in Purpose if purpose is not Purpose.DATA_WRAPPING]


class Custody(Protocol):
    clock: SetClock

    def create(self) -> Keystore: ...

    def open(self) -> Keystore: ...


CUSTODIES: list[Callable[[Path], Custody]] = [SoftwareCustody]


@pytest.fixture(params=CUSTODIES, ids=lambda kind: kind.__name__)
def custody(request: pytest.FixtureRequest, tmp_path: Path) -> Custody:
    made: Custody = request.param(tmp_path)
    return made


@pytest.fixture
def keystore(custody: Custody) -> Iterator[Keystore]:
    with custody.create() as keystore:
        yield keystore


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


def test_new_key_is_pre_active_and_signs_nothing(keystore: Keystore) -> None:
    record = keystore.create(Purpose.CREDENTIAL_SIGNING)
    assert (record.state, record.created_at, record.not_before) == (State.PRE_ACTIVE, NOW, NOW)
    with pytest.raises(WrongState, match="pre_active"):
        keystore.sign(record.key_id, Purpose.CREDENTIAL_SIGNING, JWS_INPUT)


@pytest.mark.parametrize("purpose", list(Purpose))
def test_each_purpose_gets_a_key_of_its_own_algorithm(keystore: Keystore, purpose: Purpose) -> None:
    record = keystore.create(purpose)
    expected = Algorithm.ES256
    if purpose in CHAIN_PURPOSES:
        expected = Algorithm.ES256K_RECOVERABLE
    if purpose in {Purpose.LOG_CHECKPOINT_SIGNING, Purpose.WITNESS_COSIGNING}:
        expected = Algorithm.ED25519
    if purpose is Purpose.DATA_WRAPPING:
        expected = Algorithm.A256GCM
    assert record.algorithm is expected
    assert keystore.get(record.key_id) == record


@pytest.mark.parametrize(
    ("purpose", "algorithm"),
    [
        (Purpose.CREDENTIAL_SIGNING, Algorithm.ES256K_RECOVERABLE),
        (Purpose.CREDENTIAL_SIGNING, Algorithm.A256GCM),
        (Purpose.GOVERNANCE, Algorithm.ES256),
        (Purpose.DATA_WRAPPING, Algorithm.ES256),
        (Purpose.WITNESS_COSIGNING, Algorithm.ES256),
    ],
)
def test_algorithm_that_does_not_serve_the_purpose_is_refused(
    keystore: Keystore, purpose: Purpose, algorithm: Algorithm
) -> None:
    with pytest.raises(WrongPurpose):
        keystore.create(purpose, algorithm)
    assert keystore.list() == []


def test_p256_key_is_named_by_the_thumbprint_of_its_jwk(keystore: Keystore) -> None:
    record = keystore.create(Purpose.CREDENTIAL_SIGNING)
    assert record.public_jwk is not None
    assert record.public_jwk.keys() == {"kty", "crv", "x", "y"}
    assert base64url.encode(parse_jwk(record.public_jwk).thumbprint) == record.key_id


def test_chain_key_is_named_by_its_checksummed_address(keystore: Keystore) -> None:
    record = keystore.create(Purpose.ATTEST)
    assert record.address == record.key_id
    assert is_checksum_address(record.key_id)
    assert record.public_jwk is None


def test_every_key_is_fresh(keystore: Keystore) -> None:
    names = [keystore.create(purpose).key_id for purpose in [*Purpose, *Purpose]]
    assert len(set(names)) == len(names)


# Reading


def test_keys_are_listed_oldest_first_by_purpose_and_state(keystore: Keystore, custody: Custody) -> None:
    first = active(keystore, Purpose.STATUS_SIGNING)
    custody.clock.time += 1
    second = keystore.create(Purpose.STATUS_SIGNING)
    other = keystore.create(Purpose.ATTEST)
    assert {record.key_id for record in keystore.list()} == {first.key_id, second.key_id, other.key_id}
    assert keystore.list(purpose=Purpose.STATUS_SIGNING) == [first, second]
    assert keystore.list(state=State.ACTIVE) == [first]
    assert keystore.list(purpose=Purpose.ATTEST, state=State.ACTIVE) == []


def test_unknown_key_is_refused_everywhere(keystore: Keystore) -> None:
    unknown = "no-such-key"
    acts: list[Callable[[], object]] = [
        lambda: keystore.get(unknown),
        lambda: keystore.activate(unknown),
        lambda: keystore.retire(unknown),
        lambda: keystore.destroy(unknown),
        lambda: keystore.mark_compromised(unknown, NOW),
        lambda: keystore.sign(unknown, Purpose.ATTEST, UNSIGNED_TRANSACTION),
        lambda: keystore.wrap_data_key(unknown, bytes(32), b""),
        lambda: keystore.unwrap_data_key(unknown, bytes(60), b""),
    ]
    for act in acts:
        with pytest.raises(UnknownKey):
            act()


def test_the_key_activated_last_is_the_current_one(keystore: Keystore, custody: Custody) -> None:
    with pytest.raises(UnknownKey, match="status_signing"):
        keystore.current(Purpose.STATUS_SIGNING)
    newer_made, older_made = keystore.create(Purpose.STATUS_SIGNING), keystore.create(Purpose.STATUS_SIGNING)
    keystore.activate(older_made.key_id)
    assert keystore.current(Purpose.STATUS_SIGNING).key_id == older_made.key_id
    custody.clock.time += 1
    keystore.activate(newer_made.key_id)
    assert keystore.current(Purpose.STATUS_SIGNING).key_id == newer_made.key_id
    keystore.retire(newer_made.key_id)
    assert keystore.current(Purpose.STATUS_SIGNING).key_id == older_made.key_id


# Life


def test_key_lives_from_active_through_retired_to_destroyed(keystore: Keystore, custody: Custody) -> None:
    record = keystore.create(Purpose.TOKEN_SIGNING)
    for step, act in enumerate((keystore.activate, keystore.retire, keystore.destroy), start=1):
        custody.clock.time = NOW + step
        record = act(record.key_id)
    assert (record.activated_at, record.retired_at, record.destroyed_at) == (NOW + 1, NOW + 2, NOW + 3)
    assert record.state is State.DESTROYED


def test_key_is_not_activated_before_its_time(keystore: Keystore, custody: Custody) -> None:
    record = keystore.create(Purpose.CREDENTIAL_SIGNING, not_before=NOW + 60)
    custody.clock.time = NOW + 59
    with pytest.raises(WrongState, match="before"):
        keystore.activate(record.key_id)
    custody.clock.time = NOW + 60
    assert keystore.activate(record.key_id).state is State.ACTIVE


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


@pytest.mark.parametrize(
    ("state", "act"),
    [
        (State.PRE_ACTIVE, "retire"),
        (State.ACTIVE, "activate"),
        (State.ACTIVE, "destroy"),
        (State.RETIRED, "activate"),
        (State.RETIRED, "retire"),
        (State.DESTROYED, "activate"),
        (State.DESTROYED, "retire"),
        (State.DESTROYED, "destroy"),
        (State.COMPROMISED, "activate"),
        (State.COMPROMISED, "retire"),
    ],
)
def test_transition_against_the_life_of_a_key_is_refused(keystore: Keystore, state: State, act: str) -> None:
    record = in_state(keystore, state)
    with pytest.raises(WrongState):
        getattr(keystore, act)(record.key_id)
    assert keystore.get(record.key_id) == record


@pytest.mark.parametrize("state", [State.PRE_ACTIVE, State.RETIRED])
def test_unused_and_retired_keys_can_be_destroyed(keystore: Keystore, state: State) -> None:
    record = keystore.destroy(in_state(keystore, state).key_id)
    assert (record.state, record.destroyed_at) == (State.DESTROYED, NOW)


@pytest.mark.parametrize("state", [state for state in State if state is not State.COMPROMISED])
def test_compromise_can_be_declared_in_any_state(keystore: Keystore, state: State) -> None:
    record = keystore.mark_compromised(in_state(keystore, state).key_id, NOW - 86_400)
    assert (record.state, record.compromised_at, record.compromised_since) == (State.COMPROMISED, NOW, NOW - 86_400)


def test_compromised_since_only_moves_earlier(keystore: Keystore, custody: Custody) -> None:
    key_id = active(keystore, Purpose.ATTEST).key_id
    keystore.mark_compromised(key_id, NOW - 10)
    custody.clock.time = NOW + 5
    with pytest.raises(WrongState, match="earlier"):
        keystore.mark_compromised(key_id, NOW - 9)
    assert keystore.mark_compromised(key_id, NOW - 10).compromised_at == NOW
    assert keystore.mark_compromised(key_id, NOW - 11).compromised_since == NOW - 11


@pytest.mark.parametrize("since", [NOW + 1, -1])
def test_compromise_in_the_future_or_before_time_is_refused(keystore: Keystore, since: int) -> None:
    record = active(keystore, Purpose.ATTEST)
    with pytest.raises(WrongState, match="since"):
        keystore.mark_compromised(record.key_id, since)
    assert keystore.get(record.key_id) == record


def test_destroying_a_compromised_key_keeps_the_warning(keystore: Keystore) -> None:
    key_id = in_state(keystore, State.COMPROMISED).key_id
    record = keystore.destroy(key_id)
    assert (record.state, record.destroyed_at) == (State.COMPROMISED, NOW)
    with pytest.raises(WrongState):
        keystore.destroy(key_id)


def test_records_survive_closing(custody: Custody) -> None:
    with custody.create() as keystore:
        for purpose in Purpose:
            in_state(keystore, State.RETIRED, purpose)
        before = keystore.list()
    with custody.open() as keystore:
        assert keystore.list() == before


# Signing


@pytest.mark.parametrize("purpose", SIGNING_PURPOSES)
def test_signature_still_verifies_after_reopening(custody: Custody, purpose: Purpose) -> None:
    message = message_for(purpose)
    with custody.create() as keystore:
        record = active(keystore, purpose)
    with custody.open() as keystore:
        signature = keystore.sign(record.key_id, purpose, message)
    if record.algorithm is Algorithm.ES256:
        verify_es256(record, signature, message)
        with pytest.raises(InvalidSignature):
            verify_es256(record, signature, message + b"x")
    elif record.algorithm is Algorithm.ED25519:
        point = base64url.decode((record.public_jwk or {})["x"])
        ed25519.Ed25519PublicKey.from_public_bytes(point).verify(signature, message)
    else:
        recovered = coincurve.PublicKey.from_signature_and_message(signature, message, hasher=keccak256)
        assert record.address is not None
        assert keccak256(recovered.format(compressed=False)[1:])[-20:].hex() == record.address[2:].lower()


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
    keystore: Keystore, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Watch every private byte that is made, then look for it wherever a curious operator would."""
    secrets: list[bytes] = []
    for kind in ALGORITHMS.values():

        def watched(make: Callable[[], bytes] = kind.generate) -> bytes:
            secrets.append(make())
            return secrets[-1]

        monkeypatch.setattr(kind, "generate", staticmethod(watched))
    caplog.set_level(0)
    shown = []
    for purpose in Purpose:
        record = active(keystore, purpose)
        shown += [traceback_of_refusal(keystore, record), repr(record), repr(keystore), str(record)]
    text = "\n".join([*shown, caplog.text])
    assert len(secrets) == len(Purpose)
    assert "key created" in caplog.text
    for secret in secrets:
        number = int.from_bytes(secret)
        for form in (secret.hex(), base64url.encode(secret), repr(secret)[2:-1], str(number), hex(number)[2:]):
            assert form not in text
