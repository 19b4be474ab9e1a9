"""Govern: read proposals in words, vote, try first, sign off line, suspend in an emergency."""

from typing import Annotated, Any

import typer

from cli.console import Exit, out
from cli.governing.desk import Desk, command
from cli.governing.offline import register as register_offline
from cli.governing.proposing import app as propose_app
from cli.governing.reading import KEEP, salt_of
from cli.governing.render import write_agenda, write_list, write_proposal
from cli.http import Problem

app = typer.Typer(
    help="Govern the consortium: read, propose, vote, try first (--dry-run), sign off line.", no_args_is_help=True
)
app.add_typer(propose_app, name="propose")
register_offline(app)

_Proposal = Annotated[str, typer.Argument(help="The proposal's identifier, or the beginning of it.")]
_Member = Annotated[str, typer.Argument(help="The member's URL or identifier.")]


@command(app, "list")
def list_proposals(
    desk: Desk,
    *,
    open_only: Annotated[bool, typer.Option("--open", help="Only those that can still be decided.")] = False,
) -> None:
    """List proposals in words, newest first."""
    items = [one for one in desk.all("/v1/proposals") if not open_only or one["state"] == "open"]
    desk.show({"items": items}, lambda: write_list(items, desk.language))


@command(app, "show")
def show(desk: Desk, proposal: _Proposal) -> None:
    """Show a proposal in words, with its effect as before and after, and who approved it."""
    found = desk.proposal(proposal)
    desk.show(found, lambda: write_proposal(found, desk.language))


@command(app, "approve", acts=True, tries=True)
def approve(desk: Desk, proposal: _Proposal) -> None:
    """Approve a proposal; the approval counts once it is ripe."""
    desk.act("approve", proposal, "approvals")


@command(app, "withdraw", acts=True, tries=True)
def withdraw(desk: Desk, proposal: _Proposal) -> None:
    """Take our approval back; signed approvals that nobody has brought yet are void too."""
    desk.act("withdraw", proposal, "withdrawal")


@command(app, "execute", acts=True, tries=True)
def execute(desk: Desk, proposal: _Proposal) -> None:
    """Execute a proposal; the node tries until enough approvals are ripe."""
    desk.act("execute", proposal, "execution")


@command(app, "cancel", acts=True, tries=True)
def cancel(desk: Desk, proposal: _Proposal) -> None:
    """Cancel a proposal of ours."""
    desk.act("cancel", proposal, "cancellation")


@command(app, "suspend", acts=True, tries=True)
def suspend(
    desk: Desk,
    member: _Member,
    reason: Annotated[str, typer.Option(help="Why; only a salted digest of it goes to the chain.")],
) -> None:
    """Suspend a member at once, as a supervisor may; it lapses after seven days unless the quorum confirms it."""
    identifier = desk.member(member)
    if desk.dry_run:
        desk.tried({"act": "suspend", "member_id": identifier})
        return
    salted = salt_of(reason)
    intent = desk.client.post(f"/v1/members/{identifier}/suspension", {"reason_digest": salted["reason_digest"]})
    if not desk.as_json:
        out.print(f"reason's digest {salted['reason_digest']}\n{KEEP.format(**salted)}")
    desk.sent(intent, salted)


@command(app, "enrol", acts=True)
def enrol(desk: Desk) -> None:
    """Register our active keys and authorise our accounts, as far as the chain lacks them."""

    def admitted() -> Any | None:  # noqa: ANN401 - the API's JSON
        try:
            return desk.client.post("/v1/enrolment")["items"]
        except Problem as problem:
            # The vote that admits us may have been executed a moment ago, and our node not have seen it yet.
            if problem.code != "conflict" or not desk.wait:
                raise
            return None

    intents = [desk.settled(intent) for intent in desk.until("our admission", admitted)]
    desk.show({"items": intents}, lambda: out.print(f"{len(intents)} keys and accounts registered"))


@command(app, "agenda")
def agenda(
    desk: Desk, *, ours: Annotated[bool, typer.Option("--ours", help="Only what our member must see to.")] = False
) -> None:
    """List what lapses soon, or waits for us: accreditations, keys, proposals, certificates. Exits 1 if any does."""
    items = [item for item in desk.client.get("/v1/governance/agenda")["items"] if item["ours"] or not ours]
    desk.show({"items": items}, lambda: write_agenda(items, desk.language))
    if items:
        raise typer.Exit(Exit.NO)
