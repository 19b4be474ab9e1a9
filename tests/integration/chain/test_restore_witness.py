"""A backup is a member's own if the chain knows who signed it, and knows nothing bad of him."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jeung.crypto import base64url
from jeung.domain.registrations import KeyPurpose
from keys.ceremony import hold_ceremony
from keys.errors import ArchiveRefused
from keys.purposes import Purpose
from node.chain.deployment import VERSION, Deployment, write_record
from node.chain.hexes import hex_of
from node.runtime.backups import write_backup
from node.runtime.creation import NodePlan, create_node
from node.runtime.custody import open_keystore
from node.runtime.restoring import ChainWitness, Restored, restore_backup
from node.runtime.roots import CeremonyFacts, keep_root, signed_protocol
from node.settings import load_settings
from tests.common.chain import Chain, Member, Prepared
from tests.common.custody import SetClock
from tests.unit.node.runtime.test_creation import settings_of

pytestmark = pytest.mark.chain

FAR = 1 << 40


def _record_of(deployment: Deployment) -> dict[str, Any]:
    return {
        "version": VERSION,
        "chain_id": deployment.chain_id,
        "deployment_id": hex_of(deployment.deployment_id),
        "block": deployment.block_number,
        "block_hash": hex_of(deployment.block_hash),
        "start_block": deployment.start_block,
        "addresses": dict(deployment.addresses),
    }


class Scene:
    """A bank on a real chain, with a root and a keystore of its own."""

    def __init__(self, folder: Path, chain: Chain, prepared: Prepared, bank: Member) -> None:
        self.folder, self.chain, self.bank = folder, chain, bank
        self.clock = SetClock(self.block_time())
        self.url = prepared.bank.url
        create_node(NodePlan(folder / "bank", "Hanbit Bank", settings_of(base_url=self.url)), self.clock)
        self.settings = load_settings(folder / "bank")
        self.deployment = folder / "deployment.json"
        write_record(self.deployment, _record_of(prepared.deployment))
        (folder / "bank" / "deployment.json").write_text(self.deployment.read_text())
        root, shares = hold_ceremony(2, 2)
        self.words = [share.words for share in shares]
        facts = CeremonyFacts(self.url, self.clock.now(), ("Areum", "Bora"), (), "sheets", 1)
        with open_keystore(self.settings, self.clock) as keystore:
            keep_root(self.settings, root.public, signed_protocol(root, shares, facts, keystore))
            signer = keystore.current(Purpose.RECEIPT_SIGNING)
        self.signer = "0x" + base64url.decode(signer.key_id).hex()
        self.restored = 0

    def block_time(self) -> int:
        return int(self.chain.rpc.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    def says(self, function: str, *args: object) -> int:
        """Have the bank's governance account write to the registry of keys; give the time of the block."""
        self.bank.intend("KeyRegistry", function, self.signer, *args)
        self.bank.turn()
        return self.block_time()

    def backup(self, at: int) -> Path:
        self.clock.time = at
        with open_keystore(self.settings, self.clock) as keystore:
            return write_backup(self.settings, keystore, self.clock, self.folder / f"backups-{at}").path

    def restore(self, file: Path) -> Restored:
        self.restored += 1
        witness = ChainWitness(f"http://127.0.0.1:{self.chain.port}", self.deployment)
        return restore_backup(file, self.folder / f"again-{self.restored}", self.words, self.clock, witness=witness)


def test_backup_is_restored_only_while_the_chain_knows_its_signer_as_good(
    tmp_path: Path, chain: Chain, prepared: Prepared, member_of: Callable[..., Member]
) -> None:
    scene = Scene(tmp_path, chain, prepared, member_of(prepared.bank))
    early = scene.backup(scene.block_time())
    with pytest.raises(ArchiveRefused, match="chain does not know"):
        scene.restore(early)
    registered = scene.says("registerKey", KeyPurpose.RECEIPT_SIGNING.value, 0, FAR)
    with pytest.raises(ArchiveRefused, match="chain does not know"):
        scene.restore(early)
    good = scene.backup(registered + 1)
    assert scene.restore(good).member == scene.url
    # Known only later: the key was in other hands when it signed this.
    chain.pass_time(60)
    scene.says("declareCompromised", registered + 1)
    with pytest.raises(ArchiveRefused, match="chain does not know"):
        scene.restore(good)
    assert {path.name for path in tmp_path.glob("again-*")} == {"again-3"}


def test_backup_of_another_consortium_is_refused(
    tmp_path: Path, chain: Chain, prepared: Prepared, member_of: Callable[..., Member]
) -> None:
    scene = Scene(tmp_path, chain, prepared, member_of(prepared.bank))
    from tests.common.backups import deployment

    (tmp_path / "bank" / "deployment.json").write_text(json.dumps(deployment()))
    with pytest.raises(ArchiveRefused, match="another consortium"):
        scene.restore(scene.backup(scene.block_time()))
