"""Hold the compiled contracts, so that running a node needs no compiler.

`load(name)` reads one of the committed files of `data/`; `python -m node.artifacts.compile` writes them anew, and a
test recompiles and compares byte for byte.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Final

# In the order of deployment: each needs only contracts named before it.
CONTRACT_NAMES: Final = (
    "Consortium",
    "SchemaRegistry",
    "AccreditationRegistry",
    "KeyRegistry",
    "AttestationRegistry",
    "StatusRegistry",
    "RelyingPartyRegistry",
    "NetworkAllowlist",
    "LogAnchor",
    "Directory",
)
_NAME = re.compile(r"[A-Z][A-Za-z]{0,63}\Z")


class ArtifactMissingError(LookupError):
    """Raised when no compiled contract of that name is shipped."""


@dataclass(frozen=True, slots=True)
class Span:
    """Where an immutable's value stands in the deployed bytecode, in bytes."""

    start: int
    length: int


@dataclass(frozen=True, slots=True)
class Artifact:
    """One compiled contract.

    `bytecode` creates it (constructor arguments are appended); `deployed_bytecode` is what then stands at its
    address, except that every span of `immutables` (by variable name) holds zeros here and a value there.
    """

    name: str
    abi: Sequence[Mapping[str, Any]]
    bytecode: bytes
    deployed_bytecode: bytes
    immutables: Mapping[str, tuple[Span, ...]]
    storage_layout: Mapping[str, Any]


@cache
def load(name: str) -> Artifact:
    """Read a compiled contract.

    Raises:
        ArtifactMissingError: there is no contract of that name.
    """
    path = resources.files(__name__) / "data" / f"{name}.json"
    if not _NAME.match(name) or not path.is_file():
        raise ArtifactMissingError(f"no compiled contract is called {name!r}")
    raw = json.loads(path.read_text(encoding="utf-8"))
    return Artifact(
        name=name,
        abi=tuple(MappingProxyType(entry) for entry in raw["abi"]),
        bytecode=bytes.fromhex(raw["bytecode"].removeprefix("0x")),
        deployed_bytecode=bytes.fromhex(raw["deployedBytecode"].removeprefix("0x")),
        immutables=MappingProxyType(
            {
                variable: tuple(Span(span["start"], span["length"]) for span in spans)
                for variable, spans in raw["immutableReferences"].items()
            }
        ),
        storage_layout=MappingProxyType(raw["storageLayout"]),
    )


def load_all() -> tuple[Artifact, ...]:
    """Read every compiled contract in the order of deployment."""
    return tuple(load(name) for name in CONTRACT_NAMES)
