"""Describe on the wire what makes governance readable: words, effects, trials, signed approvals, what is due."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from api.wire.base import Hex32, In, Out, Time
from api.wire.governance import MAX_ARGUMENTS, Name
from api.wire.words import Change, Words
from jeung.domain.governance import agenda
from jeung.domain.governance.approvals import MAX_SIGNATURE
from jeung.domain.identifiers import to_hex
from jeung.services import approvals, simulations

_Address = Annotated[str, Field(pattern="^0x[0-9a-fA-F]{40}$")]


class Simulate(In):
    """Try an act before it is sent.

    `propose` wants `contract`, `function` and `args` as `POST /v1/proposals` does; `suspend` wants `member_id`; the
    others want `proposal_id`.
    """

    act: Literal["propose", "approve", "withdraw", "execute", "cancel", "suspend"]
    contract: Name | None = None
    function: Name | None = None
    args: Annotated[list[Any], Field(max_length=MAX_ARGUMENTS)] | None = None
    proposal_id: Hex32 | None = None
    member_id: Hex32 | None = None

    @model_validator(mode="after")
    def _one_subject(self) -> Self:
        given = {
            name
            for name in ("contract", "function", "args", "proposal_id", "member_id")
            if getattr(self, name) is not None
        }
        wanted = {
            "propose": {"contract", "function", "args"},
            "suspend": {"member_id"},
        }.get(self.act, {"proposal_id"})
        if given != wanted:
            raise ValueError("expected what this act is about and nothing else")
        return self


class SimulatedStep(Out):
    """Show how one step fared: our own act under its function's name, or `call`, what the consortium would do."""

    name: str
    accepted: bool
    error: str | None = Field(description="the contract's error")
    refusal: Words | None


class Simulation(Out):
    """Show a trial; `pending` until the worker has asked the chain.

    `simulated` tells that the changes are what the chain's own simulation did; otherwise they are predicted.
    """

    simulation_id: str
    state: Literal["pending", "done"]
    words: Words
    accepted: bool | None
    steps: list[SimulatedStep]
    changes: list[Change]
    simulated: bool | None
    block: int | None

    @classmethod
    def of(cls, simulation: simulations.Simulation) -> Self:
        """Write a trial."""
        return cls(
            simulation_id=simulation.simulation_id,
            state="pending" if simulation.accepted is None else "done",
            words=Words.of(simulation.words),
            accepted=simulation.accepted,
            steps=[
                SimulatedStep(
                    name=step.name,
                    accepted=step.accepted,
                    error=step.error,
                    refusal=None if step.refusal is None else Words.of(step.refusal),
                )
                for step in simulation.steps
            ],
            changes=[Change.of(change) for change in simulation.changes],
            simulated=simulation.simulated,
            block=simulation.block,
        )


class AskApproval(In):
    """Ask for the file that a member signs to approve off line; our own member unless named."""

    member_id: Hex32 | None = None


class ApprovalRequest(Out):
    """Give the file to be signed, once the chain has told the account's nonce."""

    request_id: str
    state: Literal["pending", "done"]
    document: dict[str, Any] | None

    @classmethod
    def of(cls, asked: approvals.AskedApproval) -> Self:
        """Write a request."""
        document = None if asked.request is None else asked.request.document()
        return cls(request_id=asked.request_id, state="pending" if document is None else "done", document=document)


class SignedApproval(In):
    """Bring an approval that was signed off line: the file that `jeung governance sign` wrote.

    A contract account's signature (`contract_account`) is what that contract wants; the chain alone judges it.
    """

    version: Literal[1]
    kind: Literal["signed_approval"]
    chain_id: Annotated[int, Field(ge=0, le=(1 << 53) - 1)]
    consortium: _Address
    proposal_id: Hex32
    member_id: Hex32
    nonce: Annotated[int, Field(ge=0, le=(1 << 53) - 1)]
    deadline: Time
    signature: Annotated[
        str,
        Field(pattern="^0x([0-9a-fA-F]{2})+$", max_length=2 + 2 * MAX_SIGNATURE, description="r, s and v, 65 bytes"),
    ]
    contract_account: bool = False


class AgendaItem(Out):
    """Show one thing that is due; `ours` tells that this member must see to it."""

    kind: agenda.AgendaKind
    identifier: str
    member_id: str | None
    due_at: int
    ours: bool
    words: Words

    @classmethod
    def of(cls, item: agenda.AgendaItem) -> Self:
        """Write an item."""
        return cls(
            kind=item.kind,
            identifier=item.identifier,
            member_id=None if item.member is None else to_hex(item.member),
            due_at=item.due_at,
            ours=item.ours,
            words=Words.of(item.words),
        )


class Agenda(Out):
    """Give what is due within the days that the settings name, the most urgent first."""

    items: list[AgendaItem]
