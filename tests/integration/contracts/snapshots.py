"""Write down what must not change unseen of each contract: `python -m tests.integration.contracts.snapshots`.

Selectors of functions and errors, topics of events, and where each state variable lies in storage.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from eth_utils.abi import collapse_if_tuple
from sha3 import keccak_256

from node.artifacts import Artifact, load_all
from tests.integration.contracts.tools import SNAPSHOTS


def snapshot(artifact: Artifact) -> str:
    """Give a contract's snapshot, one fact a line."""
    return "\n".join([*sorted(_signatures(artifact)), *_storage(artifact), ""])


def _signatures(artifact: Artifact) -> Iterator[str]:
    for entry in artifact.abi:
        if entry["type"] not in ("function", "event", "error"):
            continue
        types = [collapse_if_tuple(dict(argument)) for argument in entry["inputs"]]
        signature = f"{entry['name']}({','.join(types)})"
        digest = keccak_256(signature.encode()).hexdigest()
        if entry["type"] == "event":
            indexed = [argument["name"] for argument in entry["inputs"] if argument["indexed"]]
            yield f"event 0x{digest} {signature} by {', '.join(indexed) or 'nothing'}"
        else:
            suffix = f" {entry['stateMutability']}" if entry["type"] == "function" else ""
            yield f"{entry['type']} 0x{digest[:8]} {signature}{suffix}"


def _storage(artifact: Artifact) -> Iterator[str]:
    layout = artifact.storage_layout
    types: Mapping[str, Any] = layout["types"] or {}
    for variable in layout["storage"]:
        yield _place(variable, types)
    for name, kind in sorted(types.items()):
        for member in kind.get("members", []):
            yield f"{name}: {_place(member, types)}"


def _place(variable: Mapping[str, Any], types: Mapping[str, Any]) -> str:
    size = types[variable["type"]]["numberOfBytes"]
    return f"slot {variable['slot']} offset {variable['offset']} size {size} {variable['label']} {variable['type']}"


if __name__ == "__main__":
    for compiled in load_all():
        (SNAPSHOTS / f"{compiled.name}.txt").write_text(snapshot(compiled), encoding="utf-8")
