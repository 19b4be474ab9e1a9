import json
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from node.artifacts import CONTRACT_NAMES, load
from tests.common.chain import free_port
from tests.integration.contracts.tools import ROOT, environment, hardhat, run

pytestmark = [pytest.mark.node_tools]

_BOOT_S = 240.0


@pytest.fixture(scope="module")
def compiled() -> Path:
    done = run(hardhat(), "compile")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return ROOT / "artifacts/contracts"


@pytest.mark.parametrize("name", CONTRACT_NAMES)
def test_hardhat_compiles_to_the_same_bytecode(compiled: Path, name: str) -> None:
    (path,) = compiled.glob(f"*/{name}.sol/{name}.json")
    theirs = json.loads(path.read_text())
    ours = load(name)
    assert theirs["bytecode"] == "0x" + ours.bytecode.hex()
    assert theirs["deployedBytecode"] == "0x" + ours.deployed_bytecode.hex()
    spans = {(span["start"], span["length"]) for places in theirs["immutableReferences"].values() for span in places}
    assert spans == {(span.start, span.length) for places in ours.immutables.values() for span in places}


def test_every_solidity_test_passes_under_hardhat(compiled: Path) -> None:
    done = run(hardhat(), "test", "solidity")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    passing = re.search(r"(\d+) passing", done.stdout)
    assert passing
    assert int(passing.group(1)) > 200
    assert "failing" not in done.stdout


@pytest.fixture
def node_url() -> Iterator[str]:
    port = free_port()
    command = [str(hardhat()), "node", "--hostname", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=120)


def test_hardhat_node_starts_on_the_loopback(node_url: str) -> None:
    request = {"jsonrpc": "2.0", "id": 1, "method": "web3_clientVersion", "params": []}
    deadline = time.monotonic() + _BOOT_S
    while True:
        try:
            answer = requests.post(node_url, json=request, timeout=5).json()
        except (requests.ConnectionError, requests.Timeout):
            assert time.monotonic() < deadline, "the node did not answer in time"
            time.sleep(0.1)
        else:
            break
    assert answer["result"].startswith("HardhatNetwork")
