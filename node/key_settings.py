"""Read where a node's keys lie, key by key: tokens and remote signers by name, and the place of each purpose."""

import ipaddress
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

SOFTWARE = "software"
BackendName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
PurposeName = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TokenPlace(_Part):
    """Say which PKCS#11 token; without `pin_file` a person is asked at the terminal, and no service starts alone."""

    module: Path
    token: str = Field(min_length=1, max_length=32)
    serial: str | None = Field(default=None, max_length=16)
    pin_file: Path | None = None
    sessions: int = Field(default=4, ge=1, le=64)
    wait_s: float = Field(default=5.0, gt=0, le=60)

    @field_validator("module")
    @classmethod
    def _whole(cls, module: Path) -> Path:
        if not module.is_absolute():
            raise ValueError("expected the absolute path of a PKCS#11 module")
        return module


class RemoteSignerSettings(_Part):
    """Say which remote signer, by the Web3Signer REST interface; https, or http on this machine."""

    url: str = Field(max_length=512)
    ca_file: Path | None = None
    client_certificate_file: Path | None = None
    client_key_file: Path | None = None
    timeout_s: float = Field(default=5.0, gt=0, le=60)

    @field_validator("url")
    @classmethod
    def _safe(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.username or parts.password or parts.query or parts.fragment or not parts.hostname:
            raise ValueError("expected an address without credentials, query and fragment")
        if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(parts.hostname)):
            raise ValueError("expected https, or http on this machine")
        return url

    @model_validator(mode="after")
    def _pair(self) -> Self:
        if (self.client_certificate_file is None) != (self.client_key_file is None):
            raise ValueError("a client's certificate and its key come together")
        return self


class KeySettings(_Part):
    """Name the backends beside the software keystore, and the purposes whose new keys go to one of them."""

    placement: dict[PurposeName, BackendName] = Field(default={}, max_length=32)
    pkcs11: dict[BackendName, TokenPlace] = Field(default={}, max_length=8)
    web3signer: dict[BackendName, RemoteSignerSettings] = Field(default={}, max_length=8)

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        names = [*self.pkcs11, *self.web3signer]
        if len(set(names)) != len(names) or SOFTWARE in names:
            raise ValueError("expected a name of its own for each backend, and none of them `software`")
        if not set(self.placement.values()) <= {*names, SOFTWARE}:
            raise ValueError("a purpose is placed in a backend that is not named")
        return self


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class RotationSettings(_Part):
    """Say how keys follow each other; `reminder_days` is how long before a key is due people are told.

    A successor signs once the chain has it; the key before stays able to for `overlap_s`.
    """

    automatic: bool = True
    overlap_s: int = Field(default=300, ge=0, le=30 * 86_400)
    validity_days: int = Field(default=730, ge=1, le=3_650)
    reminder_days: int = Field(default=30, ge=0, le=365)


class KeyAgeSettings(_Part):
    """Say after how many days of work a key of each purpose is due to be replaced (NIST SP 800-57 part 1, 5.3.6)."""

    governance: int = Field(default=730, ge=1, le=3_650)
    attest: int = Field(default=365, ge=1, le=3_650)
    status: int = Field(default=365, ge=1, le=3_650)
    credential_signing: int = Field(default=365, ge=1, le=3_650)
    status_signing: int = Field(default=365, ge=1, le=3_650)
    request_signing: int = Field(default=365, ge=1, le=3_650)
    token_signing: int = Field(default=365, ge=1, le=3_650)
    receipt_signing: int = Field(default=730, ge=1, le=3_650)
    webhook_signing: int = Field(default=365, ge=1, le=3_650)
    log_checkpoint_signing: int = Field(default=730, ge=1, le=3_650)
    witness_cosigning: int = Field(default=730, ge=1, le=3_650)
    data_wrapping: int = Field(default=365, ge=1, le=3_650)
    certificate_authority: int = Field(default=1_825, ge=1, le=3_650)


class KeyUseSettings(_Part):
    """Say after how many uses a key of each kind is due; random nonces bound the wrapping key (SP 800-38D, 8.3)."""

    signing: int = Field(default=1_000_000_000, ge=1_000, le=10**15)
    data_wrapping: int = Field(default=1 << 30, ge=1_000, le=1 << 32)
