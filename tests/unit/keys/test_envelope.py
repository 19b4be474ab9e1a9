"""Envelopes: personal data opens only where it was sealed, for whom it was sealed, and unchanged."""

import copy
import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeung.errors import SealBroken
from jeung.ports.custody import DigestVault
from jeung.ports.custody import Vault as VaultPort
from keys import envelope
from keys.envelope import DataKey, Vault, place
from keys.errors import EnvelopeRefused, ExportRefused, KeystoreLocked, UnknownKey, WrongState
from keys.keystore import Keystore
from keys.purposes import Purpose
from tests.common.custody import NOW, SoftwareCustody


@pytest.fixture(scope="module")
def keystore(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keystore]:
    with SoftwareCustody(tmp_path_factory.mktemp("envelope")).create() as keystore:
        keystore.activate(keystore.create(Purpose.DATA_WRAPPING).key_id)
        yield keystore


@pytest.fixture(scope="module")
def vault(keystore: Keystore) -> Vault:
    return Vault(keystore)


@pytest.fixture(scope="module")
def wrapped(vault: Vault) -> bytes:
    return vault.new_data_key("subject 1")


@pytest.fixture(scope="module")
def key(vault: Vault, wrapped: bytes) -> DataKey:
    return vault.open_data_key(wrapped, "subject 1")


def test_vault_serves_the_port(vault: Vault) -> None:
    port: VaultPort = vault
    wrapped = port.new_data_key("owner")
    sealed = port.seal(wrapped, "owner", "proofing/1", "홍길동".encode())
    assert port.open(wrapped, "owner", "proofing/1", sealed).decode() == "홍길동"


def test_seal_is_refused_for_another_owner_context_or_key(vault: Vault, wrapped: bytes) -> None:
    sealed = vault.seal(wrapped, "subject 1", "proofing/1", b"secret")
    attempts = [
        (wrapped, "subject 2", "proofing/1"),
        (wrapped, "subject 1", "proofing/2"),
        (vault.new_data_key("subject 1"), "subject 1", "proofing/1"),
    ]
    for other_key, owner, context in attempts:
        with pytest.raises(SealBroken):
            vault.open(other_key, owner, context, sealed)


def test_digest_is_the_same_for_the_same_message_owner_and_context_alone(vault: Vault) -> None:
    port: DigestVault = vault
    wrapped = port.new_data_key("owner")
    digest = port.digest(wrapped, "owner", "body", b"message")
    assert digest == Vault(vault._keystore).digest(vault.wrap_anew(wrapped, "owner"), "owner", "body", b"message")
    assert len(digest) == 32
    others = [
        port.digest(wrapped, "owner", "bodym", b"essage"),
        port.digest(wrapped, "owner", "body", b"message "),
        port.digest(port.new_data_key("owner"), "owner", "body", b"message"),
    ]
    assert digest not in others
    with pytest.raises(SealBroken):
        port.digest(wrapped, "another owner", "body", b"message")


def test_every_subject_gets_a_fresh_key(vault: Vault) -> None:
    assert len({vault.new_data_key("subject")[-48:] for _ in range(50)}) == 50


def test_every_flipped_byte_of_a_wrapped_key_is_refused(vault: Vault, wrapped: bytes) -> None:
    assert len(wrapped) == 93
    for index in range(len(wrapped)):
        changed = bytearray(wrapped)
        changed[index] ^= 1
        with pytest.raises((EnvelopeRefused, UnknownKey)):
            vault.open_data_key(bytes(changed), "subject 1")


@pytest.mark.parametrize("length", [0, 1, 33, 61, 92, 94])
def test_wrapped_key_of_another_length_is_refused(vault: Vault, wrapped: bytes, length: int) -> None:
    with pytest.raises(EnvelopeRefused):
        vault.open_data_key((wrapped + b"\0")[:length], "subject 1")


@given(plaintext=st.binary(max_size=2000), names=st.lists(st.text(max_size=8), min_size=1, max_size=4))
def test_what_is_sealed_opens_in_its_place(key: DataKey, plaintext: bytes, names: list[str]) -> None:
    sealed = key.encrypt(plaintext, place(*names))
    assert sealed[0] == 1
    assert len(sealed) == len(plaintext) + 29
    assert key.decrypt(sealed, place(*names)) == plaintext


