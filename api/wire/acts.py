"""Describe acts of two people on the wire."""

from typing import Annotated, Any

from pydantic import Field

from api.wire.base import Hex32, In, Out, loose
from jeung.domain import dual_control
from jeung.domain.dual_control import MAX_REASON, ActKind, ActState, Channel, Description, PrincipalKind
from jeung.domain.identifiers import to_hex

_Reason = Annotated[str, Field(min_length=1, max_length=MAX_REASON, description="why, for whoever decides")]


class AskForAct(In):
    """Ask for an act that a second person must approve; what `parameters` holds depends on the kind."""

    kind: Annotated[ActKind, loose]
    parameters: Annotated[dict[str, Any], Field(max_length=32)]
    reason: _Reason


class ApproveAct(In):
    """Approve an act by the digest that was read."""

    digest: Hex32


class ActSignatory(Out):
    """Name who asked or decided: a client or a staff id, and where."""

    kind: PrincipalKind
    id: str
    channel: Channel


class ActFact(Out):
    """Show one value of an act."""

    label_ko: str
    label_en: str
    value: str


class ActDescription(Out):
    """Say in plain words what an act would do."""

    title_ko: str
    title_en: str
    effect_ko: str
    effect_en: str
    facts: list[ActFact]


class Act(Out):
    """Show an act; parameters, salt, reason and description are null once it has forgotten them.

    So they are, and the result with them, for who neither decides or audits nor could have asked for it.

    Whoever keeps `salt` and `parameters` can show later what the digest stood for, and nobody else can.
    """

    act_id: str
    kind: ActKind
    state: ActState
    digest: str
    salt: str | None
    parameters: dict[str, Any] | None
    reason: str | None
    description: ActDescription | None
    requested_by: ActSignatory
    requested_at: int
    expires_at: int
    decided_by: ActSignatory | None
    decided_at: int | None
    begun_at: int | None
    ended_at: int | None
    failure: str | None
    result: dict[str, Any] | None

    @classmethod
    def of(cls, act: dual_control.Act, description: Description | None, now: int) -> "Act":
        """Write an act as of a time."""
        return cls(
            act_id=act.act_id,
            kind=act.kind,
            state=act.state_at(now),
            digest=to_hex(act.digest),
            salt=None if act.salt is None else to_hex(act.salt),
            parameters=None if act.parameters is None else dict(act.parameters),
            reason=act.reason,
            description=None if description is None else _described(description),
            requested_by=_signatory(act.requested_by),
            requested_at=act.requested_at,
            expires_at=act.expires_at,
            decided_by=None if act.decided_by is None else _signatory(act.decided_by),
            decided_at=act.decided_at,
            begun_at=act.begun_at,
            ended_at=act.ended_at,
            failure=act.failure,
            result=None if act.result is None else dict(act.result),
        )


class Acts(Out):
    """Give one page of acts, newest first."""

    items: list[Act]
    next_cursor: str | None


def _signatory(by: dual_control.Signatory) -> ActSignatory:
    return ActSignatory(kind=by.kind, id=by.account_id, channel=by.channel)


def _described(description: Description) -> ActDescription:
    return ActDescription(
        title_ko=description.title.ko,
        title_en=description.title.en,
        effect_ko=description.effect.ko,
        effect_en=description.effect.en,
        facts=[
            ActFact(label_ko=fact.label.ko, label_en=fact.label.en, value=fact.value) for fact in description.facts
        ],
    )
