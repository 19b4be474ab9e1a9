"""Have the books checked: the audit finds them clean, and finds one changed row in a copy of them."""

import shutil
import sqlite3
import subprocess
import tempfile
from contextlib import closing
from pathlib import Path

from cli.demo.board import Board, StepFailed
from cli.programs import CODE_DIR, jeung
from cli.sandbox.layout import MEMBERS, Sandbox
from node.settings import SETTINGS_FILE, load_settings

_TIMEOUT_S = 120.0
_BANK = MEMBERS[0]


def audit_clean(board: Board, sandbox: Sandbox) -> None:
    """Audit the bank: its database, its lists, the chain."""
    with board.step("The audit rebuilds all of it from the chain") as step:
        status, report = _audit(sandbox.node_dir(_BANK))
        if status != 0:
            raise StepFailed(f"the audit ended with {status}: {report}")
        step.note("clean, exit 0")


def audit_tampered(board: Board, sandbox: Sandbox) -> None:
    """Change one row in a copy of the bank's database, so that the sandbox stays healthy, and audit the copy."""
    with (
        board.step("One row of a copy of the database changed") as step,
        tempfile.TemporaryDirectory(prefix="tampered-", dir=sandbox.run_dir) as folder,
    ):
        copy = _copied_node(sandbox, Path(folder))
        _tamper(load_settings(copy).database_path)
        status, report = _audit(copy)
        if status != 1:
            raise StepFailed(f"the audit overlooked it and ended with {status}: {report}")
        step.note(f"found, exit 1: {_first_finding(report)}")


def _copied_node(sandbox: Sandbox, folder: Path) -> Path:
    """Copy what an audit reads of the bank's node, consistently while the node runs; no key goes along."""
    settings = load_settings(sandbox.node_dir(_BANK))
    shutil.copy(settings.node_dir / SETTINGS_FILE, folder)
    shutil.copy(settings.deployment_path, folder)
    with (
        closing(sqlite3.connect(f"file:{settings.database_path}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(folder / settings.database_file)) as target,
    ):
        source.backup(target)
    return folder


def _tamper(database: Path) -> None:
    """Turn a revocation back in the node's own index, as a bribed administrator might."""
    with closing(sqlite3.connect(database)) as connection, connection:
        changed = connection.execute("UPDATE status_words SET word = zeroblob(length(word))").rowcount
    if not changed:
        raise StepFailed("there was no row to tamper with")


def _audit(node_dir: Path) -> tuple[int, str]:
    argv = jeung("audit", "--node-dir", str(node_dir))
    done = subprocess.run(  # noqa: S603 - our own command
        argv, cwd=CODE_DIR, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False, stdin=subprocess.DEVNULL
    )
    return done.returncode, (done.stdout + done.stderr).strip()


def _first_finding(report: str) -> str:
    """Give the report's first line about a finding, shortened for the board."""
    lines = [line.strip() for line in report.splitlines() if "mismatch" in line.lower()]
    return (lines or [report.splitlines()[-1]])[0][:90]
