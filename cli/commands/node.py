"""Make and run one member's node."""

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.console import CommandFailed, out
from cli.sandbox.layout import CLIENT_ID
from jeung.domain.access import Client, Scope
from jeung.domain.staff import StaffRole
from node.settings import Environment, load_settings, node_dir_from_environment

if TYPE_CHECKING:
    from node.runtime.staff import NewStaff

app = typer.Typer(help="Make and run one member's node.", no_args_is_help=True)

_MAX_FILE_BYTES = 16 * 1024
# Files a node makes are for its own account's eyes: databases, logs of use, keys.
_PRIVATE = 0o077
NodeDirOption = Annotated[
    Path | None, typer.Option("--node-dir", help="The node's folder; JEUNG_NODE_DIR stands in for it.")
]


@app.command()
def init(
    directory: Annotated[Path, typer.Option("--dir", help="The folder to make; it must not hold anything.")],
    name: Annotated[str, typer.Option(help="A short name for logs and messages, for example bank.")],
    base_url: Annotated[str, typer.Option(help="The member's URL, as the consortium will know it.")],
    rpc: Annotated[list[str], typer.Option(help="A JSON-RPC endpoint of the chain; several for fail-over.")],
    organisation: Annotated[
        str, typer.Option(help="The member's name in certificates; the short name unless given.")
    ] = "",
    organisation_ko: Annotated[str, typer.Option(help="The member's name in Korean, as wallets show it.")] = "",
    listen_port: Annotated[int, typer.Option(min=1, max=65_535, help="The loopback port of the API.")] = 8101,
    client: Annotated[
        list[Path] | None, typer.Option(help="A file {client_id, jwk, scopes} that registers a back office.")
    ] = None,
    staff: Annotated[
        Path | None,
        typer.Option(help="A file [{name, roles, password}] of people who may log in; the sandbox's way."),
    ] = None,
    environment: Annotated[Environment, typer.Option(help="The sandbox allows plain http.")] = Environment.PRODUCTION,
    public_explorer: Annotated[
        bool, typer.Option("--public-explorer", help="Let everybody read the explorer, without a log-in.")
    ] = False,
) -> None:
    """Make a node's folder: keys under a fresh passphrase (0600), certificates, database, settings.

    Prints the governance address, which the consortium needs to admit the member.
    """
    # Key custody and the database load here only: every other command starts faster without them.
    from node.runtime.adapters import SystemClock
    from node.runtime.creation import NodePlan, create_node

    os.umask(_PRIVATE)
    settings: dict[str, Any] = {
        "name": name,
        "environment": environment.value,
        "base_url": base_url,
        "listen_port": listen_port,
        "rpc_urls": list(rpc),
        "names": {"ko": organisation_ko, "en": organisation},
    }
    if public_explorer:
        settings["explorer"] = {"public": True}
    if environment is Environment.SANDBOX:
        # A person is waiting: young credentials are judged soon, and what is issued now says now.
        # Any wallet may try, whether or not its maker is known here.
        settings |= {
            "issuance": {"time_rounding_s": 1},
            "verification": {"attestation_grace_s": 10},
            "wallets": {"attestation": "optional"},
            # Every phone of a sandbox has the same address, so the bound on one stranger would bound them all.
            "api": {"rate_public": "60000/minute", "rate_default": "60000/minute"},
        }
    clients = [read_client(path) for path in client or []]
    people = [] if staff is None else read_staff(staff)
    plan = NodePlan(directory, organisation or name, settings, clients, people)
    typer.echo(create_node(plan, SystemClock()))


