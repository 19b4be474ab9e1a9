"""Log members of staff in and out, know them by their sessions, and have them prove again who they are.

A session ends by log-out, by an account's end or new password, by idleness and by age, by newer ones beyond the
bound, and when the rules no longer let its owner in the way he came.
"""

from collections.abc import Sequence
from typing import Final

from jeung.domain.staff import MAX_NAME, MAX_PASSWORD, LoginMethod, StaffAccount, StaffSession, normal_password
from jeung.errors import LoginRefused, NotFound, SessionEnded
from jeung.errors.staff import RecentAuthenticationRequired
from jeung.ports.staff import PasswordHasher
from jeung.ports.store import Store
from jeung.ports.world import Clock, Entropy
from jeung.services.acts import log
from jeung.services.staff.attempts import claim_attempt, forgive_attempt
from jeung.services.staff.opening import (
    LogIn,
    SessionRules,
    StaffMember,
    hashed,
    member_of,
    open_session,
    renew_session,
)

_TOUCH_AFTER_S: Final = 30
"""How coarsely the last use is written down: a page of many parts is one write, not twenty."""


class StaffSessionService:
    """Open, know and end sessions, and log what was done in them."""

    def __init__(
        self, *, store: Store, hasher: PasswordHasher, clock: Clock, entropy: Entropy, rules: SessionRules
    ) -> None:
        self._store = store
        self._hasher = hasher
        self._clock = clock
        self._entropy = entropy
        self.rules = rules

    def log_in(self, name: str, password: str, *, address: str, previous: str | None = None) -> LogIn:
        """Open a session for a name and a password; the session of the token `previous` ends with it.

        A name nobody has costs what a known one costs, and every failure is the same one.

        Raises:
            LoginLimited: too many attempts failed under this name or from this address.
            LoginRefused: name or password are wrong, the account is disabled, or a password does not let it in.
            Unavailable: too many log-ins at once.
        """
        account, now = self._proved(name, password, address)
        with self._store.write() as tx:
            # Read again: it may have been disabled, or its password set anew, while the old one was hashed.
            if tx.staff.get(account.staff_id) != account:
                raise LoginRefused
            if self.rules.let_in(account, LoginMethod.PASSWORD):
                forgive_attempt(tx, name, address)
                return open_session(tx, self._entropy, self.rules, account, LoginMethod.PASSWORD, now, previous)
            # Only who knew the password gets here; he hears what everybody hears.
            log(tx, "staff_method_refused", {"staff": account.staff_id, "method": LoginMethod.PASSWORD.value}, now)
        raise LoginRefused

    def authenticate(self, token: str, *, counts_as_use: bool = True) -> StaffMember:
        """Give whose session a token stands for, and note its use; a page that asks by itself is none.

        Raises:
            SessionEnded: no such session, ended by idleness or age, or its account is no longer let in this way.
        """
        now = self._clock.now()
        with self._store.read() as tx:
            session = tx.staff_sessions.get(hashed(token))
            account = None if session is None else tx.staff.get(session.staff_id)
        if session is None or account is None or not self.rules.let_in(account, session.method):
            raise SessionEnded
        if not self.rules.lasts(session, now):
            raise SessionEnded
        if counts_as_use and now >= session.seen_at + _TOUCH_AFTER_S:
            with self._store.write() as tx:
                tx.staff_sessions.touch(session.token_hash, now)
        return member_of(account, session)

    def requires_recent_authentication(self, member: StaffMember, seconds: int | None = None) -> None:
        """Demand that somebody proved who he is not longer ago than so many seconds, or than the rules say.

        Raises:
            RecentAuthenticationRequired: it was longer ago; `confirm_password` or a passkey makes it recent.
        """
        bound_s = self.rules.recent_s if seconds is None else seconds
        if self._clock.now() >= member.authenticated_at + bound_s:
            raise RecentAuthenticationRequired

    def confirm_password(self, token: str, password: str, *, address: str) -> LogIn:
        """Have who is logged in prove with the password that he is; the session goes on under a fresh token.

        Raises:
            SessionEnded: there is no such session any more.
            LoginLimited: too many attempts failed under this name or from this address.
            LoginRefused: the password is wrong, or does not let the account in.
        """
        member = self.authenticate(token)
        account, now = self._proved(member.name, password, address)
        with self._store.write() as tx:
            if tx.staff.get(account.staff_id) != account or not self.rules.let_in(account, LoginMethod.PASSWORD):
                raise LoginRefused
            forgive_attempt(tx, member.name, address)
            return renew_session(tx, self._entropy, self.rules, token, now)

    def may_use_password(self, member: StaffMember) -> bool:
        """Tell whether somebody has a password and the rules let him in with it."""
        with self._store.read() as tx:
            account = tx.staff.get(member.staff_id)
        return account is not None and account.has_password and self.rules.let_in(account, LoginMethod.PASSWORD)

    def sessions(self, staff_id: str) -> Sequence[StaffSession]:
        """Give the open sessions of an account, the one used last first."""
        now = self._clock.now()
        with self._store.read() as tx:
            return [session for session in tx.staff_sessions.of(staff_id) if self.rules.lasts(session, now)]

    def end_session(self, staff_id: str, session_id: str) -> None:
        """End one of an account's own sessions.

        Raises:
            NotFound: it has no such session.
        """
        with self._store.write() as tx:
            named = [session for session in tx.staff_sessions.of(staff_id) if session.session_id == session_id]
            if not named:
                raise NotFound("there is no such session")
            for session in named:
                tx.staff_sessions.remove(session.token_hash)
                body = {"staff": staff_id, "session": session.session_id}
                log(tx, "staff_session_ended", body, self._clock.now())

    def end_other_sessions(self, token: str) -> int:
        """End every session of an account but the one of this token; give how many.

        Raises:
            SessionEnded: there is no such session.
        """
        kept = hashed(token)
        with self._store.write() as tx:
            session = tx.staff_sessions.get(kept)
            if session is None:
                raise SessionEnded
            others = [other for other in tx.staff_sessions.of(session.staff_id) if other.token_hash != kept]
            for other in others:
                tx.staff_sessions.remove(other.token_hash)
                body = {"staff": session.staff_id, "session": other.session_id}
                log(tx, "staff_session_ended", body, self._clock.now())
            return len(others)

    def log_out(self, token: str) -> None:
        """End a session; one that has ended stays ended."""
        with self._store.write() as tx:
            session = tx.staff_sessions.get(hashed(token))
            if session is not None:
                tx.staff_sessions.remove(session.token_hash)
                body = {"staff": session.staff_id, "session": session.session_id}
                log(tx, "staff_logged_out", body, self._clock.now())

    def record(self, staff_id: str, act: str, target: str | None = None) -> None:
        """Log what somebody does at the desk, before it is done; `act` and `target` are names and ids of ours."""
        with self._store.write() as tx:
            body = {"staff": staff_id, "act": act} | ({} if target is None else {"target": target})
            log(tx, "staff_acted", body, self._clock.now())

    def _proved(self, name: str, password: str, address: str) -> tuple[StaffAccount, int]:
        """Give the account whose name and password these are, and the time the attempt was counted at.

        Raises:
            LoginLimited, LoginRefused, Unavailable: as `log_in`.
        """
        now = self._clock.now()
        normal = normal_password(password)
        if len(name) > MAX_NAME or len(normal) > MAX_PASSWORD:
            # Longer than any there can be; what is hashed stays bounded.
            name, normal = name[:MAX_NAME], ""
        account = claim_attempt(self._store, name, address, now)
        encoded = account.password_hash if account is not None and account.has_password else None
        if not self._hasher.matches(encoded, normal) or account is None:
            raise LoginRefused
        return account, now
