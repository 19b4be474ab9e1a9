"""Describe passkeys of staff (WebAuthn level 3), challenges they answer and codes that let somebody add one."""

import enum
from dataclasses import dataclass, field
from typing import Final

from jeung.crypto.hashing import sha256
from jeung.errors import MalformedInput

ALGORITHMS: Final = (-7, -8, -257)
"""COSE algorithms a passkey may have: ES256, EdDSA, and RS256, which Windows Hello on older machines has alone."""
MAX_PASSKEYS: Final = 10
MAX_RESPONSE_CHARACTERS: Final = 12_000
MAX_LABEL: Final = 64
CHALLENGE_TTL_S: Final = 300
ENROLMENT_TRIES: Final = 5


class Ceremony(enum.StrEnum):
    """Say what a challenge was made for; it serves nothing else."""

    LOG_IN = "log_in"
    CONFIRM = "confirm"
    ENROL = "enrol"
    ADD = "add"
    FEDERATE = "federate"
    TERMINAL = "terminal"
    TERMINAL_CONFIRMED = "terminal_confirmed"


@dataclass(frozen=True, slots=True)
class Passkey:
    """Describe a passkey: whose, its public key (COSE), how often it says it signed, times in seconds UTC.

    `backup_eligible` never changes (section 6.1.3): a passkey that may be synchronised lives where its owner's cloud
    account does. `suspected_at` is when its counter went back, after which it lets nobody in.
    """

    credential_id: bytes
    staff_id: str
    public_key: bytes = field(repr=False)
    algorithm: int
    sign_count: int
    label: str
    aaguid: str
    backup_eligible: bool
    backed_up: bool
    created_at: int
    last_used_at: int | None = None
    suspected_at: int | None = None

    @property
    def passkey_id(self) -> str:
        """Give the name pages and the log have for it."""
        return f"pky_{sha256(self.credential_id)[:16].hex()}"


@dataclass(frozen=True, slots=True)
class StaffChallenge:
    """Describe a challenge that was given out: the SHA-256 of its bytes, what for, whose, to which browser.

    `bound_to` is the SHA-256 of the cookie of the browser that asked: what another browser asked for is not answered.
    """

    challenge_hash: bytes = field(repr=False)
    ceremony: Ceremony
    staff_id: str | None
    bound_to: bytes = field(repr=False)
    expires_at: int


@dataclass(frozen=True, slots=True)
class Enrolment:
    """Describe a code that lets its holder add one passkey to an account: its SHA-256, how often it was missed."""

    staff_id: str
    code_hash: bytes = field(repr=False)
    failures: int
    expires_at: int


def checked_label(text: str) -> str:
    """Give what somebody calls a passkey, in one line.

    Raises:
        MalformedInput: empty, longer than 64 characters, or with characters that do not print.
    """
    label = text.strip()
    if not label or len(label) > MAX_LABEL or not label.isprintable():
        raise MalformedInput(f"a passkey's name has 1 to {MAX_LABEL} characters that print")
    return label
