"""Judge why the chain refuses a write: what was wanted stands already, it may be accepted later, or never."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from jeung.domain.identifiers import MemberId
from node.chain.abi import Revert
from node.chain.hexes import hex_of

ATTEST = "attest"
SET_STATUSES = "setStatuses"
TOO_MUCH_GAS = "TooMuchGas"
"""Stands for a contract's error where a call needs more gas than any transaction may have."""
ENDPOINT_REFUSED = "EndpointRefused"
"""Stands for a contract's error where the endpoint refuses to try a call, for a reason of its own."""

# States of IProposals and IMembers.
_PROPOSAL_NONE, _PROPOSAL_CANCELLED, _PROPOSAL_EXECUTED = 0, 3, 4
_MEMBER_REMOVED = 3


class Verdict(enum.Enum):
    """Say what to do with a write that the chain refuses."""

    DONE = "done"
    LATER = "later"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Hold what was refused: the function, the error, and whose member's accounts sent it."""

    function: str
    error: Revert
    own: MemberId

    def number(self, name: str) -> int:
        """Give a whole number among the error's arguments, -1 where there is none."""
        value = self.error.args.get(name)
        return value if type(value) is int else -1


def judge(refusal: Refusal) -> Verdict:
    """Judge a refusal.

    Attestations and statuses are duties: unless they stand already they are tried again for as long as it takes (an
    issuer may be reinstated, an operator authorised). What a person asked for fails with the contract's own error
    unless that error passes with time.
    """
    if refusal.error.name == ENDPOINT_REFUSED:
        return Verdict.LATER
    rule = _RULES.get(refusal.error.name)
    if rule is not None:
        return rule(refusal)
    return Verdict.LATER if refusal.function in (ATTEST, SET_STATUSES) else Verdict.NEVER


def _proposal_not_open(refusal: Refusal) -> Verdict:
    state = refusal.number("state")
    if state == _PROPOSAL_NONE:
        # Our own proposal may still be on its way.
        return Verdict.LATER
    if state == _PROPOSAL_EXECUTED and refusal.function in ("execute", "approve", "approveBySignature"):
        return Verdict.DONE
    if state == _PROPOSAL_CANCELLED and refusal.function in ("cancel", "withdrawApproval"):
        return Verdict.DONE
    return Verdict.NEVER


def _at_or_before(offered: str, standing: str) -> Callable[[Refusal], Verdict]:
    """Count a time as reached that stands already at, or before, what was offered."""

    def rule(refusal: Refusal) -> Verdict:
        wanted, stands, block_time = (refusal.number(name) for name in (offered, standing, "blockTime"))
        if stands > 0 and (wanted == 0 or stands <= wanted):
            return Verdict.DONE
        # Our clock may be ahead of the newest block's time by a little.
        return Verdict.LATER if offered == "since" and 0 <= block_time < wanted else Verdict.NEVER

    return rule


def _member_not_active(refusal: Refusal) -> Verdict:
    lasting = refusal.number("status") == _MEMBER_REMOVED or refusal.function == "suspendMember"
    return Verdict.NEVER if lasting else Verdict.LATER


def _account_taken(refusal: Refusal) -> Verdict:
    ours = refusal.error.args.get("member") == hex_of(refusal.own)
    return Verdict.DONE if ours and refusal.function == "authorizeOperator" else Verdict.NEVER


def _always(verdict: Verdict) -> Callable[[Refusal], Verdict]:
    return lambda _: verdict


def _goal_of(function: str) -> Callable[[Refusal], Verdict]:
    return lambda refusal: Verdict.DONE if refusal.function == function else Verdict.NEVER


_RULES: Mapping[str, Callable[[Refusal], Verdict]] = {
    # The batch's identifier contains the issuer: only our own attestation of the same digests can stand in the way.
    "BatchExists": _goal_of(ATTEST),
    "ProposalExists": _goal_of("propose"),
    "ApprovalExists": lambda refusal: (
        Verdict.DONE if refusal.function in ("approve", "approveBySignature") else Verdict.NEVER
    ),
    "KeyExists": _goal_of("registerKey"),
    "OperatorAlreadyRetired": lambda refusal: (
        Verdict.LATER if refusal.function in (ATTEST, SET_STATUSES) else _goal_of("retireOperator")(refusal)
    ),
    "AccountTaken": _account_taken,
    "KeyRevocationTimeWrong": _at_or_before("revokedAt", "standing"),
    "KeyCompromiseTimeWrong": _at_or_before("since", "standing"),
    "OperatorCompromiseNotEarlier": _at_or_before("since", "declared"),
    "ProposalNotOpen": _proposal_not_open,
    "ProposalNotRipe": _always(Verdict.LATER),
    "MemberNotActive": _member_not_active,
    "TimeInFuture": _always(Verdict.LATER),
    # Only our own accounts anchor our log: this very checkpoint stands already.
    "LogAnchorExists": _goal_of("anchor"),
}
