"""Describe the erasure of a person: why, how far it has come, until when the law keeps something back."""

import enum
from dataclasses import dataclass, field
from typing import Final

from jeung.domain.proofing import ProofingState

DAY_S: Final = 86_400


class ErasureGround(enum.StrEnum):
    """Say why somebody is erased, without a word about him."""

    CUSTOMER_REQUEST = "customer_request"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    RELATIONSHIP_ENDED = "relationship_ended"
    RECORDED_IN_ERROR = "recorded_in_error"
    ORDERED = "ordered"


class ErasureState(enum.StrEnum):
    """Follow an erasure.

    REVOKING: what was issued is revoked and its contents are gone; the chain has not said so of all of it yet.
    LOCKED: the law keeps the proofing back; nobody reads it but for an audit of what is kept.
    ERASING: everything is deleted; the disk has not been cleared of it yet.
    ERASED: done, and certified.
    """

    REVOKING = "revoking"
    LOCKED = "locked"
    ERASING = "erasing"
    ERASED = "erased"


@dataclass(frozen=True, slots=True)
class Erasure:
    """Describe an erasure; times are seconds UTC.

    `subject_id` is None from the moment the last record is deleted: what stays behind names nobody. `request_digest`
    is the digest of the act that two people wanted. `locked_until` is when the last duty to keep lapses, None without
    one. `certificate` is a compact JWS.
    """

    erasure_id: str
    act_id: str
    request_digest: bytes
    subject_id: str | None = field(repr=False)
    ground: ErasureGround
    state: ErasureState
    began_at: int
    locked_until: int | None = None
    deleted_at: int | None = None
    backups_until: int | None = None
    certificate: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class SubjectRecords:
    """List by their ids what stands under a subject; no claim among it."""

    subject_id: str
    has_key: bool
    proofings: tuple[tuple[str, ProofingState], ...] = ()
    families: tuple[str, ...] = ()
    credentials: tuple[str, ...] = ()
    offers: tuple[str, ...] = ()
    grants: tuple[str, ...] = ()
    authorizations: tuple[str, ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        """Give every id, the subject's first."""
        proofings = tuple(proofing_id for proofing_id, _ in self.proofings)
        return (
            self.subject_id,
            *proofings,
            *self.families,
            *self.credentials,
            *self.offers,
            *self.grants,
            *self.authorizations,
        )


@dataclass(frozen=True, slots=True)
class RetentionRules:
    """Say for how many seconds a kind of record must be kept, and how long backups may outlive what was erased.

    `proofing_s` counts from the end of the business relationship and holds for completed proofings; `evidence_s` from
    the day of a verification, after which its key is destroyed. `backup_s` is how long a backup of the data keys is
    kept at most, counted from the deletion.
    """

    proofing_s: int
    evidence_s: int
    backup_s: int

    def keep_until(self, records: SubjectRecords, relationship_ended_at: int, now: int) -> int | None:
        """Give until when the records of a person must be kept, None where nothing holds them any more."""
        if all(state is not ProofingState.COMPLETED for _, state in records.proofings):
            return None
        until = relationship_ended_at + self.proofing_s
        return until if until > now else None
