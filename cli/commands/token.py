"""Mint an access token: the client proves itself with its key, the node answers with a short-lived bearer token."""

from pathlib import Path
from typing import Annotated

import typer

from cli.target import DEFAULT_DATA, DataOption, NodeOption, client_of
from jeung.domain.access import Scope


def token(
    node: NodeOption = "bank",
    scope: Annotated[
        list[Scope] | None,
        typer.Option("--scope", help="What the token allows, `issue` unless given; may be given several times."),
    ] = None,
    data: DataOption = DEFAULT_DATA,
) -> None:
    """Print an access token of the sandbox's back office, alone on its line: TOKEN=$(jeung token --scope verify).

    The token comes from the node itself (POST /oauth/token, private_key_jwt), as every back office gets it.
    """
    client = client_of(Path(data), node, *(scope or [Scope.ISSUE]))
    typer.echo(client.fresh_token().value)
