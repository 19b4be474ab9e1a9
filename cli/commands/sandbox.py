"""Run the sandbox, play the demo in it, wipe it."""

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from cli.console import CommandFailed, Exit, out
from cli.programs import CODE_DIR, jeung
from cli.sandbox import leash
from cli.sandbox.guide import show_guide
from cli.sandbox.layout import MEMBERS, Sandbox, any_sandbox, make_sandbox, open_sandbox, quoted
from cli.sandbox.probes import api_missing, free_base_port
from cli.sandbox.supervisor import Interrupted, Supervisor, stopped
from cli.target import DEFAULT_DATA, DataOption

_BasePort = Annotated[
    int | None,
    typer.Option(
        "--base-port",
        min=1024,
        max=65_500,
        help="First of four ports, for a new folder only: chain, bank, exchange, supervisor. 8100 unless given.",
    ),
]


def up(
    data: DataOption = DEFAULT_DATA,
    base_port: _BasePort = None,
    *,
    demo: Annotated[bool, typer.Option("--demo", help="Play the demo once everything runs, then stay up.")] = False,
) -> None:
    """Start a whole consortium on this machine: a chain, an issuing bank, an exchange, a supervisor.

    Ctrl-C stops it cleanly; the next start finds everything as it was.
    """
    out.print(f"Starting the sandbox in {data} …")
    sandbox = make_sandbox(data, base_port)
    supervisor = Supervisor(sandbox, out)
    try:
        with supervisor.running():
            played = _play(sandbox, supervisor) if demo else Exit.DONE
            if not supervisor.stopping:
                show_guide(sandbox, out)
                supervisor.watch()
    except Interrupted:
        raise typer.Exit(Exit.INTERRUPTED) from None
    if supervisor.given_up:
        raise CommandFailed(f"kept ending: {', '.join(supervisor.given_up)}; see {sandbox.logs_dir}", Exit.NO)
    if played is not Exit.DONE:
        raise typer.Exit(played)


def demo(
    data: DataOption = DEFAULT_DATA,
    *,
    once: Annotated[bool, typer.Option("--once", help="Use a throw-away sandbox on free ports; then exit.")] = False,
) -> None:
    """Play the story of a credential over HTTP against the running sandbox: exit 0 when every step went right."""
    if once:
        _play_once()
        return
    from cli.demo.story import play

    sandbox = open_sandbox(data)
    silent = [member.name for member in MEMBERS if api_missing(sandbox.base_url(member)) is not None]
    if silent:
        raise CommandFailed(f"not ready: {', '.join(silent)}. Is the sandbox up? jeung up --data {quoted(data)}")
    if not play(sandbox, out):
        raise typer.Exit(Exit.NO)


def reset(
    data: DataOption = DEFAULT_DATA,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Wipe a sandbox: its chain, its members' keys and databases."""
    sandbox = any_sandbox(data)
    with stopped(sandbox):
        if not yes and not typer.confirm(f"Wipe {sandbox.root} with everything in it?"):
            raise CommandFailed("nothing was wiped", Exit.NO)
        shutil.rmtree(sandbox.root)
    out.print(f"Wiped {sandbox.root}")


def _play_once() -> None:
    with tempfile.TemporaryDirectory(prefix="jeung-demo-") as folder:
        out.print(f"Starting a throw-away sandbox in {folder} …")
        sandbox = make_sandbox(Path(folder) / "sandbox", free_base_port())
        supervisor = Supervisor(sandbox, out)
        try:
            with supervisor.running():
                played = _play(sandbox, supervisor)
        except Interrupted:
            raise typer.Exit(Exit.INTERRUPTED) from None
    if played is not Exit.DONE:
        raise typer.Exit(played)


def _play(sandbox: Sandbox, supervisor: Supervisor) -> Exit:
    """Play the demo in a process of its own, so that it can only do what anybody can: speak HTTP."""
    argv = leash.tied(*jeung("demo", "--data", str(sandbox.root)))
    with subprocess.Popen(argv, cwd=CODE_DIR, stdin=subprocess.DEVNULL) as process:  # noqa: S603 - our own command
        supervisor.watch(until=lambda: process.poll() is not None)
        if process.poll() is None:
            process.terminate()
    return Exit.DONE if process.returncode == 0 else Exit.NO
