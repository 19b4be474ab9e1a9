"""Make one key, or take over one that a token or a remote signer has: each key has a backend of its own."""

import os
from pathlib import Path
from typing import Annotated

import typer


def join(app: typer.Typer) -> None:
    """Add the commands here to `jeung keys`."""
    app.command()(create)


def create(
    node_dir: Annotated[Path, typer.Option("--node-dir", help="The node's folder, for example .jeung/bank.")],
    purpose: Annotated[str, typer.Option(help="What the key is for, for example attest or credential_signing.")],
    backend: Annotated[
        str | None,
        typer.Option(help="What is to hold it: software, or a name of the settings; else as they place it."),
    ] = None,
    algorithm: Annotated[str | None, typer.Option(help="Its algorithm; else the purpose's own.")] = None,
    adopt: Annotated[
        str | None, typer.Option(help="Take over a key the backend has: its CKA_ID in hexadecimal, or its address.")
    ] = None,
) -> None:
    """Make a key, pre-active: it signs nothing until it is activated. Prints its id or account."""
    # Key custody and its cryptography load here only: every other command starts faster without them.
    from cli.console import CommandFailed
    from keys.purposes import Purpose
    from node.runtime.adapters import SystemClock
    from node.runtime.custody import open_keystore
    from node.settings import load_settings

    if purpose not in set(Purpose):
        raise CommandFailed(f"expected a purpose, one of: {', '.join(Purpose)}")
    os.umask(0o077)
    with open_keystore(load_settings(node_dir), SystemClock()) as keystore:
        made = keystore.create(Purpose(purpose), algorithm, backend=backend, adopt=adopt)
    typer.echo(made.key_id)
