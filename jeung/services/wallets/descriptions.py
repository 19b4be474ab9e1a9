"""Say in a person's language what a credential type is called and what it holds, as its registered metadata say it.

The consortium voted for the metadata's bytes, but nothing here relies on their shape: what is missing or strange is
passed over, and the type's own id stands in for its name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jeung.crypto import canonical_json
from jeung.domain.registrations import Schema
from jeung.errors import MalformedJson

MAX_CLAIMS = 64
_MAX_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class TypeDescription:
    """Name a credential type and its claims in one language."""

    name: str
    claims: tuple[str, ...]


def describe_type(name: str, schema: Schema, language: str) -> TypeDescription:
    """Describe a type in a language ("ko", "en"), or in whatever its metadata have instead."""
    try:
        metadata = canonical_json.parse_object(schema.metadata)
    except MalformedJson:
        return TypeDescription(name, ())
    called = _in_language(metadata.get("display"), "name", language) or _text(metadata.get("name")) or name
    claims = metadata.get("claims")
    found = (_claim(claim, language) for claim in (claims if isinstance(claims, list) else [])[:MAX_CLAIMS])
    return TypeDescription(called, tuple(label for label in found if label))


def _claim(claim: object, language: str) -> str:
    """Name a claim; parts of a claim are not named beside the whole."""
    if not isinstance(claim, Mapping):
        return ""
    path = claim.get("path")
    if not isinstance(path, list) or len(path) != 1:
        return ""
    return _in_language(claim.get("display"), "label", language) or _text(path[0])


def _in_language(display: object, member: str, language: str) -> str:
    entries = [entry for entry in display if isinstance(entry, Mapping)] if isinstance(display, list) else []
    fitting = [entry for entry in entries if _language_of(entry) == language] or entries
    return _text(fitting[0].get(member, fitting[0].get("name"))) if fitting else ""


def _language_of(entry: Mapping[str, Any]) -> str:
    return _text(entry.get("locale", entry.get("lang"))).partition("-")[0].lower()


def _text(value: object) -> str:
    return value[:_MAX_CHARACTERS] if isinstance(value, str) else ""
