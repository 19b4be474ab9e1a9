"""What a restore makes of people who were erased after the backup."""

import shutil
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from jeung.domain.erasure import Erasure, ErasureGround, ErasureState
from jeung.errors import MalformedInput
from jeung.services.proofing import person_context
from keys.envelope import Vault
from keys.errors import (
    ArchiveRefused,
)
from keys.signer import KeystoreSigner
from node.runtime.certification import CertificateChains
from node.runtime.custody import open_keystore
from node.runtime.database import open_node_store
from node.runtime.erasure_journal import JournalFile, read_journal
from node.runtime.policy import settings_in_force
from node.settings import Settings
from tests.common import rows
from tests.common.backups import BANK, NOW, Scene


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


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
