"""Log members of staff in and out, and know them by their sessions.

A session's token is 256 random bits; the store keeps its SHA-256 alone. It is made at log-in and never taken from
the browser, it ends by log-out, by an account's end or new password, by idleness and by age.
"""

from dataclasses import dataclass, field
from typing import Final

from jeung.crypto import base64url
from jeung.crypto.hashing import sha256
from jeung.domain.access import Scope
from jeung.domain.staff import MAX_NAME, MAX_PASSWORD, StaffAccount, StaffRole, StaffSession, normal_password
from jeung.errors import LoginRefused, SessionEnded
from jeung.ports.staff import PasswordHasher
from jeung.ports.store import Store
from jeung.ports.world import Clock, Entropy
from jeung.services.acts import log
from jeung.services.staff.attempts import claim_attempt, forgive_attempt

TOKEN_BYTES: Final = 32
TOKEN_CHARACTERS: Final = 43
_TOUCH_AFTER_S: Final = 30
"""How coarsely the last use is written down: a page of many parts is one write, not twenty."""


@dataclass(frozen=True, slots=True)
class SessionRules:
    """Say after how many seconds without use, and in all, a session ends."""

    idle_s: int = 900
    life_s: int = 8 * 3_600


@dataclass(frozen=True, slots=True)
class StaffMember:
    """Say who a session stands for now, and until when it lasts at most."""

    staff_id: str
    name: str
    roles: frozenset[StaffRole]
    scopes: frozenset[Scope]
    session_ends_at: int


@dataclass(frozen=True, slots=True)
class LogIn:
    """Give a fresh session: its token, which is shown this once, and whose it is."""

    token: str = field(repr=False)
    member: StaffMember


class StaffSessionService:
    """Open, know and end sessions, and log what was done in them."""

    def __init__(
        self, *, store: Store, hasher: PasswordHasher, clock: Clock, entropy: Entropy, rules: SessionRules
    ) -> None:
        self._store = store
        self._hasher = hasher
        self._clock = clock
        self._entropy = entropy
        self._rules = rules

    def log_in(self, name: str, password: str, *, address: str, previous: str | None = None) -> LogIn:
        """Open a session for a name and a password; the session of the token `previous` ends with it.

        A name nobody has costs what a known one costs, and every failure is the same one.

        Raises:
            LoginLimited: too many attempts failed under this name or from this address.
            LoginRefused: name or password are wrong, or the account is disabled.
            Unavailable: too many log-ins at once.
        """
        now = self._clock.now()
        normal = normal_password(password)
        if len(name) > MAX_NAME or len(normal) > MAX_PASSWORD:
            # Longer than any there can be; what is hashed stays bounded.
            name, normal = name[:MAX_NAME], ""
        account = claim_attempt(self._store, name, address, now)
        matches = self._hasher.matches(None if account is None else account.password_hash, normal)
        if account is None or not matches:
            raise LoginRefused
        token = base64url.encode(self._entropy.token(TOKEN_BYTES))
        session = StaffSession(_hashed(token), account.staff_id, now, now, now + self._rules.life_s)
        with self._store.write() as tx:
            # Read again: it may have been disabled, or its password set anew, while the old one was hashed.
            present = tx.staff.get(account.staff_id)
            if present != account or account.disabled_at is not None:
                raise LoginRefused
            forgive_attempt(tx, name, address)
            if previous is not None:
                tx.staff_sessions.remove(_hashed(previous))
            tx.staff_sessions.add(session)
            log(tx, "staff_logged_in", {"staff": account.staff_id}, now)
        return LogIn(token, _member(account, session))

    def authenticate(self, token: str, *, counts_as_use: bool = True) -> StaffMember:
        """Give whose session a token stands for, and note its use; a page that asks by itself is none.

        Raises:
            SessionEnded: no such session, ended by idleness or age, or its account is disabled.
        """
        now = self._clock.now()
        with self._store.read() as tx:
            session = tx.staff_sessions.get(_hashed(token))
            account = None if session is None else tx.staff.get(session.staff_id)
        if session is None or account is None or account.disabled_at is not None:
            raise SessionEnded
        if now >= session.expires_at or now >= session.seen_at + self._rules.idle_s:
            raise SessionEnded
        if counts_as_use and now >= session.seen_at + _TOUCH_AFTER_S:
            with self._store.write() as tx:
                tx.staff_sessions.touch(session.token_hash, now)
        return _member(account, session)

    def log_out(self, token: str) -> None:
        """End a session; one that has ended stays ended."""
        with self._store.write() as tx:
            session = tx.staff_sessions.get(_hashed(token))
            if session is not None:
                tx.staff_sessions.remove(session.token_hash)
                log(tx, "staff_logged_out", {"staff": session.staff_id}, self._clock.now())

    def record(self, staff_id: str, act: str, target: str | None = None) -> None:
        """Log what somebody does at the desk, before it is done; `act` and `target` are names and ids of ours."""
        with self._store.write() as tx:
            body = {"staff": staff_id, "act": act} | ({} if target is None else {"target": target})
            log(tx, "staff_acted", body, self._clock.now())


def _hashed(token: str) -> bytes:
    return sha256(token.encode())


def _member(account: StaffAccount, session: StaffSession) -> StaffMember:
    return StaffMember(account.staff_id, account.name, account.roles, account.scopes, session.expires_at)
