"""The runbooks do what they say, command by command, on a running sandbox: a leaked key, a lost node."""

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from cli.demo.votes import Motion, decide
from cli.sandbox.layout import MEMBERS
from jeung.crypto import base64url
from jeung.domain.identifiers import to_hex
from jeung.domain.transparency import log_origin, parse_entry
from keys.purposes import Purpose
from node.chain.deployment import load_deployment
from node.chain.rpc import Rpc
from node.runtime.acts import open_acts
from node.runtime.adapters import SystemClock
from node.runtime.custody import open_keystore
from node.settings import load_settings
from tests.common.guides import Guide, Place, Value
from tests.e2e.copied_logs import copied, entries, is_seen_by_all, published
from tests.e2e.driver import SandboxDriver, eventually, run_jeung
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


def copy_of_log(scene: Scene, stack: ExitStack) -> tuple[str, list[bytes]]:
    """Let something happen that no backup holds, and somebody copy the log; from then on the worker does nothing."""
    bank, others = (
        scene.consortium.bank.base_url,
        (scene.consortium.exchange.base_url, scene.consortium.supervisor.base_url),
    )
    before = published(bank)
    assert before is not None
    scene.consortium.proofings(1)
    eventually(lambda: (newest := published(bank)) is not None and newest[0].size > before[0].size)
    worker = scene.driver.pid_of("bank-worker")
    assert worker is not None

    def stopped() -> bool:
        os.kill(worker, signal.SIGSTOP)
        if is_seen_by_all(bank, *others):
            return True
        os.kill(worker, signal.SIGCONT)
        return False

    eventually(stopped)
    newest = published(bank)
    assert newest is not None
    address = stack.enter_context(copied(bank, scene.folder / "copy"))
    return address, entries(bank, 1, newest[0].size)


def require_caught_up(scene: Scene, lost: list[bytes]) -> None:
    """The log goes on behind what was lost, and the others cosign it."""
    bank = scene.consortium.bank.base_url
    eventually(lambda: (newest := published(bank)) is not None and newest[0].size > len(lost) and newest[1] == 2)
    assert entries(bank, 1, len(lost)) == lost


def require_new_epoch(scene: Scene) -> None:
    """The others vote an epoch for the bank: it begins with the last checkpoint, is cosigned and anchored."""
    consortium = scene.consortium
    bank, member = consortium.bank.base_url, consortium.bank.member_id
    decide(consortium.exchange, [consortium.supervisor], [Motion("LogAnchor", "openEpoch", (member, 2))])
    eventually(lambda: (newest := published(bank, 2)) is not None and newest[1] == 2)
    closed = published(bank)
    assert closed is not None
    facts = parse_entry(entries(bank, 2, 1)[0]).facts
    assert facts == {"origin": log_origin(bank, 1), "root": base64url.encode(closed[0].root), "size": closed[0].size}
    anchor = load_deployment(consortium.sandbox.deployment_file).addresses["LogAnchor"]
    wanted = {"address": anchor, "fromBlock": "0x0", "topics": [None, member, to_hex((2).to_bytes(32))]}
    with closing(Rpc([consortium.sandbox.rpc_url])) as rpc:
        # Of the two events about an epoch only that of an anchor has more to say.
        eventually(lambda: any(event["data"] != "0x" for event in rpc.call("eth_getLogs", wanted)))


def require_sound_logs(scene: Scene) -> None:
    """Another member's audit reads both epochs from the bank's server, and accuses nobody."""
    node = str(scene.consortium.sandbox.node_dir(MEMBERS[1]))
    audit = run_jeung("audit", "log", "--node-dir", node, "--format", "json")
    found = [(finding["rule"], finding["subject"]) for finding in json.loads(audit.stdout)["findings"]]
    assert [one for one in found if one[0].startswith(("log-", "witness-"))] == [], audit.stderr


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
    with ExitStack() as stack, Guide(RUNBOOKS / "restore.md", {"": scene.place()}, values) as guide:
        for step in guide.steps:
            if step.command.startswith("jeung keys restore"):
                address, lost = copy_of_log(scene, stack)
                # Everything of the bank is gone; the chain and the other members go on.
                held = scene.folder / "held"
                scene.bank.rename(held)
                shutil.rmtree(held)
            if step.command.startswith("jeung audit"):
                with (scene.bank / "node.toml").open("a") as settings:
                    settings.write(f'\n[log]\ncopies = ["{address}"]\nanchor_interval_s = 5\n')
                # Start the node as before.
                scene.driver.kill("bank-worker")
                scene.driver.stop()
                scene.driver.start()
                eventually(lambda: set(scene.statuses()) == set(kept))
                require_caught_up(scene, lost)
            guide.play_step(step, timeout_s=180)
    assert "attestation-unexplained" not in guide.outputs[-1], guide.outputs[-1]
    again = scene.issue(1)
    assert scene.statuses()[again[0]] == "valid"
    require_new_epoch(scene)
    require_sound_logs(scene)
