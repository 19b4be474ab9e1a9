"""Read what a node issued and change its status."""

from typing import Annotated

import typer

from cli.console import out, table
from cli.target import DEFAULT_DATA, DataOption, NodeOption, client_of
from jeung.domain.access import Scope

app = typer.Typer(help="Read what a node issued; suspend, reinstate, revoke.", no_args_is_help=True)

_CredentialId = Annotated[str, typer.Argument(help="The credential's id, or the family's with --family.")]
_Family = Annotated[bool, typer.Option("--family", help="Act on every copy of a family.")]


@app.command("list")
def list_credentials(
    node: NodeOption = "bank",
    data: DataOption = DEFAULT_DATA,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many to show.")] = 20,
) -> None:
    """List issued credentials: ids and states, no personal data."""
    rows = table("Credential", "Family", "Ledger", "Status")
    page = client_of(data, node, Scope.ISSUE).get("/v1/credentials", {"limit": str(limit)})
    for item in page["items"]:
        rows.add_row(item["credential_id"], item["family_id"], item["anchoring"], item["status"])
    out.print(rows)


@app.command()
def suspend(
    identifier: _CredentialId, *, family: _Family = False, node: NodeOption = "bank", data: DataOption = DEFAULT_DATA
) -> None:
    """Suspend a credential; it can be reinstated."""
    _change(identifier, "suspension", family=family, node=node, data=data)


@app.command()
def reinstate(
    identifier: _CredentialId, *, family: _Family = False, node: NodeOption = "bank", data: DataOption = DEFAULT_DATA
) -> None:
    """Reinstate a suspended credential."""
    _change(identifier, "reinstatement", family=family, node=node, data=data)


@app.command()
def revoke(
    identifier: _CredentialId, *, family: _Family = False, node: NodeOption = "bank", data: DataOption = DEFAULT_DATA
) -> None:
    """Revoke a credential, for good."""
    _change(identifier, "revocation", family=family, node=node, data=data)


def _change(identifier: str, act: str, *, family: bool, node: str, data: DataOption) -> None:
    collection = "families" if family else "credentials"
    client_of(data, node, Scope.STATUS).post(f"/v1/{collection}/{identifier}/{act}")
    out.print(f"{act} accepted; it takes effect with the next block")
