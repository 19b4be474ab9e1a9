import dataclasses
import json
import re
from importlib import resources

import pytest

from node.artifacts import CONTRACT_NAMES, ArtifactMissingError, load, load_all
from node.artifacts.compile import compile_contracts
from tests.integration.contracts.reference import MARKER, PAGE, written
from tests.integration.contracts.snapshots import snapshot
from tests.integration.contracts.tools import ROOT, SNAPSHOTS

_CODE_SIZE_LIMIT = 24_576  # EIP-170


@pytest.mark.node_tools
def test_committed_artifacts_are_what_the_sources_compile_to() -> None:
    compiled = compile_contracts(ROOT)
    assert tuple(compiled) == CONTRACT_NAMES
    for name, content in compiled.items():
        committed = (resources.files("node.artifacts") / "data" / f"{name}.json").read_bytes()
        assert committed == content, f"{name}: run `make contracts`"


@pytest.mark.parametrize("name", CONTRACT_NAMES)
def test_selectors_events_and_storage_are_as_written_down(name: str) -> None:
    written = (SNAPSHOTS / f"{name}.txt").read_text(encoding="utf-8")
    assert snapshot(load(name)) == written, "run `python -m tests.integration.contracts.snapshots` if it is meant"


@pytest.mark.parametrize("name", CONTRACT_NAMES)
def test_contract_fits_the_chains_limit_of_code_size(name: str) -> None:
    assert 0 < len(load(name).deployed_bytecode) <= _CODE_SIZE_LIMIT


@pytest.mark.parametrize("name", CONTRACT_NAMES)
def test_immutables_are_blank_and_named(name: str) -> None:
    artifact = load(name)
    assert artifact.immutables
    for spans in artifact.immutables.values():
        for span in spans:
            assert artifact.deployed_bytecode[span.start : span.start + span.length] == bytes(span.length)


@pytest.mark.parametrize("name", ["", "Nothing", "../data/Consortium", "consortium", "Consortium.json", "A" * 100])
def test_unknown_contract_is_refused(name: str) -> None:
    with pytest.raises(ArtifactMissingError):
        load(name)


def test_artifact_cannot_be_changed() -> None:
    artifact = load("Consortium")
    with pytest.raises(dataclasses.FrozenInstanceError):
        artifact.bytecode = b""  # type: ignore[misc]  # what is tested
    assert load("Consortium") is artifact


def test_no_artifact_lies_about_unnamed() -> None:
    files = {path.name for path in (resources.files("node.artifacts") / "data").iterdir()}
    assert files == {f"{name}.json" for name in CONTRACT_NAMES}


def test_no_error_and_event_of_one_name_differ_between_contracts() -> None:
    """Decode what any contract lets through by one table, as errors of peers come through unchanged."""
    shapes: dict[tuple[str, str], str] = {}
    for artifact in load_all():
        for entry in artifact.abi:
            if entry["type"] in ("error", "event"):
                inputs = json.dumps(entry["inputs"], sort_keys=True)
                assert shapes.setdefault((entry["type"], entry["name"]), inputs) == inputs


def test_reference_page_names_every_event_and_error() -> None:
    assert PAGE.read_text(encoding="utf-8").split(MARKER)[1] == written(), (
        "run `python -m tests.integration.contracts.reference`"
    )


def test_every_error_is_provoked_by_a_solidity_test() -> None:
    sources = (ROOT / "tests/contracts").glob("*.t.sol")
    tests = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    provoked = set(re.findall(r"\.(\w+)\.selector", tests))
    errors = set(re.findall(r"^\| error \| `(\w+)\(", written(), re.MULTILINE))
    assert len(errors) > 60
    assert errors <= provoked
