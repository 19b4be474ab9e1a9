"""Run the audit scripts with what a node's settings, or the command line, say."""

import datetime
import enum
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from audit.catalogue import CHECKS, EVERYTHING, Part
from cli.console import CommandFailed, Exit, err
from cli.sandbox.layout import member_named, open_sandbox
from cli.target import DEFAULT_DATA, DataOption
from node.settings import load_settings

app = typer.Typer()

_TIMES = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"]
NodeOption = Annotated[str | None, typer.Option("--node", help="Audit this sandbox node's database as well.")]
NodeDirOption = Annotated[Path | None, typer.Option("--node-dir", help="Audit the node in this folder instead.")]
RpcOption = Annotated[str | None, typer.Option("--rpc", help="The chain's JSON-RPC; the node's own unless given.")]
DeploymentOption = Annotated[
    Path | None, typer.Option("--deployment", help="The file deployment.json; the node's own unless given.")
]
CheckpointOption = Annotated[
    Path | None, typer.Option("--checkpoint", help="Go on from this file, and keep it when all is clean.")
]
FromBlockOption = Annotated[int | None, typer.Option("--from-block", min=0, help="Report from this block on.")]
ToBlockOption = Annotated[int | None, typer.Option("--to-block", min=0, help="Audit as of this block.")]
FromTimeOption = Annotated[
    datetime.datetime | None, typer.Option("--from-time", formats=_TIMES, help="Report from this time (UTC) on.")
]
ToTimeOption = Annotated[
    datetime.datetime | None, typer.Option("--to-time", formats=_TIMES, help="Audit as of this time (UTC).")
]
MemberOption = Annotated[
    str | None, typer.Option("--member", help="Report on this member alone: its id or its first URL.")
]
ValuesOption = Annotated[
    Path | None, typer.Option("--known-values", help="Values of persons to look for, one a line (privacy).")
]
ScanOption = Annotated[
    list[Path] | None, typer.Option("--scan", help="A log or metrics file to search as well (privacy); repeatable.")
]
SourcesOption = Annotated[
    Path | None, typer.Option("--sources", help="A checkout whose contracts are compiled anew (contracts).")
]


class Format(enum.StrEnum):
    """Name the forms of a report."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    CSV = "csv"


FormatOption = Annotated[Format, typer.Option("--format", help="How to write the report.")]


def audit(
    context: typer.Context,
    node: NodeOption = None,
    data: DataOption = DEFAULT_DATA,
    node_dir: NodeDirOption = None,
    rpc: RpcOption = None,
    deployment: DeploymentOption = None,
    form: FormatOption = Format.TEXT,
    checkpoint: CheckpointOption = None,
    from_block: FromBlockOption = None,
    to_block: ToBlockOption = None,
    from_time: FromTimeOption = None,
    to_time: ToTimeOption = None,
    member: MemberOption = None,
    known_values: ValuesOption = None,
    scan: ScanOption = None,
    sources: SourcesOption = None,
) -> None:
    """Rebuild everything from the chain's events and compare: exit 0 clean, 1 findings, 2 could not run.

    With --node or --node-dir the node's index and records are compared too; without either, the chain, its contracts
    and the published status lists alone, as a supervisor would. Named parts (jeung audit keys) make some checks only.
    """
    if context.invoked_subcommand is not None:
        return
    parts = EVERYTHING if context.info_name == "audit" else frozenset({Part(str(context.info_name))})
    if node is not None and node_dir is None:
        node_dir = open_sandbox(data).node_dir(member_named(node))
    settings = None if node_dir is None else load_settings(node_dir)
    if settings is not None:
        rpc, deployment = rpc or settings.rpc_urls[0], deployment or settings.deployment_path
    elif rpc is None or deployment is None:
        sandbox = open_sandbox(data)
        rpc, deployment = rpc or sandbox.rpc_url, deployment or sandbox.deployment_file
    # The audit's own parts load here only: other commands start faster without them.
    from audit.checks.privacy import Sought
    from audit.comparisons import NodeUnderAudit
    from audit.deployment import read_deployment
    from audit.findings import AuditImpossible
    from audit.render import as_csv, as_json, as_sarif, as_text
    from audit.run import audit as run_audit
    from audit.scope import Bounds
    from audit.search import KnownValues, read_known_values

    under_audit = None if settings is None else NodeUnderAudit(settings.base_url, settings.database_url)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    try:
        values = KnownValues() if known_values is None else read_known_values(known_values)
        with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
            task = bar.add_task("reading the chain", total=None)
            report = run_audit(
                rpc_url=rpc,
                deployment=read_deployment(deployment),
                node=under_audit,
                checkpoint_path=checkpoint,
                parts=parts,
                bounds=Bounds(from_block, to_block, _seconds(from_time), _seconds(to_time), member),
                sought=Sought(values, tuple(scan or ())),
                sources=sources,
                progress=lambda what, done, total: bar.update(task, description=what, completed=done, total=total),
            )
    except AuditImpossible as impossible:
        raise CommandFailed(f"the audit could not run: {impossible}", Exit.COULD_NOT_RUN) from None
    render = {Format.TEXT: as_text, Format.JSON: as_json, Format.SARIF: as_sarif, Format.CSV: as_csv}[form]
    typer.echo(render(report))
    raise typer.Exit(report.exit_code)


def _seconds(time: datetime.datetime | None) -> int | None:
    return None if time is None else int(time.replace(tzinfo=datetime.UTC).timestamp())


def _help_of(part: Part) -> str:
    names = ", ".join(check.name for check in CHECKS if check.part is part)
    return f"Replay the chain's events and make the checks of this part: {names}. Options as of `jeung audit`."


app.callback(invoke_without_command=True)(audit)
for _part in Part:
    app.command(_part.value, help=_help_of(_part))(audit)