@given(data=st.data(), plaintext=st.binary(max_size=64))
def test_no_changed_byte_opens(key: DataKey, data: st.DataObject, plaintext: bytes) -> None:
    sealed = bytearray(key.encrypt(plaintext, place("t", "c", "r")))
    index = data.draw(st.integers(0, len(sealed) - 1))
    sealed[index] ^= data.draw(st.integers(1, 255))
    with pytest.raises(EnvelopeRefused):
        key.decrypt(bytes(sealed), place("t", "c", "r"))


@given(data=st.data())
def test_no_truncated_envelope_opens(key: DataKey, data: st.DataObject) -> None:
    sealed = key.encrypt(b"plaintext", place("t"))
    with pytest.raises(EnvelopeRefused):
        key.decrypt(sealed[: data.draw(st.integers(0, len(sealed) - 1))], place("t"))


@given(
    first=st.lists(st.text(alphabet="ab\0/", max_size=3), max_size=4),
    second=st.lists(st.text(alphabet="ab\0/", max_size=3), max_size=4),
)
def test_no_two_places_are_written_alike(first: list[str], second: list[str]) -> None:
    assert (place(*first) == place(*second)) == (first == second)


@pytest.mark.parametrize(
    "elsewhere",
    [("subjects", "name", "8"), ("subjects", "phone", "7"), ("proofings", "name", "7"), ("subjects", "name7", "")],
)
def test_ciphertext_moved_to_another_place_is_refused(key: DataKey, elsewhere: tuple[str, ...]) -> None:
    sealed = key.encrypt(b"secret", place("subjects", "name", "7"))
    with pytest.raises(EnvelopeRefused):
        key.decrypt(sealed, place(*elsewhere))


def test_equal_plaintexts_do_not_look_equal(key: DataKey) -> None:
    assert len({key.encrypt(b"same", place("t")) for _ in range(100)}) == 100


@pytest.mark.parametrize("version", [0, 2, 255])
def test_unknown_version_is_refused(key: DataKey, vault: Vault, wrapped: bytes, version: int) -> None:
    sealed = key.encrypt(b"secret", place("t"))
    with pytest.raises(EnvelopeRefused, match="version"):
        key.decrypt(bytes([version]) + sealed[1:], place("t"))
    with pytest.raises(EnvelopeRefused, match="version"):
        vault.open_data_key(bytes([version]) + wrapped[1:], "subject 1")


