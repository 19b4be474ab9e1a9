"""See and decide what two people must want; it works on the node's folder, under the name of a member of staff."""

import os
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cli.commands.node import NodeDirOption, chosen_dir
from cli.console import CommandFailed, err, out, table
from jeung.domain.dual_control import Act, ActState, Channel, Description, Principal, PrincipalKind, Signatory
from jeung.domain.identifiers import to_hex
from jeung.domain.staff import MAX_PASSWORD
from node.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jeung.domain.staff import StaffAccount
    from node.runtime.acts import OperatorActs

app = typer.Typer(help="See and decide what two people must want.", no_args_is_help=True)

_PRIVATE = 0o077
_SHOWN = 50
_ASK_AGAIN_S = 1.0
_ActId = Annotated[str, typer.Argument(help="The act's id.")]
StaffName = Annotated[str, typer.Option("--as", help="Your log-in name; the password is asked for.")]


@app.command("list")
def list_acts(
    node_dir: NodeDirOption = None,
    every: Annotated[bool, typer.Option("--all", help="Also what has ended, the newest 50.")] = False,
) -> None:
    """List what waits for a second person or its execution."""
    rows = table("Act", "What", "State", "Asked for by", "Since (UTC)", "Lapses (UTC)")
    with opened(node_dir) as operator:
        now = _now()
        for act in operator.acts.page(limit=_SHOWN).items if every else operator.acts.waiting():
            words = operator.acts.describe(act)
            title = act.kind.value if words is None else words.title.en
            by, since, until = _by(act.requested_by), _time(act.requested_at), _time(act.expires_at)
            rows.add_row(act.act_id, title, act.state_at(now).value, by, since, until)
    out.print(rows)


@app.command()
def show(act_id: _ActId, node_dir: NodeDirOption = None) -> None:
    """Show an act in plain words, in Korean and in English."""
    with opened(node_dir) as operator:
        act = operator.acts.get(act_id)
        _print(act, operator.acts.describe(act))


@app.command()
def approve(
    act_id: _ActId,
    name: StaffName,
    digest: Annotated[
        str, typer.Option("--digest", help="The digest you read; without it the act is shown, and asked about.")
    ] = "",
    node_dir: NodeDirOption = None,
) -> None:
    """Approve what somebody else asked for; your password is asked for, or read from the standard input."""
    with opened(node_dir) as operator:
        act = operator.acts.get(act_id)
        _print(act, operator.acts.describe(act))
        if not digest:
            if not sys.stdin.isatty():
                raise CommandFailed("say with --digest what you read, where nobody sits at the terminal")
            typer.confirm("Approve this?", abort=True, err=True)
            digest = to_hex(act.digest)
        act = operator.acts.approve(principal(operator, name), act_id, _read_digest(digest))
    out.print(f"{act.act_id}: {_STATES[act.state]}", markup=False)


@app.command()
def reject(act_id: _ActId, name: StaffName, node_dir: NodeDirOption = None) -> None:
    """Reject what somebody else asked for."""
    with opened(node_dir) as operator:
        operator.acts.reject(principal(operator, name), act_id)
    out.print(f"{act_id}: rejected", markup=False)


@app.command()
def withdraw(act_id: _ActId, name: StaffName, node_dir: NodeDirOption = None) -> None:
    """Take back what you asked for, until its execution has begun."""
    with opened(node_dir) as operator:
        operator.acts.withdraw(principal(operator, name), act_id)
    out.print(f"{act_id}: withdrawn", markup=False)


@contextmanager
def opened(node_dir: "Path | None") -> "Iterator[OperatorActs]":
    """Open the acts of a node."""
    # The database and the hashing load here only: every other command starts faster without them.
    from node.runtime.acts import open_acts
    from node.runtime.adapters import SystemClock

    os.umask(_PRIVATE)
    with open_acts(load_settings(chosen_dir(node_dir)), SystemClock()) as operator:
        yield operator


def principal(operator: "OperatorActs", name: str) -> Principal:
    """Have somebody prove who he is, with his password or at the console; other commands that ask for acts call it.

    Whom the rules let in by a passkey or the identity provider alone gets a code to type at the console.

    Raises:
        LoginRefused, LoginLimited: name or password are wrong.
        CommandFailed: there is no line on the standard input.
    """
    if operator.terminals.needs_console(name):
        account = _at_console(operator, name)
    else:
        account = operator.confirmation.confirm(name, _password())
    return Principal(PrincipalKind.STAFF, account.staff_id, Channel.COMMAND_LINE, account.scopes)


def _at_console(operator: "OperatorActs", name: str) -> "StaffAccount":
    """Wait until the code that is shown here was typed at the console, five minutes at most."""
    shown = operator.terminals.begin(name)
    where = f"{operator.settings.base_url}/console/terminal"
    err.print(f"open {where}, log in as {name}, and type {shown.code} there", markup=False, soft_wrap=True)
    while (account := operator.terminals.finish(shown)) is None:
        time.sleep(_ASK_AGAIN_S)
    return account


def _password() -> str:
    """Ask for a password, or read one line where nobody sits at the terminal; never from an argument."""
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, err=True))
    line = sys.stdin.readline(4 * MAX_PASSWORD).rstrip("\r\n")
    if not line:
        raise CommandFailed("expected the password as one line on the standard input")
    return line


_STATES = {
    ActState.DONE: "approved and done",
    ActState.EXECUTING: "approved; the node's worker carries it out",
    ActState.APPROVED: "approved; whoever asked for it can carry it out now",
}


def _read_digest(text: str) -> bytes:
    try:
        return bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        raise CommandFailed("a digest is written as 0x and 64 hexadecimal digits") from None


def _print(act: Act, words: Description | None) -> None:
    rows = table("", "")
    if words is not None:
        for text in (words.title, words.effect):
            rows.add_row("", f"{text.ko}\n{text.en}")
        for fact in words.facts:
            rows.add_row(f"{fact.label.ko} / {fact.label.en}", fact.value)
    rows.add_row("kind", act.kind.value)
    rows.add_row("state", act.state_at(_now()).value + (f" ({act.failure})" if act.failure else ""))
    rows.add_row("reason", act.reason or "forgotten")
    rows.add_row("asked for by", f"{_by(act.requested_by)}, {_time(act.requested_at)} UTC")
    if act.decided_by is not None:
        rows.add_row("decided by", f"{_by(act.decided_by)}, {_time(act.decided_at)} UTC")
    rows.add_row("lapses (UTC)", _time(act.expires_at))
    rows.add_row("digest", to_hex(act.digest))
    out.print(rows, markup=False)


def _by(by: Signatory) -> str:
    return f"{by.kind} {by.account_id} ({by.channel})"


def _time(seconds: int | None) -> str:
    return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")


def _now() -> int:
    from node.runtime.adapters import SystemClock

    return SystemClock().now()
