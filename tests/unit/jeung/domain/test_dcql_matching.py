"""Judging by a query: what a wallet holds, and what a verifier got back."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeung.domain.dcql import (
    CredentialQuery,
    DcqlQuery,
    Holding,
    candidates,
    chosen_claims,
    covers_answer,
    is_asked_for,
    parse_query,
    satisfies,
)
from jeung.domain.dcql.paths import Component, selected

VCT = "https://consortium.example/types/real-name-1"
# The example of OpenID4VP 1.0 section 7.3.
PERSON: dict[str, Any] = {
    "name": "Arthur Dent",
    "address": {"street_address": "42 Market Street", "locality": "Milliways", "postal_code": "12345"},
    "degrees": [
        {"type": "Bachelor of Science", "university": "University of Betelgeuse"},
        {"type": "Master of Science", "university": "University of Betelgeuse"},
    ],
    "nationalities": ["British", "Betelgeusian"],
    "adult": True,
    "children": 1,
}


def asked(**members: object) -> CredentialQuery:
    body: dict[str, Any] = {"id": "x", "format": "dc+sd-jwt", "meta": {"vct_values": [VCT]}, **members}
    return parse_query({"credentials": [body]}).credentials[0]


def claims(*paths: list[Component], **members: object) -> CredentialQuery:
    return asked(claims=[{"path": path, **members} for path in paths])


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (["name"], ["Arthur Dent"]),
        (["address"], [PERSON["address"]]),
        (["address", "street_address"], ["42 Market Street"]),
        (["degrees", None, "type"], ["Bachelor of Science", "Master of Science"]),
        (["nationalities", 1], ["Betelgeusian"]),
        (["nationalities", 2], []),
        (["nationalities", None, "x"], []),
        (["name", "first"], []),
        (["name", None], []),
        (["address", 0], []),
        (["address", None], []),
        (["degrees", "type"], []),
        (["unknown"], []),
    ],
)
def test_a_pointer_selects_what_the_standard_says(path: list[Component], found: list[object]) -> None:
    assert selected(PERSON, path) == found


def test_one_element_of_another_kind_ends_the_processing() -> None:
    assert selected({"a": [{"b": 1}, 2]}, ["a", None, "b"]) == []
    assert selected({"a": [[1], 2]}, ["a", None, None]) == []
    assert selected({"a": [[1], 2]}, ["a", None, 0]) == []


def test_a_missing_member_only_leaves_its_element_out() -> None:
    assert selected({"a": [{"b": 1}, {"c": 2}]}, ["a", None, "b"]) == [1]
    assert selected({"a": [[1], [2, 3]]}, ["a", None, 1]) == [3]


def test_in_a_presentation_a_position_stands_for_any() -> None:
    shown = {"nationalities": ["Betelgeusian"]}
    assert selected(shown, ["nationalities", 1]) == []
    assert selected(shown, ["nationalities", 1], presented=True) == ["Betelgeusian"]


def test_in_a_presentation_the_element_meant_may_stand_beside_others_of_another_type() -> None:
    credential = {"entries": ["plain", {"name": "Minji"}, [7]]}
    assert selected(credential, ["entries", 1, "name"]) == ["Minji"]
    assert selected(credential, ["entries", 1, "name"], presented=True) == ["Minji"]
    assert selected(credential, ["entries", 2, 0], presented=True) == [7]
    assert selected(credential, ["entries", 1, "age"], presented=True) == []
    assert selected(credential, ["entries", "name"], presented=True) == []
    assert selected(credential, ["entries", None, "name"], presented=True) == []


def test_the_first_combination_that_can_be_satisfied_is_chosen() -> None:
    query = asked(
        claims=[{"id": "a", "path": ["unknown"]}, {"id": "b", "path": ["name"]}, {"id": "c", "path": ["adult"]}],
        claim_sets=[["a"], ["b", "c"], ["b"]],
    )
    chosen = chosen_claims(query, Holding(VCT, PERSON))
    assert chosen is not None
    assert [claim.path for claim in chosen] == [("name",), ("adult",)]
    assert chosen_claims(asked(claims=[{"id": "a", "path": ["z"]}], claim_sets=[["a"]]), Holding(VCT, PERSON)) is None


def test_without_claim_sets_every_claim_is_needed() -> None:
    assert chosen_claims(claims(["name"], ["unknown"]), Holding(VCT, PERSON)) is None
    assert chosen_claims(asked(), Holding(VCT, {})) == ()


@pytest.mark.parametrize(
    ("path", "values", "matches"),
    [
        (["name"], ["Arthur Dent"], True),
        (["name"], ["Ford Prefect", "Arthur Dent"], True),
        (["name"], ["arthur dent"], False),
        (["adult"], [True], True),
        (["adult"], [1], False),
        (["children"], [True], False),
        (["children"], [1], True),
        (["nationalities", None], ["British"], True),
        (["nationalities"], ["British"], False),
    ],
)
def test_a_value_matches_in_value_and_type(path: list[Component], values: list[Any], matches: bool) -> None:
    assert (chosen_claims(claims(path, values=values), Holding(VCT, PERSON)) is not None) is matches


@pytest.mark.parametrize(
    "holding",
    [
        Holding("https://other.example/type", PERSON),
        Holding(VCT, PERSON, holder_binding=False),
        Holding(VCT, PERSON, credential_format="jwt_vc_json"),
    ],
)
def test_another_type_format_or_no_holder_binding_does_not_match(holding: Holding) -> None:
    assert chosen_claims(claims(["name"]), holding) is None


def test_a_query_may_do_without_holder_binding() -> None:
    query = asked(require_cryptographic_holder_binding=False)
    assert chosen_claims(query, Holding(VCT, {}, holder_binding=False)) == ()


@pytest.mark.parametrize(
    ("kind", "values", "keys", "matches"),
    [
        ("aki", ["K1", "K2"], {"K2"}, True),
        ("aki", ["K1"], {"K2"}, False),
        ("aki", ["K1"], set(), False),
        ("openid_federation", ["https://anchor.example"], {"https://anchor.example"}, False),
    ],
)
def test_an_authority_must_have_certified_the_issuer(
    kind: str, values: list[str], keys: set[str], matches: bool
) -> None:
    query = asked(trusted_authorities=[{"type": kind, "values": values}])
    held = Holding(VCT, {}, authority_keys=frozenset(keys))
    assert (chosen_claims(query, held) is not None) is matches


def test_one_of_several_authorities_is_enough() -> None:
    query = asked(trusted_authorities=[{"type": "etsi_tl", "values": ["x"]}, {"type": "aki", "values": ["K"]}])
    assert chosen_claims(query, Holding(VCT, {}, authority_keys=frozenset({"K"}))) == ()


def sets(*options: tuple[Sequence[str], bool], count: int = 4) -> DcqlQuery:
    credentials = [{"id": name, "format": "dc+sd-jwt", "meta": {"vct_values": [VCT]}} for name in "abcdefgh"[:count]]
    body: dict[str, Any] = {"credentials": credentials}
    if options:
        body["credential_sets"] = [
            {"options": [list(option) for option in wanted[0]], "required": wanted[1]} for wanted in options
        ]
    return parse_query(body)


def test_a_wallet_finds_its_candidates() -> None:
    query = sets(count=2)
    held = [Holding("other", {}), Holding(VCT, {})]
    assert candidates(query, held) == {"a": (1,), "b": (1,)}
    assert candidates(query, held[:1]) == {}


def test_without_sets_every_credential_is_needed_and_no_other() -> None:
    query = sets(count=2)
    assert satisfies(query, {"a", "b"})
    assert not satisfies(query, {"a"})
    assert covers_answer(query, {"a"})
    assert not covers_answer(query, {"a", "z"})


def test_a_required_set_needs_one_complete_option() -> None:
    query = sets((["ab", "c"], True), (["d"], False))
    assert satisfies(query, {"a", "b"})
    assert satisfies(query, {"c"})
    assert satisfies(query, {"c", "d"})
    assert not satisfies(query, {"a", "d"})
    assert not satisfies(query, set())


def test_only_one_option_of_a_set_may_be_shown() -> None:
    query = sets((["ab", "c"], True), (["d"], False))
    assert covers_answer(query, {"a", "b"})
    assert covers_answer(query, {"c", "d"})
    assert not covers_answer(query, {"a", "b", "c"})
    assert not covers_answer(query, {"a", "c"})
    assert not covers_answer(sets((["a"], True), count=2), {"a", "b"})


def test_two_sets_may_want_two_options_that_overlap() -> None:
    query = sets((["ab", "a"], True), (["bc", "c"], True), count=3)
    assert satisfies(query, {"a", "b", "c"})
    assert covers_answer(query, {"a", "b", "c"})
    assert covers_answer(query, {"a", "c"})


@given(
    st.sets(st.sampled_from("abcd")), st.lists(st.sampled_from(["a", "ab", "cd", "d", "abc"]), min_size=1, max_size=4)
)
def test_what_is_enough_and_no_more_is_a_union_of_one_option_of_each_set(
    answered: set[str], options: list[str]
) -> None:
    query = sets(*(([option], True) for option in options))
    union = {name for option in options for name in option}
    assert (satisfies(query, answered) and covers_answer(query, answered)) is (answered == union)


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (("address",), True),
        (("address", "locality"), True),
        (("address", "postal_code"), False),
        (("degrees", 1), True),
        (("degrees", 1, "type"), True),
        (("degrees", 1, "university"), False),
        (("name",), True),
        (("name", "first"), True),
        (("birthdate",), False),
    ],
)
def test_what_was_not_asked_for_is_told_from_what_was(place: tuple[str | int, ...], expected: bool) -> None:
    query = claims(["name"], ["address", "locality"], ["degrees", None, "type"])
    assert is_asked_for(place, [query]) is expected
    assert not is_asked_for(place, [asked()])
