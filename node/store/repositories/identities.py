"""Keep who a member of staff is at the institution's identity provider."""

from sqlalchemy import Connection, bindparam, delete, insert, select

from jeung.domain.staff import FederatedIdentity
from node.store.schema_staff import staff_identities

_PUT = insert(staff_identities)
_GET = select(staff_identities).where(
    staff_identities.c.issuer == bindparam("of"), staff_identities.c.subject == bindparam("wanted")
)
_REMOVE = delete(staff_identities).where(staff_identities.c.staff_id == bindparam("wanted"))


class SqlFederatedIdentities:
    """Keep identities (jeung.ports.identity.FederatedIdentities)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, identity: FederatedIdentity) -> None:
        """Keep an identity.

        Raises:
            Conflict: the subject, or the account, has one already.
        """
        self._connection.execute(_PUT, {name: getattr(identity, name) for name in FederatedIdentity.__slots__})

    def get(self, issuer: str, subject: str) -> FederatedIdentity | None:
        """Give the identity of a subject."""
        row = self._connection.execute(_GET, {"of": issuer, "wanted": subject}).first()
        return None if row is None else FederatedIdentity(row.issuer, row.subject, row.staff_id, row.linked_at)

    def remove_of(self, staff_id: str) -> bool:
        """Forget the identity of an account; tell whether there was one."""
        return self._connection.execute(_REMOVE, {"wanted": staff_id}).rowcount == 1
