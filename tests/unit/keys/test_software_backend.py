"""The software keystore and its folder: who may reach it, what happens to it behind our back, and full disks."""

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

from keys import keystore as keystore_module
from keys.backends import container, software
from keys.backends.software import FILE_NAME, LOCK_NAME, SoftwareBackend
from keys.errors import (
    InsecureFile,
    KdfOutOfBounds,
    KeyCustodyError,
    KeystoreBusy,
    KeystoreExists,
    KeystoreLocked,
    KeystoreMissing,
    KeystoreNotWritten,
    KeystoreTampered,
    WrongPassphrase,
    WrongState,
)
from keys.keystore import Keystore
from keys.model import State
from keys.passphrase import Passphrase
from keys.purposes import Purpose
from tests.common.custody import NOW, PASSPHRASE, SetClock, SoftwareCustody

JWS_INPUT = b"eyJhbGciOiJFUzI1NiJ9.e30"


@pytest.fixture
def custody(tmp_path: Path) -> SoftwareCustody:
    return SoftwareCustody(tmp_path)


@pytest.fixture
def path(custody: SoftwareCustody) -> Path:
    return custody.folder / FILE_NAME


def new_key(keystore: Keystore, purpose: Purpose = Purpose.STATUS_SIGNING) -> str:
    return keystore.activate(keystore.create(purpose).key_id).key_id


# Opening


def test_keystore_of_standard_cost_opens_without_any_unsafe_word(tmp_path: Path) -> None:
    clock = SetClock()
    with Keystore.create_in(tmp_path / "k", Passphrase(PASSPHRASE), clock=clock) as keystore:
        key_id = new_key(keystore)
    data = (tmp_path / "k" / FILE_NAME).read_bytes()
    assert container.parse_file(data).lock.costs == container.STANDARD_COSTS
    with Keystore.open_in(tmp_path / "k", Passphrase(PASSPHRASE), clock=clock) as keystore:
        assert keystore.sign(key_id, Purpose.STATUS_SIGNING, JWS_INPUT)


def test_keystore_made_for_tests_is_refused_in_earnest(custody: SoftwareCustody) -> None:
    custody.create().close()
    with pytest.raises(KdfOutOfBounds, match="tests"):
        Keystore.open_in(custody.folder, Passphrase(PASSPHRASE), clock=custody.clock)


def test_wrong_passphrase_opens_nothing(custody: SoftwareCustody) -> None:
    custody.create().close()
    with pytest.raises(WrongPassphrase):
        SoftwareBackend.open(custody.folder, Passphrase(PASSPHRASE + " "), unsafe_fast_kdf=True)


def test_missing_keystore_is_named(custody: SoftwareCustody, path: Path) -> None:
    with pytest.raises(KeystoreMissing):
        custody.open()
    custody.create().close()
    path.unlink()
    with pytest.raises(KeystoreMissing):
        custody.open()


def test_second_keystore_in_a_folder_is_refused_and_the_first_stands(custody: SoftwareCustody, path: Path) -> None:
    custody.create().close()
    before = path.read_bytes()
    with pytest.raises(KeystoreExists):
        custody.create()
    assert path.read_bytes() == before


def test_dangling_link_in_place_of_the_keystore_is_not_written_through(
    custody: SoftwareCustody, path: Path, tmp_path: Path
) -> None:
    custody.folder.mkdir(mode=0o700)
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(KeystoreExists):
        custody.create()
    assert not (tmp_path / "elsewhere").exists()


def test_everything_made_is_private(custody: SoftwareCustody) -> None:
    with custody.create() as keystore:
        new_key(keystore)
    modes = {entry.name: entry.stat().st_mode & 0o777 for entry in custody.folder.iterdir()}
    assert modes == {FILE_NAME: 0o600, LOCK_NAME: 0o600}
    assert custody.folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("mode", [0o701, 0o710, 0o750, 0o704, 0o777])
def test_folder_open_to_others_is_refused(custody: SoftwareCustody, mode: int) -> None:
    custody.create().close()
    custody.folder.chmod(mode)
    with pytest.raises(InsecureFile, match="0700"):
        custody.open()


def test_keystore_is_not_made_in_a_folder_open_to_others(custody: SoftwareCustody) -> None:
    custody.folder.mkdir()
    custody.folder.chmod(0o755)
    with pytest.raises(InsecureFile):
        custody.create()
    assert list(custody.folder.iterdir()) == []


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601])
def test_file_open_to_others_is_refused(custody: SoftwareCustody, path: Path, mode: int) -> None:
    custody.create().close()
    path.chmod(mode)
    with pytest.raises(InsecureFile, match="0600"):
        custody.open()


