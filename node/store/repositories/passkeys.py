"""Keep passkeys of staff, the challenges they answer, and codes that let somebody add one."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from jeung.domain.passkeys import Ceremony, Enrolment, Passkey, StaffChallenge
from jeung.errors import NotFound
from node.store.schema_staff import staff_challenges, staff_enrolments, staff_passkeys

_ADD = insert(staff_passkeys)
_GET = select(staff_passkeys).where(staff_passkeys.c.credential_id == bindparam("wanted"))
_OF = (
    select(staff_passkeys)
    .where(staff_passkeys.c.staff_id == bindparam("wanted"))
    .order_by(staff_passkeys.c.created_at, staff_passkeys.c.credential_id)
)
_REPLACE = update(staff_passkeys).where(staff_passkeys.c.credential_id == bindparam("wanted"))
_REMOVE = delete(staff_passkeys).where(staff_passkeys.c.credential_id == bindparam("wanted"))

_FORGET = delete(staff_challenges).where(
    staff_challenges.c.bound_to == bindparam("browser"), staff_challenges.c.ceremony == bindparam("purpose")
)
_GIVE = insert(staff_challenges)
_TAKE = (
    delete(staff_challenges)
    .where(staff_challenges.c.challenge_hash == bindparam("wanted"))
    .returning(*staff_challenges.columns)
)

_ENROLMENT = select(staff_enrolments).where(staff_enrolments.c.staff_id == bindparam("wanted")).with_for_update()
_ENROL = insert(staff_enrolments)
_DISMISS = delete(staff_enrolments).where(staff_enrolments.c.staff_id == bindparam("wanted"))

_NAMES = tuple(field.name for field in fields(Passkey))


class SqlPasskeys:
    """Keep passkeys (jeung.ports.passkeys.Passkeys)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, passkey: Passkey) -> None:
        """Keep a new passkey.

        Raises:
            Conflict: its id stands already.
        """
        self._connection.execute(_ADD, _columns(passkey))

    def get(self, credential_id: bytes) -> Passkey | None:
        """Give a passkey by its credential id."""
        row = self._connection.execute(_GET, {"wanted": credential_id}).first()
        return None if row is None else _passkey(row)

    def of(self, staff_id: str) -> Sequence[Passkey]:
        """Give the passkeys of an account, the oldest first."""
        return [_passkey(row) for row in self._connection.execute(_OF, {"wanted": staff_id})]

    def replace(self, passkey: Passkey) -> None:
        """Keep a passkey's new label, counter, times.

        Raises:
            NotFound: no such passkey.
        """
        changed = self._connection.execute(_REPLACE, {"wanted": passkey.credential_id, **_columns(passkey)})
        if changed.rowcount == 0:
            raise NotFound("there is no such passkey")

    def remove(self, credential_id: bytes) -> bool:
        """Forget a passkey; tell whether there was one."""
        return self._connection.execute(_REMOVE, {"wanted": credential_id}).rowcount == 1


class SqlStaffChallenges:
    """Keep challenges (jeung.ports.passkeys.StaffChallenges)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, challenge: StaffChallenge) -> None:
        """Keep a challenge in place of the one that the same browser was given for the same ceremony."""
        self._connection.execute(_FORGET, {"browser": challenge.bound_to, "purpose": challenge.ceremony.value})
        row = {name: getattr(challenge, name) for name in StaffChallenge.__slots__}
        self._connection.execute(_GIVE, {**row, "ceremony": challenge.ceremony.value})

    def take(self, challenge_hash: bytes) -> StaffChallenge | None:
        """Give a challenge and forget it."""
        row = self._connection.execute(_TAKE, {"wanted": challenge_hash}).first()
        if row is None:
            return None
        return StaffChallenge(
            bytes(row.challenge_hash), Ceremony(row.ceremony), row.staff_id, bytes(row.bound_to), row.expires_at
        )


class SqlEnrolments:
    """Keep enrolments (jeung.ports.passkeys.Enrolments)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, enrolment: Enrolment) -> None:
        """Keep an enrolment in place of the account's former one."""
        self.remove(enrolment.staff_id)
        self._connection.execute(_ENROL, {name: getattr(enrolment, name) for name in Enrolment.__slots__})

    def get(self, staff_id: str) -> Enrolment | None:
        """Give the enrolment of an account."""
        row = self._connection.execute(_ENROLMENT, {"wanted": staff_id}).first()
        return None if row is None else Enrolment(row.staff_id, bytes(row.code_hash), row.failures, row.expires_at)

    def remove(self, staff_id: str) -> None:
        """Forget the enrolment of an account."""
        self._connection.execute(_DISMISS, {"wanted": staff_id})


def _columns(passkey: Passkey) -> dict[str, Any]:
    return {name: getattr(passkey, name) for name in _NAMES}


def _passkey(row: Row[Any]) -> Passkey:
    found = {name: getattr(row, name) for name in _NAMES}
    return Passkey(**{**found, "credential_id": bytes(row.credential_id), "public_key": bytes(row.public_key)})
