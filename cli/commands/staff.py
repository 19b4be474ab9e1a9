"""Manage who may log in to a node's console; it works on the node's folder, so only its operator can."""

import os
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from cli.commands.node import NodeDirOption, chosen_dir
from cli.console import CommandFailed, err, out
from jeung.domain.staff import MAX_PASSWORD, StaffRole
from node.settings import load_settings

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from jeung.services.staff import StaffAccountService

app = typer.Typer(help="Manage who may log in to a node's console.", no_args_is_help=True)

_PRIVATE = 0o077
_Name = Annotated[str, typer.Argument(help="The log-in name: small letters, digits and `._-`.")]


@app.command()
def add(
    name: _Name,
    role: Annotated[list[StaffRole], typer.Option("--role", help="What the person is; may be given several times.")],
    node_dir: NodeDirOption = None,
    *,
    no_password: Annotated[
        bool, typer.Option("--no-password", help="Let the account in with a passkey alone; see `staff enrol`.")
    ] = False,
) -> None:
    """Add an account; its password (15 characters or more) is asked for, or read from the standard input."""
    with _opened(node_dir) as staff:
        account = staff.add(name, role, None if no_password else _new_password())
    out.print(f"added {account.name}: {', '.join(sorted(account.roles))}", markup=False)


@app.command("list")
def list_staff(node_dir: NodeDirOption = None) -> None:
    """List the accounts, disabled ones included."""
    table = Table("Name", "Roles", "Id in the log", "Since (UTC)", "State")
    with _opened(node_dir) as staff:
        for account in staff.all():
            since = datetime.fromtimestamp(account.created_at, UTC).strftime("%Y-%m-%d %H:%M")
            state = "active" if account.disabled_at is None else "disabled"
            table.add_row(account.name, ", ".join(sorted(account.roles)), account.staff_id, since, state)
    out.print(table)


@app.command()
def disable(name: _Name, node_dir: NodeDirOption = None) -> None:
    """Disable an account and end its sessions at once."""
    with _opened(node_dir) as staff:
        staff.disable(name)
    out.print(f"disabled {name}; its sessions have ended", markup=False)


@app.command()
def enable(name: _Name, node_dir: NodeDirOption = None) -> None:
    """Let a disabled account in again, with its roles and under a new password."""
    with _opened(node_dir) as staff:
        account = staff.enable(name, _new_password())
    out.print(f"enabled {account.name}: {', '.join(sorted(account.roles))}", markup=False)


@app.command()
def roles(
    name: _Name,
    role: Annotated[list[StaffRole], typer.Option("--role", help="What the person is from now on; several times.")],
    node_dir: NodeDirOption = None,
) -> None:
    """Give an account other roles and end its sessions."""
    with _opened(node_dir) as staff:
        account = staff.set_roles(name, role)
    out.print(f"{account.name} is now: {', '.join(sorted(account.roles))}; its sessions have ended", markup=False)


@app.command("end-sessions")
def end_sessions(name: _Name, node_dir: NodeDirOption = None) -> None:
    """End every session of an account at once; it may log in again."""
    with _opened(node_dir) as staff:
        ended = staff.end_sessions(name)
    out.print(f"ended {ended} sessions of {name}", markup=False)


@app.command()
def password(name: _Name, node_dir: NodeDirOption = None) -> None:
    """Set another password, end the account's sessions and lift its pause after failed log-ins."""
    with _opened(node_dir) as staff:
        staff.set_password(name, _new_password())
    out.print(f"{name} has another password; its sessions have ended", markup=False)


@app.command()
def link(
    name: _Name,
    subject: Annotated[str, typer.Argument(help="What the identity provider calls the person: the claim `sub`.")],
    node_dir: NodeDirOption = None,
) -> None:
    """Let a person in through the configured identity provider, and end the account's sessions."""
    issuer = load_settings(chosen_dir(node_dir)).oidc.issuer
    with _opened(node_dir) as staff:
        staff.link(name, issuer, subject)
    out.print(f"{name} is linked; its sessions have ended", markup=False)


@app.command()
def enrol(
    name: _Name,
    node_dir: NodeDirOption = None,
    *,
    forget: Annotated[
        bool, typer.Option("--forget", help="Take the account's passkeys and sessions away first, as after a loss.")
    ] = False,
) -> None:
    """Make a code, good once and for a short while, with which the person adds a passkey at the console."""
    from node.runtime.adapters import SystemClock
    from node.runtime.staff import open_enrolments

    os.umask(_PRIVATE)
    settings = load_settings(chosen_dir(node_dir))
    with open_enrolments(settings, SystemClock()) as enrolments:
        made = enrolments.make(name, forget=forget)
    until = datetime.fromtimestamp(made.expires_at, UTC).strftime("%H:%M")
    out.print(f"{name} opens {settings.base_url}/console/enrol until {until} UTC and types", markup=False)
    out.print(made.code, markup=False)
    err.print("Hand it over in person or by a channel that is the person's own; it is shown this once.", style="dim")


@app.command()
def passkeys(name: _Name, node_dir: NodeDirOption = None) -> None:
    """List the passkeys of an account."""
    from node.runtime.adapters import SystemClock
    from node.runtime.staff import open_enrolments

    os.umask(_PRIVATE)
    table = Table("Name", "Id in the log", "Since (UTC)", "May be synchronised", "State")
    with open_enrolments(load_settings(chosen_dir(node_dir)), SystemClock()) as enrolments:
        for passkey in enrolments.passkeys(name):
            since = datetime.fromtimestamp(passkey.created_at, UTC).strftime("%Y-%m-%d %H:%M")
            state = "active" if passkey.suspected_at is None else "refused: its counter went back"
            backup = "yes" if passkey.backup_eligible else "no"
            table.add_row(passkey.label, passkey.passkey_id, since, backup, state)
    out.print(table)


def _opened(node_dir: "Path | None") -> "AbstractContextManager[StaffAccountService]":
    # The database and the hashing load here only: every other command starts faster without them.
    from node.runtime.adapters import SystemClock
    from node.runtime.staff import open_staff

    os.umask(_PRIVATE)
    return open_staff(load_settings(chosen_dir(node_dir)), SystemClock())


def _new_password() -> str:
    """Ask for a password twice, or read one line where nobody sits at the terminal; never from an argument.

    Raises:
        CommandFailed: the two differ, or there is no line.
    """
    if not sys.stdin.isatty():
        line = sys.stdin.readline(4 * MAX_PASSWORD).rstrip("\r\n")
        if not line:
            raise CommandFailed("expected the password as one line on the standard input")
        return line
    first = str(typer.prompt("Password", hide_input=True, err=True))
    if first != typer.prompt("Once more", hide_input=True, err=True):
        raise CommandFailed("the two passwords differ")
    err.print("Keep it in a password manager; nobody can read it from here.", style="dim")
    return first
