"""Ask for the erasure of a person at the node's command line, and read what became of it."""

from typing import Annotated

import typer

from cli.commands.acts import StaffName, opened, principal
from cli.commands.node import NodeDirOption
from cli.console import CommandFailed, Exit, out
from jeung.domain.dual_control import ActKind
from jeung.domain.erasure import ErasureGround

app = typer.Typer(help="Erase a person, with a second one's approval.", no_args_is_help=True)


@app.command()
def erase(
    subject_id: Annotated[str, typer.Argument(help="The subject's id, as its proofing shows it.")],
    ground: Annotated[ErasureGround, typer.Option(help="Why.")],
    name: StaffName,
    relationship_ended_at: Annotated[
        int | None, typer.Option(min=0, help="Since when the relationship has ended, seconds UTC; now unless given.")
    ] = None,
    node_dir: NodeDirOption = None,
) -> None:
    """Ask for an erasure; another person approves it with `jeung acts approve`. Prints the act's id."""
    parameters = {
        "subject_id": subject_id,
        "ground": ground.value,
        "relationship_ended_at": relationship_ended_at,
    }
    with opened(node_dir) as operator:
        act = operator.acts.ask(principal(operator, name), ActKind.ERASURE, parameters, ground.value)
    typer.echo(act.act_id)


@app.command()
def certificate(
    act_id: Annotated[str, typer.Argument(help="The id of the act that was approved.")],
    node_dir: NodeDirOption = None,
) -> None:
    """Print the signed certificate of an erasure (a compact JWS), once it is done."""
    with opened(node_dir) as operator:
        result = operator.acts.get(act_id).result or {}
        with operator.store.read() as tx:
            erasure = tx.erasures.get(str(result.get("erasure_id")))
    if erasure is None:
        raise CommandFailed("no erasure began under this act", Exit.NO)
    if erasure.certificate is None:
        out.print(f"{erasure.erasure_id}: {erasure.state.value}", markup=False)
        raise CommandFailed("the erasure is not done yet", Exit.NO)
    typer.echo(erasure.certificate)
