"""Look at the chain and deploy a consortium's contracts on it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.console import CommandFailed, out, table
from cli.sandbox.layout import open_sandbox
from cli.target import DEFAULT_DATA, DataOption
from jeung.domain.identifiers import Address, parse_canonical_url
from node.runtime.adapters import SystemClock
from node.settings import FeeMode, FeeSettings

app = typer.Typer(help="Look at the chain; deploy a consortium's contracts.", no_args_is_help=True)

DAY_S = 86_400
_MAX_S = 3_650 * DAY_S


@app.command()
def status(
    data: DataOption = DEFAULT_DATA,
    rpc: Annotated[
        str | None, typer.Option("--rpc", help="The JSON-RPC endpoint; the sandbox's unless given.")
    ] = None,
    deployment: Annotated[
        Path | None, typer.Option("--deployment", help="The file deployment.json; the sandbox's unless given.")
    ] = None,
) -> None:
    """Show the chain's head and the consortium's contracts, once the chain is proved to be theirs."""
    # The chain's parts load here only: other commands start faster without them.
    from node.chain.deployment import load_deployment, verify_deployment
    from node.chain.hexes import hex_of, int_of
    from node.chain.rpc import Rpc

    if rpc is None or deployment is None:
        sandbox = open_sandbox(data)
        rpc, deployment = rpc or sandbox.rpc_url, deployment or sandbox.deployment_file
    try:
        chain, found = Rpc([rpc]), load_deployment(deployment)
    except ValueError as unfit:
        raise CommandFailed(str(unfit)) from None
    verify_deployment(chain, found)
    head = chain.call("eth_getBlockByNumber", "latest", False)
    made = datetime.fromtimestamp(int_of(head["timestamp"]), UTC)
    out.print(f"Chain {found.chain_id}, block {int_of(head['number'])} of {made:%Y-%m-%d %H:%M:%S} UTC")
    out.print(f"Deployment {hex_of(found.deployment_id)}, block {found.block_number}")
    rows = table("Contract", "Address at deployment")
    for name, address in found.addresses.items():
        rows.add_row(name, address)
    out.print(rows)


@app.command()
def deploy(
    rpc: Annotated[str, typer.Option("--rpc", help="The chain's JSON-RPC endpoint.")],
    destination: Annotated[Path, typer.Option("--out", help="Where to write the description, deployment.json.")],
    founder: Annotated[
        list[str],
        typer.Option(
            help="URL,ADDRESS,ROLES of a founder; roles are a sum of 1 issuer, 2 relying party, 4 supervisor."
        ),
    ],
    timelock: Annotated[int, typer.Option(min=1, max=_MAX_S, help="Seconds an approval needs to ripen.")] = DAY_S,
    timelock_floor: Annotated[
        int | None,
        typer.Option(min=1, max=_MAX_S, help="Below this the timelock can never be set; the timelock unless given."),
    ] = None,
    proposal_lifetime: Annotated[int, typer.Option(min=60, max=_MAX_S, help="Seconds a proposal lives.")] = 30
    * DAY_S,
    fees: Annotated[FeeMode, typer.Option(help="How transactions pay.")] = FeeMode.ZERO,
) -> None:
    """Deploy the contracts once; run again, it continues or confirms what was deployed.

    An account made for this run signs all creations and is forgotten; it keeps no power. Where the chain asks for
    fees, the command says which account to fund.
    """
    # As above.
    from node.chain.deploy import DeployPlan, Founder
    from node.chain.deploy import deploy as deploy_contracts
    from node.chain.embedded import MARK_FILE
    from node.chain.rpc import Rpc
    from node.chain.state_files import DURABLE_FILE

    founders = tuple(Founder(url, account, roles) for url, account, roles in map(parse_founder, founder))
    plan = DeployPlan(founders, timelock, timelock if timelock_floor is None else timelock_floor, proposal_lifetime)
    # The embedded chain says beside its own data which block no crash can lose, a moment after it first answers.
    embedded = destination.with_name(MARK_FILE).exists()
    deployment = deploy_contracts(
        Rpc([rpc]),
        plan,
        destination,
        fees=FeeSettings(mode=fees),
        now=SystemClock().now(),
        durable_file=destination.with_name(DURABLE_FILE) if embedded else None,
    )
    out.print(f"deployed at block {deployment.block_number}: 0x{deployment.deployment_id.hex()}")


def parse_founder(text: str) -> tuple[str, Address, int]:
    """Read `URL,ADDRESS,ROLES`.

    Raises:
        CommandFailed: another form; what is wrong is said.
    """
    url, _, rest = text.partition(",")
    account, _, roles = rest.partition(",")
    try:
        parse_canonical_url(url)
        if len(account) != 42 or not account.startswith("0x") or not 1 <= int(roles) <= 7:
            raise ValueError
        int(account, 16)
    except ValueError:
        raise CommandFailed("--founder wants URL,ADDRESS,ROLES, for example https://bank.example,0x…,3") from None
    return url, Address(account), int(roles)
