"""Give the exchange a new signing key after the compromise, so that the sandbox is healthy when the demo ends.

Making a key is the one act here that is no HTTP call: custody has no such door. The exchange's operator runs
`jeung keys rotate` at its own machine; the node registers the new key on the chain and then begins to use it.
"""

import subprocess
from concurrent.futures import Future, ThreadPoolExecutor

from cli.demo.board import Board, StepFailed
from cli.demo.parties import Party, wait_for
from cli.demo.refusals import signing_key
from cli.programs import CODE_DIR, jeung
from cli.sandbox.layout import MEMBERS, Sandbox

_TIMEOUT_S = 120.0


def needs_new_key(exchange: Party) -> bool:
    """Tell whether the exchange's newest signing key is a compromised one, as after a demo that was cut short."""
    return bool(signing_key(exchange)["state"] == "compromised")


def begin_replacement(pool: ThreadPoolExecutor, sandbox: Sandbox, exchange: Party) -> Future[None]:
    """Begin to make the new key, beside other steps."""
    return pool.submit(_rotate, sandbox, exchange)


def replace_key(board: Board, exchange: Party, rotated: Future[None]) -> None:
    """See the chain take the new key."""
    with board.step("The exchange replaces its key") as step:
        rotated.result()
        wait_for("the new key", lambda: True if signing_key(exchange)["state"] == "active" else None)
        step.note("made by its operator, registered by its node")


def _rotate(sandbox: Sandbox, exchange: Party) -> None:
    since = str(signing_key(exchange)["compromised_since"])
    argv = jeung("keys", "rotate", "--node-dir", str(sandbox.node_dir(MEMBERS[1])), "--compromised-since", since)
    done = subprocess.run(  # noqa: S603 - our own command
        argv, cwd=CODE_DIR, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False, stdin=subprocess.DEVNULL
    )
    if done.returncode != 0:
        raise StepFailed(f"the key could not be replaced: {done.stderr.strip()}")
