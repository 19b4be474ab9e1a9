"""Compile the sources again, compare them with the artifacts, and make sure that every power is described."""

from importlib import resources
from pathlib import Path

import orjson

from audit import rules
from audit.decoding import CONTRACTS
from audit.findings import AuditImpossible, Finding
from audit.powers import POWERS
from node import artifacts

_PARTS = {
    "abi": "interface",
    "bytecode": "creation code",
    "deployedBytecode": "code",
    "immutableReferences": "immutables",
    "storageLayout": "storage layout",
}


def compare_sources(root: Path) -> tuple[list[Finding], int]:
    """Compile the checkout at `root` and compare; give findings and how many contracts were compiled.

    Without a compiler nothing is compared and the count is 0.

    Raises:
        AuditImpossible: there are no sources at `root`.
    """
    if not (root / "contracts").is_dir():
        raise AuditImpossible("there are no contracts in the checkout to compile")
    # The compiler's driver loads here only: no other check needs it.
    from solcx.exceptions import SolcError

    from node.artifacts.compile import ToolMissingError, compile_contracts

    try:
        compiled = compile_contracts(root)
    except ToolMissingError:
        return [], 0
    except (SolcError, OSError, ValueError, KeyError):
        return [Finding(rules.SOURCE_MISMATCH, "sources", "the sources do not compile")], 0
    findings = []
    for name, content in compiled.items():
        kept = (resources.files(artifacts) / "data" / f"{name}.json").read_bytes()
        if content != kept:
            fresh, committed = orjson.loads(content), orjson.loads(kept)
            different = [said for key, said in _PARTS.items() if fresh.get(key) != committed.get(key)]
            message = f"compiled anew, these differ: {', '.join(different)}"
            findings.append(Finding(rules.SOURCE_MISMATCH, name, message))
    return findings, len(compiled)


def compare_powers() -> tuple[list[Finding], int]:
    """Compare the changing functions of every artifact with what is described; give findings and a count."""
    findings, looked_at = [], 0
    for contract in CONTRACTS:
        described = POWERS.get(contract, {})
        for entry in artifacts.load(contract).abi:
            if entry["type"] == "function" and entry["stateMutability"] not in ("view", "pure"):
                looked_at += 1
                if entry["name"] not in described:
                    message = f"{entry['name']} changes state and nobody says who may call it"
                    findings.append(Finding(rules.POWER_UNKNOWN, contract, message))
    return findings, looked_at
