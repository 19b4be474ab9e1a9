"""Everything is destroyed and comes back; what is not the backup that was made does not."""

import errno
import fcntl
import io
import json
import os
import shutil
import stat
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from sqlalchemy import select

from jeung.domain.erasure import Erasure, ErasureGround, ErasureState
from jeung.errors import Conflict, MalformedInput
from jeung.services.proofing import person_context
from jeung.services.status_places import open_fresh_group, reserve_places
from keys.archive import ArchiveWriter
from keys.ceremony import Root, hold_ceremony
from keys.envelope import Vault
from keys.errors import (
    ArchiveRefused,
    CeremonyRefused,
    KeyCustodyError,
    KeystoreNotWritten,
    ShareRefused,
    TokenAbsent,
)
from keys.purposes import Purpose
from keys.signer import KeystoreSigner
from node.runtime import backups
from node.runtime.adapters import OsEntropy
from node.runtime.backups import BackupMade, headers_in, prune_expired, sweep_left_behind, write_backup
from node.runtime.certification import CertificateChains
from node.runtime.creation import NodePlan, create_node
from node.runtime.custody import open_keystore
from node.runtime.database import open_node_store
from node.runtime.erasure_journal import JournalFile, read_journal
from node.runtime.policy import settings_in_force
from node.runtime.restoring import restore_backup
from node.runtime.roots import CeremonyFacts, keep_root, load_root, require_no_root, signed_protocol, verify_protocol
from node.settings import Settings, load_settings
from node.store.schema import log_events
from tests.common import rows
from tests.common.custody import SetClock
from tests.common.keystores import JWS_INPUT
from tests.common.softhsm import PIN, soft_token
from tests.common.tokens import logged_out_afterwards
from tests.unit.node.runtime.test_creation import settings_of

NOW = 1_800_000_000
Words = list[tuple[str, ...]]


class Scene:
    """A bank with a root, and what it keeps."""

    def __init__(self, folder: Path, **settings: Any) -> None:  # noqa: ANN401 - settings
        self.folder = folder
        self.clock = SetClock(NOW)
        self.node = folder / "bank"
        create_node(NodePlan(self.node, "Hanbit Bank", settings_of(base_url=BANK, **settings)), self.clock)
        (self.node / "deployment.json").write_text(json.dumps(deployment()))
        self.settings = load_settings(self.node)
        self.root, shares = hold_ceremony(2, 3)
        self.words: Words = [share.words for share in shares]
        facts = CeremonyFacts(BANK, NOW, ("Areum", "Bora", "Chul"), ("Dana",), "sheets", 3)
        with open_keystore(self.settings, self.clock) as keystore:
            self.protocol = signed_protocol(self.root, shares, facts, keystore)
            keep_root(self.settings, self.root.public, self.protocol)
        self.backups = folder / "backups"

    def backup(self) -> BackupMade:
        with open_keystore(self.settings, self.clock) as keystore:
            return write_backup(self.settings, keystore, self.clock, self.backups)

    def restore(
        self, file: Path, name: str = "again", *, older: bool = False, erasures: tuple[Path, ...] = ()
    ) -> Settings:
        words, folder = self.words[1:], self.folder / name
        restore_backup(file, folder, words, self.clock, witness=None, older=older, erasures=erasures)
        return load_settings(self.folder / name)


BANK = "http://localhost:8101"


def deployment() -> dict[str, Any]:
    from node.artifacts import CONTRACT_NAMES
    from node.chain.deployment import deployment_id_of
    from tests.common.rows import ADDRESS

    id_ = deployment_id_of(31337, ADDRESS, bytes(32))
    return {
        "version": 1,
        "chain_id": 31337,
        "deployment_id": "0x" + id_.hex(),
        "block": 1,
        "block_hash": "0x" + bytes(32).hex(),
        "start_block": 1,
        "addresses": {name: ADDRESS for name in CONTRACT_NAMES},
    }


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_node_comes_back_after_everything_was_destroyed(scene: Scene) -> None:
    store = open_node_store(scene.settings, scene.clock)
    with open_keystore(scene.settings, scene.clock) as keystore:
        vault = Vault(keystore)
        with store.store.write() as tx:
            wrapped = vault.new_data_key("subject-1")
            tx.data_keys.add("subject-1", wrapped, NOW)
        sealed = vault.seal(wrapped, "subject-1", "proofing/1", b"minseo")
        keys = {record.key_id: record.state for record in keystore.list()}
    store.dispose()
    made = scene.backup()
    shutil.rmtree(scene.node)
    again = scene.restore(made.path)
    kept = open_node_store(again, scene.clock)
    with open_keystore(again, scene.clock) as keystore, kept.store.read() as tx:
        assert {record.key_id: record.state for record in keystore.list()} == keys
        found = tx.data_keys.get("subject-1")
        assert found is not None
        assert Vault(keystore).open(found, "subject-1", "proofing/1", sealed) == b"minseo"
    with kept.database.read() as connection:
        assert "node_restored" in connection.execute(select(log_events.c.kind)).scalars().all()
    kept.dispose()


