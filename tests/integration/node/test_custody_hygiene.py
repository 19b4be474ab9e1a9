"""A running node shows its secrets to nobody: not in its arguments, environment, logs, nor in a core file."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.common.chain import Chain, anvil, wait_for
from tests.common.softhsm import PIN, soft_token
from tests.integration.node.test_worker_process import Node, join, make_node

pytestmark = pytest.mark.chain


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    with anvil(tmp_path) as chain:
        yield chain


def test_worker_with_keys_in_file_and_token_tells_no_secret(tmp_path: Path, chain: Chain) -> None:
    token, pin = soft_token(), tmp_path / "pin"
    pin.touch(mode=0o600)
    pin.write_text(PIN)
    place = {"module": str(token.module), "token": token.label, "pin_file": str(pin)}
    keys = {"pkcs11": {"hsm": place}, "placement": {"governance": "hsm"}}
    settings = make_node(tmp_path / "bank", chain.port, unsafe_fast_key_derivation=True, keys=keys)
    join(settings, chain)
    secrets = (settings.passphrase_path.read_text().strip(), PIN)
    node = Node(settings)
    with node.worker() as process:
        wait_for(lambda: node.indexed() == chain.height)
        folder = Path(f"/proc/{process.pid}")
        limits = (folder / "limits").read_text()
        shown = [(folder / "cmdline").read_bytes()]
        # Not dumpable: its environment is root's to read, nobody else's.
        if os.geteuid() == 0:
            shown.append((folder / "environ").read_bytes())
        owner = (folder / "environ").stat().st_uid
        process.terminate()
        process.wait(30)
    core = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
    assert core.split()[4:6] == ["0", "0"]
    assert owner == 0
    written = [path.read_bytes() for path in (tmp_path / "bank").rglob("*") if path.is_file()]
    written = [content for content in written if content.strip() not in {secret.encode() for secret in secrets}]
    for secret in secrets:
        assert not any(secret.encode() in text for text in [*shown, *written, node.log.read_bytes()])


@pytest.mark.parametrize("name", ["passphrase", "keystore", "keystore/keys.jeung", "pin"])
def test_node_does_not_start_on_a_secret_that_others_can_read(tmp_path: Path, chain: Chain, name: str) -> None:
    pin = tmp_path / "bank" / "pin"
    keys = {"pkcs11": {"hsm": {"module": "/usr/lib/module.so", "token": "bank", "pin_file": "pin"}}}
    settings = make_node(tmp_path / "bank", chain.port, unsafe_fast_key_derivation=True, keys=keys)
    pin.touch(mode=0o600)
    join(settings, chain)
    path = settings.node_dir / name
    path.chmod(0o750 if path.is_dir() else 0o640)
    node = Node(settings)
    with node.worker() as process:
        assert process.wait(60) == 2
    assert "insecure_file" in node.log.read_text()
