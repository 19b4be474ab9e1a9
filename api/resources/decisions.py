"""Serve what makes governance usable: trials before anything is sent, approvals signed off line, what is due soon."""

from apiflask import APIBlueprint

from api.context import runtime
from api.idempotency import Key
from api.operation import Operation, operation
from api.wire.decisions import (
    Agenda,
    AgendaItem,
    ApprovalRequest,
    AskApproval,
    SignedApproval,
    Simulate,
    Simulation,
)
from api.wire.governance import Intent
from jeung.domain.access import RequestKey, Scope
from jeung.domain.chain import ChainCall
from jeung.domain.governance import approvals
from jeung.domain.identifiers import Address, MemberId, ProposalId, id_from_hex
from jeung.errors import (
    ApprovalGiven,
    ApprovalNotByMember,
    ApprovalOfAnotherChain,
    ApprovalTooLate,
    Conflict,
    LedgerStale,
    NotFound,
    ProposalClosed,
    Unavailable,
)

blueprint = APIBlueprint("decisions", __name__, tag="Governance")

_GOVERN = frozenset({Scope.GOVERN})
_READ = frozenset({Scope.GOVERN, Scope.AUDIT})


@operation(
    blueprint,
    Operation(
        "POST",
        "/v1/governance/simulations",
        _GOVERN,
        takes=Simulate,
        gives=Simulation,
        status=202,
        body_limit=0,
        refuses=(NotFound, ProposalClosed, LedgerStale, Unavailable),
    ),
)
def simulate(body: Simulate) -> Simulation:
    """Try a governance act on the chain's present state, quorum assumed; nothing is sent."""
    service = runtime().simulations
    if body.act == "propose":
        call = ChainCall(body.contract or "", body.function or "", tuple(body.args or ()))
        return Simulation.of(service.try_proposal(call))
    if body.act == "suspend":
        return Simulation.of(service.try_suspension(MemberId(id_from_hex(body.member_id or ""))))
    return Simulation.of(service.try_vote(body.act, ProposalId(id_from_hex(body.proposal_id or ""))))


@operation(
    blueprint,
    Operation(
        "GET", "/v1/governance/simulations/<token:simulation_id>", _GOVERN, gives=Simulation, refuses=(LedgerStale,)
    ),
)
def get_simulation(simulation_id: str) -> Simulation:
    """Say how a trial ended; it is kept for ten minutes."""
    return Simulation.of(runtime().simulations.simulation(simulation_id))


@operation(
    blueprint,
    Operation(
        "POST",
        "/v1/proposals/<hex32:proposal_id>/approval-requests",
        _GOVERN,
        takes=AskApproval,
        gives=ApprovalRequest,
        status=202,
        refuses=(ProposalClosed, ApprovalGiven, Conflict, LedgerStale, Unavailable),
    ),
)
def ask_approval(proposal_id: str, body: AskApproval) -> ApprovalRequest:
    """Prepare the file that a member signs off line to approve a proposal."""
    member = None if body.member_id is None else MemberId(id_from_hex(body.member_id))
    return ApprovalRequest.of(runtime().approvals.ask(ProposalId(id_from_hex(proposal_id)), member))


@operation(
    blueprint,
    Operation(
        "GET",
        "/v1/governance/approval-requests/<token:request_id>",
        _GOVERN,
        gives=ApprovalRequest,
        refuses=(Conflict, LedgerStale),
    ),
)
def get_approval_request(request_id: str) -> ApprovalRequest:
    """Give the file that a member signs off line; it is kept for ten minutes."""
    return ApprovalRequest.of(runtime().approvals.asked(request_id))


@operation(
    blueprint,
    Operation(
        "POST",
        "/v1/governance/signed-approvals",
        _GOVERN,
        takes=SignedApproval,
        gives=Intent,
        status=202,
        key=Key.OPTIONAL,
        refuses=(
            NotFound,
            ProposalClosed,
            ApprovalOfAnotherChain,
            ApprovalTooLate,
            ApprovalGiven,
            ApprovalNotByMember,
            Conflict,
            LedgerStale,
        ),
    ),
)
def submit_approval(body: SignedApproval, request_key: RequestKey | None) -> Intent:
    """Carry an approval that was signed off line to the chain, whoever's it is."""
    signed = approvals.SignedApproval(
        chain_id=body.chain_id,
        consortium=Address(body.consortium),
        proposal=ProposalId(id_from_hex(body.proposal_id)),
        member=MemberId(id_from_hex(body.member_id)),
        nonce=body.nonce,
        deadline=body.deadline,
        signature=bytes.fromhex(body.signature[2:]),
        contract_account=body.contract_account,
    )
    return Intent.of(runtime().approvals.submit(signed, request=request_key))


@operation(blueprint, Operation("GET", "/v1/governance/agenda", _READ, gives=Agenda, refuses=(LedgerStale,)))
def get_agenda() -> Agenda:
    """List what lapses soon or waits for this member: accreditations, keys, proposals, certificates and more."""
    items = runtime().decisions.agenda(runtime().certificates())
    return Agenda(items=[AgendaItem.of(item) for item in items])