@app.command("client")
def make_client(
    key: Annotated[Path, typer.Option("--key", help="Where to write the private key (PEM, 0600).")],
    out_file: Annotated[Path, typer.Option("--out", help="Where to write what `jeung node init --client` reads.")],
    scope: Annotated[list[Scope], typer.Option("--scope", help="What it may ask for; may be given several times.")],
    identifier: Annotated[str, typer.Option("--id", help="The client's id.")] = CLIENT_ID,
) -> None:
    """Make a back office's key, and the public description that registers it with a node."""
    from cli.p256 import P256Key
    from cli.sandbox.layout import write_whole

    if key.exists():
        raise CommandFailed(f"{key} exists already; a key is never overwritten")
    made = P256Key.generate()
    write_whole(key, made.pem, 0o600)
    described = {"client_id": identifier, "jwk": made.jwk, "scopes": sorted(one.value for one in scope)}
    write_whole(out_file, json.dumps(described, indent=2) + "\n")
    out.print(
        f"{key} is the private key; give {out_file} to `jeung node init --client`", markup=False, soft_wrap=True
    )


@app.command()
def check(node_dir: NodeDirOption = None) -> None:
    """Read a node's settings and say whether they can be used."""
    settings = load_settings(chosen_dir(node_dir))
    out.print(f"{settings.name}: {settings.environment}, {settings.base_url}, settings are fine")


@app.command()
def api(node_dir: NodeDirOption = None) -> None:
    """Serve the node's HTTP API until stopped."""
    # The web server loads here only: every other command starts faster without it.
    from api.gunicorn import serve

    serve(load_settings(chosen_dir(node_dir)))


@app.command()
def worker(node_dir: NodeDirOption = None) -> None:
    """Follow the chain and send what waits, until stopped."""
    # The chain and its cryptography load here only.
    from node.__main__ import work

    os.umask(_PRIVATE)
    sys.exit(work(load_settings(chosen_dir(node_dir))))


def chosen_dir(node_dir: Path | None) -> Path:
    """Give the folder the command line or the environment names.

    Raises:
        CommandFailed: neither does.
    """
    chosen = node_dir or node_dir_from_environment()
    if chosen is None:
        raise CommandFailed("which node? Give --node-dir or set JEUNG_NODE_DIR")
    return chosen


def read_client(path: Path) -> Client:
    """Read the description of a back-end client.

    Raises:
        CommandFailed: no such file, or not the shape {client_id, jwk, scopes} with a public P-256 key.
    """
    from jeung.crypto.jwk import parse_jwk

    try:
        with path.open("rb") as file:
            fields = json.loads(file.read(_MAX_FILE_BYTES))
        if set(fields) - {"kept_by"} != {"client_id", "jwk", "scopes"} or "d" in fields["jwk"]:
            raise ValueError
        parse_jwk(fields["jwk"])
        scopes = frozenset(Scope(scope) for scope in fields["scopes"])
        keeper = fields.get("kept_by")
        return Client(str(fields["client_id"]), fields["jwk"], scopes, None if keeper is None else str(keeper))
    except OSError as error:
        raise CommandFailed(f"cannot read {path}: {error.strerror}") from None
    except (ValueError, TypeError, KeyError, AttributeError):
        raise CommandFailed(f"{path}: expected {{client_id, jwk, scopes}} with a public P-256 key") from None


def read_staff(path: Path) -> "list[NewStaff]":
    """Read who may log in from the beginning.

    Raises:
        CommandFailed: no such file, others can read it, or not a list of {name, roles, password}.
    """
    from node.runtime.staff import NewStaff

    try:
        if path.stat().st_mode & _PRIVATE:
            raise CommandFailed(f"{path} holds passwords and others can read it: chmod 600 {path}")
        with path.open("rb") as file:
            people = json.loads(file.read(_MAX_FILE_BYTES))
        return [
            NewStaff(
                str(person["name"]),
                frozenset(StaffRole(role) for role in person["roles"]),
                str(person["password"]),
            )
            for person in people
        ]
    except OSError as error:
        raise CommandFailed(f"cannot read {path}: {error.strerror}") from None
    except (ValueError, TypeError, KeyError):
        raise CommandFailed(f"{path}: expected a list of {{name, roles, password}}") from None
