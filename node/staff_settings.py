"""State the settings of the ways in for a member's staff; `node.settings` reads them with all others."""

import enum
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

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


class OidcClientAuthentication(enum.StrEnum):
    """Say how this node proves to the provider who it is: with a key of its own, or with a secret in a file."""

    PRIVATE_KEY_JWT = "private_key_jwt"
    CLIENT_SECRET_BASIC = "client_secret_basic"  # noqa: S105 - the name of a method


class OidcSettings(BaseModel):
    """Name the institution's identity provider and what it must say; without an issuer there is none.

    `roles` maps names of groups to roles; empty leaves the roles to the operator. `origins` are origins beside the
    issuer's that its endpoints may have.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    issuer: str = Field(default="", max_length=512)
    client_id: str = Field(default="", max_length=255)
    client_authentication: OidcClientAuthentication = OidcClientAuthentication.PRIVATE_KEY_JWT
    client_secret_file: Path = Path("oidc-secret")
    origins: tuple[str, ...] = Field(default=(), max_length=8)
    algorithms: tuple[Literal["ES256", "PS256", "RS256", "ES384", "EdDSA"], ...] = Field(
        default=("ES256", "PS256", "RS256"), min_length=1
    )
    scopes: tuple[str, ...] = Field(default=("openid",), min_length=1, max_length=16)
    acr_values: tuple[str, ...] = Field(default=(), max_length=16)
    amr: tuple[str, ...] = Field(default=(), max_length=16)
    groups_claim: str = Field(default="groups", max_length=64)
    roles: dict[str, StaffRole] = Field(default={}, max_length=256)
    create_accounts: bool = False
    clock_skew_s: int = Field(default=30, ge=0, le=300)
    timeout_s: int = Field(default=5, ge=1, le=30)

    @field_validator("issuer")
    @classmethod
    def _address(cls, issuer: str) -> str:
        parts = urlsplit(issuer)
        if issuer and (
            parts.scheme not in {"https", "http"} or not parts.hostname or "@" in parts.netloc or parts.query
        ):
            raise ValueError("expected the http(s) address of the issuer, without query")
        return issuer

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.issuer and (not self.client_id or "openid" not in self.scopes):
            raise ValueError("an issuer needs a client_id, and the scope openid")
        if self.create_accounts and not self.roles:
            raise ValueError("accounts are made only with roles that groups give")
        return self
