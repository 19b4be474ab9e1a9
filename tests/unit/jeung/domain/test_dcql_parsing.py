"""Reading queries: what is not exactly DCQL within its bounds is refused, what is unknown is passed over."""

import contextlib
import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeung.domain.dcql import parse_query
from jeung.errors import MalformedQuery

VCT = "https://consortium.example/types/real-name-1"

QUERY: dict[str, Any] = {
    "credentials": [
        {
            "id": "pid",
            "format": "dc+sd-jwt",
            "meta": {"vct_values": [VCT]},
            "multiple": True,
            "require_cryptographic_holder_binding": False,
            "trusted_authorities": [{"type": "aki", "values": ["s9tIpPmhxdiuNkHMEWNpYim8S8Y"]}],
            "claims": [
                {"id": "a", "path": ["family_name"]},
                {"id": "b", "path": ["degrees", None, "type"], "values": ["Master", 2, True]},
                {"id": "c", "path": ["nationalities", 1]},
            ],
            "claim_sets": [["a", "b"], ["c"]],
        },
        {"id": "mdl", "format": "mso_mdoc", "meta": {"doctype_value": "org.iso.18013.5.1.mDL"}},
    ],
    "credential_sets": [{"options": [["pid"], ["mdl"]]}, {"options": [["mdl"]], "required": False}],
}

Change = Callable[[dict[str, Any]], object]


def changed(change: Change) -> dict[str, Any]:
    query = copy.deepcopy(QUERY)
    change(query)
    return query


def test_a_query_is_read_and_written_without_loss() -> None:
    parsed = parse_query(QUERY)
    written = copy.deepcopy(QUERY)
    written["credentials"][1]["meta"] = {}
    assert parsed.document() == written
    assert parse_query(parsed.document()) == parsed


def test_members_nobody_knows_are_passed_over() -> None:
    query = changed(lambda query: query.update(new=1))
    query["credentials"][0]["claims"][0]["intent_to_retain"] = True
    assert parse_query(query) == parse_query(QUERY)


def test_defaults_are_those_of_the_standard() -> None:
    simple = {"credentials": [{"id": "x", "format": "dc+sd-jwt", "meta": {"vct_values": [VCT]}}]}
    (asked,) = parse_query(simple).credentials
    assert (asked.multiple, asked.holder_binding, asked.claims, asked.claim_sets) == (False, True, None, None)
    assert parse_query(simple).document() == simple
    assert asked.options() == ((),)


BROKEN: dict[str, Change] = {
    "no credentials": lambda query: query.pop("credentials"),
    "empty credentials": lambda query: query.update(credentials=[]),
    "too many credentials": lambda query: query.update(
        credentials=[{"id": str(n), "format": "x", "meta": {}} for n in range(9)],
        credential_sets=[{"options": [["0"]]}],
    ),
    "a credential that is no object": lambda query: query.update(credentials=["pid"]),
    "an id twice": lambda query: query["credentials"][1].update(id="pid"),
    "no id": lambda query: query["credentials"][0].pop("id"),
    "an id with a dot": lambda query: query["credentials"][1].update(id="a.b"),
    "a long id": lambda query: query["credentials"][1].update(id="a" * 65),
    "no format": lambda query: query["credentials"][0].pop("format"),
    "an empty format": lambda query: query["credentials"][0].update(format=""),
    "no meta": lambda query: query["credentials"][0].pop("meta"),
    "no vct_values": lambda query: query["credentials"][0].update(meta={}),
    "empty vct_values": lambda query: query["credentials"][0].update(meta={"vct_values": []}),
    "a vct that is a number": lambda query: query["credentials"][0].update(meta={"vct_values": [1]}),
    "multiple as a text": lambda query: query["credentials"][0].update(multiple="true"),
    "holder binding as a number": lambda query: query["credentials"][0].update(
        require_cryptographic_holder_binding=1
    ),
    "empty authorities": lambda query: query["credentials"][0].update(trusted_authorities=[]),
    "an authority without values": lambda query: query["credentials"][0].update(
        trusted_authorities=[{"type": "aki", "values": []}]
    ),
    "an authority without type": lambda query: query["credentials"][0].update(
        trusted_authorities=[{"values": ["x"]}]
    ),
    "empty claims": lambda query: query["credentials"][0].update(claims=[]),
    "too many claims": lambda query: query["credentials"][0].update(
        claims=[{"id": str(n), "path": [str(n)]} for n in range(65)], claim_sets=[["1"]]
    ),
    "the same path twice": lambda query: query["credentials"][0]["claims"].append(
        {"id": "d", "path": ["family_name"]}
    ),
    "the same claim id twice": lambda query: query["credentials"][0]["claims"].append({"id": "a", "path": ["x"]}),
    "a claim without an id beside claim sets": lambda query: query["credentials"][0]["claims"][0].pop("id"),
    "claim sets without claims": lambda query: query["credentials"][0].pop("claims"),
    "a claim set naming nothing": lambda query: query["credentials"][0].update(claim_sets=[["z"]]),
    "an empty claim set": lambda query: query["credentials"][0].update(claim_sets=[[]]),
    "no claim sets in the array": lambda query: query["credentials"][0].update(claim_sets=[]),
    "an id twice in a claim set": lambda query: query["credentials"][0].update(claim_sets=[["a", "a"]]),
    "an empty path": lambda query: query["credentials"][0]["claims"][0].update(path=[]),
    "a long path": lambda query: query["credentials"][0]["claims"][0].update(path=["a"] * 9),
    "a negative position": lambda query: query["credentials"][0]["claims"][0].update(path=["a", -1]),
    "a huge position": lambda query: query["credentials"][0]["claims"][0].update(path=["a", 1 << 16]),
    "true as a position": lambda query: query["credentials"][0]["claims"][0].update(path=["a", True]),
    "an object in a path": lambda query: query["credentials"][0]["claims"][0].update(path=["a", {}]),
    "a long name in a path": lambda query: query["credentials"][0]["claims"][0].update(path=["a" * 257]),
    "empty values": lambda query: query["credentials"][0]["claims"][0].update(values=[]),
    "null among values": lambda query: query["credentials"][0]["claims"][0].update(values=[None]),
    "a fraction among values": lambda query: query["credentials"][0]["claims"][0].update(values=[1.5]),
    "a number nobody holds exactly": lambda query: query["credentials"][0]["claims"][0].update(values=[1 << 53]),
    "empty credential sets": lambda query: query.update(credential_sets=[]),
    "a set without options": lambda query: query.update(credential_sets=[{}]),
    "an empty option": lambda query: query.update(credential_sets=[{"options": [[]]}]),
    "an option naming nothing": lambda query: query.update(credential_sets=[{"options": [["x"]]}]),
    "required as a text": lambda query: query.update(credential_sets=[{"options": [["pid"]], "required": "no"}]),
}


@pytest.mark.parametrize("change", BROKEN.values(), ids=BROKEN.keys())
def test_what_is_not_dcql_is_refused(change: Change) -> None:
    with pytest.raises(MalformedQuery):
        parse_query(changed(change))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)


@given(JSON)
def test_whatever_json_says_is_a_query_or_is_refused(value: object) -> None:
    with contextlib.suppress(MalformedQuery):
        parse_query(value)


@given(st.sampled_from(["credentials", "credential_sets"]), JSON)
def test_a_query_with_any_member_replaced_is_a_query_or_is_refused(name: str, value: object) -> None:
    try:
        parsed = parse_query({**QUERY, name: value})
    except MalformedQuery:
        return
    assert parse_query(parsed.document()) == parsed
