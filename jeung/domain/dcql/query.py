"""Read DCQL queries strictly within bounds, and write them (OpenID4VP 1.0, section 6).

Members the standard does not name are passed over, as it demands. Everything else that is not exactly as it says is
refused: a query that two readers take differently would let a wallet show more than was meant.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from jeung.domain.dcql.paths import ClaimsPath, Component, Value
from jeung.errors import MalformedQuery

SD_JWT_VC: Final = "dc+sd-jwt"
AUTHORITY_KEY_IDENTIFIER: Final = "aki"

MAX_CREDENTIALS: Final = 8
MAX_SETS: Final = 8
MAX_CLAIMS: Final = 64
MAX_COMPONENTS: Final = 8
MAX_VALUES: Final = 64
MAX_AUTHORITIES: Final = 16
MAX_TEXT: Final = 256
MAX_POSITION: Final = 1 << 16

T = TypeVar("T")

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MOST_EXACT = 1 << 53


@dataclass(frozen=True, slots=True)
class ClaimsQuery:
    """Ask for one claim, or for the elements a path selects; `values`, where given, are what it should be."""

    path: ClaimsPath
    claim_id: str | None = None
    values: tuple[Value, ...] | None = None

    def document(self) -> dict[str, Any]:
        """Write it as JSON."""
        body: dict[str, Any] = {"path": list(self.path)}
        if self.claim_id is not None:
            body["id"] = self.claim_id
        if self.values is not None:
            body["values"] = list(self.values)
        return body


@dataclass(frozen=True, slots=True)
class AuthoritiesQuery:
    """Ask for credentials of certain authorities; of the kinds there are, only `aki` can be judged here."""

    kind: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CredentialQuery:
    """Ask for a credential.

    `vct_values` are the types wanted of an SD-JWT VC; empty for other formats, whose `meta` is not kept: they never
    match here. `claims` None asks for no selectively disclosable claim.
    """

    query_id: str
    credential_format: str
    vct_values: tuple[str, ...]
    claims: tuple[ClaimsQuery, ...] | None = None
    claim_sets: tuple[tuple[str, ...], ...] | None = None
    multiple: bool = False
    trusted_authorities: tuple[AuthoritiesQuery, ...] | None = None
    holder_binding: bool = True

    def options(self) -> tuple[tuple[ClaimsQuery, ...], ...]:
        """Give the combinations of claims that satisfy it, the preferred one first."""
        if self.claims is None:
            return ((),)
        if self.claim_sets is None:
            return (self.claims,)
        by_id = {claim.claim_id: claim for claim in self.claims}
        return tuple(tuple(by_id[claim_id] for claim_id in claim_set) for claim_set in self.claim_sets)

    def document(self) -> dict[str, Any]:
        """Write it as JSON; defaults are left out."""
        meta = {"vct_values": list(self.vct_values)} if self.vct_values else {}
        body: dict[str, Any] = {"id": self.query_id, "format": self.credential_format, "meta": meta}
        if self.multiple:
            body["multiple"] = True
        if not self.holder_binding:
            body["require_cryptographic_holder_binding"] = False
        if self.trusted_authorities is not None:
            body["trusted_authorities"] = [
                {"type": authority.kind, "values": list(authority.values)} for authority in self.trusted_authorities
            ]
        if self.claims is not None:
            body["claims"] = [claim.document() for claim in self.claims]
        if self.claim_sets is not None:
            body["claim_sets"] = [list(claim_set) for claim_set in self.claim_sets]
        return body


@dataclass(frozen=True, slots=True)
class CredentialSetQuery:
    """Name alternatives: each option is a list of credential queries that together will do."""

    options: tuple[tuple[str, ...], ...]
    required: bool = True

    def document(self) -> dict[str, Any]:
        """Write it as JSON; the default is left out."""
        body: dict[str, Any] = {"options": [list(option) for option in self.options]}
        return body if self.required else {**body, "required": False}


@dataclass(frozen=True, slots=True)
class DcqlQuery:
    """Ask for credentials; without `credential_sets` for all of them."""

    credentials: tuple[CredentialQuery, ...]
    credential_sets: tuple[CredentialSetQuery, ...] | None = None

    def credential(self, query_id: str) -> CredentialQuery | None:
        """Give the query of an id."""
        return next((query for query in self.credentials if query.query_id == query_id), None)

    def document(self) -> dict[str, Any]:
        """Write it as JSON."""
        body: dict[str, Any] = {"credentials": [query.document() for query in self.credentials]}
        if self.credential_sets is not None:
            body["credential_sets"] = [wanted.document() for wanted in self.credential_sets]
        return body


def parse_query(document: object) -> DcqlQuery:
    """Read a query from parsed JSON.

    Raises:
        MalformedQuery: a member is missing, of another type, empty, repeated, or beyond its bound; the detail names
            the member and repeats nothing of the query.
    """
    body = _object(document, "the query")
    credentials = _array(body, "credentials", MAX_CREDENTIALS, _credential)
    ids = [query.query_id for query in credentials]
    _demand(len(set(ids)) == len(ids), "two credential queries have the same id")
    sets = None
    if "credential_sets" in body:
        sets = _array(body, "credential_sets", MAX_SETS, _credential_set)
        named = {query_id for wanted in sets for option in wanted.options for query_id in option}
        _demand(named <= set(ids), "a credential set names a credential query that is not there")
    return DcqlQuery(credentials, sets)


def _credential(value: object) -> CredentialQuery:
    body = _object(value, "a credential query")
    claims = _array(body, "claims", MAX_CLAIMS, _claim) if "claims" in body else None
    claim_sets = None
    if "claim_sets" in body:
        claim_sets = _array(body, "claim_sets", MAX_CLAIMS, _ids)
    _check_claims(claims, claim_sets)
    authorities = None
    if "trusted_authorities" in body:
        authorities = _array(body, "trusted_authorities", MAX_AUTHORITIES, _authorities)
    credential_format = _text(body.get("format"), "format")
    return CredentialQuery(
        query_id=_identifier(body.get("id")),
        credential_format=credential_format,
        vct_values=_vct_values(credential_format, _object(body.get("meta"), "`meta`")),
        claims=claims,
        claim_sets=claim_sets,
        multiple=_flag(body, "multiple", default=False),
        trusted_authorities=authorities,
        holder_binding=_flag(body, "require_cryptographic_holder_binding", default=True),
    )


def _vct_values(credential_format: str, meta: Mapping[str, Any]) -> tuple[str, ...]:
    if credential_format != SD_JWT_VC:
        return ()
    return _array(meta, "vct_values", MAX_VALUES, lambda value: _text(value, "vct_values"))


def _check_claims(claims: tuple[ClaimsQuery, ...] | None, claim_sets: tuple[tuple[str, ...], ...] | None) -> None:
    asked = claims or ()
    ids = [claim.claim_id for claim in asked if claim.claim_id is not None]
    _demand(len(set(ids)) == len(ids), "two claims of a credential query have the same id")
    paths = {claim.path for claim in asked}
    _demand(len(paths) == len(asked), "a credential query points to the same claim twice")
    if claim_sets is not None:
        _demand(claims is not None, "`claim_sets` stands without `claims`")
        _demand(len(ids) == len(asked), "with `claim_sets` every claim needs an id")
        named = {claim_id for claim_set in claim_sets for claim_id in claim_set}
        _demand(named <= set(ids), "a claim set names a claim that is not there")


def _claim(value: object) -> ClaimsQuery:
    body = _object(value, "a claims query")
    values = _array(body, "values", MAX_VALUES, _value) if "values" in body else None
    claim_id = _identifier(body["id"]) if "id" in body else None
    return ClaimsQuery(_array(body, "path", MAX_COMPONENTS, _component), claim_id, values)


def _component(value: object) -> Component:
    if value is None:
        return None
    if type(value) is int and 0 <= value < MAX_POSITION:
        return value
    return _text(value, "path", empty=True)


def _value(value: object) -> Value:
    if isinstance(value, bool) or (type(value) is int and abs(value) < _MOST_EXACT):
        return value
    return _text(value, "values", empty=True)


def _authorities(value: object) -> AuthoritiesQuery:
    body = _object(value, "a trusted authority")
    values = _array(body, "values", MAX_VALUES, lambda entry: _text(entry, "values"))
    return AuthoritiesQuery(_text(body.get("type"), "type"), values)


def _credential_set(value: object) -> CredentialSetQuery:
    body = _object(value, "a credential set")
    return CredentialSetQuery(_array(body, "options", MAX_SETS, _ids), required=_flag(body, "required", default=True))


def _ids(value: object) -> tuple[str, ...]:
    found = _entries(value, MAX_CLAIMS, _identifier, "an option")
    _demand(len(set(found)) == len(found), "an option names the same thing twice")
    return found


def _array(body: Mapping[str, Any], name: str, most: int, read: Callable[[object], T]) -> tuple[T, ...]:
    return _entries(body.get(name), most, read, f"`{name}`")


def _entries(value: object, most: int, read: Callable[[object], T], what: str) -> tuple[T, ...]:
    if not isinstance(value, list) or not 0 < len(value) <= most:
        raise MalformedQuery(f"{what} is no array of 1 to {most} entries")
    return tuple(read(entry) for entry in value)


def _object(value: object, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise MalformedQuery(f"{what} is no object")
    return value


def _text(value: object, what: str, *, empty: bool = False) -> str:
    if not isinstance(value, str) or not (value or empty) or len(value) > MAX_TEXT:
        raise MalformedQuery(f"`{what}` holds something other than a short text")
    return value


def _identifier(value: object) -> str:
    if not isinstance(value, str) or _ID.fullmatch(value) is None:
        raise MalformedQuery("an id is no text of 1 to 64 letters, digits, `_` and `-`")
    return value


def _flag(body: Mapping[str, Any], name: str, *, default: bool) -> bool:
    value = body.get(name, default)
    if not isinstance(value, bool):
        raise MalformedQuery(f"`{name}` is neither true nor false")
    return value


def _demand(holds: bool, otherwise: str) -> None:
    if not holds:
        raise MalformedQuery(otherwise)
