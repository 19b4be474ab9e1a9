"""Run the audit scripts with what a node's settings, or the command line, say."""

import enum
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from cli.console import CommandFailed, Exit, err
from cli.sandbox.layout import member_named, open_sandbox
from cli.target import DEFAULT_DATA, DataOption
from node.settings import load_settings


class Format(enum.StrEnum):
    """Name the forms of a report."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"


def audit(
    node: Annotated[str | None, typer.Option("--node", help="Audit this sandbox node's database as well.")] = None,
    data: DataOption = DEFAULT_DATA,
    node_dir: Annotated[
        Path | None, typer.Option("--node-dir", help="Audit the node in this folder instead.")
    ] = None,
    rpc: Annotated[
        str | None, typer.Option("--rpc", help="The chain's JSON-RPC; the node's own unless given.")
    ] = None,
    deployment: Annotated[
        Path | None, typer.Option("--deployment", help="The file deployment.json; the node's own unless given.")
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="How to write the report.")] = Format.TEXT,
    checkpoint: Annotated[
        Path | None, typer.Option("--checkpoint", help="Go on from this file, and keep it when all is clean.")
    ] = None,
) -> None:
    """Rebuild everything from the chain's events and compare: exit 0 clean, 1 findings, 2 could not run.

    With --node or --node-dir the node's index and records are compared too; without either, the chain, its contracts
    and the published status lists alone, as a supervisor would.
    """
    if node is not None and node_dir is None:
        node_dir = open_sandbox(data).node_dir(member_named(node))
    settings = None if node_dir is None else load_settings(node_dir)
    if settings is not None:
        rpc, deployment = rpc or settings.rpc_urls[0], deployment or settings.deployment_path
    elif rpc is None or deployment is None:
        sandbox = open_sandbox(data)
        rpc, deployment = rpc or sandbox.rpc_url, deployment or sandbox.deployment_file
    # The audit's own parts load here only: other commands start faster without them.
    from audit.deployment import read_deployment
    from audit.findings import AuditImpossible
    from audit.render import as_json, as_sarif, as_text
    from audit.run import NodeUnderAudit
    from audit.run import audit as run_audit

    under_audit = None if settings is None else NodeUnderAudit(settings.base_url, settings.database_url)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    try:
        with Progress(*columns, console=err, transient=True) as bar:
            task = bar.add_task("reading the chain", total=None)
            report = run_audit(
                rpc_url=rpc,
                deployment=read_deployment(deployment),
                node=under_audit,
                checkpoint_path=checkpoint,
                progress=lambda what, done, total: bar.update(task, description=what, completed=done, total=total),
            )
    except AuditImpossible as impossible:
        raise CommandFailed(f"the audit could not run: {impossible}", Exit.COULD_NOT_RUN) from None
    render = {Format.TEXT: as_text, Format.JSON: as_json, Format.SARIF: as_sarif}[form]
    typer.echo(render(report))
    raise typer.Exit(report.exit_code)
