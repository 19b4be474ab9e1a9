"""Serve what the consortium has registered: members, accreditations, schemas, keys, relying parties.

All of it stands on the chain, so members and schemas are open to everyone; the rest wants any good token.
"""

from apiflask import APIBlueprint

from api.context import runtime
from api.limits import Limit
from api.operation import Operation, operation
from api.paging import page_of
from api.wire.base import PageQuery
from api.wire.registry import (
    Accreditation,
    Accreditations,
    AccreditationsQuery,
    Key,
    Keys,
    Member,
    Members,
    OfMemberQuery,
    RelyingParties,
    RelyingParty,
    Schema,
    Schemas,
)
from jeung.domain.identifiers import MemberId, SchemaId, id_from_hex
from jeung.errors import LedgerStale

blueprint = APIBlueprint("registry", __name__, tag="Consortium")


@operation(
    blueprint,
    Operation(
        "GET",
        "/v1/members",
        None,
        query=PageQuery,
        gives=Members,
        limit=Limit.PUBLIC,
        cross_origin=True,
        refuses=(LedgerStale,),
    ),
)
def list_members(query: PageQuery) -> Members:
    """List the members in order of admission."""
    now = runtime().clock.now()
    items, cursor = page_of(runtime().registry.members(), query, lambda member: Member.of(member, now))
    return Members(items=items, next_cursor=cursor)


@operation(
    blueprint,
    Operation(
        "GET",
        "/v1/members/<hex32:member_id>",
        None,
        gives=Member,
        limit=Limit.PUBLIC,
        cross_origin=True,
        refuses=(LedgerStale,),
    ),
)
def get_member(member_id: str) -> Member:
    """Show a member."""
    return Member.of(runtime().registry.member(MemberId(id_from_hex(member_id))), runtime().clock.now())


@operation(
    blueprint,
    Operation(
        "GET",
        "/v1/schemas",
        None,
        query=PageQuery,
        gives=Schemas,
        limit=Limit.PUBLIC,
        cross_origin=True,
        refuses=(LedgerStale,),
    ),
)
def list_schemas(query: PageQuery) -> Schemas:
    """List the credential types in order of registration."""
    items, cursor = page_of(runtime().registry.schemas(), query, Schema.of)
    return Schemas(items=items, next_cursor=cursor)


@operation(
    blueprint,
    Operation(
        "GET",
        "/v1/accreditations",
        frozenset(),
        query=AccreditationsQuery,
        gives=Accreditations,
        refuses=(LedgerStale,),
    ),
)
def list_accreditations(query: AccreditationsQuery) -> Accreditations:
    """List who may issue what, withdrawn grants included."""
    grants = runtime().registry.accreditations(
        member=_member(query.member),
        schema=None if query.schema_id is None else SchemaId(id_from_hex(query.schema_id)),
    )
    items, cursor = page_of(grants, query, Accreditation.of)
    return Accreditations(items=items, next_cursor=cursor)


@operation(
    blueprint, Operation("GET", "/v1/keys", frozenset(), query=OfMemberQuery, gives=Keys, refuses=(LedgerStale,))
)
def list_keys(query: OfMemberQuery) -> Keys:
    """List registered public keys with their history."""
    now = runtime().clock.now()
    keys = runtime().registry.keys(member=_member(query.member))
    items, cursor = page_of(keys, query, lambda key: Key.of(key, now))
    return Keys(items=items, next_cursor=cursor)


@operation(
    blueprint,
    Operation(
        "GET",
        "/v1/relying-parties",
        frozenset(),
        query=OfMemberQuery,
        gives=RelyingParties,
        refuses=(LedgerStale,),
    ),
)
def list_relying_parties(query: OfMemberQuery) -> RelyingParties:
    """List relying parties' services and what each may ask for."""
    profiles = runtime().registry.profiles(member=_member(query.member))
    items, cursor = page_of(profiles, query, RelyingParty.of)
    return RelyingParties(items=items, next_cursor=cursor)


def _member(text: str | None) -> MemberId | None:
    return None if text is None else MemberId(id_from_hex(text))
