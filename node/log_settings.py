"""Say how often the transparency log signs, asks its witnesses and anchors."""

from pydantic import BaseModel, ConfigDict, Field


class LogSettings(BaseModel):
    """Set the rhythm of the transparency log; nothing is signed while nothing is new."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    checkpoint_interval_s: int = Field(default=2, ge=1, le=3_600)
    anchor_interval_s: int = Field(default=60, ge=1, le=86_400)
    witness_timeout_s: int = Field(default=2, ge=1, le=30)
