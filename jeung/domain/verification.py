"""Describe a verification: what is asked, each step's outcome, the judgement, and the evidence that keeps it."""

import enum
from collections.abc import Mapping
from dataclasses import field
from typing import Any

from jeung.crypto.values import light_value


class Verdict(enum.StrEnum):
    """Give the two ends of a finished judgement."""

    VERIFIED = "verified"
    REFUSED = "refused"


class Channel(enum.StrEnum):
    """Say how a presentation may reach us under a nonce."""

    DIRECT = "direct"
    OPENID4VP = "openid4vp"


class NonceState(enum.StrEnum):
    """Say what has become of a nonce."""

    OPEN = "open"
    USED = "used"
    EXPIRED = "expired"


@light_value
class IssuedNonce:
    """Describe a nonce of ours: single use, bound to profile, channel and audience; times are seconds UTC.

    `client_id` names who fetched it and alone may ask for its judgement, which `evidence_id` names once it is used.
    """

    nonce: str = field(repr=False)
    profile: str
    channel: Channel
    audience: str
    client_id: str
    issued_at: int
    expires_at: int
    used_at: int | None = None
    evidence_id: str | None = None

    def state(self, now: int) -> NonceState:
        """Say what has become of it by `now`; a late judgement uses up an expired nonce too."""
        if self.used_at is not None:
            return NonceState.USED
        return NonceState.EXPIRED if self.expires_at <= now else NonceState.OPEN


@light_value
class StepOutcome:
    """Record one numbered step of design section 5; `facts` holds JSON values and no claim of the person."""

    number: int
    name: str
    passed: bool
    facts: Mapping[str, Any]


@light_value
class Verification:
    """Give a finished judgement; `claims` are the disclosed claims, empty unless verified.

    `receipt` is what the holder is to be told; only the answer to the presentation itself has it.
    """

    evidence_id: str
    verdict: Verdict
    code: str | None
    steps: tuple[StepOutcome, ...]
    claims: Mapping[str, Any] = field(repr=False)
    profile: str
    verified_at: int
    receipt: Mapping[str, Any] | None = field(default=None, repr=False, compare=False)


@light_value
class EvidenceRecord:
    """Keep a judgement and what it rested on; `sealed` is the package, encrypted under an evidence data key.

    `client_id` names who fetched the nonce it answered, and is None where it answered none of ours.
    """

    evidence_id: str
    profile: str
    client_id: str | None
    verdict: Verdict
    code: str | None
    data_key_id: str
    sealed: bytes
    recorded_at: int


@light_value
class SealedPresentation:
    """Hold a presentation that goes before its evidence, sealed under a data key of its own."""

    data_key_id: str
    sealed: bytes


@light_value
class WantedVouches:
    """Say what was gathered of other members' logs for a block, in so many tries; None where nothing was yet."""

    number: int
    gathered: bytes | None
    tries: int


@light_value
class LogEntry:
    """Hold one append-only event row; `body` is RFC 8785 JSON without personal data, `occurred_at` seconds UTC."""

    kind: str
    body: bytes
    occurred_at: int
