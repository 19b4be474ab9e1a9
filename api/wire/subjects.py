"""Describe subjects and their erasure on the wire."""

from typing import Annotated, Any

from pydantic import Field

from api.wire.base import Out, Query, Time, loose
from jeung.domain import erasure
from jeung.domain.erasure import ErasureGround, ErasureState
from jeung.domain.identifiers import to_hex
from jeung.domain.proofing import ProofingState
from jeung.services.erasure.subjects import RetainedRecord as DomainRetained
from jeung.services.erasure.subjects import SubjectView


class EraseQuery(Query):
    """Say why a subject is to be erased, and since when the business relationship has ended."""

    ground: Annotated[ErasureGround, loose]
    relationship_ended_at: Annotated[
        Time | None, Field(description="seconds UTC; the approval's time if left out")
    ] = None


class SubjectProofing(Out):
    """Name a proofing of a subject."""

    proofing_id: str
    state: ProofingState


class Erasure(Out):
    """Show an erasure; it names nobody once everything is deleted."""

    erasure_id: str
    act_id: str
    request_digest: str
    ground: ErasureGround
    state: ErasureState
    began_at: int
    locked_until: int | None
    deleted_at: int | None
    backups_until: int | None
    certificate: str | None

    @classmethod
    def of(cls, one: erasure.Erasure) -> "Erasure":
        """Write an erasure."""
        return cls(
            erasure_id=one.erasure_id,
            act_id=one.act_id,
            request_digest=to_hex(one.request_digest),
            ground=one.ground,
            state=one.state,
            began_at=one.began_at,
            locked_until=one.locked_until,
            deleted_at=one.deleted_at,
            backups_until=one.backups_until,
            certificate=one.certificate,
        )


class Erasures(Out):
    """Give one page of erasures, newest first."""

    items: list[Erasure]
    next_cursor: str | None


class Subject(Out):
    """Show by their ids what stands under a subject; no claim is among it."""

    subject_id: str
    proofings: list[SubjectProofing]
    credentials: list[str]
    offers: list[str]
    erasure: Erasure | None

    @classmethod
    def of(cls, view: SubjectView) -> "Subject":
        """Write a subject."""
        records = view.records
        return cls(
            subject_id=records.subject_id,
            proofings=[SubjectProofing(proofing_id=name, state=state) for name, state in records.proofings],
            credentials=list(records.credentials),
            offers=list(records.offers),
            erasure=None if view.erasure is None else Erasure.of(view.erasure),
        )


class RetainedRecord(Out):
    """Show what the law keeps of one proofing."""

    proofing_id: str
    completed_at: int | None
    person: dict[str, Any]


class RetainedRecords(Out):
    """Show what the law keeps of a locked subject."""

    items: list[RetainedRecord]

    @classmethod
    def of(cls, records: list[DomainRetained]) -> "RetainedRecords":
        """Write what is kept."""
        items = [
            RetainedRecord(
                proofing_id=record.proofing.proofing_id,
                completed_at=record.proofing.completed_at,
                person=dict(record.person),
            )
            for record in records
        ]
        return cls(items=items)
