"""Play a bank with a root of keys that backs itself up and comes back."""

import json
from pathlib import Path
from typing import Any

from keys.ceremony import hold_ceremony
from node.artifacts import CONTRACT_NAMES
from node.chain.deployment import deployment_id_of
from node.runtime.backups import BackupMade, write_backup
from node.runtime.creation import NodePlan, create_node
from node.runtime.custody import open_keystore
from node.runtime.restoring import restore_backup
from node.runtime.roots import CeremonyFacts, keep_root, signed_protocol
from node.settings import Settings, load_settings
from tests.common.custody import SetClock
from tests.common.rows import ADDRESS
from tests.unit.node.runtime.test_creation import settings_of

BANK = "http://localhost:8101"
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


def deployment() -> dict[str, Any]:
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
