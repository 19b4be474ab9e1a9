"""Say which credentials this member can offer now: the types it is accredited for, by their configuration id.

The id of a credential configuration, which is also its OAuth scope, is the type's name: what stands after `/types/`
in its `vct`.
"""

from collections.abc import Mapping

from jeung.domain.members import MemberStatus, Role
from jeung.domain.registrations import Schema
from jeung.ports.ledger import Ledger

_TYPES = "/types/"


def offered_types(ledger: Ledger, url: str, now: int) -> Mapping[str, Schema]:
    """Give the types that the member at a URL may issue now, by configuration id.

    Raises:
        LedgerStale: the follower has never run.
    """
    with ledger.view() as view:
        registry = view.registry
    member = registry.member_at(url)
    if member is None or member.status_at(now) is not MemberStatus.ACTIVE or Role.ISSUER not in member.roles_at(now):
        return {}
    return {
        schema.vct.rpartition(_TYPES)[2]: schema
        for schema in registry.schemas.values()
        if _TYPES in schema.vct
        and schema.deprecated_at is None
        and registry.grant_covering(member.member, schema.schema, now) is not None
    }
