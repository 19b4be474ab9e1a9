"""Keep staff accounts, their sessions and failed log-ins."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from jeung.domain.staff import Attempts, LoginMethod, StaffAccount, StaffRole, StaffSession
from jeung.errors import NotFound
from node.store.schema_staff import login_attempts, staff_accounts, staff_sessions

_ADD = insert(staff_accounts)
_GET = select(staff_accounts).where(staff_accounts.c.staff_id == bindparam("wanted"))
_NAMED = select(staff_accounts).where(staff_accounts.c.name == bindparam("wanted"))
_ALL = select(staff_accounts).order_by(staff_accounts.c.name)
_REPLACE = update(staff_accounts).where(staff_accounts.c.staff_id == bindparam("wanted"))

_ADD_SESSION = insert(staff_sessions)
_GET_SESSION = select(staff_sessions).where(staff_sessions.c.token_hash == bindparam("wanted"))
_SESSIONS_OF = (
    select(staff_sessions)
    .where(staff_sessions.c.staff_id == bindparam("wanted"))
    .order_by(staff_sessions.c.seen_at.desc(), staff_sessions.c.token_hash)
)
_OF_PROVIDER = (
    select(staff_sessions)
    .where(staff_sessions.c.provider_session == bindparam("wanted"))
    .order_by(staff_sessions.c.token_hash)
)
_TOUCH = (
    update(staff_sessions).where(staff_sessions.c.token_hash == bindparam("wanted")).values(seen_at=bindparam("at"))
)
_REMOVE_SESSION = delete(staff_sessions).where(staff_sessions.c.token_hash == bindparam("wanted"))
_REMOVE_SESSIONS = delete(staff_sessions).where(staff_sessions.c.staff_id == bindparam("wanted"))

_GET_ATTEMPTS = select(login_attempts).where(login_attempts.c.key == bindparam("wanted")).with_for_update()
_COUNT = update(login_attempts).where(login_attempts.c.key == bindparam("wanted"))
_BEGIN = insert(login_attempts)
_FORGET = delete(login_attempts).where(login_attempts.c.key == bindparam("wanted"))


class SqlStaffAccounts:
    """Keep staff accounts (jeung.ports.staff.StaffAccounts)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, account: StaffAccount) -> None:
        """Keep a new account.

        Raises:
            Conflict: its id or its name stands already.
        """
        self._connection.execute(_ADD, {"staff_id": account.staff_id, **_columns(account)})

    def get(self, staff_id: str) -> StaffAccount | None:
        """Give an account by its id."""
        return _account(self._connection.execute(_GET, {"wanted": staff_id}).first())

    def named(self, name: str) -> StaffAccount | None:
        """Give an account by its log-in name."""
        return _account(self._connection.execute(_NAMED, {"wanted": name}).first())

    def all(self) -> Sequence[StaffAccount]:
        """Give every account in the order of their names."""
        found = (_account(row) for row in self._connection.execute(_ALL))
        return [account for account in found if account is not None]

    def replace(self, account: StaffAccount) -> None:
        """Keep an account's changed roles, password or end.

        Raises:
            NotFound: no such account.
        """
        changed = self._connection.execute(_REPLACE, {"wanted": account.staff_id, **_columns(account)})
        if changed.rowcount == 0:
            raise NotFound("there is no such account")


class SqlStaffSessions:
    """Keep open sessions (jeung.ports.staff.StaffSessions)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, session: StaffSession) -> None:
        """Keep a new session."""
        row = {name: getattr(session, name) for name in StaffSession.__slots__}
        self._connection.execute(_ADD_SESSION, row)

    def get(self, token_hash: bytes) -> StaffSession | None:
        """Give a session by the SHA-256 of its token."""
        row = self._connection.execute(_GET_SESSION, {"wanted": token_hash}).first()
        return None if row is None else _session(row)

    def of(self, staff_id: str) -> Sequence[StaffSession]:
        """Give every session of an account, the one used last first."""
        return [_session(row) for row in self._connection.execute(_SESSIONS_OF, {"wanted": staff_id})]

    def of_provider(self, provider_session: bytes) -> Sequence[StaffSession]:
        """Give every session that came from one of the identity provider's."""
        return [_session(row) for row in self._connection.execute(_OF_PROVIDER, {"wanted": provider_session})]

    def touch(self, token_hash: bytes, at: int) -> None:
        """Note that a session was used."""
        self._connection.execute(_TOUCH, {"wanted": token_hash, "at": at})

    def remove(self, token_hash: bytes) -> bool:
        """End a session; tell whether there was one."""
        return self._connection.execute(_REMOVE_SESSION, {"wanted": token_hash}).rowcount == 1

    def remove_of(self, staff_id: str) -> int:
        """End every session of an account; tell how many."""
        return self._connection.execute(_REMOVE_SESSIONS, {"wanted": staff_id}).rowcount


class SqlLoginAttempts:
    """Count failed log-ins (jeung.ports.staff.LoginAttempts)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, key: str) -> Attempts | None:
        """Give the count under a key."""
        row = self._connection.execute(_GET_ATTEMPTS, {"wanted": key}).first()
        return None if row is None else Attempts(row.key, row.failures, row.last_at)

    def put(self, attempts: Attempts) -> None:
        """Keep a count in place of the one before."""
        values = {"failures": attempts.failures, "last_at": attempts.last_at}
        if self._connection.execute(_COUNT, {"wanted": attempts.key, **values}).rowcount == 0:
            self._connection.execute(_BEGIN, {"key": attempts.key, **values})

    def remove(self, key: str) -> None:
        """Forget the count under a key."""
        self._connection.execute(_FORGET, {"wanted": key})


def _session(row: Row[Any]) -> StaffSession:
    return StaffSession(
        bytes(row.token_hash),
        row.staff_id,
        row.opened_at,
        row.seen_at,
        row.expires_at,
        row.authenticated_at,
        LoginMethod(row.method),
        None if row.provider_session is None else bytes(row.provider_session),
    )


def _columns(account: StaffAccount) -> dict[str, Any]:
    return {
        "name": account.name,
        "roles": " ".join(sorted(role.value for role in account.roles)),
        "password_hash": account.password_hash,
        "created_at": account.created_at,
        "disabled_at": account.disabled_at,
    }


def _account(row: Row[Any] | None) -> StaffAccount | None:
    if row is None:
        return None
    return StaffAccount(
        staff_id=row.staff_id,
        name=row.name,
        roles=frozenset(StaffRole(name) for name in row.roles.split()),
        password_hash=row.password_hash,
        created_at=row.created_at,
        disabled_at=row.disabled_at,
    )
