"""Read a node's keys: what may be known of them."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from cli.console import out

app = typer.Typer(help="Read a node's keys: purposes, states, uses.", no_args_is_help=True)


@app.command("list")
def list_keys(
    node_dir: Annotated[Path, typer.Option("--node-dir", help="The node's folder, for example .jeung/bank.")],
) -> None:
    """List the keys of the keystore in a node's folder; it is opened with the folder's passphrase file."""
    # Key custody and its cryptography load here only: every other command starts faster without them.
    from node.runtime.adapters import SystemClock
    from node.runtime.custody import open_keystore
    from node.settings import load_settings

    table = Table("Purpose", "State", "Key or account", "Uses")
    with open_keystore(load_settings(node_dir), SystemClock()) as keystore:
        for record in keystore.list():
            table.add_row(record.purpose, record.state, record.address or record.key_id, str(record.uses))
    out.print(table)
