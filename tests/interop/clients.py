"""Run wallets that others wrote: each script is one act of an independent client, in a process of its own."""

import json
import subprocess
from pathlib import Path
from typing import Any

from cli.programs import CODE_DIR

SCRIPTS = Path(__file__).parent / "js"
NODE = "node"
TIMEOUT_S = 60.0


class ClientRefused(Exception):
    """The independent client, or our server towards it, refused; the message is the client's own."""


def act(script: str, job: dict[str, Any]) -> dict[str, Any]:
    """Do one job and give its result."""
    done = subprocess.run(
        [NODE, "--disable-warning=ExperimentalWarning", str(SCRIPTS / f"{script}.mjs")],
        cwd=CODE_DIR,
        input=json.dumps(job),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    if "error" in answer:
        raise ClientRefused(f"{answer['kind']}: {answer['error']} {answer.get('response', '')}")
    result: dict[str, Any] = answer["result"]
    return result
