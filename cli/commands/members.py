"""Read who belongs to the consortium."""

from datetime import UTC, datetime

import typer

from cli.console import out, table
from cli.target import DEFAULT_DATA, DataOption, NodeOption, client_of
from jeung.domain.access import Scope

app = typer.Typer(help="Read who belongs to the consortium.", no_args_is_help=True)


@app.command("list")
def list_members(node: NodeOption = "bank", data: DataOption = DEFAULT_DATA) -> None:
    """List the members as a node's copy of the ledger shows them."""
    rows = table("Member", "URL", "Roles", "Status", "Since (UTC)")
    for member in client_of(data, node, Scope.AUDIT).get("/v1/members")["items"]:
        since = datetime.fromtimestamp(member["admitted_at"], UTC).strftime("%Y-%m-%d %H:%M")
        rows.add_row(member["member_id"], member["url"], ", ".join(member["roles"]), member["status"], since)
    out.print(rows)
