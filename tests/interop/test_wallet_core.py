"""The wallet page's own core receives from our running servers and presents to them."""

from typing import Any

import pytest

from cli.demo.catalogue import OPENING
from cli.demo.parties import wait_for
from tests.interop.clients import ClientRefused, act
from tests.interop.conftest import Stage

pytestmark = [pytest.mark.sandbox, pytest.mark.node_tools]

Json = dict[str, Any]


def received(stage: Stage, flow: str = "pre-authorized", copies: int = 1, **change: Any) -> Json:  # noqa: ANN401 - JSON
    return act("wallet_core", {**stage.offer(flow), "act": "receive", "copies": copies, **change})


def attested(stage: Stage) -> Json:
    held = received(stage)
    stage.credential_id_of(held["credential"])
    return held


def shown(stage: Stage, held: Json, request: Json, **more: Any) -> Json:  # noqa: ANN401 - JSON values
    link = request["openid4vp_link"]
    job = {"act": "present", "request": link, "register": stage.bank.base_url, **held, **more}
    return act("wallet_core", job)


@pytest.mark.parametrize("flow", ["pre-authorized", "authorization-code"])
def test_the_page_receives_a_batch_in_both_ways(stage: Stage, flow: str) -> None:
    held = received(stage, flow, copies=3)
    assert len(set(held["credentials"])) == 3
    assert held["tokenType"] == "DPoP"
    assert held["names"][0] != held["names"][1]


def test_the_page_is_refused_with_a_wrong_transaction_code(stage: Stage) -> None:
    with pytest.raises(ClientRefused, match="server_refused: invalid_grant"):
        received(stage, txCode="x")


@pytest.mark.parametrize("mode", ["direct_post", "direct_post.jwt"])
def test_the_page_presents_what_the_query_needs(stage: Stage, mode: str) -> None:
    held, request = attested(stage), stage.presentation_request(response_mode=mode)
    told = shown(stage, held, request)
    judged = stage.result_of(request)
    assert judged["state"] == "verified"
    assert told["registered"]["known"]
    assert told["registered"]["profile"]["name"] == OPENING
    assert told["registered"]["overAsked"] == []


def test_the_page_confirms_a_payment(stage: Stage) -> None:
    payment = {
        "type": "urn:jeung:transaction:payment:1",
        "payee": "Shop",
        "payee_account": {"bank": "088", "number": "110123456789"},
        "amount_krw": 12_000,
        "reference": "Order 7",
    }
    held = attested(stage)
    request = stage.presentation_request(transaction_data=[payment])
    told = shown(stage, held, request)
    assert told["transactions"][0]["data"]["type"] == payment["type"]
    assert stage.result_of(request)["state"] == "verified"


def test_the_page_shows_nothing_that_is_not_asked_for(stage: Stage) -> None:
    held, request = attested(stage), stage.presentation_request()
    with pytest.raises(ClientRefused, match="not_asked_for"):
        shown(stage, held, request, also=[["family_name"]])
    # That it was fetched is noted some moments later.
    wait_for("the note", lambda: stage.result_of(request)["state"] == "fetched" or None)


def test_after_revocation_the_page_sees_it_and_is_refused(stage: Stage) -> None:
    held = attested(stage)
    assert act("wallet_core", {"act": "status", **held})["status"] == "valid"
    stage.revoke(held)
    request = stage.presentation_request()
    with pytest.raises(ClientRefused, match="server_refused: invalid_request credential_revoked"):
        shown(stage, held, request)
    assert stage.result_of(request)["state"] == "refused"


def test_a_customer_who_declines_ends_the_request(stage: Stage) -> None:
    request = stage.presentation_request()
    act("wallet_core", {"act": "decline", "request": request["openid4vp_link"]})
    assert stage.result_of(request)["state"] == "declined"
