"""The keystore file: no byte of it can be changed, and nobody can be made to spend much before noticing."""

import hashlib
import itertools
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from keys.algorithms import ES256K_RECOVERABLE
from keys.backends import container
from keys.backends.container import FileKeys, KdfCosts, Lock, encode_file, new_lock, parse_file
from keys.backends.entries import entries_from_json
from keys.backends.software import FILE_NAME, SoftwareBackend
from keys.errors import (
    KdfOutOfBounds,
    KeyCustodyError,
    KeystoreTampered,
    UnsupportedKeystoreVersion,
    WrongPassphrase,
    WrongState,
)
from keys.model import KeyRecord, State, record_from_json
from keys.passphrase import Passphrase
from keys.purposes import Purpose
from tests.common.custody import NOW, PASSPHRASE, SoftwareCustody

LOCK, KEYS = new_lock(Passphrase(PASSPHRASE), container.UNSAFE_FAST_COSTS)
FILE, _ = encode_file(LOCK, KEYS, 7, b"[]")
HEAD_BYTES = 56


def with_checksum(content: bytes) -> bytes:
    """Do what an attacker without the passphrase can: make the unkeyed checksum right again."""
    return content + hashlib.sha256(content).digest()


def with_head(**changes: tuple[int, bytes]) -> bytes:
    content = bytearray(FILE[:-32])
    for offset, value in changes.values():
        content[offset : offset + len(value)] = value
    return with_checksum(bytes(content))


def open_bytes(data: bytes) -> bytes:
    """Open a file as the backend does, deriving keys from what it states."""
    found = parse_file(data)
    return found.verify(FileKeys(Passphrase(PASSPHRASE), found.lock.costs, found.lock.salt))


def test_file_has_the_documented_layout() -> None:
    head = FILE[:HEAD_BYTES]
    assert head[:3] == b"\x01\x01\x01"
    assert head[3:12] == b"\x00\x00\x00\x01" + b"\x00\x00\x00\x08" + b"\x01"
    assert head[12:28] == LOCK.salt
    assert head[28:44] == LOCK.check
    assert int.from_bytes(head[44:52]) == 7
    assert int.from_bytes(head[52:56]) == 2
    assert FILE[56:58] == b"[]"
    assert FILE[58:90] == KEYS.mac(FILE[:58])
    assert FILE[90:] == hashlib.sha256(FILE[:90]).digest()


def test_what_was_written_is_read() -> None:
    found = parse_file(FILE)
    assert (found.generation, found.lock, found.verify(KEYS)) == (7, LOCK, b"[]")


def test_every_flipped_bit_is_refused(tmp_path: Path) -> None:
    """Flip each bit of a real keystore: a damaged disk."""
    custody = SoftwareCustody(tmp_path)
    with custody.create() as keystore:
        keystore.activate(keystore.create(Purpose.ATTEST).key_id)
    data = (custody.folder / FILE_NAME).read_bytes()
    assert open_bytes(data)
    for index, bit in itertools.product(range(len(data)), range(8)):
        changed = bytearray(data)
        changed[index] ^= 1 << bit
        with pytest.raises((KeystoreTampered, UnsupportedKeystoreVersion)):
            parse_file(bytes(changed))


def test_every_flipped_byte_is_refused_even_with_a_right_checksum(tmp_path: Path) -> None:
    """Change each byte of a real keystore and repair the checksum: an attacker with write access."""
    custody = SoftwareCustody(tmp_path)
    with custody.create() as keystore:
        keystore.create(Purpose.ATTEST)
    content = (custody.folder / FILE_NAME).read_bytes()[:-32]
    refused: dict[type[KeyCustodyError], int] = {}
    for index in range(len(content)):
        changed = bytearray(content)
        changed[index] ^= 0x01
        with pytest.raises(KeyCustodyError) as refusal:
            open_bytes(with_checksum(bytes(changed)))
        refused[refusal.type] = refused.get(refusal.type, 0) + 1
    # Salt, check, costs and the test flag make other keys or none; all that the keys protect is noticed as tampering.
    assert refused.keys() == {KeystoreTampered, WrongPassphrase, UnsupportedKeystoreVersion, KdfOutOfBounds}
    assert refused[KeystoreTampered] > len(content) - HEAD_BYTES


@pytest.mark.parametrize("kept", [0, 1, 2, HEAD_BYTES - 1, HEAD_BYTES, HEAD_BYTES + 63, len(FILE) - 1])
def test_truncated_file_is_refused(kept: int) -> None:
    with pytest.raises(KeystoreTampered):
        parse_file(FILE[:kept])


