"""Give the tests a PKCS#11 token: SoftHSM2 from Debian, one token for each test process.

The module reads its configuration when it is first loaded, so a process has one folder of tokens. Without SoftHSM the
tests that need it are skipped and say so; under CI they fail, for there it has to be.
"""

import atexit
import os
import secrets
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

MODULES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
)
PIN = "a pin that is only good for tests"
SO_PIN = "the officer's, likewise"


@dataclass(frozen=True)
class SoftToken:
    module: Path
    label: str
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """Give what another process needs to see the same tokens."""
        return {"SOFTHSM2_CONF": str(self.folder / "softhsm2.conf")}


def soft_token() -> SoftToken:
    """Give this process's token, or skip the test."""
    if not is_installed():
        reason = "needs SoftHSM2 (make system)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return _made()


def is_installed() -> bool:
    return shutil.which("softhsm2-util") is not None and any(Path(module).exists() for module in MODULES)


@cache
def _made() -> SoftToken:
    folder = Path(tempfile.mkdtemp(prefix="jeung-softhsm-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ["SOFTHSM2_CONF"] = str(configure(folder))
    label = f"jeung {secrets.token_hex(4)}"
    initialise(folder, label)
    return SoftToken(next(Path(module) for module in MODULES if Path(module).exists()), label, folder)


def configure(folder: Path, mechanisms: str = "ALL") -> Path:
    """Write a configuration with a folder of tokens of its own."""
    (folder / "tokens").mkdir(exist_ok=True)
    path = folder / "softhsm2.conf"
    path.write_text(
        f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\nlog.level = ERROR\n"
        f"slots.mechanisms = {mechanisms}\n"
    )
    return path


def initialise(folder: Path, label: str, pin: str = PIN) -> None:
    """Make a token in a configured folder."""
    subprocess.run(
        ["softhsm2-util", "--init-token", "--free", "--label", label, "--pin", pin, "--so-pin", SO_PIN],
        env={**os.environ, "SOFTHSM2_CONF": str(folder / "softhsm2.conf")},
        check=True,
        capture_output=True,
    )
