"""Passkeys, challenges and enrolments in memory."""

from collections.abc import Sequence

from jeung.domain.passkeys import Enrolment, Passkey, StaffChallenge
from jeung.errors import Conflict, NotFound
from tests.common.memory.database import Tables


class MemoryPasskeys:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def add(self, passkey: Passkey) -> None:
        if passkey.credential_id in self._tables.passkeys:
            raise Conflict
        self._tables.passkeys[passkey.credential_id] = passkey

    def get(self, credential_id: bytes) -> Passkey | None:
        return self._tables.passkeys.get(credential_id)

    def of(self, staff_id: str) -> Sequence[Passkey]:
        found = [passkey for passkey in self._tables.passkeys.values() if passkey.staff_id == staff_id]
        return sorted(found, key=lambda passkey: (passkey.created_at, passkey.credential_id))

    def replace(self, passkey: Passkey) -> None:
        if passkey.credential_id not in self._tables.passkeys:
            raise NotFound
        self._tables.passkeys[passkey.credential_id] = passkey

    def remove(self, credential_id: bytes) -> bool:
        return self._tables.passkeys.pop(credential_id, None) is not None


class MemoryStaffChallenges:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def put(self, challenge: StaffChallenge) -> None:
        kept = self._tables.staff_challenges
        for key, other in list(kept.items()):
            if (other.bound_to, other.ceremony) == (challenge.bound_to, challenge.ceremony):
                del kept[key]
        kept[challenge.challenge_hash] = challenge

    def take(self, challenge_hash: bytes) -> StaffChallenge | None:
        return self._tables.staff_challenges.pop(challenge_hash, None)


class MemoryEnrolments:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def put(self, enrolment: Enrolment) -> None:
        self._tables.enrolments[enrolment.staff_id] = enrolment

    def get(self, staff_id: str) -> Enrolment | None:
        return self._tables.enrolments.get(staff_id)

    def remove(self, staff_id: str) -> None:
        self._tables.enrolments.pop(staff_id, None)
