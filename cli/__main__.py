"""Let `python -m cli` be the same as `jeung`."""

from cli.main import run

run()
