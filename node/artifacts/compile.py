"""Compile the contracts and write what a node needs of them: `python -m node.artifacts.compile`.

For a checkout with the npm development packages; a node in service never runs this. py-solc-x drives a native
compiler where it has one installed, else the npm package `solc` through the shim beside this file. Every source is
handed over with its content, so that neither compiler reads a file and both see the same names.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import solcx
from solcx.exceptions import SolcError

from node.artifacts import CONTRACT_NAMES

SOLC_VERSION: Final = "0.8.37"
# Without metadata py-solc-x, Hardhat and forge give the same bytecode; the two configuration files beside
# pyproject.toml must say the same.
SETTINGS: Final[Mapping[str, Any]] = {
    "evmVersion": "cancun",
    "viaIR": False,
    "optimizer": {"enabled": True, "runs": 1000},
    "metadata": {"bytecodeHash": "none", "appendCBOR": False},
}
_SHIM: Final = Path(__file__).with_name("solc_shim.cjs")
_DATA: Final = Path(__file__).with_name("data")
_IMPORT = re.compile(r"^import\s[^;]*?\"([^\"]+)\";", re.MULTILINE)
# The compiler numbers every node of the syntax tree, and the numbers change when any other file does.
_NODE_NUMBER = re.compile(r"(t_(?:contract|enum|struct|userDefinedValueType)\([^()]*\))\d+")


class ToolMissingError(RuntimeError):
    """Raised when no compiler can be run here."""


def main() -> int:
    """Write the committed artifacts; answer the exit code."""
    root = Path.cwd()
    try:
        artifacts = compile_contracts(root)
    except SolcError as problem:
        # Its full text repeats every source.
        sys.stderr.write(f"{problem.message}\n")
        return 1
    except ToolMissingError as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    _DATA.mkdir(exist_ok=True)
    for name, content in artifacts.items():
        (_DATA / f"{name}.json").write_bytes(content)
    return 0


def compile_contracts(root: Path) -> dict[str, bytes]:
    """Compile the contracts of the checkout at `root`; answer each artifact's exact file content by contract name.

    Raises:
        ToolMissingError: neither a native compiler nor Node.js is installed.
        solcx.exceptions.SolcError: the sources do not compile.
    """
    sources = _sources(root)
    request = {
        "language": "Solidity",
        "sources": {name: {"content": content} for name, content in sorted(sources.items())},
        "settings": {
            **SETTINGS,
            "outputSelection": {
                "*": {
                    "": ["ast"],
                    "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode", "storageLayout"],
                }
            },
        },
    }
    with _compiler() as compiler:
        output = solcx.compile_standard(request, solc_binary=compiler)
    variables = _variable_names(output)
    return {name: _artifact(_find(output, name), variables) for name in CONTRACT_NAMES}


@contextmanager
def _compiler() -> Iterator[Path]:
    """Lend the path of a program that answers like the native compiler."""
    for version in solcx.get_installed_solc_versions():
        if str(version) == SOLC_VERSION:
            yield Path(solcx.install.get_executable(version))
            return
    beside = Path(sys.executable).with_name("node")
    node = str(beside) if beside.exists() else shutil.which("node")
    if node is None:
        raise ToolMissingError(f"solc {SOLC_VERSION} and Node.js are both missing")
    # py-solc-x takes one program without arguments, and the shim must run under the Node.js found here.
    with tempfile.TemporaryDirectory() as folder:
        launcher = Path(folder) / "solc"
        launcher.write_text(f"#!/bin/sh\nexec '{node}' '{_SHIM}' \"$@\"\n", encoding="utf-8")
        launcher.chmod(0o700)
        yield launcher


def _sources(root: Path) -> dict[str, str]:
    """Gather the content of every contract and of everything it imports, by import name."""
    found: dict[str, str] = {}
    waiting = [f"contracts/{path.relative_to(root / 'contracts').as_posix()}" for path in _own_files(root)]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        place = root if name.startswith("contracts/") else root / "node_modules"
        found[name] = (place / name).read_text(encoding="utf-8")
        for imported in _IMPORT.findall(found[name]):
            waiting.append(_resolve(name, imported))
    return found


def _own_files(root: Path) -> list[Path]:
    return [path for path in (root / "contracts").rglob("*.sol") if "mocks" not in path.parts]


def _resolve(importer: str, imported: str) -> str:
    """Answer the full name of an import, relative ones taken from the importing file's folder."""
    if not imported.startswith("."):
        return imported
    parts = importer.split("/")[:-1]
    for part in imported.split("/"):
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


def _find(output: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    (found,) = (
        contracts[name]
        for source, contracts in output["contracts"].items()
        if source.startswith("contracts/") and name in contracts
    )
    return dict(found)


def _variable_names(output: Mapping[str, Any]) -> dict[str, str]:
    """Map the syntax tree's number of every contract-level variable to its name."""
    return {
        str(member["id"]): member["name"]
        for source in output["sources"].values()
        for unit in source["ast"]["nodes"]
        if unit["nodeType"] == "ContractDefinition"
        for member in unit["nodes"]
        if member["nodeType"] == "VariableDeclaration"
    }


def _artifact(compiled: Mapping[str, Any], variables: Mapping[str, str]) -> bytes:
    """Write an artifact the one way: keys sorted, no white space, one newline at the end."""
    code = compiled["evm"]
    deployed = code["deployedBytecode"]
    artifact = {
        "abi": compiled["abi"],
        "bytecode": "0x" + code["bytecode"]["object"],
        "deployedBytecode": "0x" + deployed["object"],
        "immutableReferences": {
            variables[number]: spans for number, spans in deployed["immutableReferences"].items()
        },
        "storageLayout": _without_numbers(compiled["storageLayout"]),
    }
    return (json.dumps(artifact, sort_keys=True, separators=(",", ":")) + "\n").encode()


def _without_numbers(layout: Mapping[str, Any]) -> dict[str, Any]:
    """Drop the syntax tree's numbers from a storage layout."""
    text = json.dumps(layout)
    return dict(json.loads(_NODE_NUMBER.sub(r"\1", text), object_hook=_without_ast_id))


def _without_ast_id(entry: dict[str, Any]) -> dict[str, Any]:
    entry.pop("astId", None)
    return entry


if __name__ == "__main__":
    raise SystemExit(main())
