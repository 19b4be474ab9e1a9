"""State the settings of the ways in for a member's staff; `node.settings` reads them with all others."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from jeung.domain.staff import LoginMethod, StaffRole


class ConsoleSettings(BaseModel):
    """Say who gets in to the desk how, and bound sessions: unused, in all, how many, how long a proof is recent.

    `passkey_roles` are let in with a passkey alone; a code to add one is good for `enrolment_ttl_s`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    session_idle_s: int = Field(default=900, ge=60, le=86_400)
    session_life_s: int = Field(default=8 * 3_600, ge=300, le=86_400)
    sessions_per_account: int = Field(default=5, ge=1, le=50)
    recent_authentication_s: int = Field(default=300, ge=30, le=3_600)
    log_in_methods: tuple[LoginMethod, ...] = Field(
        default=(LoginMethod.PASSWORD, LoginMethod.PASSKEY), min_length=1, max_length=3
    )
    passkey_roles: tuple[StaffRole, ...] = Field(default=(), max_length=16)
    enrolment_ttl_s: int = Field(default=900, ge=60, le=86_400)

    @model_validator(mode="after")
    def _roles_have_a_way_in(self) -> Self:
        if self.passkey_roles and LoginMethod.PASSKEY not in self.log_in_methods:
            raise ValueError("passkey_roles demand the method passkey")
        return self
