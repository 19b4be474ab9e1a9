"""Show a credential type: what the consortium registered, and who may issue it."""

from flask import Response

from api.context import runtime
from api.explorer.pages import show, view
from api.explorer.words import name_of
from jeung.domain.identifiers import SchemaId, id_from_hex, to_hex


@view("/types/<hex32:schema_id>")
def explore_type(schema_id: str) -> Response:
    """Show a credential type with every accreditation for it."""
    wanted = SchemaId(id_from_hex(schema_id))
    schema, registry = runtime().registry.schema(wanted), runtime().registry.registry()
    grants = runtime().registry.accreditations(schema=wanted)
    return show(
        "type.html",
        schema=schema,
        identifier=to_hex(wanted),
        grants=[(name_of(grant.member, registry), to_hex(grant.member), grant) for grant in grants],
        size=len(schema.metadata),
    )