@pytest.mark.parametrize("extra", [b"\0", bytes(64)])
def test_lengthened_file_is_refused(extra: bytes) -> None:
    with pytest.raises(KeystoreTampered, match="checksum"):
        parse_file(FILE + extra)
    with pytest.raises(KeystoreTampered, match="length"):
        parse_file(with_checksum(FILE[:58] + extra + FILE[58:90]))


@pytest.mark.parametrize("version", [0, 2, 255])
def test_unknown_version_is_refused_before_anything_else(version: int) -> None:
    with pytest.raises(UnsupportedKeystoreVersion, match=f"got {version}"):
        parse_file(bytes([version]))


@pytest.mark.parametrize("change", [(1, b"\x00"), (1, b"\x02"), (2, b"\x02"), (2, b"\x81")])
def test_unknown_key_derivation_or_flag_is_refused(change: tuple[int, bytes]) -> None:
    with pytest.raises(UnsupportedKeystoreVersion, match="key derivation"):
        parse_file(with_head(change=change))


@pytest.mark.parametrize(
    "changes",
    [
        {"memory": (7, (1 << 30).to_bytes(4))},
        {"memory": (7, (512 * 1024 + 1).to_bytes(4))},
        {"memory": (7, (7).to_bytes(4))},
        {"passes": (3, (17).to_bytes(4))},
        {"passes": (3, (0).to_bytes(4))},
        {"lanes": (11, b"\x00")},
        {"lanes": (11, b"\x09")},
        {"lanes": (11, b"\xff"), "memory": (7, (4096).to_bytes(4))},
        {"pretend the fast costs are standard": (2, b"\x00")},
    ],
)
def test_costs_out_of_bounds_are_refused_before_they_are_paid(
    changes: dict[str, tuple[int, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(container, "FileKeys", None)
    with pytest.raises(KdfOutOfBounds):
        parse_file(with_head(**changes))


@pytest.mark.parametrize(
    "costs",
    [
        KdfCosts(passes=1, memory_kib=128 * 1024, lanes=1),
        KdfCosts(passes=3, memory_kib=64 * 1024 - 1, lanes=1),
        KdfCosts(passes=3, memory_kib=8, lanes=1),
    ],
)
def test_weak_costs_without_the_test_mark_make_no_file(costs: KdfCosts) -> None:
    with pytest.raises(KdfOutOfBounds):
        new_lock(Passphrase(PASSPHRASE), costs)


def test_standard_costs_are_in_bounds_and_not_marked_unsafe() -> None:
    container.STANDARD_COSTS.require_bounds()
    assert not container.STANDARD_COSTS.is_unsafe_fast
    assert container.STANDARD_COSTS.passes * container.STANDARD_COSTS.memory_kib >= 3 * 64 * 1024


def test_wrong_passphrase_and_tampering_are_told_apart() -> None:
    found = parse_file(FILE)
    others = FileKeys(Passphrase(PASSPHRASE + "!"), LOCK.costs, LOCK.salt)
    with pytest.raises(WrongPassphrase) as wrong:
        found.verify(others)
    changed = parse_file(with_checksum(FILE[:56] + b"{}" + FILE[58:90]))
    with pytest.raises(KeystoreTampered) as tampered:
        changed.verify(KEYS)
    assert wrong.value.code != tampered.value.code
    assert PASSPHRASE not in f"{wrong.value!r}{tampered.value!r}"


def test_same_passphrase_gives_other_keys_in_another_file() -> None:
    lock, keys = new_lock(Passphrase(PASSPHRASE), container.UNSAFE_FAST_COSTS)
    assert lock.salt != LOCK.salt
    assert keys.mac(b"x") != KEYS.mac(b"x")
    with pytest.raises(WrongPassphrase):
        parse_file(FILE).verify(keys)


def test_derived_keys_are_independent() -> None:
    """The check stands in clear in the file, so it must tell nothing about the other keys."""
    again = FileKeys(Passphrase(PASSPHRASE), LOCK.costs, LOCK.salt)
    assert again.check == LOCK.check
    sealed = KEYS.records.seal(b"material", b"record")
    assert again.records.unseal(sealed, b"record") == b"material"
    assert repr(KEYS) == "<FileKeys>"


@pytest.mark.parametrize("change", [{"purpose": "status"}, {"state": "active"}, {"algorithm": "ES256"}])
def test_material_is_bound_to_purpose_algorithm_and_state(tmp_path: Path, change: dict[str, str]) -> None:
    """Even who could forge the file's HMAC could not give a key another purpose or state."""
    folder = tmp_path / "k"
    backend = SoftwareBackend.create(folder, Passphrase(PASSPHRASE), unsafe_fast_kdf=True)
    record = backend.generate(Purpose.ATTEST, ES256K_RECOVERABLE, created_at=NOW, not_before=NOW)
    path = folder / FILE_NAME
    found = parse_file(path.read_bytes())
    keys = FileKeys(Passphrase(PASSPHRASE), found.lock.costs, found.lock.salt)
    items = json.loads(found.body)
    items[0]["record"].update(change)
    path.write_bytes(encode_file(found.lock, keys, found.generation + 1, json.dumps(items).encode())[0])
    other = SoftwareBackend.open(folder, Passphrase(PASSPHRASE), unsafe_fast_kdf=True)
    assert record.key_id in other.records()
    with pytest.raises(KeystoreTampered, match="record"):
        other.sign(other.records()[record.key_id], b"\x02\xc0")


def record_json(**changes: object) -> dict[str, Any]:
    record = KeyRecord("id", Purpose.ATTEST, ES256K_RECOVERABLE, State.ACTIVE, NOW, NOW)
    return {**record.to_json(), **changes}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"{",
        b"7",
        b'{"a":1}',
        b"[{}]",
        b"[1]",
        json.dumps([{"record": record_json()}]).encode(),
        json.dumps([{"record": 1, "sealed": None}]).encode(),
        json.dumps([{"record": record_json(more=1), "sealed": None}]).encode(),
        json.dumps([{"record": record_json(purpose="export"), "sealed": None}]).encode(),
        json.dumps([{"record": record_json(algorithm="none"), "sealed": None}]).encode(),
        json.dumps([{"record": record_json(algorithm=["ES256"]), "sealed": None}]).encode(),
        json.dumps([{"record": record_json(backend=7), "sealed": None}]).encode(),
        json.dumps([{"record": record_json(handle=None), "sealed": None}]).encode(),
        json.dumps([{"record": record_json(state="zombie"), "sealed": None}]).encode(),
        json.dumps([{"record": record_json(public_members=7), "sealed": None}]).encode(),
        json.dumps([{"record": record_json(uses="7"), "sealed": None}]).encode(),
        json.dumps([{"record": record_json(uses=None), "sealed": None}]).encode(),
        json.dumps([{"record": record_json(not_before=True), "sealed": None}]).encode(),
        json.dumps([{"record": record_json(activated_at=1.5), "sealed": None}]).encode(),
        json.dumps([{"record": record_json(), "sealed": "***"}]).encode(),
        json.dumps([{"record": record_json(), "sealed": 7}]).encode(),
        json.dumps([{"record": record_json(), "sealed": None}] * 2).encode(),
    ],
)
def test_body_that_holds_no_key_records_is_refused(body: bytes) -> None:
    """Reached only under a right HMAC: a fault of whoever wrote it, still refused and not half read."""
    with pytest.raises(KeystoreTampered):
        entries_from_json(body)


def test_record_without_material_is_read_and_does_not_sign(tmp_path: Path) -> None:
    body = json.dumps([{"record": record_json(), "sealed": None}]).encode()
    entry = entries_from_json(body)["id"]
    assert entry.sealed is None
    path = tmp_path / FILE_NAME
    tmp_path.chmod(0o700)
    path.touch(mode=0o600)
    path.write_bytes(encode_file(LOCK, KEYS, 1, body)[0])
    backend = SoftwareBackend.open(tmp_path, Passphrase(PASSPHRASE), unsafe_fast_kdf=True)
    with pytest.raises(WrongState, match="destroyed"):
        backend.sign(entry.record, b"\x02\xc0")


def test_record_written_before_keys_could_lie_elsewhere_reads_and_signs_as_before(tmp_path: Path) -> None:
    """The seal binds the record's JSON, so what an older program wrote must be spelled the same way today."""
    folder = tmp_path / "k"
    backend = SoftwareBackend.create(folder, Passphrase(PASSPHRASE), unsafe_fast_kdf=True)
    record = backend.generate(Purpose.ATTEST, ES256K_RECOVERABLE, created_at=NOW, not_before=NOW)
    written = json.loads(parse_file((folder / FILE_NAME).read_bytes()).body)[0]["record"]
    assert not {"backend", "handle"} & written.keys()
    assert (record.backend, record.handle) == ("software", "")
    elsewhere = replace(record, backend="hsm", handle="0a")
    assert record_from_json(elsewhere.to_json()) == elsewhere
    assert elsewhere.to_json()["backend"] == "hsm"


def test_lock_shows_no_derived_key() -> None:
    assert isinstance(LOCK, Lock)
    assert KEYS.mac(b"")[:4].hex() not in repr(parse_file(FILE).lock)
