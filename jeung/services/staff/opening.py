"""Open sessions, whatever somebody logged in with, and say who a session stands for.

A session's token is 256 random bits; the store keeps its SHA-256 alone. It is made at log-in and never taken from
the browser, and made anew when its owner proves again who he is.
"""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Final

from jeung.crypto import base64url
from jeung.crypto.hashing import sha256
from jeung.domain.access import Scope
from jeung.domain.staff import LoginMethod, StaffAccount, StaffRole, StaffSession
from jeung.errors import SessionEnded
from jeung.ports.store import Transaction
from jeung.ports.world import Entropy
from jeung.services.acts import log

TOKEN_BYTES: Final = 32
TOKEN_CHARACTERS: Final = 43


@dataclass(frozen=True, slots=True)
class SessionRules:
    """Say who is let in how, and for how long, seconds.

    A session ends after `idle_s` without use and after `life_s` in all; of more than `per_account` of one account the
    one that was used longest ago ends. `recent_s` is how long a proof of who somebody is counts as recent. Accounts
    with one of `passkey_roles` are let in with a passkey alone.
    """

    idle_s: int = 900
    life_s: int = 8 * 3_600
    per_account: int = 5
    recent_s: int = 300
    methods: Collection[LoginMethod] = frozenset({LoginMethod.PASSWORD, LoginMethod.PASSKEY})
    passkey_roles: Collection[StaffRole] = frozenset()

    def let_in(self, account: StaffAccount, method: LoginMethod) -> bool:
        """Tell whether an account may log in, and stay, by a method."""
        if method not in self.methods or account.disabled_at is not None:
            return False
        return method is LoginMethod.PASSKEY or account.roles.isdisjoint(self.passkey_roles)

    def lasts(self, session: StaffSession, now: int) -> bool:
        """Tell whether a session has not ended by idleness or age."""
        return now < session.expires_at and now < session.seen_at + self.idle_s


@dataclass(frozen=True, slots=True)
class StaffMember:
    """Say who a session stands for now, how and when he last proved it, and until when it lasts at most."""

    staff_id: str
    name: str
    roles: frozenset[StaffRole]
    scopes: frozenset[Scope]
    session_id: str
    session_ends_at: int
    authenticated_at: int
    method: LoginMethod


@dataclass(frozen=True, slots=True)
class LogIn:
    """Give a fresh session: its token, which is shown this once, and whose it is."""

    token: str = field(repr=False)
    member: StaffMember


def hashed(token: str) -> bytes:
    """Give what the store knows a token by."""
    return sha256(token.encode())


def member_of(account: StaffAccount, session: StaffSession) -> StaffMember:
    """Say who a session stands for."""
    return StaffMember(
        account.staff_id,
        account.name,
        account.roles,
        account.scopes,
        session.session_id,
        session.expires_at,
        session.authenticated_at,
        session.method,
    )


def open_session(
    tx: Transaction,
    entropy: Entropy,
    rules: SessionRules,
    account: StaffAccount,
    method: LoginMethod,
    now: int,
    previous: str | None,
    *,
    proved_at: int | None = None,
    provider_session: bytes | None = None,
) -> LogIn:
    """Open a session; the one of the token `previous` ends with it, and the oldest beyond the bound do.

    `proved_at` is when the person proved who he is, where that was not just now; `provider_session` is the SHA-256 of
    what the identity provider calls its own session.
    """
    if previous is not None:
        tx.staff_sessions.remove(hashed(previous))
    for surplus in list(tx.staff_sessions.of(account.staff_id))[rules.per_account - 1 :]:
        tx.staff_sessions.remove(surplus.token_hash)
        log(tx, "staff_session_displaced", {"staff": account.staff_id, "session": surplus.session_id}, now)
    token = base64url.encode(entropy.token(TOKEN_BYTES))
    proved_at = now if proved_at is None else proved_at
    session = StaffSession(
        hashed(token), account.staff_id, now, now, now + rules.life_s, proved_at, method, provider_session
    )
    tx.staff_sessions.add(session)
    body = {"staff": account.staff_id, "method": method.value, "session": session.session_id}
    log(tx, "staff_logged_in", body, now)
    return LogIn(token, member_of(account, session))


def renew_session(tx: Transaction, entropy: Entropy, rules: SessionRules, token: str, now: int) -> LogIn:
    """Put a session under a fresh token once its owner has proved again who he is; its end stays where it was.

    Raises:
        SessionEnded: it has ended meanwhile.
    """
    session = tx.staff_sessions.get(hashed(token))
    account = None if session is None else tx.staff.get(session.staff_id)
    if session is None or account is None or not rules.let_in(account, session.method):
        raise SessionEnded
    fresh = base64url.encode(entropy.token(TOKEN_BYTES))
    renewed = replace(session, token_hash=hashed(fresh), seen_at=now, authenticated_at=now)
    tx.staff_sessions.remove(session.token_hash)
    tx.staff_sessions.add(renewed)
    body = {"staff": account.staff_id, "session": renewed.session_id, "before": session.session_id}
    log(tx, "staff_session_renewed", body, now)
    return LogIn(fresh, member_of(account, renewed))