def test_oversized_field_is_refused(key: DataKey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(envelope, "MAX_PLAINTEXT_BYTES", 8)
    assert key.encrypt(bytes(8), place("t"))
    with pytest.raises(EnvelopeRefused, match="at most 8"):
        key.encrypt(bytes(9), place("t"))


def test_data_key_is_not_printed_copied_or_pickled(key: DataKey) -> None:
    assert repr(key) == "<DataKey>"
    for act in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(ExportRefused):
            act(key)


def test_data_outlives_the_rotation_of_the_wrapping_key_but_not_its_destruction(tmp_path: Path) -> None:
    custody = SoftwareCustody(tmp_path)
    with custody.create() as keystore:
        vault = Vault(keystore)
        with pytest.raises(UnknownKey):
            vault.new_data_key("subject")
        old = keystore.activate(keystore.create(Purpose.DATA_WRAPPING).key_id).key_id
        wrapped = vault.new_data_key("subject")
        sealed = vault.seal(wrapped, "subject", "c", b"secret")
        custody.clock.time = NOW + 1
        keystore.activate(keystore.create(Purpose.DATA_WRAPPING).key_id)
        keystore.retire(old)
        assert vault.open(wrapped, "subject", "c", sealed) == b"secret"
        assert vault.new_data_key("subject")[1:33] != wrapped[1:33]
        keystore.destroy(old)
        with pytest.raises(WrongState):
            vault.open(wrapped, "subject", "c", sealed)


class Stopwatch:
    """Seconds that pass only when told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def unwraps(keystore: Keystore) -> int:
    return sum(record.uses for record in keystore.list(purpose=Purpose.DATA_WRAPPING))


def test_key_kept_for_sealing_serves_its_time_and_is_unwrapped_anew(keystore: Keystore) -> None:
    watch = Stopwatch()
    vault = Vault(keystore, monotonic=watch)
    wrapped = vault.new_data_key("evidence/day")
    before = unwraps(keystore)
    seals = [vault.seal(wrapped, "evidence/day", "evidence/1", b"package") for _ in range(3)]
    watch.seconds = envelope.KEPT_S - 0.001
    vault.seal(wrapped, "evidence/day", "evidence/1", b"package")
    assert unwraps(keystore) == before + 1
    watch.seconds = envelope.KEPT_S
    seals.append(vault.seal(wrapped, "evidence/day", "evidence/1", b"package"))
    assert unwraps(keystore) == before + 2
    assert len(set(seals)) == len(seals)
    assert {vault.open(wrapped, "evidence/day", "evidence/1", sealed) for sealed in seals} == {b"package"}


def test_opening_uses_no_kept_key(keystore: Keystore) -> None:
    vault = Vault(keystore)
    wrapped = vault.new_data_key("evidence/day")
    sealed = vault.seal(wrapped, "evidence/day", "evidence/1", b"package")
    before = unwraps(keystore)
    for _ in range(2):
        assert vault.open(wrapped, "evidence/day", "evidence/1", sealed) == b"package"
    assert unwraps(keystore) == before + 2


def test_keys_kept_are_few_and_the_oldest_goes_first(keystore: Keystore) -> None:
    vault = Vault(keystore)
    owners = [f"owner {number}" for number in range(envelope.MAX_KEPT + 1)]
    wrapped = {owner: vault.new_data_key(owner) for owner in owners}
    for owner in owners:
        vault.seal(wrapped[owner], owner, "c", b"")
    before = unwraps(keystore)
    for owner in owners[1:]:
        vault.seal(wrapped[owner], owner, "c", b"")
    assert unwraps(keystore) == before
    vault.seal(wrapped[owners[0]], owners[0], "c", b"")
    assert unwraps(keystore) == before + 1


def test_kept_key_seals_for_its_owner_only(keystore: Keystore) -> None:
    vault = Vault(keystore)
    wrapped = vault.new_data_key("subject 1")
    vault.seal(wrapped, "subject 1", "c", b"")
    with pytest.raises(EnvelopeRefused):
        vault.seal(wrapped, "subject 2", "c", b"")
    with pytest.raises(EnvelopeRefused):
        vault.seal(wrapped[:-1] + bytes([wrapped[-1] ^ 1]), "subject 1", "c", b"")


@pytest.mark.parametrize("is_compromised", [False, True])
def test_wrapping_key_destroyed_by_another_process_stops_sealing_at_once(
    tmp_path: Path, is_compromised: bool
) -> None:
    custody = SoftwareCustody(tmp_path)
    with custody.create() as keystore, custody.open() as other:
        key_id = other.activate(other.create(Purpose.DATA_WRAPPING).key_id).key_id
        vault = Vault(keystore)
        wrapped = vault.new_data_key("owner")
        vault.seal(wrapped, "owner", "c", b"")
        if is_compromised:
            other.mark_compromised(key_id, NOW)
        else:
            other.retire(key_id)
        # Until it is destroyed, what it wrapped is still of use.
        vault.seal(wrapped, "owner", "c", b"")
        other.destroy(key_id)
        with pytest.raises(WrongState):
            vault.seal(wrapped, "owner", "c", b"")


def test_closed_keystore_seals_nothing_more(tmp_path: Path) -> None:
    keystore = SoftwareCustody(tmp_path).create()
    keystore.activate(keystore.create(Purpose.DATA_WRAPPING).key_id)
    vault = Vault(keystore)
    wrapped = vault.new_data_key("owner")
    vault.seal(wrapped, "owner", "c", b"")
    keystore.close()
    with pytest.raises(KeystoreLocked):
        vault.seal(wrapped, "owner", "c", b"")
