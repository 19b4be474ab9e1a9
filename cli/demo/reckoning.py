"""Have the books checked: the audit finds them clean, and finds one changed row in a copy of them."""

import shutil
import sqlite3
import subprocess
import tempfile
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from cli.demo.board import Board, StepFailed
from cli.programs import CODE_DIR, jeung
from cli.sandbox.layout import MEMBERS, Sandbox
from node.settings import SETTINGS_FILE, load_settings

_TIMEOUT_S = 120.0
_BANK = MEMBERS[0]


@dataclass(frozen=True, slots=True)
class Audits:
    """Hold two audits under way, each an exit code and a report."""

    clean: Future[tuple[int, str]]
    tampered: Future[tuple[int, str]]


def begin_audits(pool: ThreadPoolExecutor, sandbox: Sandbox) -> Audits:
    """Audit the bank's node, and beside it a copy of its database in which one row was changed.

    The row is changed in a copy so that the sandbox stays healthy; an audit reads nothing else of the node.
    """
    return Audits(pool.submit(_audit, sandbox.node_dir(_BANK)), pool.submit(_audit_tampered, sandbox))


def audit_clean(board: Board, audits: Audits) -> None:
    """Show the audit of the bank: its database, its lists, the chain."""
    with board.step("The audit rebuilds all of it from the chain") as step:
        status, report = audits.clean.result()
        if status != 0:
            raise StepFailed(f"the audit ended with {status}: {report}")
        step.note("clean, exit 0")


def audit_tampered(board: Board, audits: Audits) -> None:
    """Show that the audit finds the changed row."""
    with board.step("One row of a copy of the database changed") as step:
        status, report = audits.tampered.result()
        if status != 1:
            raise StepFailed(f"the audit overlooked it and ended with {status}: {report}")
        step.note(f"found, exit 1: {_first_finding(report)}")


def _audit_tampered(sandbox: Sandbox) -> tuple[int, str]:
    with tempfile.TemporaryDirectory(prefix="tampered-", dir=sandbox.run_dir) as folder:
        copy = _copied_node(sandbox, Path(folder))
        _tamper(load_settings(copy).database_path)
        return _audit(copy)


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
    """Give the report's first error in a few words."""
    errors = [" ".join(line.split()) for line in report.splitlines() if line.strip().startswith("error")]
    return (errors or [report.splitlines()[-1]])[0].removeprefix("error ")
