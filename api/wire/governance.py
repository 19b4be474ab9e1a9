"""Describe governance on the wire: proposals of the consortium, and what this member wants written to the chain."""

from typing import Annotated, Any, Literal

from pydantic import Field

from api.wire.base import Hex32, In, Out, Time
from api.wire.words import Change, Words
from jeung.domain import chain, registrations
from jeung.domain.chain import IntentState
from jeung.domain.identifiers import to_hex
from jeung.services import decisions

MAX_ARGUMENTS = 8
Name = Annotated[str, Field(pattern="^[A-Za-z][A-Za-z0-9]{0,63}$")]


class Propose(In):
    """Propose that the consortium makes a call of one of its contracts.

    Arguments are JSON values: 0x-hexadecimal text for bytes and addresses, whole numbers, text, booleans, lists.
    """

    contract: Name
    function: Name
    args: Annotated[list[Any], Field(max_length=MAX_ARGUMENTS)]
    salt: Hex32 | None = None


class RevokeKey(In):
    """Revoke a key in good order, at once or from a later time."""

    at: Time | None = None


class DeclareCompromised(In):
    """Declare a key compromised since a time, which may not lie in the future and is never taken back."""

    since: Time


class Suspend(In):
    """Suspend a member at once; the reason stays here, a salted SHA-256 of it goes to the chain."""

    reason_digest: Hex32


class ContractCall(Out):
    """Show a call of a contract."""

    contract: str
    function: str
    args: list[Any]


class Intent(Out):
    """Show one wanted write to the chain; `failure` names the contract's error where it refused for good."""

    intent_id: str
    call: ContractCall
    state: IntentState
    created_at: int
    transaction: str | None
    failure: str | None

    @classmethod
    def of(cls, intent: chain.Intent) -> "Intent":
        """Write an intent."""
        return cls(
            intent_id=intent.intent_id,
            call=ContractCall(
                contract=intent.call.contract, function=intent.call.function, args=list(intent.call.args)
            ),
            state=intent.state,
            created_at=intent.created_at,
            transaction=None if intent.transaction is None else to_hex(intent.transaction),
            failure=intent.failure,
        )


class Intents(Out):
    """Give one page of intents, newest first."""

    items: list[Intent]
    next_cursor: str | None


class Enrolled(Out):
    """Give what must be written so that the chain knows all of this member's keys and accounts."""

    items: list[Intent]


class Approval(Out):
    """Show a member's approval; it counts from `ripe_at` on, while the member is active (`counts`)."""

    member_id: str
    url: str
    ripe_at: int
    counts: bool


class Proposal(Out):
    """Show a proposal; `call` is the calldata, `salt` tells equal proposals apart.

    `contract` is empty where the Directory never named the target, `former` tells that it names another one now.
    `function` and `args` are null where the calldata cannot be read in one way only. `changes` is what an open
    proposal would change if it were executed now. `required` ripe approvals are needed now; `executable_at` is when
    those given so far suffice, null while they are too few. `ours` tells that this member proposed it: a salt alone
    does not, others see it before the chain has it.
    """

    proposal_id: str
    proposer: str
    proposer_url: str
    ours: bool
    salt: str
    target: str
    contract: str
    former: bool
    function: str | None
    args: list[Any] | None
    words: Words
    changes: list[Change]
    call: str
    state: Literal["open", "executed", "cancelled", "expired"]
    quorum: int
    required: int
    executable_at: int | None
    approvals: list[Approval]
    created_at: int
    expires_at: int
    executed_at: int | None
    cancelled_at: int | None

    @classmethod
    def of(cls, decision: decisions.Decision, now: int) -> "Proposal":
        """Write a proposal as of a time."""
        proposal = decision.proposal
        return cls(
            proposal_id=to_hex(proposal.proposal),
            proposer=to_hex(proposal.proposer),
            proposer_url=decision.proposer,
            ours=decision.ours,
            salt=to_hex(proposal.salt),
            target=proposal.target,
            contract=decision.contract,
            former=decision.former,
            function=None if decision.call is None else decision.call.function,
            args=None if decision.call is None else list(decision.call.args),
            words=Words.of(decision.words),
            changes=[Change.of(change) for change in decision.changes],
            call=to_hex(proposal.call),
            state=_state(proposal, now),
            quorum=proposal.quorum,
            required=decision.required,
            executable_at=decision.executable_at,
            approvals=[
                Approval(member_id=to_hex(vote.member), url=vote.url, ripe_at=vote.ripe_at, counts=vote.counts)
                for vote in decision.votes
            ],
            created_at=proposal.created_at,
            expires_at=proposal.expires_at,
            executed_at=proposal.executed_at,
            cancelled_at=proposal.cancelled_at,
        )


class Proposals(Out):
    """Give one page of proposals, oldest first."""

    items: list[Proposal]
    next_cursor: str | None


def _state(proposal: registrations.Proposal, now: int) -> Literal["open", "executed", "cancelled", "expired"]:
    if proposal.executed_at is not None:
        return "executed"
    if proposal.cancelled_at is not None:
        return "cancelled"
    return "expired" if now >= proposal.expires_at else "open"
