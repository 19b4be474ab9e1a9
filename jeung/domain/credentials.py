"""Describe issued credentials as the issuer keeps them: no claim in clear, one row a copy, a family of copies."""

import enum
from dataclasses import dataclass

from jeung.domain.identifiers import CredentialDigest, SchemaId
from jeung.domain.key_storage import KeyStorage
from jeung.domain.ledger import CredentialStatus


class StatusScope(enum.StrEnum):
    """Say what a change of status is about: one copy, every copy of a family, everything of a subject."""

    COPY = "copy"
    FAMILY = "family"
    SUBJECT = "subject"


class StatusAction(enum.StrEnum):
    """Name the three acts on a credential's status; only a revocation is final."""

    SUSPEND = "suspend"
    REINSTATE = "reinstate"
    REVOKE = "revoke"

    @property
    def wanted(self) -> CredentialStatus:
        """Give the status the act leads to."""
        return _WANTED[self]


_WANTED = {
    StatusAction.SUSPEND: CredentialStatus.SUSPENDED,
    StatusAction.REINSTATE: CredentialStatus.VALID,
    StatusAction.REVOKE: CredentialStatus.REVOKED,
}


class AnchoringState(enum.StrEnum):
    """Say whether a credential's digest stands on the ledger."""

    PENDING = "pending"
    ATTESTED = "attested"


@dataclass(frozen=True, slots=True)
class StatusReference:
    """Point to a credential's two status bits: the chain's list number and the index in it."""

    list_number: int
    index: int


@dataclass(frozen=True, slots=True)
class CredentialRecord:
    """Describe one copy of a credential; `wanted_status` is what the issuer decided, the chain follows.

    `sealed` is the SD-JWT VC encrypted under the subject's data key. `key_storage` grades the holder's device key, by
    what a trusted wallet provider said of it. Times are seconds UTC.
    """

    credential_id: str
    family_id: str
    subject_id: str
    proofing_id: str
    schema: SchemaId
    digest: CredentialDigest
    status: StatusReference
    wanted_status: CredentialStatus
    signing_key_id: str
    issued_at: int
    expires_at: int
    sealed: bytes
    key_storage: KeyStorage = KeyStorage.SOFTWARE


@dataclass(frozen=True, slots=True)
class CredentialView:
    """Join a credential with what the ledger says of it now."""

    record: CredentialRecord
    anchoring: AnchoringState
    ledger_status: CredentialStatus


@dataclass(frozen=True, slots=True)
class Selection:
    """Select issued copies by everything that is not None; times are seconds UTC, `issued_until` excluded.

    `attested_from` selects what a key's compromise since that time touches: copies attested then or later, and those
    not attested yet, whenever they were signed. What the ledger had before stays good (NIST SP 800-57 part 1, 5.5).
    """

    signing_key_id: str | None = None
    family_id: str | None = None
    subject_id: str | None = None
    schema: SchemaId | None = None
    issued_from: int | None = None
    issued_until: int | None = None
    attested_from: int | None = None


@dataclass(frozen=True, slots=True)
class RevocationProgress:
    """Count the copies of a selection: all, those decided to be revoked, and of these those not on the chain yet."""

    selected: int
    revoked: int
    waiting: int
