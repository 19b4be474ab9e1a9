"""Play how the consortium comes to be: two founders, a third member by vote, a type, accreditations, profiles."""

import json

from cli.demo.board import Board, StepFailed
from cli.demo.catalogue import OPENING, Catalogue
from cli.demo.parties import CLOCK, Party, settled, wait_for
from cli.demo.provider import is_trusted, trust
from cli.demo.votes import Motion, decide
from cli.sandbox.layout import MEMBERS, Sandbox
from cli.wallet.attestation import WalletProvider
from node.settings import MEMBER_FILE

_YEAR_S = 365 * 86_400

Parties = tuple[Party, Party, Party]


def enrol_founders(board: Board, bank: Party, exchange: Party) -> None:
    """Show the members of the genesis and have them register their keys and operator accounts."""
    with board.step("Two founding members at genesis") as step:
        active = {item["url"] for item in bank.all("/v1/members") if item["status"] == "active"}
        if not {bank.base_url, exchange.base_url} <= active:
            raise StepFailed("the founders are not members")
        writes = [(party, party.post("/v1/enrolment")["items"]) for party in (bank, exchange)]
        for party, intents in writes:
            settled(party, intents)
        count = sum(len(intents) for _, intents in writes)
        step.note(f"bank and exchange; {count} keys and operator accounts registered by their owners")


def admit_supervisor(board: Board, sandbox: Sandbox, parties: Parties) -> None:
    """Have both founders vote the supervisor in, each through its own node."""
    bank, exchange, supervisor = parties
    with board.step("A third member admitted by their votes") as step:
        if _is_member(bank, supervisor):
            step.note("the supervisor was admitted in an earlier play")
            return
        plan = MEMBERS[2]
        # What a candidate hands over on paper: its address, from the public description its node wrote.
        member = json.loads((sandbox.node_dir(plan) / MEMBER_FILE).read_text("utf-8"))
        admission = Motion(
            "Consortium", "admitMember", (supervisor.base_url, member["accounts"]["governance"], plan.roles.value)
        )
        decide(bank, [exchange], [admission])
        wait_for("the supervisor's node sees it", lambda: _is_member(supervisor, supervisor) or None)
        intents = supervisor.post("/v1/enrolment")["items"]
        settled(supervisor, intents)
        step.note(f"the supervisor, by 2 of 2 and the delay of 2 s; {len(intents)} keys and accounts registered")


def accredit(board: Board, parties: Parties, catalogue: Catalogue, provider: WalletProvider) -> None:
    """Have the consortium register the type, accredit the bank, trust a wallet's maker, permit what may be asked."""
    bank, exchange, supervisor = parties
    with board.step("A type registered, the bank accredited by 2 of 3") as step:
        motions = []
        if not any(item["vct"] == catalogue.vct for item in bank.all("/v1/schemas")):
            motions.append(catalogue.register_type())
        if not is_accredited(bank, catalogue):
            motions.append(catalogue.accredit(bank, CLOCK.now() + _YEAR_S))
        if not is_trusted(bank, provider):
            motions.append(trust(provider))
        profiles = {(item["member_id"], item["name"]) for item in bank.all("/v1/relying-parties")}
        motions += [
            catalogue.permit(party) for party in (exchange, bank) if (party.member_id, OPENING) not in profiles
        ]
        decide(bank, [supervisor], motions)
        for party in parties:
            wait_for(f"{party.name} sees it", lambda: is_accredited(bank, catalogue, at=party) or None)  # noqa: B023
        step.note(f"{len(motions)} proposals executed after the delay of 2 s" if motions else "as in an earlier play")


def _is_member(witness: Party, party: Party) -> bool:
    return any(item["member_id"] == party.member_id for item in witness.all("/v1/members"))


def is_accredited(member: Party, catalogue: Catalogue, at: Party | None = None) -> bool:
    """Tell whether a member holds a grant for the type that was not withdrawn, as some node sees it."""
    query = {"member": member.member_id, "schema_id": "0x" + catalogue.schema.hex()}
    grants = (at or member).all("/v1/accreditations", query)
    return any(grant["withdrawn_at"] is None for grant in grants)
