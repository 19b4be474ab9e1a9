"""The deployment's file: whole, consistent with itself, and bounded."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from node.artifacts import CONTRACT_NAMES
from node.chain.deployment import deployment_id_of, load_deployment, write_record
from node.chain.errors import DeploymentFailed
from node.chain.hexes import address_of, hex_of

ADDRESSES = {name: address_of(bytes([number]) * 20) for number, name in enumerate(CONTRACT_NAMES, 1)}
HASH = b"\x09" * 32


def record() -> dict[str, Any]:
    identity = deployment_id_of(31_337, ADDRESSES["Directory"], HASH)
    return {
        "version": 1,
        "chain_id": 31_337,
        "addresses": dict(ADDRESSES),
        "block": 8,
        "block_hash": hex_of(HASH),
        "start_block": 1,
        "deployment_id": hex_of(identity),
    }


def test_deployment_is_read(tmp_path: Path) -> None:
    write_record(tmp_path / "d.json", record())
    deployment = load_deployment(tmp_path / "d.json")
    assert (deployment.chain_id, deployment.block_number, deployment.start_block) == (31_337, 8, 1)
    assert dict(deployment.addresses) == ADDRESSES
    assert list(tmp_path.iterdir()) == [tmp_path / "d.json"]


def test_deployment_id_binds_chain_directory_and_block() -> None:
    same = deployment_id_of(1, ADDRESSES["Directory"], HASH)
    others = [
        deployment_id_of(2, ADDRESSES["Directory"], HASH),
        deployment_id_of(1, ADDRESSES["Consortium"], HASH),
        deployment_id_of(1, ADDRESSES["Directory"], bytes(32)),
    ]
    assert len({same, *others}) == 4
    assert len(same) == 32


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"chain_id": 1},
        {"chain_id": "x"},
        {"deployment_id": "0x" + "00" * 32},
        {"deployment_id": None},
        {"block_hash": "0x" + "00" * 32},
        {"block_hash": "0x"},
        {"addresses": {}},
        {"addresses": {**ADDRESSES, "Directory": ADDRESSES["Consortium"]}},
        {"addresses": {**ADDRESSES, "Consortium": "0x12"}},
        {"addresses": 7},
        {"block": None},
        {"start_block": None},
    ],
)
def test_file_that_contradicts_itself_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    (tmp_path / "d.json").write_bytes(orjson.dumps({**record(), **change}))
    with pytest.raises(DeploymentFailed):
        load_deployment(tmp_path / "d.json")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"7", b" " * (5 << 20)])
def test_file_that_is_no_deployment_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "d.json").write_bytes(content)
    with pytest.raises(DeploymentFailed):
        load_deployment(tmp_path / "d.json")


def test_missing_file_says_that_nothing_is_deployed(tmp_path: Path) -> None:
    with pytest.raises(DeploymentFailed, match="not deployed yet"):
        load_deployment(tmp_path / "d.json")
    with pytest.raises(DeploymentFailed):
        load_deployment(tmp_path)