def test_file_opened_to_others_while_in_use_is_refused(custody: SoftwareCustody, path: Path) -> None:
    with custody.create() as keystore:
        key_id = new_key(keystore)
        path.chmod(0o644)
        with pytest.raises(InsecureFile):
            keystore.sign(key_id, Purpose.STATUS_SIGNING, JWS_INPUT)
        path.chmod(0o600)
        assert keystore.sign(key_id, Purpose.STATUS_SIGNING, JWS_INPUT)


def test_linked_keystore_or_folder_is_refused(custody: SoftwareCustody, path: Path, tmp_path: Path) -> None:
    custody.create().close()
    real = tmp_path / "real"
    path.rename(real)
    path.symlink_to(real)
    with pytest.raises(InsecureFile):
        custody.open()
    path.unlink()
    real.rename(path)
    moved = tmp_path / "moved"
    custody.folder.rename(moved)
    custody.folder.symlink_to(moved)
    with pytest.raises(InsecureFile, match="no link"):
        custody.open()


def test_oversized_file_is_refused_unread(custody: SoftwareCustody, path: Path) -> None:
    custody.create().close()
    os.truncate(path, container.MAX_FILE_BYTES + 1)
    with pytest.raises(InsecureFile, match="at most"):
        custody.open()


# Behind our back


def test_older_generation_put_back_is_refused(custody: SoftwareCustody, path: Path, tmp_path: Path) -> None:
    """An attacker puts the file back from before the key was declared compromised."""
    with custody.create() as keystore:
        key_id = new_key(keystore)
        shutil.copy2(path, tmp_path / "old")
        keystore.mark_compromised(key_id, NOW)
        shutil.copy2(tmp_path / "old", path)
        with pytest.raises(KeystoreTampered, match="older"):
            keystore.sign(key_id, Purpose.STATUS_SIGNING, JWS_INPUT)


def test_other_file_of_the_same_generation_is_refused(custody: SoftwareCustody, path: Path, tmp_path: Path) -> None:
    one, other = custody.create(), custody.open()
    shutil.copy2(path, tmp_path / "fork")
    one.create(Purpose.ATTEST)
    shutil.copy2(path, tmp_path / "first")
    shutil.copy2(tmp_path / "fork", path)
    other.create(Purpose.STATUS)
    with pytest.raises(KeystoreTampered, match="older"):
        one.list()
    shutil.copy2(tmp_path / "first", path)
    with pytest.raises(KeystoreTampered, match="older"):
        other.list()


def test_same_generation_restored_byte_for_byte_is_accepted(custody: SoftwareCustody, path: Path) -> None:
    with custody.create() as keystore:
        key_id = new_key(keystore)
        path.write_bytes(path.read_bytes())
        assert keystore.sign(key_id, Purpose.STATUS_SIGNING, JWS_INPUT)


def test_damage_while_in_use_stops_signing(custody: SoftwareCustody, path: Path) -> None:
    with custody.create() as keystore:
        key_id = new_key(keystore)
        data = bytearray(path.read_bytes())
        data[100] ^= 1
        path.write_bytes(data)
        with pytest.raises(KeystoreTampered):
            keystore.sign(key_id, Purpose.STATUS_SIGNING, JWS_INPUT)


def test_removal_while_in_use_stops_signing(custody: SoftwareCustody, path: Path) -> None:
    with custody.create() as keystore:
        key_id = new_key(keystore)
        path.unlink()
        with pytest.raises(KeystoreMissing):
            keystore.sign(key_id, Purpose.STATUS_SIGNING, JWS_INPUT)


