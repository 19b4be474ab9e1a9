"""Say which node a command speaks to: one of the sandbox's by name, or any node by its address."""

from pathlib import Path
from typing import Annotated

import typer

from cli.console import CommandFailed
from cli.http import NodeClient
from cli.p256 import P256Key
from cli.sandbox.layout import CLIENT_ID, MemberPlan, Sandbox, member_named, open_sandbox
from jeung.domain.access import Scope

DEFAULT_DATA = Path(".jeung")

DataOption = Annotated[Path, typer.Option("--data", help="The sandbox's folder.", show_default=True)]
NodeOption = Annotated[str, typer.Option("--node", help="Which member's node: bank, exchange or supervisor.")]
UrlOption = Annotated[
    str | None, typer.Option("--url", help="The address of any node's API, instead of one of the sandbox's.")
]
ClientOption = Annotated[str, typer.Option("--client", help="With --url: the id of a client of that node.")]
ClientKeyOption = Annotated[
    Path | None, typer.Option("--client-key", help="With --url: the client's private key, a PEM file.")
]


def sandbox_client(sandbox: Sandbox, member: MemberPlan, *scopes: Scope) -> NodeClient:
    """Give a client of a member's node, speaking for its back office.

    Raises:
        CommandFailed: the back office's key cannot be read.
    """
    key = P256Key.load(sandbox.client_key(member))
    return NodeClient(sandbox.base_url(member), CLIENT_ID, key, tuple(scope.value for scope in scopes))


def client_of(data: Path, node: str, *scopes: Scope) -> NodeClient:
    """Give a client of the sandbox's node of that name.

    Raises:
        CommandFailed: no sandbox there, or no such node in it.
    """
    return sandbox_client(open_sandbox(data), member_named(node), *scopes)


def any_client(
    url: str | None, client: str, client_key: Path | None, data: Path, node: str, *scopes: Scope
) -> NodeClient:
    """Give a client of the node at an address, or of the sandbox's node of that name where no address is given.

    Raises:
        CommandFailed: an address without a key, or neither node nor key can be found.
    """
    if url is None:
        return client_of(data, node, *scopes)
    if client_key is None:
        raise CommandFailed("--url needs --client-key: the PEM file of a client that the node knows")
    return NodeClient(url.rstrip("/"), client, P256Key.load(client_key), tuple(scope.value for scope in scopes))
