"""The wallet answers with the least that satisfies a query, and refuses a query that breaks the rules."""

from typing import Any

import pytest

from cli.wallet.credentials import Held
from cli.wallet.dcql import Selection, read_query
from cli.wallet.dcql import select as select_by
from cli.wallet.errors import NotTrusted
from jeung.crypto import base64url
from tests.unit.cli.wallet.parts import VCT, held, query

HELD = held()


def select(asked: dict[str, Any], holdings: list[Held]) -> Selection:
    return select_by(read_query(asked), holdings)


def shown(one: dict[str, Any]) -> set[tuple[str | int, ...]]:
    (choice,) = select({"credentials": [one]}, [HELD])["q"]
    return set(choice.places)


def refusal(asked: dict[str, Any]) -> str:
    with pytest.raises(NotTrusted) as refused:
        select(asked, [HELD])
    return refused.value.reason


def test_only_the_claims_asked_for_are_shown() -> None:
    assert shown(query()) == {("name_ko",)}


def test_without_claims_nothing_selectable_is_shown() -> None:
    assert shown(query(claims=None)) == set()


def test_a_path_leads_into_objects_and_arrays() -> None:
    claims = [
        {"path": ["age_equal_or_over", "19"]},
        {"path": ["nationalities", None]},
        {"path": ["nationalities", 1]},
    ]
    assert shown(query(claims=claims)) == {("age_equal_or_over", "19"), ("nationalities", 0), ("nationalities", 1)}


def test_values_choose_among_what_a_path_selects() -> None:
    claims = [{"path": ["nationalities", None], "values": ["US", "FR"]}]
    assert shown(query(claims=claims)) == {("nationalities", 1)}


def test_true_is_not_one() -> None:
    claims = [{"path": ["age_equal_or_over", "19"], "values": [1]}]
    assert refusal({"credentials": [query(claims=claims)]}) == "nothing_to_show"


def test_the_first_claim_set_that_can_be_met_is_taken() -> None:
    claims = [{"id": "a", "path": ["passport"]}, {"id": "b", "path": ["birthdate"]}, {"id": "c", "path": ["name_ko"]}]
    assert shown(query(claims=claims, claim_sets=[["a", "c"], ["b"], ["c"]])) == {("birthdate",)}


def test_several_credentials_answer_only_where_several_are_allowed() -> None:
    two = [HELD, held()]
    assert len(select({"credentials": [query()]}, two)["q"]) == 1
    assert len(select({"credentials": [query(multiple=True)]}, two)["q"]) == 2


def test_an_authority_is_matched_by_its_key_identifier() -> None:
    under = held(authority=b"authority")
    asked = query(trusted_authorities=[{"type": "aki", "values": [base64url.encode(b"authority")]}])
    assert select({"credentials": [asked]}, [HELD, under])["q"][0].held is under
    assert refusal({"credentials": [asked]}) == "nothing_to_show"
    unknown = query(trusted_authorities=[{"type": "etsi_tl", "values": ["https://list.example"]}])
    assert refusal({"credentials": [unknown]}) == "nothing_to_show"


def test_of_a_required_set_the_first_option_that_can_be_met_is_answered_and_optional_sets_are_not() -> None:
    other = query(id="other", meta={"vct_values": ["https://elsewhere.example/types/x"]})
    extra = query(id="extra", claims=[{"path": ["birthdate"]}])
    asked = {
        "credentials": [other, query(), extra],
        "credential_sets": [{"options": [["other"], ["q"]]}, {"options": [["extra"]], "required": False}],
    }
    assert set(select(asked, [HELD])) == {"q"}
    asked["credential_sets"] = [{"options": [["other"], ["q", "other"]]}]
    assert refusal(asked) == "nothing_to_show"


def test_without_sets_every_query_must_be_answered() -> None:
    asked = {"credentials": [query(), query(id="r", claims=[{"path": ["passport"]}])]}
    assert refusal(asked) == "nothing_to_show"


@pytest.mark.parametrize(
    "one",
    [
        query(format="mso_mdoc"),
        query(meta={"vct_values": [VCT + "x"]}),
        query(claims=[{"path": ["passport"]}]),
        query(claims=[{"path": ["name_ko", 0]}]),
        query(claims=[{"path": ["nationalities", 2]}]),
        query(claims=[{"path": ["account", None]}]),
    ],
)
def test_what_the_wallet_does_not_have_is_not_shown(one: dict[str, Any]) -> None:
    assert refusal({"credentials": [one]}) == "nothing_to_show"


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"credentials": []},
        {"credentials": [query(meta=None)]},
        {"credentials": [query(), query()]},
        {"credentials": [query(meta={"vct_values": []})]},
        {"credentials": [query(claims=[{"path": []}])]},
        {"credentials": [query(claims=[{"path": ["a", -1]}])]},
        {"credentials": [query(claims=[{"path": ["a", True]}])]},
        {"credentials": [query(claims=[{"path": ["name_ko"], "values": []}])]},
        {"credentials": [query(claims=None, claim_sets=[["a"]])]},
        {"credentials": [query(claims=[{"id": "a", "path": ["name_ko"]}], claim_sets=[["b"]])]},
        {"credentials": [query(claims=[{"id": "a", "path": ["name_ko"]}], claim_sets=[])]},
        {"credentials": [query()], "credential_sets": [{"options": [["unknown"]]}]},
        {"credentials": [query()], "credential_sets": [{"options": []}]},
        {"credentials": [query(id=str(number)) for number in range(17)]},
    ],
)
def test_a_query_that_breaks_the_rules_is_refused(asked: dict[str, Any]) -> None:
    assert refusal(asked) == "malformed_query"
