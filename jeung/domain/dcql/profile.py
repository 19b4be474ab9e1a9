"""Turn a registered request profile into a query, and hold a caller's own query against the profile.

The profile is the bound: what the consortium did not register is not asked for, whoever asks. Below it a caller may
ask for less, but never for less than the profile itself demands, because every answer to that would be refused.
"""

from collections.abc import Mapping
from typing import Final

from jeung.domain.dcql.query import SD_JWT_VC, ClaimsQuery, CredentialQuery, DcqlQuery
from jeung.domain.identifiers import SchemaId
from jeung.domain.profiles import permits
from jeung.domain.proofing import AssuranceLevel
from jeung.domain.registrations import RequestProfile
from jeung.errors import QueryNotPermitted, QueryTooNarrow

QUERY_ID: Final = "credential"
_PROOFING: Final = "proofing"
_LEVEL: Final = "proofing.assurance_level"


def derive_query(profile: RequestProfile, vcts: Mapping[SchemaId, str]) -> DcqlQuery:
    """Give the widest query a profile allows: one credential of its types with all its claims.

    Claims the profile permits without demanding them are optional: the first claim set asks for the demanded ones
    alone, the second for all. A wallet that lets its holder choose may show any of them.

    Args:
        profile: what stands registered.
        vcts: the URL of each of the profile's types.

    Raises:
        QueryNotPermitted: none of the profile's types is known.
    """
    vct_values = tuple(sorted(vcts[schema] for schema in profile.schemas if schema in vcts))
    if not vct_values:
        raise QueryNotPermitted("the profile names no credential type that stands registered")
    needed, optional = set(profile.required), set(profile.claims) - profile.required
    if _demands_level(profile) and _PROOFING not in needed:
        # The level alone is asked for, not the methods and the time beside it.
        needed.add(_LEVEL)
        optional -= {_PROOFING, _LEVEL}
    claims = {name: ClaimsQuery(tuple(name.split(".", 1)), _claim_id(name)) for name in sorted(needed | optional)}
    first = tuple(_claim_id(name) for name in sorted(needed))
    every = tuple(_claim_id(name) for name in claims)
    sets = (first, every) if first and optional else None
    query = CredentialQuery(QUERY_ID, SD_JWT_VC, vct_values, tuple(claims.values()) or None, sets)
    return DcqlQuery((query,))


def require_within_profile(query: DcqlQuery, profile: RequestProfile, vcts: Mapping[SchemaId, str]) -> None:
    """Refuse a query that asks for more than its profile allows, or for so little that every answer fails.

    Each credential is judged by the whole profile on its own, because nothing proves that two credentials in one
    answer are about the same person; so each credential query must ask for what the profile demands.

    Raises:
        QueryNotPermitted: another format or type, a claim that is not registered, or no holder binding.
        QueryTooNarrow: a combination of claims lacks one the profile demands.
    """
    permitted = {vcts[schema] for schema in profile.schemas if schema in vcts}
    for asked in query.credentials:
        if asked.credential_format != SD_JWT_VC or not permitted.issuperset(asked.vct_values):
            raise QueryNotPermitted("the query asks for a credential type that the profile does not name")
        if not asked.holder_binding:
            raise QueryNotPermitted("a presentation without holder binding is never accepted")
        for claim in asked.claims or ():
            if not _is_permitted(claim, profile):
                raise QueryNotPermitted("the query asks for a claim that the profile does not permit")
        for option in asked.options():
            _require_enough(option, profile)


def _is_permitted(claim: ClaimsQuery, profile: RequestProfile) -> bool:
    name, *rest = claim.path
    if not isinstance(name, str) or "." in name:
        return False
    member = rest[0] if rest else None
    return name in profile.claims or (isinstance(member, str) and f"{name}.{member}" in profile.claims)


def _require_enough(option: tuple[ClaimsQuery, ...], profile: RequestProfile) -> None:
    needed = set(profile.required)
    if _demands_level(profile):
        needed.add(_LEVEL)
    names = {".".join(component for component in claim.path[:2] if isinstance(component, str)) for claim in option}
    for name in needed:
        whole = name.partition(".")[0]
        part_of_it = any(other.startswith(f"{name}.") for other in names)
        if name not in names and whole not in names and not part_of_it:
            raise QueryTooNarrow


def _demands_level(profile: RequestProfile) -> bool:
    return AssuranceLevel(profile.assurance_level).rank > 0 and permits(profile.claims, _LEVEL)


def _claim_id(name: str) -> str:
    """Give a claim's id: its name, whatever an id cannot hold replaced (ids are 1 to 64 of `A-Za-z0-9_-`)."""
    plain = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "_-") else "-" for letter in name)
    return plain[:64]
