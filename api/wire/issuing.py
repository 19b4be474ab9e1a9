"""Describe the credential issuer's endpoints on the wire (OpenID4VCI 1.0); their requests may come encrypted."""

from api.wire.base import Out


class CredentialNonce(Out):
    """Give a nonce for key proofs (section 7.2)."""

    c_nonce: str


class HandedOver(Out):
    """Hold one credential as the wallet gets it."""

    credential: str


class CredentialAnswer(Out):
    """Give credentials in the order of the wallet's keys (section 8.3)."""

    credentials: list[HandedOver]
    notification_id: str


class DeferralAnswer(Out):
    """Say under which id to ask again, and after how many seconds (section 8.3)."""

    transaction_id: str
    interval: int


class StatusLists(Out):
    """Name the status lists of this member (Token Status List, section 9.3)."""

    status_lists: list[str]
