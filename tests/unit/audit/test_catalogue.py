"""The reference lists the checks and the powers as the program knows them, and the command line every part."""

import re
from pathlib import Path

import typer.main

from audit.catalogue import CHECKS, NAMES, Part
from audit.powers import POWERS
from cli.commands.audit import app
from node import artifacts

REFERENCE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "audit.md"


def rows(columns: int, heading: str) -> list[tuple[str, ...]]:
    """Give the rows of the table that follows a heading row."""
    table = REFERENCE.read_text().partition(heading)[2].partition("\n\n")[0].splitlines()[2:]
    return [tuple(cell.strip() for cell in re.split(r" \| ", row.strip("| "), maxsplit=columns - 1)) for row in table]


def test_the_reference_says_of_every_check_what_it_proves_and_what_it_cannot() -> None:
    assert rows(4, "| check | part | proves | cannot show |") == [
        (check.name, check.part.value, check.proves, check.cannot) for check in CHECKS
    ]


def test_no_two_checks_share_a_name() -> None:
    assert len(NAMES) == len(CHECKS)


def test_every_part_is_made_of_checks_and_has_its_command() -> None:
    assert {check.part for check in CHECKS} == set(Part)
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]  # a group
    assert {part.value for part in Part} <= set(commands)


def test_the_reference_says_who_may_call_every_changing_function() -> None:
    documented = rows(3, "| contract | function | who may call it |")
    assert documented == [
        (contract, f"`{function}`", who)
        for contract, functions in POWERS.items()
        for function, who in functions.items()
    ]


def test_exactly_the_changing_functions_of_the_contracts_are_described() -> None:
    for name in artifacts.CONTRACT_NAMES:
        changing = {
            entry["name"]
            for entry in artifacts.load(name).abi
            if entry["type"] == "function" and entry["stateMutability"] not in ("view", "pure")
        }
        assert changing == set(POWERS[name]), name
    assert set(POWERS) == set(artifacts.CONTRACT_NAMES)
