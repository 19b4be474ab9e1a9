"""Serve this member's part in the consortium: proposals, votes, its own keys, and how its writes to the chain fare.

Every act answers 202 with an intent: the worker carries it to the chain, and the intent says how that went.
"""

from collections.abc import Callable

from apiflask import APIBlueprint

from api.context import runtime
from api.idempotency import Key
from api.operation import Operation, operation
from api.paging import page_of
from api.wire.base import PageQuery
from api.wire.governance import (
    DeclareCompromised,
    Enrolled,
    Intent,
    Intents,
    Proposal,
    Proposals,
    Propose,
    RevokeKey,
    Suspend,
)
from jeung.domain import chain
from jeung.domain.access import RequestKey, Scope
from jeung.domain.chain import ChainCall
from jeung.domain.identifiers import KeyThumbprint, MemberId, ProposalId, id_from_hex
from jeung.errors import Conflict, LedgerStale, NotFound

blueprint = APIBlueprint("governance", __name__, tag="Governance")

_GOVERN = frozenset({Scope.GOVERN})
_READ = frozenset({Scope.GOVERN, Scope.AUDIT})
_READ_KEYS = frozenset({Scope.GOVERN, Scope.KEYS})


@operation(
    blueprint,
    Operation(
        "POST",
        "/v1/proposals",
        _GOVERN,
        takes=Propose,
        gives=Intent,
        status=202,
        body_limit=0,
        key=Key.REQUIRED,
        refuses=(NotFound, LedgerStale),
    ),
)
def propose(body: Propose, request_key: RequestKey | None) -> Intent:
    """Propose a call to the consortium; proposing counts as this member's approval."""
    call = ChainCall(body.contract, body.function, tuple(body.args))
    salt = None if body.salt is None else id_from_hex(body.salt)
    return Intent.of(runtime().governance.propose(call, salt=salt, request=request_key))


@operation(
    blueprint, Operation("GET", "/v1/proposals", _READ, query=PageQuery, gives=Proposals, refuses=(LedgerStale,))
)
def list_proposals(query: PageQuery) -> Proposals:
    """List the consortium's proposals, oldest first, in words and with their effect."""
    now = runtime().clock.now()
    items, cursor = page_of(runtime().decisions.proposals(), query, lambda decision: Proposal.of(decision, now))
    return Proposals(items=items, next_cursor=cursor)


@operation(
    blueprint,
    Operation("GET", "/v1/proposals/<hex32:proposal_id>", _READ, gives=Proposal, refuses=(LedgerStale,)),
)
def get_proposal(proposal_id: str) -> Proposal:
    """Show a proposal in words, with its effect and its approvals."""
    decision = runtime().decisions.proposal(ProposalId(id_from_hex(proposal_id)))
    return Proposal.of(decision, runtime().clock.now())


def _vote(
    name: str, text: str, act: Callable[[ProposalId, RequestKey | None], chain.Intent]
) -> Callable[..., Intent]:
    """Make the view of one act on a proposal."""

    def view(proposal_id: str, request_key: RequestKey | None) -> Intent:
        return Intent.of(act(ProposalId(id_from_hex(proposal_id)), request_key))

    view.__name__, view.__doc__ = name, text
    return view


_VOTES = {
    "approvals": _vote(
        "approve_proposal",
        "Approve a proposal.",
        lambda proposal, request: runtime().governance.approve(proposal, request=request),
    ),
    "withdrawal": _vote(
        "withdraw_approval",
        "Take this member's approval back.",
        lambda proposal, request: runtime().governance.withdraw_approval(proposal, request=request),
    ),
    "cancellation": _vote(
        "cancel_proposal",
        "Cancel a proposal of this member.",
        lambda proposal, request: runtime().governance.cancel(proposal, request=request),
    ),
    "execution": _vote(
        "execute_proposal",
        "Execute a proposal once enough approvals are ripe.",
        lambda proposal, request: runtime().governance.execute(proposal, request=request),
    ),
}

for _act, _view in _VOTES.items():
    operation(
        blueprint,
        Operation(
            "POST",
            f"/v1/proposals/<hex32:proposal_id>/{_act}",
            _GOVERN,
            gives=Intent,
            status=202,
            key=Key.OPTIONAL,
            refuses=(LedgerStale,),
        ),
    )(_view)


@operation(
    blueprint,
    Operation(
        "POST",
        "/v1/members/<hex32:member_id>/suspension",
        _GOVERN,
        takes=Suspend,
        gives=Intent,
        status=202,
        key=Key.OPTIONAL,
        refuses=(LedgerStale,),
    ),
)
def suspend_member(member_id: str, body: Suspend, request_key: RequestKey | None) -> Intent:
    """Suspend a member in an emergency, as a supervisor may; it lapses unless the quorum confirms it."""
    member = MemberId(id_from_hex(member_id))
    digest = id_from_hex(body.reason_digest)
    return Intent.of(runtime().governance.suspend_member(member, digest, request=request_key))


@operation(
    blueprint,
    Operation(
        "POST",
        "/v1/enrolment",
        _GOVERN,
        gives=Enrolled,
        status=202,
        refuses=(Conflict, LedgerStale),
    ),
)
def enrol() -> Enrolled:
    """Register this member's active keys and authorise its accounts, as far as the chain lacks them."""
    return Enrolled(items=[Intent.of(intent) for intent in runtime().governance.enrol()])


@operation(
    blueprint,
    Operation(
        "POST",
        "/v1/keys/<hex32:thumbprint>/revocation",
        _GOVERN,
        takes=RevokeKey,
        gives=Intent,
        status=202,
        key=Key.OPTIONAL,
        refuses=(LedgerStale,),
    ),
)
def revoke_key(thumbprint: str, body: RevokeKey, request_key: RequestKey | None) -> Intent:
    """Revoke a key of this member in good order."""
    key = KeyThumbprint(id_from_hex(thumbprint))
    return Intent.of(runtime().governance.revoke_key(key, at=body.at, request=request_key))


@operation(
    blueprint,
    Operation(
        "POST",
        "/v1/keys/<hex32:thumbprint>/compromise",
        _GOVERN,
        takes=DeclareCompromised,
        gives=Intent,
        status=202,
        key=Key.OPTIONAL,
        refuses=(LedgerStale,),
    ),
)
def declare_key_compromised(thumbprint: str, body: DeclareCompromised, request_key: RequestKey | None) -> Intent:
    """Declare a key of this member compromised since a time."""
    key = KeyThumbprint(id_from_hex(thumbprint))
    return Intent.of(runtime().governance.declare_key_compromised(key, body.since, request=request_key))


@operation(blueprint, Operation("GET", "/v1/intents", _READ_KEYS, query=PageQuery, gives=Intents))
def list_intents(query: PageQuery) -> Intents:
    """List this member's wanted writes to the chain, newest first."""
    page = runtime().governance.intents(cursor=query.cursor, limit=query.limit)
    return Intents(items=[Intent.of(intent) for intent in page.items], next_cursor=page.next_cursor)


@operation(blueprint, Operation("GET", "/v1/intents/<token:intent_id>", _READ_KEYS, gives=Intent))
def get_intent(intent_id: str) -> Intent:
    """Say how a wanted write to the chain fares."""
    return Intent.of(runtime().governance.intent(intent_id))
