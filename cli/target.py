"""Say which node a command speaks to: one of the sandbox's by name."""

from pathlib import Path
from typing import Annotated

import typer

from cli.http import NodeClient
from cli.p256 import P256Key
from cli.sandbox.layout import CLIENT_ID, MemberPlan, Sandbox, member_named, open_sandbox
from jeung.domain.access import Scope

DEFAULT_DATA = Path(".jeung")

DataOption = Annotated[Path, typer.Option("--data", help="The sandbox's folder.", show_default=True)]
NodeOption = Annotated[str, typer.Option("--node", help="Which member's node: bank, exchange or supervisor.")]


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
