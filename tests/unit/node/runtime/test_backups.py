"""Everything is destroyed and comes back; what is not the backup that was made does not."""

import io
import json
import shutil
import stat
import tarfile
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from jeung.errors import Conflict
from jeung.services.status_places import open_fresh_group, reserve_places
from keys.archive import ArchiveWriter
from keys.ceremony import Root, hold_ceremony
from keys.envelope import Vault
from keys.errors import (
    ArchiveRefused,
    CeremonyRefused,
    KeyCustodyError,
    ShareRefused,
    TokenAbsent,
)
from keys.purposes import Purpose
from node.runtime.adapters import OsEntropy
from node.runtime.backups import headers_in, prune_expired
from node.runtime.custody import open_keystore
from node.runtime.database import open_node_store
from node.runtime.restoring import restore_backup
from node.runtime.roots import CeremonyFacts, keep_root, load_root, require_no_root, signed_protocol, verify_protocol
from node.settings import Settings, load_settings
from node.store.schema import log_events
from tests.common.backups import BANK, NOW, Scene
from tests.common.keystores import JWS_INPUT
from tests.common.softhsm import PIN, soft_token
from tests.common.tokens import logged_out_afterwards


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


def test_file_that_is_nearly_nothing_in_the_backup_and_fills_the_disk_is_refused(scene: Scene) -> None:
    sparse = {"GNU.sparse.map": "0,1", "GNU.sparse.size": str(1 << 40), "GNU.sparse.name": "node.db"}
    with pytest.raises(ArchiveRefused, match="no backup holds"):
        scene.restore(_forged(scene, {}, {"node.db": b"x"}, sparse))


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


@pytest.mark.parametrize("part", range(12))
def test_bit_changed_anywhere_in_a_backup_is_noticed(scene: Scene, part: int) -> None:
    made = scene.backup()
    data = bytearray(made.path.read_bytes())
    data[len(data) * part // 12] ^= 0x10
    made.path.write_bytes(data)
    with pytest.raises(KeyCustodyError):
        scene.restore(made.path)
    assert {path.name for path in scene.folder.iterdir()} == {"bank", "backups"}


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
