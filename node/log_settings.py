"""Say how often the transparency log signs, asks its witnesses and anchors, and who keeps copies of it."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from jeung.domain.identifiers import parse_canonical_url

Address = Annotated[str, AfterValidator(parse_canonical_url)]


class LogSettings(BaseModel):
    """Set the rhythm of the transparency log; nothing is signed while nothing is new."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    checkpoint_interval_s: int = Field(default=2, ge=1, le=3_600)
    anchor_interval_s: int = Field(default=60, ge=1, le=86_400)
    witness_timeout_s: int = Field(default=2, ge=1, le=30)
    copies: tuple[Address, ...] = Field(default=(), max_length=8)
