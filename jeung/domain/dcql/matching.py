"""Judge what is held, or what was returned, by a DCQL query (OpenID4VP 1.0, section 6.4).

A wallet asks what it could show; a verifier asks again of all it got, for a wallet may be mistaken or lie. What
`values` demand is judged in both directions, but a verifier must never take it for a check of security: whether the
claim is true is what the issuer's signature says.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jeung.domain.dcql.paths import has_one_of, leads_into, selected
from jeung.domain.dcql.query import (
    AUTHORITY_KEY_IDENTIFIER,
    SD_JWT_VC,
    AuthoritiesQuery,
    ClaimsQuery,
    CredentialQuery,
    DcqlQuery,
)


@dataclass(frozen=True, slots=True)
class Holding:
    """Describe a credential as far as a query can ask: its type, claims, holder binding and who certified its issuer.

    `authority_keys` are the AuthorityKeyIdentifiers of the certificates it shows, in base64url.
    """

    vct: str
    claims: Mapping[str, Any] = field(repr=False)
    holder_binding: bool = True
    authority_keys: frozenset[str] = frozenset()
    credential_format: str = SD_JWT_VC


def chosen_claims(
    query: CredentialQuery, holding: Holding, *, presented: bool = False
) -> tuple[ClaimsQuery, ...] | None:
    """Give the first combination of claims that a credential can satisfy, or None where it does not match.

    Args:
        query: what is asked.
        holding: the credential, or what a presentation shows of it.
        presented: it is a presentation, in which positions in arrays have moved (see `paths.selected`).
    """
    if not _is_of_kind(query, holding):
        return None
    for option in query.options():
        if all(_is_found(claim, holding.claims, presented=presented) for claim in option):
            return option
    return None


def candidates(query: DcqlQuery, holdings: Sequence[Holding]) -> dict[str, tuple[int, ...]]:
    """Give by query id the places of the credentials that could answer it; queries without any are left out."""
    found = {
        asked.query_id: tuple(
            place for place, holding in enumerate(holdings) if chosen_claims(asked, holding) is not None
        )
        for asked in query.credentials
    }
    return {query_id: places for query_id, places in found.items() if places}


def satisfies(query: DcqlQuery, answered: Collection[str]) -> bool:
    """Tell whether answers to these credential queries are enough (section 6.4.2)."""
    if query.credential_sets is None:
        return all(asked.query_id in answered for asked in query.credentials)
    return all(
        any(_is_complete(option, answered) for option in wanted.options)
        for wanted in query.credential_sets
        if wanted.required
    )


def covers_answer(query: DcqlQuery, answered: Collection[str]) -> bool:
    """Tell whether answers to these credential queries are no more than was asked.

    With sets, one option of each set makes up the whole answer: who shows two alternatives shows one too many.
    """
    if query.credential_sets is None:
        return all(query.credential(query_id) is not None for query_id in answered)
    reached = {frozenset[str]()}
    for wanted in query.credential_sets:
        options = [frozenset(option) for option in wanted.options if _is_complete(option, answered)]
        # Bounded by the number of sets of at most eight ids.
        reached |= {before | option for before in reached for option in options}
    return frozenset(answered) in reached


def is_asked_for(place: Sequence[str | int], queries: Collection[CredentialQuery]) -> bool:
    """Tell whether the claim disclosed at a place is among those asked for, on the way to one, or a part of one."""
    return any(leads_into(claim.path, place) for query in queries for claim in query.claims or ())


def _is_of_kind(query: CredentialQuery, holding: Holding) -> bool:
    if query.credential_format != holding.credential_format or holding.vct not in query.vct_values:
        return False
    if query.holder_binding and not holding.holder_binding:
        return False
    authorities = query.trusted_authorities
    return authorities is None or any(_certified(authority, holding) for authority in authorities)


def _certified(authority: AuthoritiesQuery, holding: Holding) -> bool:
    """Tell whether the credential shows a certificate by a wanted authority; kinds we cannot judge match nothing."""
    return authority.kind == AUTHORITY_KEY_IDENTIFIER and not holding.authority_keys.isdisjoint(authority.values)


def _is_found(claim: ClaimsQuery, claims: Mapping[str, Any], *, presented: bool) -> bool:
    found = selected(claims, claim.path, presented=presented)
    return bool(found) and (claim.values is None or has_one_of(found, claim.values))


def _is_complete(option: Sequence[str], answered: Collection[str]) -> bool:
    return all(query_id in answered for query_id in option)
