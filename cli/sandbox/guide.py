"""Tell the person at a running sandbox what to open, what to paste next, where things lie, how to stop."""

import sys
from pathlib import Path

from rich.console import Console

from cli.sandbox.layout import MEMBERS, MemberPlan, Sandbox, quoted
from cli.sandbox.probes import may_issue


def show_guide(sandbox: Sandbox, console: Console) -> None:
    """Print the guide; its commands work as they stand, in the folder the sandbox was started from."""
    bank, exchange, supervisor = (sandbox.base_url(member) for member in MEMBERS)
    data = f" --data {quoted(sandbox.root)}"
    jeung = _command()
    founded = may_issue(bank)
    lines = [
        "",
        "[bold]The sandbox is up.[/] Open:",
        *(f"  {member.name:<11}{sandbox.base_url(member)}/docs" for member in MEMBERS),
        "",
        f"[bold]Log in[/] to {bank}/console — names and passwords:",
        *(f"  {member.name:<11}{sandbox.staff_file(member)}" for member in MEMBERS if _has_staff(sandbox, member)),
        "",
        "[bold]The customer's phone[/] is a page of each member; the bank's:",
        f"  {bank}/wallet",
        "",
        "[bold]The consortium[/], as its supervisor shows it to everybody:",
        f"  {supervisor}/explorer",
        "",
        *([] if founded else ["Nobody is accredited yet. Play the demo first:", f"  {jeung} demo{data}", ""]),
        "Paste next:",
        f"  curl -s {bank}/readyz",
        f"  curl -s {exchange}/v1/members",
        *(_verification(jeung, exchange, data) if founded else []),
        f"  {jeung} credentials list --node bank{data}",
        f"  {jeung} audit --node bank{data}",
        "",
        f"Data    {sandbox.root} (logs in {sandbox.logs_dir})",
        "Stop    Ctrl-C",
        f"Again   {jeung} up{data}",
        f"Wipe    {jeung} reset{data}",
        "",
    ]
    for line in lines:
        console.print(line, soft_wrap=True)


def _has_staff(sandbox: Sandbox, member: MemberPlan) -> bool:
    """Tell whether the sandbox is of a release that had a console."""
    return sandbox.staff_file(member).exists()


def _verification(jeung: str, exchange: str, data: str) -> list[str]:
    """Give the lines that verify a fresh customer's presentation, with the back office's token."""
    return [
        f"  TOKEN=$({jeung} token --node exchange --scope verify{data})",
        f"  {jeung} present{data} | curl -s {exchange}/v1/verifications -d @- \\",
        '    -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json"',
    ]


def _command() -> str:
    """Give the command as the person can type it: by its path where it lies below the present folder."""
    program = Path(sys.argv[0])
    here = Path.cwd()
    # The path as it was called: .venv/bin/jeung is what works in a shell that did not activate the environment.
    return str(program.absolute().relative_to(here)) if program.absolute().is_relative_to(here) else "jeung"
