"""Hand over to the audit scripts, with their own arguments and exit codes."""

import subprocess
import sys

import typer


def audit(context: typer.Context) -> None:
    """Rebuild everything from the chain's events and compare: exit 0 clean, 1 findings, 2 could not run.

    All arguments belong to the audit; see `jeung audit --help`.
    """
    argv = (sys.executable, "-m", "audit", *context.args)
    raise typer.Exit(subprocess.run(argv, check=False).returncode)  # noqa: S603 - our own program
