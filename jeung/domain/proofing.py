"""Describe identity proofing: what was checked about a person, and what must be checked before anything is issued."""

import enum
from dataclasses import dataclass


class ProofingMethod(enum.StrEnum):
    """Name a check of the real-name guideline."""

    MOBILE_PHONE = "mobile_phone"
    ID_DOCUMENT = "id_document"
    ACCOUNT_OWNERSHIP = "account_ownership"
    VIDEO_CALL = "video_call"
    DELIVERY_CHECK = "delivery_check"
    BIOMETRIC = "biometric"


class AssuranceLevel(enum.StrEnum):
    """Grade a proofing; the order of definition is the order of strength (NIST SP 800-63A IAL1..IAL3)."""

    LOW = "low"
    SUBSTANTIAL = "substantial"
    HIGH = "high"

    @property
    def rank(self) -> int:
        """Give the level's place in the order, 0 the weakest."""
        return _RANKS[self]


_RANKS = {level: rank for rank, level in enumerate(AssuranceLevel)}


class ProofingState(enum.StrEnum):
    """Follow a proofing from opening to its end."""

    OPEN = "open"
    COMPLETED = "completed"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class ProofingCheck:
    """Record one check: method, when (seconds UTC) and the SHA-256 of the evidence the back office keeps.

    `salt` (32 bytes) hides the digest where the event log commits to it.
    """

    method: ProofingMethod
    performed_at: int
    evidence_digest: bytes
    passed: bool
    recorded_at: int
    salt: bytes


@dataclass(frozen=True, slots=True)
class ProofingPolicy:
    """Say which checks complete a proofing, how old they may be (seconds), and which level they give."""

    version: str
    required: frozenset[ProofingMethod]
    strengthening: frozenset[ProofingMethod]
    max_check_age_s: int


@dataclass(frozen=True, slots=True)
class Proofing:
    """Describe a proofing; `sealed_person` is the person's data, encrypted under the subject's data key."""

    proofing_id: str
    subject_id: str
    state: ProofingState
    policy_version: str
    sealed_person: bytes
    checks: tuple[ProofingCheck, ...]
    opened_at: int
    completed_at: int | None = None
    assurance_level: AssuranceLevel | None = None
