"""Describe nonces, verifications and evidence on the wire."""

from typing import Annotated, Any, Literal

from pydantic import Field

from api.wire.base import In, Out, Token
from jeung.domain import verification
from jeung.domain.identifiers import to_hex
from jeung.domain.verification import IssuedNonce, NonceState, Verdict
from jeung.services.verification.evidence import OpenedEvidence

_Profile = Annotated[str, Field(min_length=1, max_length=128, description="the name of a registered request profile")]


class AskNonce(In):
    """Ask for a nonce for one presentation under a request profile of this member."""

    profile: _Profile


class Nonce(Out):
    """Give a nonce; the presentation's key binding must name it, and `audience` as its `aud`."""

    nonce: str
    profile: str
    audience: str
    expires_at: int


class Verify(In):
    """Have a presentation verified: an SD-JWT VC with key binding, in compact form.

    Without an access token `nonce` is the authority and must be one this node gave out.
    """

    presentation: Annotated[str, Field(min_length=1)]
    nonce: Token | None = None
    profile: _Profile | None = None


class Judgement(Out):
    """Say whether a presentation is accepted, and the stable code of the refusal where not."""

    result: Verdict
    code: str | None


class Answer(Judgement):
    """Answer a presentation; `receipt` is the holder's signed consent receipt, to be passed on to him."""

    receipt: Annotated[str | None, Field(description="a `consent-receipt+jwt`; null where nothing was asked")]


class Step(Out):
    """Show one numbered step of the verification; `facts` hold no claim of the person."""

    number: int
    name: str
    passed: bool
    facts: dict[str, Any]


class Verification(Judgement):
    """Give a finished judgement with its steps; `claims` are what was disclosed, empty unless verified."""

    evidence_id: str
    profile: str
    verified_at: int
    steps: list[Step]
    claims: dict[str, Any]

    @classmethod
    def of(cls, judged: verification.Verification) -> "Verification":
        """Write a judgement."""
        return cls(
            result=judged.verdict,
            code=judged.code,
            evidence_id=judged.evidence_id,
            profile=judged.profile,
            verified_at=judged.verified_at,
            steps=[
                Step(number=step.number, name=step.name, passed=step.passed, facts=dict(step.facts))
                for step in judged.steps
            ],
            claims=dict(judged.claims),
        )


class VerificationAnswer(Verification, Answer):
    """Answer a presentation with everything that was judged and the holder's receipt."""

    @classmethod
    def given(cls, judged: verification.Verification, receipt: str | None) -> "VerificationAnswer":
        """Write a judgement and the receipt signed for it."""
        return cls(**Verification.of(judged).model_dump(), receipt=receipt)


class NonceOutcome(Out):
    """Say what has become of a nonce; `verification` is there once a finished judgement used it up."""

    profile: str
    issued_at: int
    expires_at: int
    state: NonceState
    verification: Verification | None

    @classmethod
    def of(cls, nonce: IssuedNonce, now: int, judged: Verification | None) -> "NonceOutcome":
        """Write a nonce's state at `now` and its judgement."""
        return cls(
            profile=nonce.profile,
            issued_at=nonce.issued_at,
            expires_at=nonce.expires_at,
            state=nonce.state(now),
            verification=judged,
        )


class EvidenceItem(Judgement):
    """Show that evidence is kept of a judgement, without opening it."""

    evidence_id: str
    profile: str
    recorded_at: int

    @classmethod
    def of(cls, record: verification.EvidenceRecord) -> "EvidenceItem":
        """Write a record of evidence."""
        return cls(
            result=record.verdict,
            code=record.code,
            evidence_id=record.evidence_id,
            profile=record.profile,
            recorded_at=record.recorded_at,
        )


class EvidenceItems(Out):
    """Give one page of evidence, newest first."""

    items: list[EvidenceItem]
    next_cursor: str | None


class Evidence(EvidenceItem):
    """Give an opened evidence package and the commitment the event log holds to its bytes (SHA-256)."""

    format: Literal[1]
    commitment: str
    package: dict[str, Any]

    @classmethod
    def opened(cls, opened: OpenedEvidence) -> "Evidence":
        """Write an opened package."""
        item = EvidenceItem.of(opened.record)
        return cls(**item.model_dump(), format=1, commitment=to_hex(opened.commitment), package=dict(opened.package))
