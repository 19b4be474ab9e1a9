"""Say how credentials are issued and verified, what stands on status lists, and what the member is called."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from jeung.domain.key_storage import KeyStorage

Seconds = Annotated[int, Field(ge=1, le=10 * 365 * 86_400)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NameSettings(_Part):
    """Say what the member is called, in each language that wallets and pages show."""

    ko: str = Field(default="", max_length=100)
    en: str = Field(default="", max_length=100)

    def by_language(self, fallback: str) -> dict[str, str]:
        """Give the names there are by language tag, or the fallback in English where there is none."""
        names = {language: name for language, name in (("ko", self.ko), ("en", self.en)) if name}
        return names or {"en": fallback}


class IssuanceSettings(_Part):
    """Say how long credentials live, how coarsely their times are written, what wallets must bring and wait for.

    `reissue_offer_days` is how long a customer may take an offer that follows a revocation in bulk.
    """

    validity_s: Seconds = 365 * 86_400
    time_rounding_s: int = Field(default=60, ge=1, le=86_400)
    max_copies: int = Field(default=32, ge=1, le=32)
    max_check_age_s: Seconds = 7 * 86_400
    least_key_storage: KeyStorage = KeyStorage.SOFTWARE
    deferred_interval_s: int = Field(default=10, ge=1, le=86_400)
    deferred_ttl_s: int = Field(default=7 * 86_400, ge=60, le=90 * 86_400)
    wait_for_ledger: bool = False
    reissue_offer_days: int = Field(default=14, ge=1, le=90)


class VerificationSettings(_Part):
    """Bound the times of a presentation; `attestation_grace_s` is how long a young credential may be on its way."""

    nonce_ttl_s: int = Field(default=300, ge=5, le=3_600)
    clock_skew_s: int = Field(default=60, ge=0, le=300)
    key_binding_max_age_s: int = Field(default=300, ge=5, le=3_600)
    attestation_grace_s: int = Field(default=90, ge=0, le=600)


class StatusListSettings(_Part):
    """Say how long a published status list may be used and cached, and whether those of the past may be asked for."""

    ttl_s: int = Field(default=30, ge=1, le=86_400)
    validity_s: int = Field(default=3_600, ge=60, le=7 * 86_400)
    history: bool = False
