"""What every custody must do with a key from its making to its end: one suite, each backend passes it."""

from collections.abc import Callable

import coincurve
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed25519
from eth_utils.address import is_checksum_address

from jeung.crypto import base64url
from jeung.crypto.hashing import keccak256
from jeung.crypto.jwk import parse_jwk
from jeung.crypto.signatures import ED25519, ES256
from keys.algorithms import A256GCM, ES256K_RECOVERABLE
from keys.errors import (
    UnknownKey,
    WrongPurpose,
    WrongState,
)
from keys.keystore import Keystore
from keys.model import State
from keys.purposes import CHAIN_PURPOSES, Purpose
from tests.common.custody import NOW
from tests.common.keystores import (
    JWS_INPUT,
    SIGNING_PURPOSES,
    UNSIGNED_TRANSACTION,
    Custody,
    active,
    in_state,
    message_for,
    verify_es256,
)


def test_new_key_is_pre_active_and_signs_nothing(keystore: Keystore) -> None:
    record = keystore.create(Purpose.CREDENTIAL_SIGNING)
    assert (record.state, record.created_at, record.not_before) == (State.PRE_ACTIVE, NOW, NOW)
    with pytest.raises(WrongState, match="pre_active"):
        keystore.sign(record.key_id, Purpose.CREDENTIAL_SIGNING, JWS_INPUT)


@pytest.mark.parametrize("purpose", list(Purpose))
def test_each_purpose_gets_a_key_of_its_own_algorithm(keystore: Keystore, purpose: Purpose) -> None:
    record = keystore.create(purpose)
    expected = ES256
    if purpose in CHAIN_PURPOSES:
        expected = ES256K_RECOVERABLE
    if purpose in {Purpose.LOG_CHECKPOINT_SIGNING, Purpose.WITNESS_COSIGNING}:
        expected = ED25519
    if purpose is Purpose.DATA_WRAPPING:
        expected = A256GCM
    assert record.algorithm == expected
    assert keystore.get(record.key_id) == record


@pytest.mark.parametrize(
    ("purpose", "algorithm"),
    [
        (Purpose.CREDENTIAL_SIGNING, ES256K_RECOVERABLE),
        (Purpose.CREDENTIAL_SIGNING, A256GCM),
        (Purpose.GOVERNANCE, ES256),
        (Purpose.DATA_WRAPPING, ES256),
        (Purpose.WITNESS_COSIGNING, ES256),
    ],
)
def test_algorithm_that_does_not_serve_the_purpose_is_refused(
    keystore: Keystore, purpose: Purpose, algorithm: str
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
    if record.algorithm == ES256:
        verify_es256(record, signature, message)
        with pytest.raises(InvalidSignature):
            verify_es256(record, signature, message + b"x")
    elif record.algorithm == ED25519:
        point = base64url.decode((record.public_jwk or {})["x"])
        ed25519.Ed25519PublicKey.from_public_bytes(point).verify(signature, message)
    else:
        recovered = coincurve.PublicKey.from_signature_and_message(signature, message, hasher=keccak256)
        assert record.address is not None
        assert keccak256(recovered.format(compressed=False)[1:])[-20:].hex() == record.address[2:].lower()


@pytest.mark.parametrize("passed", [0, -86_400, 5], ids=["same-second", "clock-set-back", "later"])
def test_key_activated_last_is_current_whatever_the_clock_says(
    keystore: Keystore, custody: Custody, passed: int
) -> None:
    for _ in range(4):
        first = active(keystore, Purpose.CREDENTIAL_SIGNING)
        second = keystore.create(Purpose.CREDENTIAL_SIGNING, not_before=0)
        custody.clock.time += passed
        second = keystore.activate(second.key_id)
        assert keystore.current(Purpose.CREDENTIAL_SIGNING).key_id == second.key_id
        assert (second.activated_at or 0) > (keystore.get(first.key_id).activated_at or 0)
        for record in (first, second):
            keystore.retire(record.key_id)
