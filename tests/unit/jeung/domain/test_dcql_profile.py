"""Queries and registered profiles: never wider, and never so narrow that nothing could pass."""

from collections.abc import Set
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeung.domain.dcql import DcqlQuery, derive_query, parse_query, require_within_profile
from jeung.domain.identifiers import MemberId, SchemaId, ServiceId
from jeung.domain.registrations import RequestProfile
from jeung.errors import QueryNotPermitted, QueryTooNarrow

SCHEMA = SchemaId(b"\1" * 32)
OTHER = SchemaId(b"\2" * 32)
VCT = "https://consortium.example/types/real-name-1"
VCTS = {SCHEMA: VCT, OTHER: "https://consortium.example/types/other-1"}


def profile(claims: Set[str], required: Set[str] = frozenset(), level: str = "low") -> RequestProfile:
    return RequestProfile(
        member=MemberId(b"\3" * 32),
        service=ServiceId(b"\4" * 32),
        name="opening",
        digest=b"\5" * 32,
        schemas=(SCHEMA,),
        claims=frozenset(claims),
        required=frozenset(required),
        purpose="Opening an account",
        assurance_level=level,
        registered_at=0,
    )


OPENING = profile({"family_name", "age_equal_or_over.19", "account", "proofing"}, {"family_name"}, "substantial")


def query(*paths: list[Any], vct: str = VCT, **members: object) -> DcqlQuery:
    body: dict[str, Any] = {"id": "x", "format": "dc+sd-jwt", "meta": {"vct_values": [vct]}, **members}
    if paths:
        body["claims"] = [{"path": path} for path in paths]
    return parse_query({"credentials": [body]})


ENOUGH = (["family_name"], ["proofing", "assurance_level"])


def test_the_derived_query_asks_for_what_is_demanded_first_and_for_all_it_may_second() -> None:
    (asked,) = derive_query(OPENING, VCTS).credentials
    assert asked.vct_values == (VCT,)
    assert [[claim.path for claim in option] for option in asked.options()] == [
        [("family_name",), ("proofing", "assurance_level")],
        [("account",), ("age_equal_or_over", "19"), ("family_name",), ("proofing", "assurance_level")],
    ]
    assert parse_query(derive_query(OPENING, VCTS).document()) == derive_query(OPENING, VCTS)


def test_a_profile_that_demands_nothing_asks_for_all_it_permits() -> None:
    (asked,) = derive_query(profile({"family_name", "sex"}), VCTS).credentials
    assert asked.claim_sets is None
    assert [claim.path for claim in asked.claims or ()] == [("family_name",), ("sex",)]
    assert derive_query(profile(set()), VCTS).credentials[0].claims is None


def test_a_profile_that_demands_all_has_one_combination() -> None:
    (asked,) = derive_query(profile({"sex"}, {"sex"}), VCTS).credentials
    assert asked.claim_sets is None


def test_a_profile_whose_types_nobody_knows_asks_for_nothing() -> None:
    with pytest.raises(QueryNotPermitted):
        derive_query(OPENING, {})


def test_the_derived_query_is_within_its_profile() -> None:
    require_within_profile(derive_query(OPENING, VCTS), OPENING, VCTS)


NAMES = [
    "family_name",
    "sex",
    "proofing",
    "proofing.assurance_level",
    "age_equal_or_over.19",
    "account",
    "account.bank",
]


@given(st.sets(st.sampled_from(NAMES)), st.data(), st.sampled_from(["low", "substantial", "high"]))
def test_whatever_a_profile_says_its_derived_query_is_within_it(
    claims: set[str], data: st.DataObject, level: str
) -> None:
    required = data.draw(st.sets(st.sampled_from(sorted(claims)))) if claims else set()
    registered = profile(claims, required, level)
    derived = derive_query(registered, VCTS)
    assert parse_query(derived.document()) == derived
    require_within_profile(derived, registered, VCTS)


@pytest.mark.parametrize(
    "wider",
    [
        query(*ENOUGH, ["birthdate"]),
        query(*ENOUGH, ["age_equal_or_over"]),
        query(*ENOUGH, ["age_equal_or_over", "14"]),
        query(*ENOUGH, ["age_equal_or_over", None]),
        query(*ENOUGH, ["age_equal_or_over.19"]),
        query(*ENOUGH, [None]),
        query(*ENOUGH, [0]),
        query(*ENOUGH, ["iss"]),
        query(*ENOUGH, vct=VCTS[OTHER]),
        query(*ENOUGH, vct="https://elsewhere.example/type"),
        query(*ENOUGH, require_cryptographic_holder_binding=False),
        parse_query({"credentials": [{"id": "x", "format": "mso_mdoc", "meta": {}}]}),
    ],
)
def test_a_query_that_asks_for_more_is_refused(wider: DcqlQuery) -> None:
    with pytest.raises(QueryNotPermitted):
        require_within_profile(wider, OPENING, VCTS)


@pytest.mark.parametrize("narrow", [query(), query(["family_name"]), query(["account"], ["proofing"])])
def test_a_query_that_could_only_be_answered_in_vain_is_refused(narrow: DcqlQuery) -> None:
    with pytest.raises(QueryTooNarrow):
        require_within_profile(narrow, OPENING, VCTS)


def test_one_combination_that_is_too_narrow_is_one_too_many() -> None:
    body = derive_query(OPENING, VCTS).document()
    body["credentials"][0]["claim_sets"].append(["account"])
    with pytest.raises(QueryTooNarrow):
        require_within_profile(parse_query(body), OPENING, VCTS)


@pytest.mark.parametrize(
    "narrower",
    [
        query(*ENOUGH),
        query(["family_name"], ["proofing"]),
        query(*ENOUGH, ["account", "bank"]),
        query(*ENOUGH, trusted_authorities=[{"type": "aki", "values": ["K"]}]),
        query(*ENOUGH, multiple=True),
    ],
)
def test_a_query_that_asks_for_less_passes(narrower: DcqlQuery) -> None:
    require_within_profile(narrower, OPENING, VCTS)


def test_a_required_claim_may_be_asked_for_in_part() -> None:
    registered = profile({"account"}, {"account"})
    require_within_profile(query(["account", "bank"]), registered, VCTS)
