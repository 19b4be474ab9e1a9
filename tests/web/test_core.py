"""The wallet page's core in JavaScript holds its rules, and Python and JavaScript understand each other.

Each `core/*.test.mjs` is run by Node's own test runner, over fixtures that our Python core writes anew.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from jeung.crypto import base64url
from jeung.crypto.hashing import sha256
from jeung.crypto.jwk import parse_jwk
from jeung.crypto.jws import parse_jws, verify_jws
from jeung.crypto.key_binding import verify_key_binding, verify_sd_hash
from jeung.crypto.sd_jwt_vc import parse_presentation, read_credential, verify_issuer_signature
from tests.common.jose import P256Signer
from tests.web.core_fixtures import build

HERE = Path(__file__).parent / "core"
SUITES = sorted(HERE.glob("*.test.mjs"))

pytestmark = pytest.mark.node_tools


def node() -> str:
    """Give the Node.js of the environment, where there is one, else the machine's."""
    own = Path(sys.executable).with_name("node")
    return str(own) if own.exists() else "node"


def run(arguments: list[str], environment: Mapping[str, str]) -> str:
    done = subprocess.run(
        [node(), *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, done.stdout[-8_000:] + done.stderr[-2_000:]
    return done.stdout


class Stage:
    """Hold the fixtures' file and the keys behind it."""

    def __init__(self, folder: Path) -> None:
        self.fixtures, self.issuer, self.holder = build()
        self.file = folder / "fixtures.json"
        self.file.write_text(json.dumps(self.fixtures), encoding="utf-8")

    @property
    def environment(self) -> dict[str, str]:
        return {"JEUNG_CORE_FIXTURES": str(self.file)}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    return Stage(tmp_path_factory.mktemp("core"))


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name.partition(".")[0])
def test_suite(suite: Path, stage: Stage) -> None:
    run(["--test", "--test-reporter=spec", str(suite)], stage.environment)
