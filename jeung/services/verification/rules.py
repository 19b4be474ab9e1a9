"""State the bounds a verification works with."""

from dataclasses import dataclass, field

from jeung.domain.ledger import Freshness
from jeung.services.verification.shown import PresentationRetention

_FIVE_YEARS_S = 1_827 * 86_400


@dataclass(frozen=True, slots=True)
class VerificationRules:
    """Say who verifies (our URL, which is the `aud` of direct posts) and within which bounds; times in seconds.

    `attestation_grace_s` counts from `iat`, which issuers round down: it must be longer than their rounding.
    `version` names these rules in the evidence. Receipts say the last three: `deployment_id` (32 bytes, None before
    there is a deployment), `evidence_kept_s`, for how long a record is kept, and `contact`, whom to turn to.
    `software` names the release that judged. `presentations` says which presentations go before their evidence.
    """

    url: str
    version: str = "1"
    clock_skew_s: int = 60
    key_binding_max_age_s: int = 300
    attestation_grace_s: int = 90
    max_poll_age_s: int = 5
    max_blocks_behind: int = 2
    max_head_age_s: int = 10
    retry_after_s: int = 1
    deployment_id: bytes | None = None
    evidence_kept_s: int = _FIVE_YEARS_S
    contact: str = ""
    software: str = ""
    presentations: PresentationRetention = field(default_factory=PresentationRetention)

    @property
    def bounds(self) -> dict[str, int]:
        """Give the bounds that decide about a presentation, as the evidence keeps them; seconds."""
        return {
            "attestation_grace_s": self.attestation_grace_s,
            "clock_skew_s": self.clock_skew_s,
            "key_binding_max_age_s": self.key_binding_max_age_s,
        }

    def stale_reason(self, freshness: Freshness, now: int) -> str | None:
        """Say why our copy of the ledger is too old to judge by, or None when it is not."""
        if now - freshness.polled_at > self.max_poll_age_s:
            return "the chain has not answered a poll lately"
        if freshness.head_number - freshness.indexed_number > self.max_blocks_behind:
            return "our copy is too many blocks behind the chain"
        if now - freshness.head_time > self.max_head_age_s:
            return "the chain has made no block lately"
        return None