def test_places_handed_out_before_and_after_a_restore_never_meet(scene: Scene) -> None:
    made = scene.backup()
    handed: set[tuple[int, int]] = set()

    def hand_out(settings: Settings) -> None:
        kept = open_node_store(settings, scene.clock)
        with open_keystore(settings, scene.clock) as keystore, kept.store.write() as tx:
            for place in reserve_places(tx, Vault(keystore), OsEntropy(), 50, scene.clock.now()):
                assert (place.list_number, place.index) not in handed
                handed.add((place.list_number, place.index))
        kept.dispose()

    hand_out(scene.settings)
    lists = [{number for number, _ in handed}]
    for name in ("first", "second"):
        # The same backup twice: its second restore knows nothing of the first one's lists.
        scene.clock.time += 64
        hand_out(scene.restore(made.path, name))
        lists.append({number for number, _ in handed} - set().union(*lists))
    assert all(lists)


def test_fresh_lists_count_up_even_where_the_clock_went_back(scene: Scene) -> None:
    kept = open_node_store(scene.settings, scene.clock)
    with open_keystore(scene.settings, scene.clock) as keystore, kept.store.write() as tx:
        vault = Vault(keystore)
        later = open_fresh_group(tx, vault, OsEntropy(), NOW)
        assert open_fresh_group(tx, vault, OsEntropy(), NOW - 10_000) == later + 4
    kept.dispose()


def test_what_was_open_is_forgotten(scene: Scene) -> None:
    from tests.common.rows import nonce

    kept = open_node_store(scene.settings, scene.clock)
    with kept.store.write() as tx:
        tx.nonces.add(nonce("nonce-1"))
    assert kept.lease.acquire("gone", now=NOW, ttl_s=10_000) is not None
    kept.dispose()
    again = scene.restore(scene.backup().path)
    kept = open_node_store(again, scene.clock)
    with kept.store.read() as tx:
        assert tx.nonces.get("nonce-1") is None
    assert kept.lease.acquire("new", now=NOW, ttl_s=10) is not None
    kept.dispose()


def test_nobody_else_can_read_what_is_written_and_no_secret_stands_in_it(scene: Scene) -> None:
    made = scene.backup()
    passphrase = scene.settings.passphrase_path.read_bytes().strip()
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(scene.backups.stat().st_mode) == 0o700
    assert passphrase not in made.path.read_bytes()
    assert list(scene.backups.iterdir()) == [made.path]
    again = scene.restore(made.path)
    assert stat.S_IMODE(again.node_dir.stat().st_mode) == 0o700
    for path in again.node_dir.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


@pytest.mark.parametrize("at", [0, 10, -200, -1], ids=["version", "header", "contents", "signature"])
def test_changed_backup_is_refused_and_leaves_nothing(scene: Scene, at: int) -> None:
    made = scene.backup()
    data = bytearray(made.path.read_bytes())
    data[at] ^= 1
    made.path.write_bytes(data)
    with pytest.raises(KeyCustodyError):
        scene.restore(made.path)
    assert {path.name for path in scene.folder.iterdir()} == {"bank", "backups"}


