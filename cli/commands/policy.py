"""Show the policy in force, and ask for another one, which two people must want."""

from typing import Annotated

import typer

from cli.commands.acts import StaffName, opened, principal
from cli.commands.node import NodeDirOption, chosen_dir
from cli.console import out, table
from jeung.domain.dual_control import ActKind
from node.settings import load_settings

app = typer.Typer(help="Show the policy that two people approved, and ask for another.", no_args_is_help=True)


@app.command()
def show(node_dir: NodeDirOption = None) -> None:
    """Show the policy in force, and where the settings' file differs from it."""
    from node.runtime.policy import changes, policy_of

    wanted = policy_of(load_settings(chosen_dir(node_dir)))
    with opened(node_dir) as operator:
        in_force = policy_of(operator.settings)
    differing = changes(in_force, wanted)
    rows = table("Setting", "In force", "In the settings' file")
    for name, (value, _) in changes(in_force, {}).items():
        rows.add_row(name, value, differing[name][1] if name in differing else "")
    out.print(rows)


@app.command()
def propose(
    name: StaffName,
    reason: Annotated[str, typer.Option("--reason", help="Why, for whoever approves.")],
    node_dir: NodeDirOption = None,
) -> None:
    """Ask that what the settings' file says becomes the policy; another person approves it. Prints the act's id."""
    from node.runtime.policy import policy_of

    wanted = policy_of(load_settings(chosen_dir(node_dir)))
    with opened(node_dir) as operator:
        who = principal(operator, name)
        act = operator.acts.ask(who, ActKind.POLICY_CHANGE, {"policy": wanted}, reason)
    typer.echo(act.act_id)
