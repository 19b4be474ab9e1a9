"""Write a report of an audit that a supervisor can put on record, as HTML and as PDF."""

import enum
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from typer import echo

from audit.catalogue import EVERYTHING
from cli.commands.audit import (
    DeploymentOption,
    FromBlockOption,
    FromTimeOption,
    MemberOption,
    NodeDirOption,
    NodeOption,
    RpcOption,
    ScanOption,
    SourcesOption,
    ValuesOption,
    chain_of,
    run_audit_with,
    seconds,
    settings_of,
)
from cli.console import CommandFailed, Exit
from cli.target import DEFAULT_DATA, DataOption

_MODE = 0o644


class Language(enum.StrEnum):
    """Name the languages of a report."""

    KOREAN = "ko"
    ENGLISH = "en"


OutOption = Annotated[Path, typer.Option("--out", help="The HTML file to write.")]
PdfOption = Annotated[Path | None, typer.Option("--pdf", help="Print it to this file as well; needs Chromium.")]
LanguageOption = Annotated[Language, typer.Option("--language", help="The report's language.")]
AtBlockOption = Annotated[
    int | None,
    typer.Option("--at-block", min=0, help="Audit as of this block, so that the report can be made again."),
]
SinceOption = Annotated[
    Path | None, typer.Option("--since", help="Compare with an earlier audit: a file of `jeung audit --format json`.")
]


def report(
    out: OutOption = Path("audit-report.html"),
    pdf: PdfOption = None,
    language: LanguageOption = Language.ENGLISH,
    at_block: AtBlockOption = None,
    from_block: FromBlockOption = None,
    from_time: FromTimeOption = None,
    member: MemberOption = None,
    since: SinceOption = None,
    node: NodeOption = None,
    data: DataOption = DEFAULT_DATA,
    node_dir: NodeDirOption = None,
    rpc: RpcOption = None,
    deployment: DeploymentOption = None,
    known_values: ValuesOption = None,
    scan: ScanOption = None,
    sources: SourcesOption = None,
) -> None:
    """Make every check and write one self-contained HTML file, byte for byte the same from the same inputs.

    Exit 0 clean, 1 findings, 2 could not run; the file is written in the first two cases. With --at-block the report
    can be made again by others; without, it looks at the head of the chain and at the lists published now.
    """
    settings = settings_of(node, node_dir, data)
    rpc, deployment = chain_of(settings, rpc, deployment, data)
    from audit.deployment import read_deployment
    from audit.findings import AuditImpossible
    from audit.report.inputs import file_digest
    from audit.report.page import Inputs, render
    from audit.report.pdf import find_browser, print_pdf
    from audit.report.previous import read_earlier
    from audit.report.taken import Notebook
    from audit.report.words import Language as ReportLanguage
    from audit.report.words import Words
    from audit.scope import Bounds

    try:
        # What is missing shall be said before the chain is read for an hour.
        browser = find_browser() if pdf is not None else ""
        earlier = None if since is None else read_earlier(since, read_deployment(deployment).deployment_id)
        inputs = Inputs(
            deployment_sha256=file_digest(deployment),
            fixed=at_block is not None,
            scans=tuple((path.name, file_digest(path)) for path in scan or ()),
            known_values=known_values is not None,
        )
        bounds = Bounds(from_block, at_block, seconds(from_time), None, member)
        notebook = Notebook()
        made = run_audit_with(
            settings,
            rpc,
            deployment,
            None,
            EVERYTHING,
            bounds,
            known_values,
            scan,
            sources,
            observe=notebook.observe,
            fixed=inputs.fixed,
        )
        text = render(made, notebook.taken, inputs, Words(ReportLanguage(language.value)), earlier)
        _put(out, text)
        echo(f"{out}  SHA-256 {file_digest(out)}")
        if pdf is not None:
            print_pdf(browser, out, pdf, notebook.taken.head.time)
            echo(f"{pdf}  SHA-256 {file_digest(pdf)}")
    except AuditImpossible as impossible:
        raise CommandFailed(f"the report could not be made: {impossible}", Exit.COULD_NOT_RUN) from None
    raise typer.Exit(made.exit_code)


def _put(path: Path, text: str) -> None:
    """Write a file beside its place and move it there: half a report is none."""
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", newline="\n", dir=path.parent, delete=False) as made:
        beside = Path(made.name)
        try:
            made.write(text)
            made.flush()
            beside.chmod(_MODE)
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
