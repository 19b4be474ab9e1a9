"""Mint an access token: the client proves itself with its key, the node answers with a short-lived bearer token."""

from typing import Annotated

import typer

from cli.sandbox.layout import CLIENT_ID
from cli.target import DEFAULT_DATA, ClientKeyOption, ClientOption, DataOption, NodeOption, UrlOption, any_client
from jeung.domain.access import Scope


def token(
    node: NodeOption = "bank",
    scope: Annotated[
        list[Scope] | None,
        typer.Option("--scope", help="What the token allows, `issue` unless given; may be given several times."),
    ] = None,
    data: DataOption = DEFAULT_DATA,
    url: UrlOption = None,
    client: ClientOption = CLIENT_ID,
    client_key: ClientKeyOption = None,
) -> None:
    """Print an access token of a back office, alone on its line: TOKEN=$(jeung token --scope verify).

    The token comes from the node itself (POST /oauth/token, private_key_jwt), as every back office gets it.
    """
    speaker = any_client(url, client, client_key, data, node, *(scope or [Scope.ISSUE]))
    typer.echo(speaker.fresh_token().value)
