"""Compare this member's chain nodes with the network's allowlist, and bring them into line."""

import json
import os
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cli.commands.node import NodeDirOption, chosen_dir
from cli.console import CommandFailed, Exit, out, table
from node.settings import load_settings

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from jeung.services.network import ListReport, NetworkReport, NetworkService

app = typer.Typer(
    help="Carry the network's allowlist into this member's chain nodes; report where they differ.",
    no_args_is_help=True,
)

_PRIVATE = 0o077
_Json = Annotated[bool, typer.Option("--json", help="Write the report as JSON.")]
_Named = Annotated[
    str | None, typer.Option("--chain-node", help="This chain node of the settings alone; all of them unless given.")
]


@app.command()
def show(node_dir: NodeDirOption = None, chain_node: _Named = None, *, as_json: _Json = False) -> None:
    """Show what the ledger permits and where each chain node differs; change nothing. Exit 1 where one differs."""
    with _opened(node_dir, chain_node) as network:
        report = network.inspect()
    _finish(report, as_json=as_json)


@app.command()
def reconcile(
    node_dir: NodeDirOption = None,
    chain_node: _Named = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")] = False,
    mass_removal: Annotated[
        bool, typer.Option("--mass-removal", help="Also where more than half of a list has to go.")
    ] = False,
    as_json: _Json = False,
) -> None:
    """Bring each chain node's allowlists into line with the ledger; run again, it changes nothing.

    Exit 1 where a chain node still differs, did not answer, or would lose its way back in. What a removal would lock
    out is withheld: the node itself, this member's own accounts, its last peer, and more than half of a list at once.
    """
    with _opened(node_dir, chain_node) as network:
        report = network.inspect() if dry_run else network.reconcile(mass_removal=mass_removal)
    _finish(report, as_json=as_json)


def _opened(node_dir: "Path | None", named: str | None) -> "AbstractContextManager[NetworkService]":
    # The database and the chain's parts load here only: every other command starts faster without them.
    from node.runtime.adapters import SystemClock
    from node.runtime.network import open_network

    os.umask(_PRIVATE)
    settings = load_settings(chosen_dir(node_dir))
    if named is not None:
        found = tuple(entry for entry in settings.network.chain_nodes if entry.name == named)
        if not found:
            raise CommandFailed("the settings name no such chain node")
        chosen = settings.network.model_copy(update={"chain_nodes": found})
        settings = settings.model_copy(update={"network": chosen})
    return open_network(settings, SystemClock())


def _finish(report: "NetworkReport", *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"agrees": report.agrees, **asdict(report)}, indent=2))
    else:
        _print(report)
    if not report.agrees:
        raise typer.Exit(Exit.NO)


def _print(report: "NetworkReport") -> None:
    when = datetime.fromtimestamp(report.time, UTC)
    out.print(
        f"As of block {report.block} ({when:%Y-%m-%d %H:%M:%S} UTC) the network permits "
        f"{len(report.permitted_nodes)} nodes and {len(report.permitted_accounts)} accounts"
    )
    rows = table("Chain node", "List", "What", "Entry")
    for found in report.chain_nodes:
        for name, part in (("nodes", found.nodes), ("accounts", found.accounts)):
            lines = _lines(part)
            for what, entry in lines or [("agrees", "")]:
                rows.add_row(found.name, name, what, entry)
    out.print(rows)


def _lines(part: "ListReport") -> list[tuple[str, str]]:
    return [
        *(("added", entry) for entry in part.added),
        *(("removed", entry) for entry in part.removed),
        *(("missing", entry) for entry in part.missing),
        *(("too much", entry) for entry in part.surplus),
        *((f"withheld: {reason}", entry) for entry, reason in part.withheld),
        *((problem.code, f"{problem.detail} {problem.entry or ''}".strip()) for problem in part.problems),
    ]
