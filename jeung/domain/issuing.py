"""Describe what the credential issuer remembers between a wallet's requests."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class DeferredIssuance:
    """Describe an issuance that has to wait; a grant has one at most for each configuration. Times are seconds UTC.

    Attributes:
        transaction_hash: SHA-256 of the transaction id that the wallet was given.
        grant_id: under whose access token it may be fetched.
        configuration_id: what is to be issued.
        sealed: the wallet's keys, encrypted under the subject's data key.
        next_poll_at: from when on asking again makes sense.
        expires_at: from when on it is forgotten.
    """

    transaction_hash: bytes
    grant_id: str
    configuration_id: str
    sealed: bytes = field(repr=False)
    next_poll_at: int
    expires_at: int


class NotificationEvent(enum.StrEnum):
    """Say what became of credentials in the wallet (OpenID4VCI 1.0, section 11.1).

    The order of definition is that of a credential's life: what could not be kept may be kept at the next try, what
    was kept may be deleted, and what was deleted does not come back.
    """

    FAILURE = "credential_failure"
    ACCEPTED = "credential_accepted"
    DELETED = "credential_deleted"

    def follows(self, earlier: "NotificationEvent | None") -> bool:
        """Tell whether this says anything new after an earlier report; None is the lack of one."""
        order = list(NotificationEvent)
        return earlier is None or order.index(self) > order.index(earlier)


@dataclass(frozen=True, slots=True)
class Notification:
    """Describe a family that was handed out under a grant, on which a wallet may report; times are seconds UTC.

    `notification_hash` is the SHA-256 of the notification id; `event` is the last report, None before the first.
    """

    notification_hash: bytes
    grant_id: str
    family_id: str
    expires_at: int
    event: NotificationEvent | None = None
    noted_at: int | None = None


@dataclass(frozen=True, slots=True)
class EncryptionKey:
    """Describe a key that wallets may encrypt requests to; `jwk` is public, `sealed` opens for its context only."""

    key_id: str
    jwk: Mapping[str, str]
    sealed: bytes = field(repr=False)
    created_at: int
    expires_at: int
