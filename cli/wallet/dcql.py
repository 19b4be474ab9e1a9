"""Answer a DCQL query out of what a wallet holds (OpenID4VP 1.0 section 6): the least that satisfies it.

Optional credential sets are left unanswered, of `claim_sets` the first that can be met is taken, and one credential
answers where several are not asked for: nothing is shown that is not needed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cli.wallet.credentials import Held, Place, values_at
from cli.wallet.errors import NotTrusted
from jeung.crypto import base64url
from jeung.domain.dcql import ClaimsQuery, CredentialQuery, DcqlQuery, Holding, chosen_claims, parse_query
from jeung.errors import MalformedQuery


@dataclass(frozen=True, slots=True)
class Choice:
    """Hold one credential to show and which of its values."""

    held: Held
    places: tuple[Place, ...]


Selection = Mapping[str, Sequence[Choice]]
"""By query id, what is shown; never an empty sequence."""


def select(query: DcqlQuery, holdings: Sequence[Held]) -> Selection:
    """Choose what answers a query.

    Raises:
        NotTrusted: `nothing_to_show` where the holdings do not satisfy it.
    """
    described = [(held, _described(held)) for held in holdings]
    found = {asked.query_id: _answer(asked, described) for asked in query.credentials}
    wanted = _wanted(query, found)
    if not all(found[name] for name in wanted):
        raise NotTrusted("nothing_to_show", "no credential of ours answers the request")
    return {name: found[name] for name in wanted}


def read_query(document: Mapping[str, object]) -> DcqlQuery:
    """Read a query.

    Raises:
        NotTrusted: `malformed_query`.
    """
    try:
        return parse_query(document)
    except MalformedQuery as refused:
        raise NotTrusted("malformed_query", refused.detail) from None


def _wanted(query: DcqlQuery, found: Mapping[str, Sequence[Choice]]) -> list[str]:
    """Name the queries to answer: all, or of each required set the first option that can be answered (6.4.2)."""
    if query.credential_sets is None:
        return list(found)
    wanted: dict[str, None] = {}
    for one in (one for one in query.credential_sets if one.required):
        met = next((option for option in one.options if all(found[name] for name in option)), one.options[0])
        wanted |= dict.fromkeys(met)
    return list(wanted)


def _answer(asked: CredentialQuery, described: Sequence[tuple[Held, Holding]]) -> list[Choice]:
    choices: list[Choice] = []
    for held, holding in described:
        claims = chosen_claims(asked, holding)
        if claims is not None:
            choices.append(Choice(held, _places(claims, held)))
            if not asked.multiple:
                break
    return choices


def _places(claims: Sequence[ClaimsQuery], held: Held) -> tuple[Place, ...]:
    """Give the places to show; where values are asked for, only what has one of them."""
    places: dict[Place, None] = {}
    for claim in claims:
        for place, value in values_at(held.claims, claim.path):
            # JSON's true is not the number 1 (RFC 8259 section 3).
            if claim.values is None or any(type(value) is type(one) and value == one for one in claim.values):
                places[place] = None
    return tuple(places)


def _described(held: Held) -> Holding:
    keys = frozenset() if held.authority is None else frozenset({base64url.encode(held.authority)})
    return Holding(vct=held.vct, claims=held.claims, authority_keys=keys)
