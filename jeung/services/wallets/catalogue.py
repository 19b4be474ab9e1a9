"""Say which credentials this member can offer now: the types it is accredited for, by their configuration id.

The id of a credential configuration, which is also its OAuth scope, is the type's name: what stands after `/types/`
in its `vct`.
"""

from collections.abc import Mapping

from jeung.domain.members import MemberStatus, Role
from jeung.domain.registrations import Schema
from jeung.ports.ledger import Ledger
from jeung.services.metadata import schema_named, type_name


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
    found: dict[str, Schema] = {}
    for schema in registry.schemas.values():
        name = type_name(schema.vct)
        # Should two types have the same name, the earlier one is meant, here as wherever a type is looked up.
        if name is None or schema_named(registry, name) is not schema or schema.deprecated_at is not None:
            continue
        if registry.grant_covering(member.member, schema.schema, now) is not None:
            found[name] = schema
    return found
