"""Wallets built on @openid4vc, dcql and @sd-jwt present to our running servers."""

import pytest

from tests.interop.clients import act
from tests.interop.conftest import Stage

pytestmark = [pytest.mark.sandbox, pytest.mark.node_tools]


@pytest.mark.parametrize("mode", ["direct_post", "direct_post.jwt"])
def test_stranger_wallet_presents_what_the_query_selects(stage: Stage, mode: str) -> None:
    held = stage.attested_credential()
    request = stage.presentation_request(response_mode=mode)
    presented = act("present", {"request": request["openid4vp_link"], **held})
    assert presented["satisfied"]
    assert presented["mode"] == mode
    assert presented["status"] == 200
    assert presented["clientId"] == f"x509_hash:{presented['hash']}"
    judged = stage.result_of(request)
    assert judged["state"] == "verified"
    assert judged["credentials"]


def test_answer_after_revocation_is_a_refusal_the_back_end_sees(stage: Stage) -> None:
    held = stage.attested_credential()
    stage.revoke(held)
    request = stage.presentation_request()
    act("present", {"request": request["openid4vp_link"], **held})
    judged = stage.result_of(request)
    assert (judged["state"], judged["code"]) == ("refused", "credential_revoked")
