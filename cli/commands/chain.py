"""Look at the chain and deploy a consortium's contracts on it."""

import typer

app = typer.Typer(help="Look at the chain; deploy a consortium's contracts.", no_args_is_help=True)