def test_truncated_backup_is_refused(scene: Scene) -> None:
    made = scene.backup()
    data = made.path.read_bytes()
    made.path.write_bytes(data[: len(data) // 2])
    with pytest.raises(ArchiveRefused, match="cut short"):
        scene.restore(made.path)


def test_halves_of_two_backups_are_refused(scene: Scene) -> None:
    first, second = scene.backup(), scene.backup()
    one, two = first.path.read_bytes(), second.path.read_bytes()
    half = min(len(one), len(two)) // 2
    first.path.write_bytes(one[:half] + two[half:])
    with pytest.raises(ArchiveRefused):
        scene.restore(first.path)


def test_expired_backup_is_refused_and_swept(scene: Scene) -> None:
    made = scene.backup()
    (scene.backups / "note.backup").write_text("no backup")
    assert prune_expired(scene.backups, BANK, NOW) == []
    assert prune_expired(scene.backups, "http://other.example", NOW + 10**9) == []
    scene.clock.time += 36 * 86_400
    with pytest.raises(ArchiveRefused, match="expired"):
        scene.restore(made.path)
    assert prune_expired(scene.backups, BANK, scene.clock.now()) == [made.path]
    assert [path.name for path in scene.backups.iterdir()] == ["note.backup"]
    assert list(headers_in(scene.backups)) == []


def test_older_backup_is_restored_only_if_somebody_says_so(scene: Scene) -> None:
    old = scene.backup()
    scene.clock.time += 60
    scene.backup()
    with pytest.raises(ArchiveRefused, match="newer"):
        scene.restore(old.path)
    assert scene.restore(old.path, older=True).base_url == BANK


def test_too_few_shares_restore_nothing(scene: Scene) -> None:
    made = scene.backup()
    with pytest.raises(ShareRefused):
        restore_backup(made.path, scene.folder / "x", scene.words[:1], scene.clock, witness=None)


def test_folder_that_holds_something_is_left_alone(scene: Scene) -> None:
    made = scene.backup()
    with pytest.raises(Conflict):
        scene.restore(made.path, "bank")
    (scene.folder / "empty").mkdir()
    assert scene.restore(made.path, "empty").base_url == BANK


def _forged(
    scene: Scene, changes: dict[str, Any], files: dict[str, bytes], pax: dict[str, str] | None = None
) -> Path:
    """Encrypt something to the root's public key, as anybody can."""
    path = scene.folder / "forged.backup"
    with open_keystore(scene.settings, scene.clock) as keystore, path.open("wb") as target:
        signer = keystore.current(Purpose.RECEIPT_SIGNING)
        header = {
            "kind": "jeung-node",
            "root": scene.root.public.to_json(),
            "member": BANK,
            "deployment_id": "0x",
            "created_at": NOW,
            "expires_at": NOW + 100,
            "signer": signer.public_jwk,
            **changes,
        }
        writer = ArchiveWriter(target, scene.root.public, header)
        with tarfile.open(fileobj=writer, mode="w|") as tar:
            for name, data in files.items():
                entry = tarfile.TarInfo(name)
                entry.size, entry.pax_headers = len(data), pax or {}
                if name.endswith("link"):
                    entry.type, entry.linkname, entry.size = tarfile.SYMTYPE, "/etc/passwd", 0
                tar.addfile(entry, io.BytesIO(data))
        writer.finish(lambda message: keystore.sign(signer.key_id, Purpose.RECEIPT_SIGNING, message))
    return path


@pytest.mark.parametrize(
    "name",
    ["../escaped", "/var/escaped", "certificates/../../x.pem", "certificates/.x.pem", "other", "certificates/link"],
)
def test_names_that_no_backup_holds_are_refused(scene: Scene, name: str) -> None:
    with pytest.raises(ArchiveRefused, match="no backup holds"):
        scene.restore(_forged(scene, {}, {name: b"x"}))


def test_backup_without_its_files_or_with_one_twice_is_refused(scene: Scene) -> None:
    with pytest.raises(ArchiveRefused, match="lacks"):
        scene.restore(_forged(scene, {}, {"node.toml": b"x"}))


@pytest.mark.parametrize(
    "changes",
    [{"kind": "other"}, {"created_at": "now"}, {"root": {}}, {"signer": {"kty": "EC"}}, {"expires_at": None}],
    ids=lambda changes: next(iter(changes)),
)
def test_header_of_another_form_is_refused(scene: Scene, changes: dict[str, Any]) -> None:
    with pytest.raises(ArchiveRefused, match="header"):
        scene.restore(_forged(scene, changes, {}))


def _files_of(scene: Scene) -> dict[str, bytes]:
    again = scene.restore(scene.backup().path, "copy").node_dir
    files = {str(path.relative_to(again)): path.read_bytes() for path in again.rglob("*") if path.is_file()}
    made_beside = (".lock", "-wal", "-shm", ".limits")
    return {name: data for name, data in files.items() if not name.endswith(made_beside)}


def test_contents_of_another_member_or_root_are_refused(scene: Scene) -> None:
    files = _files_of(scene)
    other = "https://other.example"
    for changes, changed, says in (
        ({"member": other}, {}, "this member's ceremony"),
        ({}, {"node.toml": files["node.toml"].replace(b"8101", b"8109")}, "another member's"),
        ({}, {"ceremony-protocol.json": b"[]"}, "no protocol"),
        ({}, {"ceremony-protocol.json": b"{"}, "no protocol"),
        ({}, {"ceremony-protocol.json": b" " * (1 << 20)}, "no protocol"),
        ({}, {"node.toml": b'database_file = "/var/x.db"\n' + files["node.toml"]}, "outside"),
    ):
        with pytest.raises((ArchiveRefused, CeremonyRefused, Conflict), match=says):
            scene.restore(_forged(scene, changes, {**files, **changed}))


def test_signature_of_another_key_is_refused(scene: Scene) -> None:
    files = _files_of(scene)
    with open_keystore(scene.settings, scene.clock) as keystore:
        other = keystore.current(Purpose.WEBHOOK_SIGNING).public_jwk
    with pytest.raises(ArchiveRefused, match="not signed by the key"):
        scene.restore(_forged(scene, {"signer": other}, files))


def test_backup_of_a_node_without_a_root_is_refused(scene: Scene) -> None:
    (scene.node / "root.json").unlink()
    with pytest.raises(CeremonyRefused, match="hold `jeung keys ceremony` first"):
        scene.backup()
    (scene.node / "root.json").write_text("[" * 30_000)
    (scene.node / "root.json").chmod(0o600)
    with pytest.raises(CeremonyRefused):
        load_root(scene.settings)


def test_second_root_is_made_on_purpose_only(scene: Scene) -> None:
    with pytest.raises(Conflict):
        require_no_root(scene.settings, replace=False)
    require_no_root(scene.settings, replace=True)


@pytest.mark.parametrize("part", ["member", "held_at", "custodians", "root"])
def test_protocol_that_was_changed_is_refused(scene: Scene, part: str) -> None:
    assert verify_protocol(scene.protocol)["member"] == BANK
    other = Root(bytes(range(32)), 2, 3).public.to_json()
    changed = {**scene.protocol["protocol"], part: other if part == "root" else "x"}
    with pytest.raises(CeremonyRefused):
        verify_protocol({**scene.protocol, "protocol": changed})


def test_protocol_holds_no_word_of_a_share(scene: Scene) -> None:
    text = json.dumps(scene.protocol)
    # A word or two of the list may stand in any text; three in their order do not.
    assert not any(" ".join(words[at : at + 3]) in text for words in scene.words for at in range(31))


def test_ceremony_killed_while_it_kept_a_new_root_leaves_backups_that_can_be_restored(scene: Scene) -> None:
    """It had put its protocol in place, not its root: every backup since would have been refused at the restore."""
    other, shares = hold_ceremony(2, 3)
    facts = CeremonyFacts(BANK, NOW, ("Areum", "Bora", "Chul"), (), "sheets", 3)
    before = (scene.node / "root.json").read_bytes()
    with open_keystore(scene.settings, scene.clock) as keystore:
        keep_root(scene.settings, other.public, signed_protocol(other, shares, facts, keystore))
    (scene.node / "root.json").write_bytes(before)
    assert scene.restore(scene.backup().path).base_url == BANK


@pytest.mark.parametrize("content", [None, b"{", b"{}", b"[" * 30_000], ids=["missing", "torn", "other", "deep"])
def test_no_backup_is_written_under_a_root_without_its_protocol(scene: Scene, content: bytes | None) -> None:
    for path in scene.node.glob("ceremony-protocol*.json"):
        path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(CeremonyRefused, match="no protocol of the ceremony"):
        scene.backup()


def test_what_a_killed_backup_left_is_removed_by_the_next(scene: Scene) -> None:
    """It held the database as it was: what was erased since would have lived on in it."""
    scene.backup()
    left = [
        scene.node / ".node.db.0011.part",
        scene.node / ".node.db.0011.part-journal",
        scene.backups / "bank-x.part",
    ]
    for path in left:
        path.write_bytes(b"erased since")
    scene.backup()
    assert [path for path in left if path.exists()] == []
    left[0].touch()
    sweep_left_behind(scene.settings)
    assert not left[0].exists()


def test_backup_that_is_being_written_is_neither_swept_nor_met_by_another(scene: Scene) -> None:
    writing = scene.node / ".node.db.0011.part"
    with FileLock(scene.node / ".backup.lock", mode=0o600):
        writing.touch()
        with pytest.raises(Conflict, match="another backup"):
            scene.backup()
        sweep_left_behind(scene.settings)
        assert writing.exists()


def test_copy_of_the_database_has_no_name_while_it_is_read(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[Path]] = []

    def add(tar: tarfile.TarFile, name: str, file: Any, size: int) -> None:  # noqa: ANN401 - as it is
        seen.append(list(scene.node.glob(".node.db.*")))
        kept(tar, name, file, size)

    kept = backups._add
    monkeypatch.setattr(backups, "_add", add)
    scene.backup()
    assert seen
    assert not any(seen)


def test_full_disk_leaves_neither_backup_nor_part(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(backups, "_add", full)
    with pytest.raises(KeystoreNotWritten, match="No space left"):
        scene.backup()
    assert list(scene.backups.iterdir()) == []
    assert list(scene.node.glob(".node.db.*")) == []


def test_file_that_nests_too_deeply_hides_no_backup(scene: Scene) -> None:
    made = scene.backup()
    (scene.backups / "planted.backup").write_bytes(b"\x01" + (60_000).to_bytes(4) + b"[" * 60_000)
    assert [path for path, _ in headers_in(scene.backups)] == [made.path]
    assert scene.restore(made.path).base_url == BANK


def test_file_that_is_nearly_nothing_in_the_backup_and_fills_the_disk_is_refused(scene: Scene) -> None:
    sparse = {"GNU.sparse.map": "0,1", "GNU.sparse.size": str(1 << 40), "GNU.sparse.name": "node.db"}
    with pytest.raises(ArchiveRefused, match="no backup holds"):
        scene.restore(_forged(scene, {}, {"node.db": b"x"}, sparse))


def test_what_a_killed_restore_left_is_removed_by_the_next(scene: Scene) -> None:
    """Keys and the passphrase that opens them lay there, under a name nobody looks for."""
    made = scene.backup()
    left = scene.folder / ".again.0011.part"
    (left / "keystore").mkdir(parents=True)
    (left / "passphrase").write_text("secret")
    scene.restore(made.path)
    assert not left.exists()


def test_second_restore_beside_one_that_is_going_on_is_refused(scene: Scene) -> None:
    made = scene.backup()
    around = os.open(scene.folder, os.O_RDONLY)
    fcntl.flock(around, fcntl.LOCK_EX)
    with pytest.raises(Conflict, match="going on"):
        scene.restore(made.path)
    os.close(around)


@pytest.mark.parametrize("part", range(12))
def test_bit_changed_anywhere_in_a_backup_is_noticed(scene: Scene, part: int) -> None:
    made = scene.backup()
    data = bytearray(made.path.read_bytes())
    data[len(data) * part // 12] ^= 0x10
    made.path.write_bytes(data)
    with pytest.raises(KeyCustodyError):
        scene.restore(made.path)
    assert {path.name for path in scene.folder.iterdir()} == {"bank", "backups"}


# ---- people who were erased after the backup was made


class Erased:
    """A backup of a person, the erasure after it, and the journal that the worker wrote of it."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        kept = open_node_store(scene.settings, scene.clock)
        with open_keystore(scene.settings, scene.clock) as keystore:
            vault = Vault(keystore)
            settings_in_force(scene.settings, kept.store, scene.clock)
            with kept.store.write() as tx:
                wrapped = vault.new_data_key("sub_1")
                tx.data_keys.add("sub_1", wrapped, NOW)
                sealed = vault.seal(wrapped, "sub_1", person_context("prf_1"), b'{"family_name":"Kim"}')
                tx.proofings.add(rows.proofing("prf_1", subject_id="sub_1", sealed_person=sealed))
            self.made = scene.backup()
            scene.clock.time += 60
            erasure = Erasure(
                "ers_1", "act_1", b"d" * 32, "sub_1", ErasureGround.CUSTOMER_REQUEST, ErasureState.REVOKING, NOW + 60
            )
            self.journal = JournalFile(
                scene.settings.erasure_journal_path,
                url=BANK,
                signer=KeystoreSigner(keystore, CertificateChains(scene.node)),
                store=kept.store,
            )
            self.journal.note(erasure)
            self.journal.note(erasure)
            self.path = scene.folder / "carried-away"
            shutil.copy(scene.settings.erasure_journal_path, self.path)
            # Every backup from before has expired by the first of these moments.
            self.journal.prune(NOW + 35 * 86_400)
            self.still = scene.settings.erasure_journal_path.read_bytes()
            self.journal.prune(NOW + 60 + 35 * 86_400)
            self.later = scene.settings.erasure_journal_path.read_bytes()
        kept.dispose()

    def people(self, settings: Settings) -> tuple[bool, bool, bool]:
        """Tell whether the data key, the proofing and an erasure of the person are there."""
        kept = open_node_store(settings, self.scene.clock)
        with kept.store.read() as tx:
            found = (
                tx.data_keys.get("sub_1") is not None,
                tx.proofings.get("prf_1") is not None,
                tx.erasures.of_subject("sub_1") is not None,
            )
        kept.dispose()
        return found


def test_backup_brings_back_whom_the_node_erased_since_unless_the_journal_is_there(scene: Scene) -> None:
    erased = Erased(scene)
    shutil.rmtree(scene.node)
    assert erased.people(scene.restore(erased.made.path, "without")) == (True, True, False)
    again = scene.restore(erased.made.path, "with", erasures=(erased.path,))
    assert erased.people(again) == (False, True, True)
    kept = open_node_store(again, scene.clock)
    with kept.store.read() as tx:
        erasure = tx.erasures.of_subject("sub_1")
    kept.dispose()
    assert erasure is not None
    assert (erasure.erasure_id, erasure.state) == ("ers_1", ErasureState.REVOKING)


def test_journal_holds_an_erasure_once_for_as_long_as_a_backup_of_before_is_good(scene: Scene) -> None:
    erased = Erased(scene)
    assert len(erased.path.read_bytes().splitlines()) == 1
    assert erased.still == erased.path.read_bytes()
    assert erased.later == b""
    assert stat.S_IMODE(scene.settings.erasure_journal_path.stat().st_mode) == 0o600
    assert b"sub_1" not in erased.path.read_bytes()


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[:-1],
        lambda text: text[:-9] + b"AAAAAAAA\n",
        lambda text: b"x" * 5_000 + b"\n",
        lambda _: "한\n".encode(),
    ],
    ids=["cut off", "signature", "long", "letters"],
)
def test_journal_that_was_changed_or_cut_off_restores_nothing(scene: Scene, change: Callable[[bytes], bytes]) -> None:
    erased = Erased(scene)
    erased.path.write_bytes(change(erased.path.read_bytes()))
    with pytest.raises(MalformedInput):
        scene.restore(erased.made.path, "with", erasures=(erased.path,))
    assert not (scene.folder / "with").exists()


def test_journal_of_another_member_restores_nothing(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    erased = Erased(scene)
    lines = [replace(line, issuer="http://localhost:8102") for line in read_journal(erased.path)]
    monkeypatch.setattr("node.runtime.restoring.read_journal", lambda _path: lines)
    with pytest.raises(ArchiveRefused, match="another member"):
        scene.restore(erased.made.path, "with", erasures=(erased.path,))


def test_keys_in_a_token_are_named_by_the_backup_and_stay_where_they_are(tmp_path: Path) -> None:
    """A restored node signs with them as soon as the token is there; without it, it says so and the rest works."""
    token = soft_token()
    pin = tmp_path / "pin"
    pin.touch(mode=0o600)
    pin.write_text(PIN)
    place = {"module": str(token.module), "token": token.label, "pin_file": str(pin)}
    placement = {"receipt_signing": "hsm", "attest": "hsm"}
    with logged_out_afterwards():
        scene = Scene(tmp_path, keys={"pkcs11": {"hsm": place}, "placement": placement})
        made = scene.backup()
        shutil.rmtree(scene.node)
        done = restore_backup(made.path, tmp_path / "again", scene.words[1:], scene.clock, witness=None)
        with open_keystore(load_settings(tmp_path / "again"), scene.clock) as keystore:
            receipt = keystore.current(Purpose.RECEIPT_SIGNING)
            held = {keystore.current(purpose).key_id for purpose in (Purpose.RECEIPT_SIGNING, Purpose.ATTEST)}
            assert set(done.elsewhere) == held
            assert keystore.sign(receipt.key_id, Purpose.RECEIPT_SIGNING, JWS_INPUT)
        settings = (tmp_path / "again" / "node.toml").read_text()
        (tmp_path / "again" / "node.toml").write_text(settings.replace(token.label, "a token that is lost"))
        with open_keystore(load_settings(tmp_path / "again"), scene.clock) as keystore:
            with pytest.raises(TokenAbsent):
                keystore.sign(receipt.key_id, Purpose.RECEIPT_SIGNING, JWS_INPUT)
            status = keystore.current(Purpose.STATUS_SIGNING)
            assert keystore.sign(status.key_id, Purpose.STATUS_SIGNING, JWS_INPUT)
