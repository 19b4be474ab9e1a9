"""Who members of staff are at the identity provider, in memory."""

from jeung.domain.staff import FederatedIdentity
from jeung.errors import Conflict
from tests.common.memory.database import Tables


class MemoryFederatedIdentities:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def put(self, identity: FederatedIdentity) -> None:
        kept = self._tables.identities
        taken = any(other.staff_id == identity.staff_id for other in kept.values())
        if taken or (identity.issuer, identity.subject) in kept:
            raise Conflict
        kept[identity.issuer, identity.subject] = identity

    def get(self, issuer: str, subject: str) -> FederatedIdentity | None:
        return self._tables.identities.get((issuer, subject))

    def remove_of(self, staff_id: str) -> bool:
        kept = self._tables.identities
        found = [key for key, identity in kept.items() if identity.staff_id == staff_id]
        for key in found:
            del kept[key]
        return bool(found)
