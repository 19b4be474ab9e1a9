"""Write the reference page of the command line from the program itself.

`python -m tests.common.reference` writes docs/reference/cli.md anew; a test compares the two.
"""

import inspect
from collections.abc import Iterator
from pathlib import Path

import typer.main

from cli.main import app

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "cli.md"

HEAD = """# The command line

Written from the program; a test compares the two. `jeung COMMAND --help` says the same at the terminal.

Exit codes of every command: 0 done · 1 the answer is no (findings, a refusal, a demo that failed) · 2 it could not
run (wrong usage, missing tool, busy port, nobody answers) · 130 interrupted. What went wrong is one line on the
standard error; `jeung --debug COMMAND` adds the traceback of an unexpected error.
"""


def page() -> str:
    """Give the page as Markdown."""
    return "\n".join([HEAD, *_sections(typer.main.get_command(app), "jeung")])


def _sections(command: object, path: str) -> Iterator[str]:
    children = getattr(command, "commands", None)
    if children:
        for name, child in children.items():
            yield from _sections(child, f"{path} {name}")
        if not getattr(command, "invoke_without_command", False):
            return
    yield f"## {path}\n"
    yield inspect.cleandoc(str(getattr(command, "help", ""))) + "\n"
    rows = [
        f"| {_names(parameter)} | {_default(parameter)} | {getattr(parameter, 'help', None) or ''} |"
        for parameter in getattr(command, "params", [])
        if parameter.name != "help"
    ]
    if rows:
        yield "\n".join(["| option | default | meaning |", "|---|---|---|", *rows]) + "\n"


def _names(parameter: object) -> str:
    names = [*getattr(parameter, "opts", []), *getattr(parameter, "secondary_opts", [])]
    is_argument = type(parameter).__name__.endswith("Argument")
    return (
        f"`{str(getattr(parameter, 'name', '')).upper()}`"
        if is_argument
        else ", ".join(f"`{name}`" for name in names)
    )


def _default(parameter: object) -> str:
    if getattr(parameter, "required", False):
        return "required"
    default = getattr(parameter, "default", None)
    return "" if default in (None, False, "") else f"`{getattr(default, 'value', default)}`"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
