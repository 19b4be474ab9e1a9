"""State what the core needs to keep passkeys, challenges and enrolments, and to judge what authenticators answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from jeung.domain.passkeys import Enrolment, Passkey, StaffChallenge


class Passkeys(Protocol):
    """Keep passkeys."""

    def add(self, passkey: Passkey) -> None:
        """Keep a new passkey.

        Raises:
            Conflict: its id stands already, with this account or another.
        """
        ...

    def get(self, credential_id: bytes) -> Passkey | None:
        """Give a passkey by its credential id."""
        ...

    def of(self, staff_id: str) -> Sequence[Passkey]:
        """Give the passkeys of an account, the oldest first."""
        ...

    def replace(self, passkey: Passkey) -> None:
        """Keep a passkey's new label, counter, times.

        Raises:
            NotFound: no such passkey.
        """
        ...

    def remove(self, credential_id: bytes) -> bool:
        """Forget a passkey; tell whether there was one."""
        ...


class StaffChallenges(Protocol):
    """Keep challenges until they are answered."""

    def put(self, challenge: StaffChallenge) -> None:
        """Keep a challenge in place of the one that the same browser was given for the same ceremony."""
        ...

    def take(self, challenge_hash: bytes) -> StaffChallenge | None:
        """Give a challenge and forget it: of several answers at once one gets it."""
        ...


class Enrolments(Protocol):
    """Keep the codes that let somebody add a passkey, one an account."""

    def put(self, enrolment: Enrolment) -> None:
        """Keep an enrolment in place of the account's former one."""
        ...

    def get(self, staff_id: str) -> Enrolment | None:
        """Give the enrolment of an account; inside a write transaction it stays as read until the commit."""
        ...

    def remove(self, staff_id: str) -> None:
        """Forget the enrolment of an account."""
        ...


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """Say what a new authenticator told of itself; the attestation is not relied on."""

    credential_id: bytes
    public_key: bytes
    algorithm: int
    sign_count: int
    aaguid: str
    backup_eligible: bool
    backed_up: bool


@dataclass(frozen=True, slots=True)
class ClaimedAssertion:
    """Say what an answer claims before anything of it is checked: which passkey, whose, to which challenge."""

    credential_id: bytes
    user_handle: bytes | None
    challenge: bytes


@dataclass(frozen=True, slots=True)
class VerifiedAssertion:
    """Say what an authenticator signed."""

    sign_count: int
    backup_eligible: bool
    backed_up: bool


class PasskeyVerifier(Protocol):
    """Judge answers of authenticators for this node's origin and RP ID (WebAuthn level 3, sections 7.1 and 7.2)."""

    @property
    def rp_id(self) -> str:
        """Give the RP ID: the host of this node's URL."""
        ...

    def claimed_challenge(self, response: str) -> bytes:
        """Give the challenge that an answer of either kind claims to answer.

        Raises:
            PasskeyRefused: it is not of the form the specification gives.
        """
        ...

    def claimed(self, response: str) -> ClaimedAssertion:
        """Read an assertion without believing it.

        Raises:
            PasskeyRefused: it is not of the form the specification gives.
        """
        ...

    def verify_registration(self, response: str, challenge: bytes) -> NewPasskey:
        """Verify the answer to `navigator.credentials.create`.

        Raises:
            PasskeyRefused: another challenge, origin or RP ID, from a frame of another origin, without user
                verification, or of an algorithm that is not allowed.
        """
        ...

    def verify_assertion(self, response: str, challenge: bytes, public_key: bytes) -> VerifiedAssertion:
        """Verify the answer to `navigator.credentials.get`; the counter is the caller's to judge.

        Raises:
            PasskeyRefused: as `verify_registration`, or the signature is not the key's.
        """
        ...
