"""Write proposals, trials and the agenda for a person at a terminal; nothing of them is taken for markup."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.markup import escape

from cli.console import out, table
from cli.governing.desk import when
from jeung.domain.governance import Language

_SHORT = 18


def write_list(proposals: Sequence[Mapping[str, Any]], language: Language) -> None:
    """Write proposals, newest first, each in one row."""
    rows = table("Proposal", "State", "Approvals", "Executable from", "Expires", "What it does")
    for one in reversed(proposals):
        votes = f"{sum(vote['counts'] for vote in one['approvals'])} of {one['required']}"
        rows.add_row(
            one["proposal_id"][:_SHORT] + "…",
            one["state"],
            votes,
            when(one["executable_at"]),
            when(one["expires_at"]),
            escape(one["words"][language]),
        )
    out.print(rows)


def write_proposal(one: Mapping[str, Any], language: Language) -> None:
    """Write one proposal with everything that a member needs to judge it."""
    _line(one["words"][language])
    if one["former"]:
        _line("Careful: the Directory names another contract by this name now.")
    out.print()
    for name, value in (
        ("Proposal", one["proposal_id"]),
        ("State", one["state"]),
        ("Proposed by", f"{one['proposer_url']} at {when(one['created_at'])}"),
        ("Contract", f"{one['contract'] or 'unknown'} {one['target']}"),
        ("Call", one["call"] if one["function"] is None else f"{one['function']}"),
        ("Approvals", f"{sum(vote['counts'] for vote in one['approvals'])} of {one['required']} needed"),
        ("Executable from", when(one["executable_at"])),
        ("Expires", when(one["expires_at"])),
    ):
        _line(f"{name + ':':17} {value}")
    for vote in one["approvals"]:
        counts = "" if vote["counts"] else " (does not count: the member is not active)"
        _line(f"  {vote['url']}, ripe at {when(vote['ripe_at'])}{counts}")
    write_changes(one["changes"], language)


def write_changes(changes: Sequence[Mapping[str, Any]], language: Language) -> None:
    """Write what would change, before and after."""
    if not changes:
        return
    rows = table("What", "Whose", "Before", "After")
    for change in changes:
        cells = (change["what"], change["subject"], change["before"], change["after"])
        rows.add_row(*("—" if cell is None else escape(cell[language]) for cell in cells))
    out.print(rows)


def write_trial(trial: Mapping[str, Any], language: Language) -> None:
    """Write how an act would end."""
    _line(trial["words"][language])
    for step in trial["steps"]:
        if step["accepted"]:
            _line(f"  {step['name']}: the chain would take it")
        else:
            _line(f"  {step['name']}: the chain would refuse it: {step['error']}. {step['refusal'][language]}")
    write_changes(trial["changes"], language)
    how = "simulated by the chain" if trial["simulated"] else "predicted"
    verdict = f"would be accepted; its effect is {how}" if trial["accepted"] else "would be refused"
    _line(f"Nothing was sent. On the state of block {trial['block']} it {verdict}.")


def write_agenda(items: Sequence[Mapping[str, Any]], language: Language) -> None:
    """Write what is due, the most urgent first."""
    if not items:
        out.print("nothing is due")
        return
    rows = table("Due", "Ours", "What")
    for item in items:
        rows.add_row(when(item["due_at"]), "yes" if item["ours"] else "", escape(item["words"][language]))
    out.print(rows)


def _line(text: str) -> None:
    out.print(text, markup=False, soft_wrap=True)
