"""Wallets built on @openid4vc receive from our running servers, and what they receive reads as it should."""

import pytest

from tests.interop.clients import ClientRefused, act
from tests.interop.conftest import Stage

pytestmark = [pytest.mark.sandbox, pytest.mark.node_tools]


@pytest.mark.parametrize("dpop", [False, True])
@pytest.mark.parametrize("by_reference", [False, True])
def test_stranger_wallet_receives_by_pre_authorized_code(stage: Stage, dpop: bool, by_reference: bool) -> None:
    offer = stage.offer("pre-authorized", by_reference=by_reference)
    received = act("receive", {**offer, "copies": 1, "dpop": dpop})
    assert received["draft"] == "V1"
    assert received["tokenType"] == ("DPoP" if dpop else "Bearer")
    assert len(received["credentials"]) == 1
    assert received["notified"]


def test_attested_wallet_receives_a_batch_by_par_pkce_and_dpop(stage: Stage) -> None:
    offer = stage.offer("authorization-code")
    received = act("receive", {**offer, "copies": 3, "dpop": True, "provider": stage.provider})
    assert len(set(received["credentials"])) == 3
    assert received["tokenType"] == "DPoP"


def test_wallet_attested_by_a_stranger_is_refused(stage: Stage) -> None:
    offer = stage.offer("authorization-code")
    with pytest.raises(ClientRefused, match="invalid_client"):
        act("receive", {**offer, "copies": 1, "dpop": True, "provider": stage.stranger})


def test_wrong_transaction_code_is_refused(stage: Stage) -> None:
    offer = stage.offer("pre-authorized")
    wrong = "".join(str((int(digit) + 1) % 10) for digit in offer["txCode"])
    with pytest.raises(ClientRefused, match="invalid_grant"):
        act("receive", {**offer, "txCode": wrong, "copies": 1, "dpop": True})


def test_offer_is_taken_once(stage: Stage) -> None:
    offer = stage.offer("pre-authorized", by_reference=False)
    act("receive", {**offer, "copies": 1, "dpop": True})
    with pytest.raises(ClientRefused, match="invalid_grant"):
        act("receive", {**offer, "copies": 1, "dpop": True})


def test_independent_reader_agrees_on_credential_and_status_list(stage: Stage) -> None:
    received = act("receive", {**stage.offer("pre-authorized"), "copies": 1, "dpop": True})
    credential = received["credentials"][0]
    read = act("read", {"credential": credential, "statusList": stage.status_list_of(credential)})
    assert read["vct"] == stage.catalogue.vct
    assert read["sub"] == read["uri"]
    assert (read["bits"], read["status"]) == (2, 0)
    assert read["claims"]["age_equal_or_over"]
    assert read["ttl"] > 0
