"""The runbooks do what they say, command by command, on a running sandbox: a leaked key, a lost node."""

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli.sandbox.layout import MEMBERS
from jeung.domain.identifiers import to_hex
from keys.purposes import Purpose
from node.runtime.acts import open_acts
from node.runtime.adapters import SystemClock
from node.runtime.custody import open_keystore
from node.settings import load_settings
from tests.common.guides import Guide, Place, Value
from tests.e2e.driver import SandboxDriver, eventually
from tests.e2e.issuing import Consortium, Issuer

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(900)]

RUNBOOKS = Path(__file__).parents[2] / "docs" / "runbooks"


class Scene:
    """A sandbox whose bank has issued, and what its people know."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.driver = SandboxDriver(folder / "sandbox")
        self.driver.start()
        self.consortium = Consortium(self.driver.data)
        self.consortium.found()
        self.bank = self.consortium.sandbox.node_dir(MEMBERS[0])
        people = json.loads(self.consortium.sandbox.staff_file(MEMBERS[0]).read_text())
        self.passwords = {}
        for person in people:
            path = folder / f"{person['name']}.password"
            path.write_text(person["password"] + "\n")
            path.chmod(0o600)
            self.passwords[person["name"]] = str(path)

    def issue(self, count: int) -> list[str]:
        issuer = Issuer(self.consortium, self.consortium.proofings(count))
        issuer.start()
        issuer.join(120)
        assert issuer.failure is None
        made = [copy["credential_id"] for answer in issuer.answers for copy in answer["copies"]]
        eventually(
            lambda: all(item["anchoring"] == "attested" for item in self.consortium.bank.all("/v1/credentials"))
        )
        return made

    def place(self) -> Place:
        programs = str(Path(sys.executable).parent)
        return Place(self.folder, {"PATH": f"{programs}:{os.environ['PATH']}", "HOME": str(self.folder)})

    def act(self, node: Path) -> Callable[[], str]:
        def newest() -> str:
            with open_acts(load_settings(node), SystemClock()) as operator:
                return operator.acts.page(limit=1).items[0].act_id

        return newest

    def digest(self, node: Path) -> Callable[[], str]:
        def newest() -> str:
            with open_acts(load_settings(node), SystemClock()) as operator:
                return to_hex(operator.acts.page(limit=1).items[0].digest)

        return newest

    def people(self) -> dict[str, Value]:
        return {
            "CUSTODIAN": "custodian",
            "APPROVER": "approver",
            "CUSTODIAN_PASSWORD": self.passwords["custodian"],
            "APPROVER_PASSWORD": self.passwords["approver"],
        }

    def statuses(self) -> dict[str, str]:
        return {item["credential_id"]: item["status"] for item in self.consortium.bank.all("/v1/credentials")}


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path)
    yield made
    made.driver.close()


def test_leaked_key(scene: Scene) -> None:
    with open_keystore(load_settings(scene.bank), SystemClock()) as keystore:
        key = keystore.current(Purpose.CREDENTIAL_SIGNING).key_id
    since = SystemClock().now() - 30
    issued = scene.issue(3)
    act, offers = scene.act(scene.bank), scene.folder / "offers.jsonl"
    values: dict[str, Value] = {
        **scene.people(),
        "NODE": str(scene.bank),
        "KEY": key,
        "SINCE": str(since),
        "ACT": act,
        "DIGEST": scene.digest(scene.bank),
        "OFFERS": str(offers),
    }
    with Guide(RUNBOOKS / "leaked-key.md", {"": scene.place()}, values) as guide:
        guide.play(timeout_s=180)
    assert {scene.statuses()[credential] for credential in issued} == {"revoked"}
    written = [json.loads(line) for line in offers.read_text().splitlines()]
    assert len({line["subject_id"] for line in written}) == len(written) == 3
    with open_keystore(load_settings(scene.bank), SystemClock()) as keystore:
        eventually(lambda: keystore.current(Purpose.CREDENTIAL_SIGNING).key_id != key)
    after = scene.issue(1)
    assert scene.statuses()[after[0]] == "valid"


def test_lost_node(scene: Scene) -> None:
    kept = scene.issue(2)
    backups, sheets, sandbox = scene.folder / "backups", scene.folder / "sheets", scene.consortium.sandbox
    journal = scene.folder / "erasures.journal"
    # Nobody was erased so far.
    journal.touch()
    values: dict[str, Value] = {
        **scene.people(),
        "NODE": str(scene.bank),
        "NEW": str(scene.bank),
        "SHEETS": str(sheets),
        "BACKUPS": str(backups),
        "BACKUP": lambda: str(next(backups.glob("*.backup"))),
        "SHARE_1": str(sheets / "share-1-of-3.html"),
        "SHARE_2": str(sheets / "share-3-of-3.html"),
        "ERASURES": str(journal),
        "RPC": sandbox.rpc_url,
        "DEPLOYMENT": str(sandbox.deployment_file),
        "ACT": scene.act(scene.bank),
        "DIGEST": scene.digest(scene.bank),
    }
    with Guide(RUNBOOKS / "restore.md", {"": scene.place()}, values) as guide:
        for step in guide.steps:
            if step.command.startswith("jeung keys restore"):
                # Everything of the bank is gone; the chain and the other members go on.
                held = scene.folder / "held"
                scene.bank.rename(held)
                shutil.rmtree(held)
            if step.command.startswith("jeung audit"):
                # Start the node as before.
                scene.driver.stop()
                scene.driver.start()
                eventually(lambda: set(scene.statuses()) == set(kept))
            guide.play_step(step, timeout_s=180)
    assert "attestation-unexplained" not in guide.outputs[-1], guide.outputs[-1]
    again = scene.issue(1)
    assert scene.statuses()[again[0]] == "valid"