def test_removal_between_look_and_read_is_named(
    custody: SoftwareCustody, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with custody.create() as keystore:
        path.touch()

        def vanished(*_: object, **__: object) -> None:
            raise FileNotFoundError

        monkeypatch.setattr(software, "read_private_file", vanished)
        with pytest.raises(KeystoreMissing):
            keystore.list()


def test_another_keystore_in_its_place_is_not_used(custody: SoftwareCustody, path: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    stranger = SoftwareCustody(tmp_path / "elsewhere")
    stranger.create().close()
    with custody.create() as keystore:
        shutil.copy2(stranger.folder / FILE_NAME, path)
        with pytest.raises(KeystoreLocked, match="open it again"):
            keystore.list()


# Writing


def test_write_that_the_disk_refuses_leaves_the_old_keystore(
    custody: SoftwareCustody, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with custody.create() as keystore:
        key_id = new_key(keystore)
        before = path.read_bytes()

        def full(descriptor: int) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            acts: list[Callable[[], object]] = [
                lambda: keystore.create(Purpose.ATTEST),
                lambda: keystore.retire(key_id),
            ]
            for act in acts:
                with pytest.raises(KeystoreNotWritten, match="No space"):
                    act()
        assert path.read_bytes() == before
        assert {entry.name for entry in custody.folder.iterdir()} == {FILE_NAME, LOCK_NAME}
        assert [record.state for record in keystore.list()] == [State.ACTIVE]
        assert keystore.sign(key_id, Purpose.STATUS_SIGNING, JWS_INPUT)


def test_writer_waits_for_the_lock_and_then_gives_up(
    custody: SoftwareCustody, monkeypatch: pytest.MonkeyPatch
) -> None:
    with custody.create() as keystore, FileLock(custody.folder / LOCK_NAME):
        monkeypatch.setattr(software.SoftwareBackend._write, "__defaults__", (0.05,))
        with pytest.raises(KeystoreBusy):
            keystore.create(Purpose.ATTEST)
        assert keystore.list() == []


def test_lock_that_is_a_link_is_not_followed(custody: SoftwareCustody, tmp_path: Path) -> None:
    with custody.create() as keystore:
        (custody.folder / LOCK_NAME).unlink()
        (custody.folder / LOCK_NAME).symlink_to(tmp_path / "elsewhere")
        with pytest.raises(KeystoreNotWritten, match="lock"):
            keystore.create(Purpose.ATTEST)
    assert not (tmp_path / "elsewhere").exists()


def test_parts_of_a_killed_writer_are_swept_by_the_next(custody: SoftwareCustody) -> None:
    with custody.create() as keystore:
        part = custody.folder / f".{FILE_NAME}.0123456789abcdef.part"
        part.write_bytes(b"half")
        keystore.create(Purpose.ATTEST)
        assert not part.exists()


def test_number_of_keys_is_bounded(custody: SoftwareCustody, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(software, "MAX_KEYS", 2)
    with custody.create() as keystore:
        keystore.create(Purpose.ATTEST)
        keystore.create(Purpose.ATTEST)
        with pytest.raises(KeystoreNotWritten, match="at most 2"):
            keystore.create(Purpose.ATTEST)
        assert len(keystore.list()) == 2


def test_full_keystore_fits_its_own_bound() -> None:
    """The longest record, as often as there may be keys, must not make a file that cannot be read again."""
    assert software.MAX_KEYS * 1024 < container.MAX_BODY_BYTES


def test_destroyed_material_leaves_the_file(custody: SoftwareCustody, path: Path) -> None:
    with custody.create() as keystore:
        key_id = keystore.create(Purpose.ATTEST).key_id
        sealed = container.parse_file(path.read_bytes()).body.split(b'"sealed":"')[1][:40]
        keystore.destroy(key_id)
        data = path.read_bytes()
        assert sealed not in data
        assert b'"sealed":null' in data
        with pytest.raises(WrongState):
            keystore.sign(key_id, Purpose.ATTEST, b"\x02\xc0")


# Counting


def test_uses_are_written_once_enough_have_gathered(
    custody: SoftwareCustody, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keystore_module, "FLUSH_EVERY", 3)
    with custody.create() as keystore, custody.open() as other:
        key_id = new_key(keystore)
        for expected in (0, 0, 3, 3):
            keystore.sign(key_id, Purpose.STATUS_SIGNING, JWS_INPUT)
            assert other.get(key_id).uses == expected
        assert keystore.get(key_id).uses == 4


def test_signature_does_not_fail_or_wait_because_counting_must(
    custody: SoftwareCustody, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(keystore_module, "FLUSH_EVERY", 2)
    with custody.create() as keystore:
        key_id = new_key(keystore)
        with FileLock(custody.folder / LOCK_NAME):
            for _ in range(4):
                assert keystore.sign(key_id, Purpose.STATUS_SIGNING, JWS_INPUT)
        assert "keystore_busy" in caplog.text
        assert keystore.get(key_id).uses == 4
    with custody.open() as keystore:
        assert keystore.get(key_id).uses == 4


def test_keys_are_forgotten_even_when_the_last_counts_cannot_be_written(custody: SoftwareCustody, path: Path) -> None:
    keystore = custody.create()
    key_id = new_key(keystore)
    keystore.sign(key_id, Purpose.STATUS_SIGNING, JWS_INPUT)
    path.unlink()
    with pytest.raises(KeystoreMissing):
        keystore.close()
    with pytest.raises(KeystoreLocked):
        keystore.list()


def test_each_refusal_has_its_own_stable_code() -> None:
    kinds: list[type[KeyCustodyError]] = [KeyCustodyError, *KeyCustodyError.__subclasses__()]
    assert len({kind.code for kind in kinds}) == len(kinds)
    assert all(kind().detail and kind.__doc__ for kind in kinds)
