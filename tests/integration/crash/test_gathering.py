"""Kill the gatherer of proofs between any two of: asked, answered, sealed, stored. Nothing is lost or doubled."""

import json
import secrets
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from jeung.services.evidence.gathering import AT_ONCE, parse_gathered, proofs_context
from jeung.services.verification import VerificationRules, VerificationService
from tests.common.chain import Chain, Member, Prepared, anvil
from tests.common.memory.custody import MemoryVault
from tests.common.memory.world import SystemEntropy
from tests.common.parties import EXCHANGE, Parties
from tests.unit.jeung.services.presenting import bound, crafted

pytestmark = pytest.mark.chain

ROOT = Path(__file__).parents[3]
JUDGED = AT_ONCE + 2
# Where, which method, before or after it (of a write: its commit), at which call of it; how many are kept then.
STORY = (
    (("chain", "headers", "before", 1, ""), 0),
    (("chain", "nodes", "after", 2, ""), 0),
    (("vault", "seal", "after", 5, ""), 0),
    (("store", "write", "before", 1, ""), 0),
    (("store", "write", "after", 1, ""), AT_ONCE),
    (("store", "write", "before", 1, ""), AT_ONCE),
    (("store", "write", "after", 1, ""), JUDGED),
)


@dataclass
class Scene:
    """Hold a chain and an exchange with judgements whose proofs are wanted."""

    prepared: Prepared
    chain: Chain
    exchange: Member
    folder: Path
    key: bytes

    def gather(self, kill: tuple[Any, ...] | None = None) -> int:
        plan = {
            "part": "evidence",
            "rpc": f"http://127.0.0.1:{self.chain.port}",
            "database": str(self.folder / "node.db"),
            "member": self.exchange.party.member.hex(),
            "deployment": str(self.folder / "deployment.json"),
            "vault": self.key.hex(),
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

    def kept(self) -> list[tuple[int, str]]:
        """Give number and id of the evidence that proofs are kept of; each must open, and prove."""
        found = []
        with closing(sqlite3.connect(self.folder / "node.db")) as connection:
            for number, evidence_id, owner, wrapped, sealed in connection.execute(
                "SELECT e.number, e.evidence_id, p.data_key_id, k.wrapped, p.sealed FROM evidence_proofs p"
                " JOIN evidence e ON e.number = p.evidence_number JOIN data_keys k ON k.owner = p.data_key_id"
                " ORDER BY p.evidence_number"
            ):
                opened = MemoryVault(self.key).open(wrapped, owner, proofs_context(evidence_id), sealed)
                gathered = parse_gathered(opened)
                assert gathered.missing is None
                assert gathered.headers
                assert gathered.nodes
                found.append((number, evidence_id))
        return found


@pytest.fixture
def scene(prepared: tuple[Prepared, Path], tmp_path: Path) -> Iterator[Scene]:
    known, deployment = prepared
    (tmp_path / "deployment.json").write_bytes(deployment.read_bytes())
    key = secrets.token_bytes(32)
    with anvil(tmp_path, state=known.state) as chain:
        exchange = Member(tmp_path, chain, known.deployment, known.exchange)
        exchange.follow()
        service = VerificationService(
            store=exchange.kept.store,
            ledger=exchange.kept.ledger,
            vault=MemoryVault(key),
            clock=exchange.clock,
            entropy=SystemEntropy(),
            rules=VerificationRules(EXCHANGE, max_poll_age_s=10**9, max_head_age_s=10**9),
        )
        # Signed by a key that this chain does not know: a refusal is judged by the ledger, too.
        played = Parties()
        presentation = bound(played, crafted(played))
        for _ in range(JUDGED):
            service.verify(presentation)
        exchange.kept.log.sequence(limit=2 * JUDGED, now=exchange.clock.now(), fence=exchange.fence)
        yield Scene(known, chain, exchange, tmp_path, key)
        exchange.close()


def test_gatherer_killed_at_every_point_loses_and_doubles_nothing(scene: Scene) -> None:
    for kill, count in STORY:
        assert scene.gather(kill) == -signal.SIGKILL, f"the gatherer never came to {kill}"
        assert [number for number, _ in scene.kept()] == list(range(1, count + 1))
    kept = scene.kept()
    assert len({evidence_id for _, evidence_id in kept}) == JUDGED
    assert scene.gather() == 0
    assert scene.kept() == kept
