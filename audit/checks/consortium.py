"""Say what the Consortium contract, and everyone who names it as their own, must answer."""

from collections.abc import Iterator
from typing import Any

from audit.checks.views import Question, grouped
from audit.decoding import CONTRACTS
from audit.replay.members import NOBODY
from audit.state import FOREVER, State

_STATUS = {"unknown": 0, "active": 1, "suspended": 2, "removed": 3}
_OPEN, _EXPIRED, _CANCELLED, _EXECUTED = 1, 2, 3, 4


def consortium_questions(state: State, time: int) -> Iterator[Question]:
    """Ask about members, operators, proposals and rules, as of the audited block's time."""
    consortium = state.addresses("Consortium")[-1:]
    for address in consortium:
        if state.rules:
            yield Question(address, "Consortium", "rules", (), "rules", state.rules)
            yield Question(address, "Consortium", "quorum", (), "quorum", state.quorum(time))
        for name in CONTRACTS:
            # Every part obeys the consortium whose events were replayed, and no other.
            for part in state.addresses(name)[-1:] if name != "Consortium" else ():
                yield Question(part, name, "consortium", (), f"{name} {part}", address)
    yield from _members(state, time)
    yield from _operators(state)
    if state.rules:
        yield from _proposals(state, time)


def _members(state: State, time: int) -> Iterator[Question]:
    for address, members in grouped(state, "Consortium", state.members).items():
        yield Question(address, "Consortium", "members", (), "members", sorted(members), sorted)
    for member, record in state.members.items():
        subject, at = f"member {member}", record["at"]
        yield Question(at, "Consortium", "memberById", (member,), subject, _member(state, member, time))
        yield Question(at, "Consortium", "urls", (member,), subject, record["urls"])
        governance = [{"account": account, "since": since} for account, since in record["governance"]]
        yield Question(at, "Consortium", "governanceHistory", (member,), subject, governance)


def _member(state: State, member: str, time: int) -> dict[str, Any]:
    record = state.members[member]
    removed, standing = record["removed"] or {}, state.status_at(member, time)
    suspension = record["suspensions"][-1] if standing == "suspended" else {"until": FOREVER, "by": NOBODY}
    return {
        "status": _STATUS[standing],
        "roles": record["roles"][-1][1],
        "forCause": removed.get("for_cause", False),
        "admittedAt": record["admitted_at"],
        "suspendedUntil": 0 if suspension["until"] == FOREVER else suspension["until"],
        "removedSince": removed.get("since", 0),
        "suspendedBy": suspension["by"],
        "governance": record["governance"][-1][0],
    }


def _operators(state: State) -> Iterator[Question]:
    for member in state.members:
        mine = {account: kept for account, kept in state.operators.items() if kept["member"] == member}
        for address, accounts in grouped(state, "Consortium", mine).items():
            subject = f"operators of {member}"
            yield Question(address, "Consortium", "operators", (member,), subject, sorted(accounts), sorted)
    for account, kept in state.operators.items():
        expected = {
            "member": kept["member"],
            "purpose": kept["purpose"],
            "authorizedAt": kept["authorized_at"],
            "retiredAt": kept["retired_at"] or 0,
            "compromisedSince": kept["compromised_since"] or 0,
        }
        yield Question(kept["at"], "Consortium", "operatorOf", (account,), f"operator {account}", expected)


def _proposals(state: State, time: int) -> Iterator[Question]:
    for proposal, record in state.proposals.items():
        subject, at = f"proposal {proposal}", record["at"]
        given, ripe = state.approvals_of(record, time)
        expected = {
            "state": _proposal_state(record, time),
            "proposer": record["proposer"],
            "proposedAt": record["proposed_at"],
            "expiresAt": record["expires_at"],
            "timelock": record["timelock"],
            "required": max(record["quorum"], state.quorum(time)),
            "approvals": given,
            "ripe": ripe,
        }
        yield Question(at, "Consortium", "proposalById", (proposal,), subject, expected)
        for member, given_at in record["approvals"].items():
            yield Question(at, "Consortium", "approvalOf", (proposal, member), subject, given_at)


def _proposal_state(record: dict[str, Any], time: int) -> int:
    if record["executed_at"] is not None:
        return _EXECUTED
    if record["cancelled_at"] is not None:
        return _CANCELLED
    return _OPEN if time < record["expires_at"] else _EXPIRED
