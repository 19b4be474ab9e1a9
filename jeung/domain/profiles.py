"""Read and write request profiles: the registered JSON that says what a relying party's service may ask for."""

import hashlib
from functools import lru_cache
from typing import Any, Final

from jeung.crypto import canonical_json
from jeung.domain.identifiers import MemberId, SchemaId, ServiceId, id_from_hex, to_hex
from jeung.domain.key_storage import KeyStorage
from jeung.domain.proofing import AssuranceLevel
from jeung.domain.registrations import RequestProfile
from jeung.errors import MalformedInput

KEY_STORAGE_CLAIM: Final = "device_key.storage"
"""Where a credential says how its device key is kept (ADR 0012)."""
_KEY_STORAGE = "key_storage"
_FIELDS = {"name", "schemas", "claims", "required", "purpose", "assurance_level"}
MAX_PROFILE_BYTES = 8192


@lru_cache(maxsize=256)
def service_id(name: str) -> ServiceId:
    """Give the id of a service: the SHA-256 of its name."""
    return ServiceId(hashlib.sha256(name.encode()).digest())


def profile_document(
    *,
    name: str,
    schemas: tuple[SchemaId, ...],
    claims: frozenset[str],
    required: frozenset[str],
    purpose: str,
    assurance_level: AssuranceLevel,
    key_storage: KeyStorage = KeyStorage.SOFTWARE,
) -> dict[str, Any]:
    """Give the JSON document of a profile, to be written in RFC 8785 form and registered.

    A profile that demands how a device key is kept must require `device_key.storage`, the claim that says it.
    """
    demanded = {} if key_storage is KeyStorage.SOFTWARE else {_KEY_STORAGE: key_storage.value}
    return {
        "name": name,
        "schemas": [to_hex(schema) for schema in schemas],
        "claims": sorted(claims),
        "required": sorted(required),
        "purpose": purpose,
        "assurance_level": assurance_level.value,
        **demanded,
    }


def parse_profile(member: MemberId, service: ServiceId, document: bytes, time: int) -> RequestProfile | None:
    """Read a registered profile, or give None when it does not have exactly the documented shape.

    The bytes come from the chain, put there by a quorum; still they are judged like any input.
    """
    if len(document) > MAX_PROFILE_BYTES:
        return None
    try:
        body = canonical_json.parse_object(document)
        if set(body) - {_KEY_STORAGE} != _FIELDS:
            return None
        key_storage = KeyStorage(body.get(_KEY_STORAGE, KeyStorage.SOFTWARE.value))
        claims, required = _names(body["claims"]), _names(body["required"])
        if not all(permits(claims, name) for name in required) or service_id(body["name"]) != service:
            return None
        if key_storage is not KeyStorage.SOFTWARE and KEY_STORAGE_CLAIM not in required:
            return None
        return RequestProfile(
            member=member,
            service=service,
            name=body["name"],
            digest=hashlib.sha256(document).digest(),
            schemas=tuple(SchemaId(id_from_hex(schema)) for schema in body["schemas"]),
            claims=claims,
            required=required,
            purpose=str(body["purpose"]),
            assurance_level=AssuranceLevel(body["assurance_level"]).value,
            registered_at=time,
            key_storage=key_storage.value,
        )
    except (MalformedInput, ValueError, TypeError, AttributeError):
        return None


def permits(claims: frozenset[str], name: str) -> bool:
    """Tell whether a claim, or the member of a claim such as `age_equal_or_over.19`, is among the permitted ones."""
    return name in claims or name.partition(".")[0] in claims


def _names(value: object) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise TypeError("expected a list of strings")
    return frozenset(value)
