"""Describe proofings on the wire."""

from typing import Annotated

from pydantic import Field

from api.wire.base import Hex32, In, Out, Time, Token, loose
from jeung.domain.identifiers import to_hex
from jeung.domain.person import MAX_TEXT
from jeung.domain.proofing import AssuranceLevel, ProofingMethod, ProofingState
from jeung.domain.proofing import Proofing as DomainProofing

_Text = Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]


class Account(In):
    """Name the bank account whose ownership was checked."""

    bank: _Text
    number: _Text
    verified_at: Time


class Person(In):
    """Give what is known of a person; it is sealed at once and never read back over this interface."""

    family_name: _Text
    given_name: _Text
    birthdate: Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
    name_ko: _Text | None = None
    sex: Annotated[str | None, Field(pattern="^(?:female|male|other)$")] = None
    nationality: Annotated[str | None, Field(pattern="^[A-Z]{2}$", description="ISO 3166-1 alpha-2")] = None
    phone_number: Annotated[str | None, Field(pattern=r"^\+[1-9][0-9]{6,14}$", description="E.164")] = None
    address: _Text | None = None
    account: Account | None = None


class OpenProofing(In):
    """Open a proofing; with `subject_id` for a subject this member knows already."""

    person: Person
    subject_id: Token | None = None


class ReportCheck(In):
    """Report what a check of the person found; `evidence_digest` is the SHA-256 of what the back office keeps."""

    method: Annotated[ProofingMethod, loose]
    performed_at: Time
    evidence_digest: Hex32
    passed: bool


class Check(Out):
    """Show a recorded check."""

    method: ProofingMethod
    performed_at: int
    evidence_digest: str
    passed: bool
    recorded_at: int


class Proofing(Out):
    """Show a proofing without the person."""

    proofing_id: str
    subject_id: str
    state: ProofingState
    policy_version: str
    checks: list[Check]
    opened_at: int
    completed_at: int | None
    assurance_level: AssuranceLevel | None

    @classmethod
    def of(cls, proofing: DomainProofing) -> "Proofing":
        """Write a proofing."""
        return cls(
            proofing_id=proofing.proofing_id,
            subject_id=proofing.subject_id,
            state=proofing.state,
            policy_version=proofing.policy_version,
            checks=[
                Check(
                    method=check.method,
                    performed_at=check.performed_at,
                    evidence_digest=to_hex(check.evidence_digest),
                    passed=check.passed,
                    recorded_at=check.recorded_at,
                )
                for check in proofing.checks
            ],
            opened_at=proofing.opened_at,
            completed_at=proofing.completed_at,
            assurance_level=proofing.assurance_level,
        )
