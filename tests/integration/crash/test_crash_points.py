"""Kill a worker between any two of: stored, sent, mined, indexed, settled. Nothing is lost and nothing done twice."""

import json
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from jeung.domain.chain import ChainAccount, IntentState, TransactionState
from jeung.domain.ledger import CredentialStatus
from node.chain.decode import ATTESTED_TOPIC
from node.chain.hexes import hex_of
from tests.common import rows
from tests.common.chain import Chain, Member, Prepared, anvil

pytestmark = pytest.mark.chain

ROOT = Path(__file__).parents[3]
# Where, which method, before or after it, at which call of it, and only for calls with this argument.
POINTS = {
    "digests-signed-not-stored": ("outbox", "record_attestation", "before", 1, ""),
    "digests-stored-not-sent": ("outbox", "record_attestation", "after", 1, ""),
    "statuses-signed-not-stored": ("outbox", "record_statuses", "before", 1, ""),
    "statuses-stored-not-sent": ("outbox", "record_statuses", "after", 1, ""),
    "intent-signed-not-stored": ("outbox", "record_intent", "before", 1, ""),
    "intent-stored-not-sent": ("outbox", "record_intent", "after", 1, ""),
    "second-intent-stored-not-sent": ("outbox", "record_intent", "after", 2, ""),
    "before-first-sending": ("rpc", "call", "before", 1, "eth_sendRawTransaction"),
    "sent-answer-not-seen": ("rpc", "call", "after", 1, "eth_sendRawTransaction"),
    "second-sent": ("rpc", "call", "after", 2, "eth_sendRawTransaction"),
    "block-read-not-applied": ("index", "apply", "before", 2, ""),
    "block-applied": ("index", "apply", "after", 2, ""),
    "receipt-seen-not-settled": ("outbox", "settle", "before", 1, ""),
    "receipt-settled": ("outbox", "settle", "after", 1, ""),
    "second-receipt-not-settled": ("outbox", "settle", "before", 2, ""),
}


@dataclass
class Scene:
    """Hold a chain and a bank with work of every kind waiting."""

    prepared: Prepared
    chain: Chain
    bank: Member
    folder: Path
    digests: list[bytes]
    intents: list[str]

    def run_worker(self, kill: tuple[Any, ...] | None = None) -> int:
        plan = {
            "rpc": f"http://127.0.0.1:{self.chain.port}",
            "database": str(self.folder / "node.db"),
            "member": self.prepared.bank.member.hex(),
            "deployment": str(self.folder / "deployment.json"),
            "seeds": self.prepared.bank.signer.seeds,
            "kill": kill,
        }
        done = subprocess.run(
            [sys.executable, "-m", "tests.integration.crash.worker"],
            input=json.dumps(plan).encode(),
            cwd=ROOT,
            capture_output=True,
            timeout=120,
            check=False,
        )
        assert done.returncode in (0, -signal.SIGKILL), done.stderr.decode()[-2000:]
        return done.returncode

    def used_nonces(self) -> dict[ChainAccount, int]:
        address = self.prepared.bank.signer.address
        return {
            account: int(self.chain.rpc.call("eth_getTransactionCount", address(account), "latest"), 16)
            for account in ChainAccount
        }

    def attested_on_chain(self) -> Counter[bytes]:
        """Count how often the chain's own logs name each digest."""
        topic = {"fromBlock": "0x0", "toBlock": "latest", "topics": [hex_of(ATTESTED_TOPIC)]}
        found: Counter[bytes] = Counter()
        for log in self.chain.rpc.call("eth_getLogs", topic):
            data = bytes.fromhex(log["data"][2:])[128:]
            found.update(data[at : at + 32] for at in range(0, len(data), 32))
        return found


