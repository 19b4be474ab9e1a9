"""Read how acts of several people, backups and what lapses are handled; `node.settings` gathers all parts."""

from pydantic import BaseModel, ConfigDict, Field, field_validator

_TEN_YEARS_S = 10 * 365 * 86_400


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DualControlSettings(_Part):
    """Bound acts of two people: how long one waits for its decision, how long an approval is good, how many wait."""

    decide_within_s: int = Field(default=7 * 86_400, ge=1, le=_TEN_YEARS_S)
    begin_within_s: int = Field(default=86_400, ge=1, le=_TEN_YEARS_S)
    max_open: int = Field(default=200, ge=1, le=1_000)
    max_open_each: int = Field(default=20, ge=1, le=1_000)


class BackupSettings(_Part):
    """Say for how many days a backup may be restored; what is erased lives on in backups for as long at most."""

    keep_days: int = Field(default=35, ge=1, le=3_650)


class GovernanceSettings(_Part):
    """Say how many days ahead staff are reminded of what lapses: once a day in the log, always in the agenda."""

    remind_accreditation_days: int = Field(default=60, ge=0, le=3_650)
    remind_key_days: int = Field(default=30, ge=0, le=3_650)
    remind_proposal_days: int = Field(default=3, ge=0, le=365)
    remind_wallet_provider_days: int = Field(default=60, ge=0, le=3_650)
    remind_certificate_days: int = Field(default=30, ge=0, le=3_650)


class ProfileRetention(_Part):
    """Say for how many days the presentations are kept that were shown under a profile of this name."""

    profile: str = Field(min_length=1, max_length=256)
    presentation_days: int = Field(ge=0, le=36_525)


class RetentionSettings(_Part):
    """Say for how many days records must be kept; `backups.keep_days` says how long backups may outlive an erasure.

    A presentation is dropped from the evidence of a verification after `presentation_days`, or those that `profiles`
    has for its profile; 0: after the day on which it was shown. Unset it is kept as long as the evidence.

    The defaults are what a bank in Korea keeps; which law demands what is for the member's counsel to say.
    """

    proofing_days: int = Field(default=1_827, ge=0, le=36_525)
    evidence_days: int = Field(default=1_827, ge=1, le=36_525)
    presentation_days: int | None = Field(default=None, ge=0, le=36_525)
    profiles: tuple[ProfileRetention, ...] = Field(default=(), max_length=64)

    @field_validator("profiles")
    @classmethod
    def _require_one_each(cls, profiles: tuple[ProfileRetention, ...]) -> tuple[ProfileRetention, ...]:
        if len({rule.profile for rule in profiles}) != len(profiles):
            raise ValueError("expected one rule for each profile")
        return profiles
