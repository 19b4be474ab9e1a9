"""Describe credentials on the wire."""

from typing import Annotated, Literal

from pydantic import Field

from api.wire.base import In, Out, PageQuery, Token
from jeung.domain.credentials import AnchoringState, CredentialRecord, CredentialView
from jeung.domain.identifiers import MAX_URL_LENGTH, to_hex
from jeung.domain.key_storage import KeyStorage
from jeung.domain.ledger import CredentialStatus
from jeung.services.issuance import IssuedFamily

MAX_COPIES = 32

Status = Literal["valid", "revoked", "suspended"]
_STATUS: dict[CredentialStatus, Status] = {
    CredentialStatus.VALID: "valid",
    CredentialStatus.REVOKED: "revoked",
    CredentialStatus.SUSPENDED: "suspended",
}


class HolderKey(In):
    """Give a holder's public key: a JWK on P-256."""

    kty: Literal["EC"]
    crv: Literal["P-256"]
    x: Annotated[str, Field(pattern="^[A-Za-z0-9_-]{43}$")]
    y: Annotated[str, Field(pattern="^[A-Za-z0-9_-]{43}$")]
    alg: Literal["ES256"] | None = None
    use: Literal["sig"] | None = None


class IssueCredentials(In):
    """Issue a family of credentials for a completed proofing, one copy for each holder key."""

    proofing_id: Token
    vct: Annotated[str, Field(min_length=1, max_length=MAX_URL_LENGTH, description="the credential type's URL")]
    holder_keys: Annotated[list[HolderKey], Field(min_length=1, max_length=MAX_COPIES)]


class CredentialsQuery(PageQuery):
    """Ask for a page of credentials, of one subject where named."""

    subject_id: Token | None = None


class IssuedCopy(Out):
    """Give one copy as its holder gets it; this is the one answer in which the credential itself stands."""

    credential_id: str
    credential: str
    digest: str
    status_list: int
    status_index: int
    issued_at: int
    expires_at: int


class Issued(Out):
    """Give the copies of one family in the order of the holder keys."""

    family_id: str
    copies: list[IssuedCopy]

    @classmethod
    def of(cls, family: IssuedFamily) -> "Issued":
        """Write an issued family."""
        return cls(
            family_id=family.family_id,
            copies=[
                IssuedCopy(
                    credential_id=copy.record.credential_id,
                    credential=copy.sd_jwt,
                    digest=to_hex(copy.record.digest),
                    status_list=copy.record.status.list_number,
                    status_index=copy.record.status.index,
                    issued_at=copy.record.issued_at,
                    expires_at=copy.record.expires_at,
                )
                for copy in family.copies
            ],
        )


class Credential(Out):
    """Show what this member keeps of a credential, without its claims.

    `status` is what the issuer decided, `ledger_status` what the chain says; the second follows the first.
    `key_storage` grades the holder's device key by what a trusted wallet provider said of it.
    """

    credential_id: str
    family_id: str
    subject_id: str
    proofing_id: str
    schema_id: str
    digest: str
    status_list: int
    status_index: int
    status: Status
    ledger_status: Status
    anchoring: AnchoringState
    issued_at: int
    expires_at: int
    key_storage: KeyStorage

    @classmethod
    def of(cls, view: CredentialView) -> "Credential":
        """Write a credential's record."""
        record: CredentialRecord = view.record
        return cls(
            credential_id=record.credential_id,
            family_id=record.family_id,
            subject_id=record.subject_id,
            proofing_id=record.proofing_id,
            schema_id=to_hex(record.schema),
            digest=to_hex(record.digest),
            status_list=record.status.list_number,
            status_index=record.status.index,
            status=_STATUS[record.wanted_status],
            ledger_status=_STATUS[view.ledger_status],
            anchoring=view.anchoring,
            issued_at=record.issued_at,
            expires_at=record.expires_at,
            key_storage=record.key_storage,
        )


class Credentials(Out):
    """Give one page of credentials."""

    items: list[Credential]
    next_cursor: str | None


class StatusChanged(Out):
    """Give every copy that a change of status was about."""

    items: list[Credential]
