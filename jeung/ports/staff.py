"""State what the core needs to keep staff accounts, their sessions and failed log-ins, and to hash passwords."""

from collections.abc import Sequence
from typing import Protocol

from jeung.domain.staff import Attempts, StaffAccount, StaffSession


class StaffAccounts(Protocol):
    """Keep staff accounts; none is ever deleted."""

    def add(self, account: StaffAccount) -> None:
        """Keep a new account.

        Raises:
            Conflict: its id or its name stands already.
        """
        ...

    def get(self, staff_id: str) -> StaffAccount | None:
        """Give an account by its id."""
        ...

    def named(self, name: str) -> StaffAccount | None:
        """Give an account by its log-in name."""
        ...

    def all(self) -> Sequence[StaffAccount]:
        """Give every account in the order of their names."""
        ...

    def replace(self, account: StaffAccount) -> None:
        """Keep an account's changed roles, password or end.

        Raises:
            NotFound: no such account.
        """
        ...


class StaffSessions(Protocol):
    """Keep open sessions."""

    def add(self, session: StaffSession) -> None:
        """Keep a new session."""
        ...

    def get(self, token_hash: bytes) -> StaffSession | None:
        """Give a session by the SHA-256 of its token, ended by time or not."""
        ...

    def of(self, staff_id: str) -> Sequence[StaffSession]:
        """Give every session of an account, the one used last first."""
        ...

    def of_provider(self, provider_session: bytes) -> Sequence[StaffSession]:
        """Give every session that came from one of the identity provider's, by the SHA-256 of its `sid`."""
        ...

    def touch(self, token_hash: bytes, at: int) -> None:
        """Note that a session was used; one that is gone stays gone."""
        ...

    def remove(self, token_hash: bytes) -> bool:
        """End a session; tell whether there was one."""
        ...

    def remove_of(self, staff_id: str) -> int:
        """End every session of an account; tell how many."""
        ...


class LoginAttempts(Protocol):
    """Count failed log-ins, over all processes of a node and over restarts."""

    def get(self, key: str) -> Attempts | None:
        """Give the count under a key; inside a write transaction it stays as read until the commit."""
        ...

    def put(self, attempts: Attempts) -> None:
        """Keep a count in place of the one before."""
        ...

    def remove(self, key: str) -> None:
        """Forget the count under a key."""
        ...


class PasswordHasher(Protocol):
    """Hash passwords slowly, so that a stolen database gives none away."""

    def hash(self, password: str) -> str:
        """Give the salted hash of a password as a PHC string.

        Raises:
            Unavailable: too many are being hashed already.
        """
        ...

    def matches(self, encoded: str | None, password: str) -> bool:
        """Tell whether a password has this hash; with None spend the same work and tell False.

        Raises:
            Unavailable: as `hash`.
        """
        ...
