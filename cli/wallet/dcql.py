"""Answer a DCQL query out of what a wallet holds (OpenID4VP 1.0 section 6): the least that satisfies it.

A query for another format, a `values` nobody has or an authority nobody is under simply finds nothing. What breaks
the rules of section 6 is refused. Optional credential sets are left unanswered: nothing is shown that is not needed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cli.wallet import documents
from cli.wallet.credentials import Held, Place, Pointer, values_at
from cli.wallet.errors import NotTrusted
from jeung.crypto import base64url
from jeung.crypto.sd_jwt_vc import CREDENTIAL_TYPE
from jeung.errors import MalformedBase64url

_MAX_QUERIES = 16


@dataclass(frozen=True, slots=True)
class Choice:
    """Hold one credential to show and which of its values."""

    held: Held
    places: tuple[Place, ...]


Selection = Mapping[str, Sequence[Choice]]
"""By query id, what is shown; never an empty sequence."""


def select(query: Mapping[str, Any], holdings: Sequence[Held]) -> Selection:
    """Choose what answers a query.

    Raises:
        NotTrusted: `malformed_query`, or `nothing_to_show` where the holdings do not satisfy it.
    """
    queries = documents.objects(query, "credentials")
    if len(queries) > _MAX_QUERIES:
        raise _malformed("more credential queries than a wallet reads")
    found = {documents.text(one, "id"): _answer(one, holdings) for one in queries}
    if len(found) != len(queries):
        raise _malformed("two credential queries with one id")
    wanted = _wanted(query, found)
    missing = [name for name in wanted if not found[name]]
    if missing:
        raise NotTrusted("nothing_to_show", "no credential of ours answers the request")
    return {name: found[name] for name in wanted}


def _wanted(query: Mapping[str, Any], found: Mapping[str, Sequence[Choice]]) -> list[str]:
    """Name the queries to answer: all, or of each required set the first option that can be answered (6.4.2)."""
    if "credential_sets" not in query:
        return list(found)
    wanted: dict[str, None] = {}
    for one in documents.objects(query, "credential_sets"):
        options = one.get("options")
        if not isinstance(options, list) or not options:
            raise _malformed("a credential set without options")
        if any(not isinstance(option, list) or not option or not set(option) <= set(found) for option in options):
            raise _malformed("a credential set of unknown queries")
        if one.get("required", True) is not True:
            continue
        met = next((option for option in options if all(found[name] for name in option)), options[0])
        wanted |= dict.fromkeys(met)
    return list(wanted)


def _answer(query: Mapping[str, Any], holdings: Sequence[Held]) -> list[Choice]:
    """Give what of the holdings answers one credential query; one of them unless several are allowed."""
    meta = documents.member(query, "meta")
    if query.get("format") != CREDENTIAL_TYPE:
        return []
    types = documents.texts(meta, "vct_values")
    if not types:
        raise _malformed("no `vct_values`")
    choices: list[Choice] = []
    for held in holdings:
        if held.vct not in types or not _is_under(query, held):
            continue
        places = _places(query, held)
        if places is not None:
            choices.append(Choice(held, places))
    return choices if query.get("multiple") is True else choices[:1]


def _is_under(query: Mapping[str, Any], held: Held) -> bool:
    """Tell whether a credential is under one of the authorities asked for; kinds we do not know match nothing."""
    if "trusted_authorities" not in query:
        return True
    for one in documents.objects(query, "trusted_authorities"):
        if one.get("type") == "aki" and held.authority is not None:
            for value in documents.texts(one, "values"):
                try:
                    if base64url.decode(value) == held.authority:
                        return True
                except MalformedBase64url:
                    continue
    return False


def _places(query: Mapping[str, Any], held: Held) -> tuple[Place, ...] | None:
    """Give the values to show: none where no claims are asked for, None where the credential lacks one (6.4.1)."""
    if "claims" not in query:
        if "claim_sets" in query:
            raise _malformed("`claim_sets` without `claims`")
        return ()
    claims = documents.objects(query, "claims")
    found = [_matching(claim, held) for claim in claims]
    sets = [list(range(len(claims)))] if "claim_sets" not in query else _claim_sets(query, claims)
    for chosen in sets:
        if all(found[number] for number in chosen):
            return tuple(dict.fromkeys(place for number in chosen for place in found[number]))
    return None


def _claim_sets(query: Mapping[str, Any], claims: Sequence[Mapping[str, Any]]) -> list[list[int]]:
    """Give the sets as positions, in the verifier's order of preference."""
    numbers = {documents.text(claim, "id"): number for number, claim in enumerate(claims)}
    sets = query["claim_sets"]
    if len(numbers) != len(claims) or not isinstance(sets, list) or not sets:
        raise _malformed("claim sets of claims without ids of their own")
    if any(not isinstance(one, list) or not one or not set(one) <= set(numbers) for one in sets):
        raise _malformed("a claim set of unknown claims")
    return [[numbers[name] for name in one] for one in sets]


def _matching(claim: Mapping[str, Any], held: Held) -> list[Place]:
    """Give the places a claim query selects, as far as their values are among those asked for."""
    found = values_at(held.claims, read_pointer(claim.get("path")))
    if "values" not in claim:
        return [place for place, _ in found]
    values = claim["values"]
    if not isinstance(values, list) or not values:
        raise _malformed("`values` is no array")
    # JSON's true is not the number 1 (RFC 8259 section 3).
    return [place for place, value in found if any(type(value) is type(one) and value == one for one in values)]


def read_pointer(path: object) -> Pointer:
    """Read a claims path pointer (section 7).

    Raises:
        NotTrusted: it is none.
    """
    if not isinstance(path, list) or not path:
        raise _malformed("a claim without a path")
    for step in path:
        if step is not None and not isinstance(step, str) and not (type(step) is int and step >= 0):
            raise _malformed("a path with a step that leads nowhere")
    return tuple(path)


def _malformed(detail: str) -> NotTrusted:
    return NotTrusted("malformed_query", detail)
