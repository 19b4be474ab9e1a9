"""What an answer shows beyond what was asked, or short of it, and queries that ask for too much: refused."""

from typing import Any

import pytest

from jeung.crypto.jws import parse_jws
from tests.unit.api.presenting import (
    SHOWN,
    answer,
    code_of,
    open_request,
    result,
    shown,
    twice,
)
from tests.unit.api.world import World


def test_a_claim_nobody_asked_for_has_the_answer_refused(world: World) -> None:
    query = {
        "credentials": [
            {
                "id": "credential",
                "format": "dc+sd-jwt",
                "meta": {"vct_values": ["http://localhost:8101/types/real-name-1"]},
                "claims": [{"path": ["family_name"]}, {"path": ["proofing", "assurance_level"]}],
            }
        ]
    }
    made, request = open_request(world, dcql_query=query)
    holder = world.issued()
    assert code_of(answer(world, request, {"credential": [shown(world, holder, request)]})) == (
        400,
        "claims_not_requested",
    )
    assert result(world, made)["credentials"][0]["claims"] == {}
    _, request = open_request(world, dcql_query=query)
    token = {"credential": [shown(world, holder, request, show=[SHOWN[0], SHOWN[2]])]}
    assert answer(world, request, token).status_code == 200


def test_a_claim_beyond_the_profile_has_the_answer_refused(world: World) -> None:
    _, request = open_request(world)
    token = {"credential": [shown(world, world.issued(), request, show=[*SHOWN, ("birthdate",)])]}
    assert code_of(answer(world, request, token)) == (400, "claims_not_permitted")


def test_an_answer_without_a_claim_that_was_asked_for_is_refused(world: World) -> None:
    query = {
        "credentials": [
            {
                "id": "credential",
                "format": "dc+sd-jwt",
                "meta": {"vct_values": ["http://localhost:8101/types/real-name-1"]},
                "claims": [
                    {"path": ["family_name"]},
                    {"path": ["given_name"]},
                    {"path": ["proofing", "assurance_level"]},
                ],
            }
        ]
    }
    _, request = open_request(world, dcql_query=query)
    token = {"credential": [shown(world, world.issued(), request, show=[SHOWN[0], SHOWN[2]])]}
    assert code_of(answer(world, request, token)) == (400, "query_not_satisfied")


def test_a_credential_nobody_asked_for_has_the_answer_refused(world: World) -> None:
    made, request = open_request(world)
    holder = world.issued()
    token = {name: [shown(world, holder, request)] for name in ("credential", "another")}
    assert code_of(answer(world, request, token)) == (400, "credential_not_requested")
    (kept,) = result(world, made)["credentials"]
    assert (kept["result"], kept["code"], kept["claims"]) == ("refused", "credential_not_requested", {})


def test_an_answer_under_an_unknown_id_alone_ends_the_request_too(world: World) -> None:
    made, request = open_request(world)
    assert code_of(answer(world, request, {"x": ["nonsense"]})) == (400, "credential_not_requested")
    assert result(world, made)["credentials"] == []


def test_two_credentials_where_one_was_wanted_are_one_too_many(world: World) -> None:
    _, request = open_request(world)
    token = {"credential": [shown(world, world.issued(), request) for _ in range(2)]}
    assert code_of(answer(world, request, token)) == (400, "credential_not_requested")


def test_several_credentials_are_taken_where_they_were_wanted_but_no_copy_twice(world: World) -> None:
    query = twice({"id": "many", "multiple": True})
    made, request = open_request(world, dcql_query=query)
    first, second = world.issued(), world.issued()
    token = {"many": [shown(world, first, request), shown(world, second, request)]}
    assert answer(world, request, token).status_code == 200
    assert len(result(world, made)["credentials"]) == 2
    _, request = open_request(world, dcql_query=query)
    again = {"many": [shown(world, first, request), shown(world, first, request, show=SHOWN[:3])]}
    assert code_of(answer(world, request, again)) == (400, "credential_not_requested")


def test_one_bad_credential_of_two_refuses_both_and_each_receipt_says_which_was_bad(world: World) -> None:
    query = twice({"id": "a"}, {"id": "b"})
    good, bad = world.issued(), world.issued()
    world.post(f"/v1/credentials/{bad.credential_id}/revocation", status=200)
    world.chain.mine()
    made, request = open_request(world, dcql_query=query)
    token = {"a": [shown(world, good, request)], "b": [shown(world, bad, request)]}
    taken = answer(world, request, token)
    assert code_of(taken) == (400, "credential_revoked")
    told = [parse_jws(receipt, typ="consent-receipt+jwt").claims() for receipt in taken.get_json()["receipts"]]
    assert [(said["result"], said["code"]) for said in told] == [
        ("refused", "another_presentation_refused"),
        ("refused", "credential_revoked"),
    ]
    kept = {credential["query_id"]: credential for credential in result(world, made)["credentials"]}
    assert {name: credential["code"] for name, credential in kept.items()} == {
        "a": "another_presentation_refused",
        "b": "credential_revoked",
    }
    assert all(credential["claims"] == {} for credential in kept.values())


def test_a_missing_credential_refuses_the_answer(world: World) -> None:
    made, request = open_request(world, dcql_query=twice({"id": "a"}, {"id": "b"}))
    token = {"a": [shown(world, world.issued(), request)]}
    assert code_of(answer(world, request, token)) == (400, "query_not_satisfied")
    assert result(world, made)["credentials"][0]["code"] == "query_not_satisfied"


def test_both_alternatives_are_one_too_many(world: World) -> None:
    query = twice({"id": "a"}, {"id": "b"}, credential_sets=[{"options": [["a"], ["b"]]}])
    _, request = open_request(world, dcql_query=query)
    holder = world.issued()
    token = {name: [shown(world, holder, request)] for name in ("a", "b")}
    assert code_of(answer(world, request, token)) == (400, "credential_not_requested")
    _, request = open_request(world, dcql_query=query)
    assert answer(world, request, {"b": [shown(world, holder, request)]}).status_code == 200


def test_an_authority_that_was_not_asked_for_is_refused(world: World) -> None:
    authorities = [{"type": "aki", "values": ["s9tIpPmhxdiuNkHMEWNpYim8S8Y"]}]
    _, request = open_request(world, dcql_query=twice({"id": "a", "trusted_authorities": authorities}))
    token = {"a": [shown(world, world.issued(), request)]}
    assert code_of(answer(world, request, token)) == (400, "query_not_satisfied")


@pytest.mark.parametrize(
    ("member", "code"),
    [
        ({"claims": [{"path": ["birthdate"]}]}, "query_not_permitted"),
        ({"meta": {"vct_values": ["https://elsewhere.example/type"]}}, "query_not_permitted"),
        ({"require_cryptographic_holder_binding": False}, "query_not_permitted"),
        ({"format": "mso_mdoc"}, "query_not_permitted"),
        ({"claims": [{"path": ["given_name"]}]}, "query_too_narrow"),
        ({"claims": []}, "malformed_query"),
    ],
)
def test_a_query_outside_the_profile_is_never_sent(world: World, member: dict[str, Any], code: str) -> None:
    body = {"profile": "open-account", "dcql_query": twice({"id": "a", **member})}
    assert world.post("/v1/presentation-requests", body)["code"] == code


def test_a_profile_that_is_not_registered_asks_for_nothing(world: World) -> None:
    assert world.post("/v1/presentation-requests", {"profile": "unknown"})["code"] == "not_found"
