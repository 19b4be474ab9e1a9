"""Transactions that a presentation confirms: exactly those that were asked for, by the credential named for it."""

from typing import Any

import pytest

from tests.unit.api.presenting import (
    answer,
    code_of,
    open_request,
    result,
    shown,
    twice,
)
from tests.unit.api.world import World

PAYMENT = {
    "type": "urn:jeung:transaction:payment:1",
    "payee": "Hansung Mart",
    "payee_account": {"bank": "088", "number": "110123456789"},
    "amount_krw": 48_000,
    "reference": "Order 7",
}
OPENING = {
    "type": "urn:jeung:transaction:account-opening:1",
    "institution": "Sori Bank",
    "product": "Savings",
    "terms_digest": "A" * 43,
}


def test_a_confirmed_transaction_is_accepted(world: World) -> None:
    _, request = open_request(world, transaction_data=[PAYMENT, OPENING])
    assert len(request["transaction_data"]) == 2
    assert answer(world, request, {"credential": [shown(world, world.issued(), request)]}).status_code == 200


def test_the_hash_function_may_be_named(world: World) -> None:
    _, request = open_request(world, transaction_data=[PAYMENT])
    name = lambda claims: claims.update(transaction_data_hashes_alg="sha-256")  # noqa: E731
    token = {"credential": [shown(world, world.issued(), request, change=name)]}
    assert answer(world, request, token).status_code == 200


BAD_HASHES: dict[str, Any] = {
    "none at all": lambda claims: claims.pop("transaction_data_hashes"),
    "another transaction": lambda claims: claims.update(transaction_data_hashes=["A" * 43]),
    "one too many": lambda claims: claims["transaction_data_hashes"].append("A" * 43),
    "the same twice": lambda claims: claims.update(transaction_data_hashes=claims["transaction_data_hashes"] * 2),
    "no list": lambda claims: claims.update(transaction_data_hashes=claims["transaction_data_hashes"][0]),
    "an empty list": lambda claims: claims.update(transaction_data_hashes=[]),
    "numbers": lambda claims: claims.update(transaction_data_hashes=[1]),
    "another hash function": lambda claims: claims.update(transaction_data_hashes_alg="sha-512"),
    "a hash function alone": lambda claims: (
        claims.pop("transaction_data_hashes"),
        claims.update(transaction_data_hashes_alg="sha-256"),
    ),
}


@pytest.mark.parametrize("change", BAD_HASHES.values(), ids=BAD_HASHES.keys())
def test_a_transaction_that_was_not_confirmed_refuses_the_answer(world: World, change: Any) -> None:  # noqa: ANN401
    made, request = open_request(world, transaction_data=[PAYMENT])
    token = {"credential": [shown(world, world.issued(), request, change=change)]}
    assert code_of(answer(world, request, token)) == (400, "transaction_data_mismatch")
    assert result(world, made)["state"] == "refused"


def test_a_transaction_nobody_asked_to_confirm_refuses_the_answer(world: World) -> None:
    _, request = open_request(world)
    add = lambda claims: claims.update(transaction_data_hashes=["A" * 43])  # noqa: E731
    token = {"credential": [shown(world, world.issued(), request, change=add)]}
    assert code_of(answer(world, request, token)) == (400, "transaction_data_mismatch")


def test_one_of_two_transactions_is_not_enough(world: World) -> None:
    _, request = open_request(world, transaction_data=[PAYMENT, OPENING])
    drop = lambda claims: claims["transaction_data_hashes"].pop()  # noqa: E731
    token = {"credential": [shown(world, world.issued(), request, change=drop)]}
    assert code_of(answer(world, request, token)) == (400, "transaction_data_mismatch")


def test_only_the_credential_named_for_it_confirms_a_transaction(world: World) -> None:
    query = twice({"id": "a"}, {"id": "b"})
    members: dict[str, Any] = {"dcql_query": query, "transaction_data": [{**PAYMENT, "credential_ids": ["a"]}]}
    holder = world.issued()
    _, request = open_request(world, **members)
    none = lambda claims: claims.pop("transaction_data_hashes")  # noqa: E731
    wrong = {"a": [shown(world, holder, request, change=none)], "b": [shown(world, holder, request)]}
    assert code_of(answer(world, request, wrong)) == (400, "transaction_data_mismatch")
    _, request = open_request(world, **members)
    right = {"a": [shown(world, holder, request)], "b": [shown(world, holder, request, change=none)]}
    assert answer(world, request, right).status_code == 200


@pytest.mark.parametrize(
    "transactions",
    [
        [{**PAYMENT, "type": "urn:example:other"}],
        [{**PAYMENT, "type": 1}],
        [{**PAYMENT, "note": "x"}],
        [{name: value for name, value in PAYMENT.items() if name != "payee"}],
        [{**PAYMENT, "amount_krw": 0}],
        [{**PAYMENT, "amount_krw": True}],
        [{**PAYMENT, "amount_krw": 1.5}],
        [{**PAYMENT, "payee": "a\nb"}],
        [{**PAYMENT, "payee_account": {"bank": "088"}}],
        [{**PAYMENT, "payee_account": {"bank": "88", "number": "110123456789"}}],
        [{**PAYMENT, "execution_date": "2026-13-01"}],
        [{**PAYMENT, "credential_ids": ["other"]}],
        [{**PAYMENT, "credential_ids": "credential"}],
        [{**OPENING, "terms_digest": "short"}],
        [PAYMENT, PAYMENT],
    ],
)
def test_a_transaction_that_is_not_as_its_type_demands_is_never_sent(world: World, transactions: list[Any]) -> None:
    body = {"profile": "open-account", "transaction_data": transactions}
    assert world.post("/v1/presentation-requests", body)["code"] == "malformed_transaction_data"


def test_too_many_transactions_are_never_sent(world: World) -> None:
    many = [{**PAYMENT, "amount_krw": number} for number in range(1, 6)]
    assert (
        world.post("/v1/presentation-requests", {"profile": "open-account", "transaction_data": many})["code"]
        == "malformed_input"
    )
