"""Show what an audit makes of an insider: edit every store of a node's copy, and have each edit named."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from audit.catalogue import EVERYTHING
from cli.commands.audit import run_audit_with
from cli.console import CommandFailed, Exit, out, table
from cli.sandbox.insider import EDITS, Edit, edited
from cli.sandbox.layout import member_named, open_sandbox
from cli.target import DEFAULT_DATA, DataOption
from node.settings import Settings, load_settings

if TYPE_CHECKING:
    from audit.findings import Finding

SqlOption = Annotated[
    list[str] | None, typer.Option("--sql", help="An edit of your own, instead: one SQL statement; repeatable.")
]
NodeOption = Annotated[str, typer.Option("--node", help="Whose database is copied and edited.")]


def insider(node: NodeOption = "bank", data: DataOption = DEFAULT_DATA, sql: SqlOption = None) -> None:
    """Edit a copy of a node's database in every store at once, and let the audit say what was done.

    The node itself is not touched. Exit 0 when every edit was named, 1 when one was not.
    """
    settings = load_settings(open_sandbox(data).node_dir(member_named(node)))
    edits = EDITS if sql is None else tuple(Edit("yours", statement, statement) for statement in sql)
    with tempfile.TemporaryDirectory(prefix="jeung-insider-") as folder:
        # What is found of the copy as it is, is not the insider's doing.
        edited(settings.database_path, Path(folder), ())
        before = {(one.rule, one.subject) for one in audited(settings, folder)}
        made = edited(settings.database_path, Path(folder), edits)
        if not made:
            raise CommandFailed("there is nothing to edit yet: play the demo first", Exit.COULD_NOT_RUN)
        found = [one for one in audited(settings, folder) if (one.rule, one.subject) not in before]
    shown = table("Store", "What the insider did", "What the audit says")
    unnamed = 0
    for edit in made:
        named = [one for one in found if _names(one, edit)]
        unnamed += not named
        shown.add_row(edit.store, _shown(edit.what), _shown(_told(named)))
    out.print(shown)
    if unnamed:
        raise CommandFailed(f"{unnamed} of {len(made)} edits went unnamed", Exit.NO)
    out.print(f"{len(made)} edits, all of them named by {len(found)} findings. The node itself was not touched.")


def audited(settings: Settings, folder: str) -> "list[Finding]":
    """Audit the node with the copy in the place of its database, as it runs."""
    from audit.findings import Severity

    of_copy = settings.model_copy(
        update={"node_dir": Path(folder), "database_file": Path(settings.database_path.name)}
    )
    report = run_audit_with(of_copy, settings.rpc_urls[0], settings.deployment_path, None, EVERYTHING)
    return [one for one in report.findings if one.rule.severity is not Severity.NOTE]


def _names(finding: "Finding", edit: Edit) -> bool:
    return edit.rule in ("", finding.rule.rule_id) and finding.subject.startswith(edit.subject)


def _shown(text: str) -> Text:
    """Show what somebody wrote, a statement or a row: as it is, and nothing of it obeyed by the terminal."""
    return Text("".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text))


def _told(named: "list[Finding]") -> str:
    if not named:
        return "nothing"
    first = named[0]
    more = f" (and {len(named) - 1} more)" if len(named) > 1 else ""
    return f"{first.rule.rule_id}: {first.subject}{more}"