@pytest.fixture
def scene(prepared: tuple[Prepared, Path], tmp_path: Path) -> Iterator[Scene]:
    known, deployment = prepared
    (tmp_path / "deployment.json").write_bytes(deployment.read_bytes())
    with anvil(tmp_path, state=known.state) as chain:
        bank = Member(tmp_path, chain, known.deployment, known.bank)
        bank.kept.lease.release("worker")
        digests = bank.issue(1, 3)
        with bank.kept.store.write() as tx:
            tx.credentials.want_status(["credential-2"], CredentialStatus.REVOKED, rows.NOW)
        far = bank.clock.now() + 10**8
        intents = [bank.intend("KeyRegistry", "registerKey", f"0x{number:064x}", 1, 0, far) for number in (7, 8)]
        yield Scene(known, chain, bank, tmp_path, digests, intents)
        bank.close()


def assert_everything_happened_once(scene: Scene, before: dict[ChainAccount, int]) -> None:
    bank = scene.bank
    assert all(bank.attested(scene.digests))
    assert scene.attested_on_chain() == Counter({digest: 1 for digest in scene.digests})
    reference = rows.credential(2).status
    with bank.kept.ledger.view() as view:
        revoked = view.status(bank.party.member, reference.list_number, reference.index)
        keys = sorted(key.thumbprint for key in view.registry.keys.values())
    assert revoked is CredentialStatus.REVOKED
    assert keys == [number.to_bytes(32) for number in (7, 8)]
    assert [bank.intent(intent).state for intent in scene.intents] == [IntentState.DONE] * 2
    assert bank.kept.outbox.in_state(TransactionState.SIGNED, 10) == []
    spent = {account: count - before[account] for account, count in scene.used_nonces().items()}
    assert spent == {ChainAccount.GOVERNANCE: 2, ChainAccount.ATTEST: 1, ChainAccount.STATUS: 1}


@pytest.mark.parametrize("point", POINTS)
def test_worker_killed_at(scene: Scene, point: str) -> None:
    before = scene.used_nonces()
    assert scene.run_worker(POINTS[point]) == -signal.SIGKILL, "the worker never came to the point"
    assert scene.run_worker() == 0
    assert_everything_happened_once(scene, before)


def test_worker_killed_again_and_again(scene: Scene) -> None:
    before = scene.used_nonces()
    for point in (
        "digests-stored-not-sent",
        "sent-answer-not-seen",
        "block-read-not-applied",
        "receipt-seen-not-settled",
    ):
        scene.run_worker(POINTS[point])
    assert scene.run_worker() == 0
    assert_everything_happened_once(scene, before)


@pytest.mark.parametrize("when", ["before", "after"])
def test_worker_killed_at_a_rollback(scene: Scene, when: str) -> None:
    """The chain loses everything the bank sent, and the worker dies while it takes that in."""
    before = scene.used_nonces()
    snapshot = scene.chain.rpc.call("evm_snapshot")
    assert scene.run_worker() == 0
    scene.chain.rpc.call("evm_revert", snapshot)
    assert scene.attested_on_chain() == Counter()
    assert scene.run_worker(("index", "roll_back", when, 1, "")) == -signal.SIGKILL
    assert scene.run_worker() == 0
    assert_everything_happened_once(scene, before)


def test_worker_killed_after_a_revert_was_recorded_and_before_it_was_judged(scene: Scene) -> None:
    """Two equal registrations pass the simulation together, and the second reverts in its block."""
    far = scene.bank.clock.now() + 10**8
    call = ("KeyRegistry", "registerKey", f"0x{9:064x}", 1, 0, far)
    twins = [scene.bank.intend(*call) for _ in range(2)]
    scene.chain.rpc.call("evm_setAutomine", False)
    assert scene.run_worker(("rpc", "call", "after", 6, "eth_sendRawTransaction")) == -signal.SIGKILL
    scene.chain.mine()
    scene.chain.rpc.call("evm_setAutomine", True)
    assert scene.run_worker(("outbox", "settle", "after", 1, "")) == -signal.SIGKILL
    assert scene.run_worker() == 0
    assert [scene.bank.intent(each).state for each in twins] == [IntentState.DONE] * 2
    assert scene.attested_on_chain() == Counter({digest: 1 for digest in scene.digests})
