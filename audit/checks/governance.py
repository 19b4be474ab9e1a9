"""Look behind the votes: who sent them, and what was decided by them.

The replay has counted quorum and delay by the rules of that time. This check asks the chain who sent each vote, which
no event says, and reads what every executed proposal called.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from audit import rules
from audit.checks.views import Progress
from audit.decoding import CONTRACTS, Undecodable, decode_call, selector_of
from audit.findings import Finding
from audit.source import ChainReader, Transaction
from audit.state import State

_BY_TRANSACTION: Final = ("propose", "approve")
_AT_ONCE: Final = 200

_Vote = tuple[str, list[Any]]


def compare_governance(reader: ChainReader, state: State, progress: Progress) -> tuple[list[Finding], int]:
    """Judge every vote's sender and every executed proposal's call; give findings and a count of votes.

    Raises:
        AuditImpossible: the chain does not answer, or lacks a vote's transaction.
    """
    votes: list[_Vote] = [(name, vote) for name, record in state.proposals.items() for vote in record["votes"]]
    findings: list[Finding] = []
    for begin in range(0, len(votes), _AT_ONCE):
        findings.extend(_strangers(reader, state, votes[begin : begin + _AT_ONCE]))
        progress(min(begin + _AT_ONCE, len(votes)), len(votes))
    findings.extend(_opaque(state))
    return findings, len(votes)


def _strangers(reader: ChainReader, state: State, votes: Sequence[_Vote]) -> Iterator[Finding]:
    sent = reader.transactions([vote[0] for _, vote in votes])
    for (proposal, (_, member, time, block)), transaction in zip(votes, sent, strict=True):
        account = governance_at(state, member, time)
        if _by_transaction(state, transaction) and transaction.sender != account.lower():
            message = f"a vote in transaction {transaction.hash} was not sent by the governance account {account}"
            yield Finding(rules.VOTE_BY_STRANGER, f"proposal {proposal}", message, block, member)


def _by_transaction(state: State, transaction: Transaction) -> bool:
    """Tell whether a vote was cast by calling the Consortium itself, not through a contract or by a signature."""
    consortiums = {address.lower() for address in state.addresses("Consortium")}
    selectors = {selector_of("Consortium", name) for name in _BY_TRANSACTION}
    return transaction.to in consortiums and transaction.input[:4] in selectors


def governance_at(state: State, member: str, time: int) -> str:
    """Give the governance account a member had at a time; "" when it had none."""
    history = state.members.get(member, {"governance": []})["governance"]
    return next((str(account) for account, since in reversed(history) if since <= time), "")


def _opaque(state: State) -> Iterator[Finding]:
    names = {address.lower(): name for name in CONTRACTS for address in state.addresses(name)}
    for proposal, record in state.proposals.items():
        if record["executed_at"] is None:
            continue
        contract, data = names.get(record["target"].lower()), bytes.fromhex(record["data"][2:])
        reason = "its target is none of the consortium's contracts" if contract is None else _unread(contract, data)
        if reason is not None:
            yield Finding(rules.ACT_OPAQUE, f"proposal {proposal}", reason, record["votes"][0][3], record["proposer"])


def _unread(contract: str, data: bytes) -> str | None:
    try:
        decode_call(contract, data)
    except Undecodable:
        return f"its calldata is no call of {contract}"
    return None
