"""Read a node's keys: what may be known of them; replace one."""

import enum
import os
from pathlib import Path
from typing import Annotated

import typer

from cli.commands import custody, key_making
from cli.console import out, table

app = typer.Typer(help="Read a node's keys; replace a signing key.", no_args_is_help=True)
custody.join(app)
key_making.join(app)

_NodeDir = Annotated[Path, typer.Option("--node-dir", help="The node's folder, for example .jeung/bank.")]


class Rotated(enum.StrEnum):
    """Name the purposes whose keys are replaced without a vote."""

    CREDENTIAL_SIGNING = "credential_signing"
    STATUS_SIGNING = "status_signing"
    REQUEST_SIGNING = "request_signing"
    RECEIPT_SIGNING = "receipt_signing"
    WEBHOOK_SIGNING = "webhook_signing"


@app.command("list")
def list_keys(node_dir: _NodeDir) -> None:
    """List the keys of the keystore in a node's folder; it is opened with the folder's passphrase file.

    A running node writes its uses every 4,096 and when it stops.
    """
    # Key custody and its cryptography load here only: every other command starts faster without them.
    from node.runtime.adapters import SystemClock
    from node.runtime.custody import open_keystore
    from node.settings import load_settings

    rows = table("Purpose", "State", "Algorithm", "Backend", "Key or account", "Uses, as last written")
    with open_keystore(load_settings(node_dir), SystemClock()) as keystore:
        for record in keystore.list():
            name = record.address or record.key_id
            rows.add_row(record.purpose, record.state, record.algorithm, record.backend, name, str(record.uses))
    out.print(rows)


@app.command()
def rotate(
    node_dir: _NodeDir,
    purpose: Annotated[Rotated, typer.Option(help="What the key signs.")] = Rotated.CREDENTIAL_SIGNING,
    compromised_since: Annotated[
        int | None, typer.Option(min=0, help="Mark the old key as compromised since this time, seconds UTC.")
    ] = None,
) -> None:
    """Make a new signing key, certify it, and retire the old one; the running node uses it at once.

    Then register it on the chain: POST /v1/enrolment. Prints the new key's id.
    """
    # As above.
    from keys.purposes import Purpose
    from node.runtime.adapters import SystemClock
    from node.runtime.custody import open_keystore
    from node.runtime.rotation import rotate as rotate_key
    from node.settings import load_settings

    settings, clock = load_settings(node_dir), SystemClock()
    os.umask(0o077)
    with open_keystore(settings, clock) as keystore:
        made = rotate_key(keystore, Purpose(purpose.value), settings, clock, compromised_since=compromised_since)
    typer.echo(made.key_id)
