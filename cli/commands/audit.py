"""Run the audit scripts with what a node's settings, or the command line, say."""

import datetime
import enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from audit.catalogue import CHECKS, EVERYTHING, Part
from cli.console import CommandFailed, Exit, err
from cli.sandbox.layout import member_named, open_sandbox
from cli.target import DEFAULT_DATA, DataOption
from node.settings import Settings, load_settings

if TYPE_CHECKING:
    from audit.findings import Report
    from audit.observation import Observer
    from audit.scope import Bounds

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
LogCopyOption = Annotated[
    Path | None,
    typer.Option(
        "--log-copy", help="Read the members' logs from copies in this folder, not from their servers (log)."
    ),
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
    log_copy: LogCopyOption = None,
) -> None:
    """Rebuild everything from the chain's events and compare: exit 0 clean, 1 findings, 2 could not run.

    With --node or --node-dir the node's index and records are compared too; without either, the chain, its contracts,
    the published status lists and the members' logs alone, as a supervisor would. Named parts (jeung audit keys) make
    some checks only.
    """
    if context.invoked_subcommand is not None:
        return
    parts = EVERYTHING if context.info_name == "audit" else frozenset({Part(str(context.info_name))})
    settings = settings_of(node, node_dir, data)
    rpc, deployment = chain_of(settings, rpc, deployment, data)
    # The audit's own parts load here only: other commands start faster without them.
    from audit.render import as_csv, as_json, as_sarif, as_text
    from audit.scope import Bounds

    bounds = Bounds(from_block, to_block, seconds(from_time), seconds(to_time), member)
    report = run_audit_with(
        settings, rpc, deployment, checkpoint, parts, bounds, known_values, scan, sources, log_copy=log_copy
    )
    render = {Format.TEXT: as_text, Format.JSON: as_json, Format.SARIF: as_sarif, Format.CSV: as_csv}[form]
    typer.echo(render(report))
    raise typer.Exit(report.exit_code)


def settings_of(node: str | None, node_dir: Path | None, data: Path) -> Settings | None:
    """Give the settings of the node that is audited; None where no node was named."""
    if node is not None and node_dir is None:
        node_dir = open_sandbox(data).node_dir(member_named(node))
    return None if node_dir is None else load_settings(node_dir)


def chain_of(settings: Settings | None, rpc: str | None, deployment: Path | None, data: Path) -> tuple[str, Path]:
    """Give the chain's address and the deployment file: those given, else the node's, else the sandbox's."""
    if settings is not None:
        return rpc or settings.rpc_urls[0], deployment or settings.deployment_path
    if rpc is None or deployment is None:
        sandbox = open_sandbox(data)
        return rpc or sandbox.rpc_url, deployment or sandbox.deployment_file
    return rpc, deployment


def run_audit_with(
    settings: Settings | None,
    rpc: str,
    deployment: Path,
    checkpoint: Path | None,
    parts: frozenset[Part],
    bounds: "Bounds | None" = None,
    known_values: Path | None = None,
    scan: list[Path] | None = None,
    sources: Path | None = None,
    *,
    log_copy: Path | None = None,
    observe: "Observer | None" = None,
    fixed: bool = False,
) -> "Report":
    """Run the audit with what the command line says, showing how far it is.

    Raises:
        CommandFailed: the audit could not run.
    """
    from audit.checks.privacy import Sought
    from audit.comparisons import NodeUnderAudit
    from audit.deployment import read_deployment
    from audit.findings import AuditImpossible
    from audit.log.trial import Reach
    from audit.run import audit as run_audit
    from audit.scope import Bounds
    from audit.search import KnownValues, read_known_values

    under_audit = None if settings is None else NodeUnderAudit(settings.base_url, settings.database_url)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    try:
        values = KnownValues() if known_values is None else read_known_values(known_values)
        with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
            task = bar.add_task("reading the chain", total=None)
            return run_audit(
                rpc_url=rpc,
                deployment=read_deployment(deployment),
                node=under_audit,
                checkpoint_path=checkpoint,
                parts=parts,
                bounds=bounds or Bounds(),
                sought=Sought(values, tuple(scan or ())),
                sources=sources,
                observe=observe or (lambda observation: None),
                fixed=fixed,
                reach=Reach(copies=log_copy),
                progress=lambda what, done, total: bar.update(task, description=what, completed=done, total=total),
            )
    except AuditImpossible as impossible:
        raise CommandFailed(f"the audit could not run: {impossible}", Exit.COULD_NOT_RUN) from None


def seconds(time: datetime.datetime | None) -> int | None:
    """Give a time of the command line, which is UTC, in seconds."""
    return None if time is None else int(time.replace(tzinfo=datetime.UTC).timestamp())


def _help_of(part: Part) -> str:
    names = ", ".join(check.name for check in CHECKS if check.part is part)
    return f"Replay the chain's events and make the checks of this part: {names}. Options as of `jeung audit`."


app.callback(invoke_without_command=True)(audit)
for _part in Part:
    app.command(_part.value, help=_help_of(_part))(audit)


@app.command()
def repair(
    node: Annotated[str | None, typer.Option("--node", help="The sandbox node to repair.")] = None,
    data: DataOption = DEFAULT_DATA,
    node_dir: Annotated[Path | None, typer.Option("--node-dir", help="The folder of the node to repair.")] = None,
    rpc: RpcOption = None,
    apply: Annotated[bool, typer.Option("--apply", help="Do it, after asking; the node must be stopped.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --apply: do not ask.")] = False,
) -> None:
    """Propose what brings a node's index, status lists and outbox back to the chain; change nothing without --apply.

    Exit 0 nothing to repair, or repaired; 1 there are proposals; 2 could not run. Where the node's decision is
    stricter than the chain it is sent again, where the chain is stricter the node takes its word. All is logged.
    """
    settings = settings_of(node, node_dir, data)
    if settings is None:
        raise CommandFailed("say which node: --node or --node-dir", Exit.COULD_NOT_RUN)
    rpc, deployment = chain_of(settings, rpc, None, data)
    report = run_audit_with(settings, rpc, deployment, None, frozenset({Part.RECONCILE}))
    from audit.repair import proposals

    found = proposals(report, settings.base_url)
    for remedy in found:
        typer.echo(str(remedy))
    if not found:
        typer.echo("nothing to repair")
    elif not apply:
        raise typer.Exit(Exit.NO)
    elif yes or typer.confirm(f"Do these {len(found)} repairs?", err=True):
        from node.runtime.adapters import SystemClock
        from node.runtime.repairing import repair as carry_out
        from node.store.repairs import Repair

        repairs = [Repair(one.kind.value, one.target.rpartition("/")[2], one.status) for one in found]
        typer.echo(
            f"{carry_out(settings, SystemClock(), repairs)} of {len(found)} repairs done; start the node again"
        )
    else:
        raise typer.Exit(Exit.NO)
