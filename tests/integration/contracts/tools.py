"""Run the Solidity tools of node_modules, off line, under the Node.js that stands beside this Python."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SNAPSHOTS = ROOT / "tests/contracts/snapshots"
_BIN = Path(sys.executable).parent


def environment() -> dict[str, str]:
    """Put this environment's programs first and keep tools from asking anybody for news."""
    path = os.pathsep.join([str(_BIN), os.environ.get("PATH", "")])
    quiet = {"FOUNDRY_DISABLE_NIGHTLY_WARNING": "1", "HARDHAT_DISABLE_TELEMETRY_PROMPT": "true", "NO_COLOR": "1"}
    return {**os.environ, "PATH": path, **quiet}


def forge() -> Path:
    return _found("@foundry-rs/forge-*/bin/forge*")


def hardhat() -> Path:
    return _found(".bin/hardhat")


def run(*command: str | Path, timeout_s: float = 400) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


def _found(pattern: str) -> Path:
    found = sorted((ROOT / "node_modules").glob(pattern))
    if not found:
        message = f"node_modules holds no {pattern}: install the npm development packages"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return found[0]
