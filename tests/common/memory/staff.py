"""Staff accounts, sessions and failed log-ins in memory."""

from collections.abc import Sequence
from dataclasses import replace

from jeung.domain.staff import Attempts, StaffAccount, StaffSession
from jeung.errors import Conflict, NotFound
from tests.common.memory.database import Tables


class MemoryStaffAccounts:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def add(self, account: StaffAccount) -> None:
        if account.staff_id in self._tables.staff or self.named(account.name) is not None:
            raise Conflict
        self._tables.staff[account.staff_id] = account

    def get(self, staff_id: str) -> StaffAccount | None:
        return self._tables.staff.get(staff_id)

    def named(self, name: str) -> StaffAccount | None:
        return next((account for account in self._tables.staff.values() if account.name == name), None)

    def all(self) -> Sequence[StaffAccount]:
        return sorted(self._tables.staff.values(), key=lambda account: account.name)

    def replace(self, account: StaffAccount) -> None:
        if account.staff_id not in self._tables.staff:
            raise NotFound
        self._tables.staff[account.staff_id] = account


class MemoryStaffSessions:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def add(self, session: StaffSession) -> None:
        self._tables.staff_sessions[session.token_hash] = session

    def get(self, token_hash: bytes) -> StaffSession | None:
        return self._tables.staff_sessions.get(token_hash)

    def of(self, staff_id: str) -> Sequence[StaffSession]:
        found = [session for session in self._tables.staff_sessions.values() if session.staff_id == staff_id]
        return sorted(found, key=lambda session: (-session.seen_at, session.token_hash))

    def of_provider(self, provider_session: bytes) -> Sequence[StaffSession]:
        found = self._tables.staff_sessions.values()
        return sorted(
            (session for session in found if session.provider_session == provider_session),
            key=lambda session: session.token_hash,
        )

    def touch(self, token_hash: bytes, at: int) -> None:
        session = self._tables.staff_sessions.get(token_hash)
        if session is not None:
            self._tables.staff_sessions[token_hash] = replace(session, seen_at=at)

    def remove(self, token_hash: bytes) -> bool:
        return self._tables.staff_sessions.pop(token_hash, None) is not None

    def remove_of(self, staff_id: str) -> int:
        ending = [key for key, session in self._tables.staff_sessions.items() if session.staff_id == staff_id]
        for key in ending:
            del self._tables.staff_sessions[key]
        return len(ending)


class MemoryLoginAttempts:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def get(self, key: str) -> Attempts | None:
        return self._tables.login_attempts.get(key)

    def put(self, attempts: Attempts) -> None:
        self._tables.login_attempts[attempts.key] = attempts

    def remove(self, key: str) -> None:
        self._tables.login_attempts.pop(key, None)
