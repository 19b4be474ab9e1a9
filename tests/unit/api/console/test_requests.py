"""A relying-party officer asks under a registered profile, and the result arrives on the page that waits."""

from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest

from jeung.domain.staff import StaffRole
from jeung.errors import RequestEnded
from tests.unit.api.console.desk import PASSWORD, VERIFIER, Browser, Desk
from tests.unit.api.console.ending import ended_ever_later
from tests.unit.api.parts import PERSON, PROFILE, URL
from tests.unit.api.presenting import answer, fetched, shown


def asked(desk: Desk, browser: Browser) -> tuple[str, dict[str, Any]]:
    """Ask through the form; give the page's path below /console and what a wallet reads of the QR code."""
    page = browser.get("/requests")
    assert f'value="{PROFILE}"' in page.text
    made = browser.send("/requests", {"profile": PROFILE})
    assert made.status_code == 303, made.text
    path = str(made.headers["Location"]).removeprefix("/console")
    request_id = path.rsplit("/", 1)[1]
    again = desk.node.presentations.requests.show(request_id, client_id=desk.staff_id(VERIFIER))
    parameters = parse_qs(urlsplit(f"openid4vp://?{again.parameters}").query)
    return path, {"request_uri": parameters["request_uri"][0]}


def state(browser: Browser, path: str) -> str:
    return str(browser.get(f"{path}/state", Accept="application/json").get_json()["state"])


def test_verified_result_arrives_with_claims_steps_and_a_trace_of_the_reading(desk: Desk) -> None:
    holder, browser = desk.issued(), desk.at_desk(VERIFIER)
    path, made = asked(desk, browser)
    page = browser.get(path).text
    assert 'data-state="waiting"' in page
    assert "openid4vp://?client_id=x509_hash" in page
    assert f'href="{URL}/wallet#request=openid4vp%3A%2F%2F' in page
    assert state(browser, path) == "waiting"
    request = fetched(desk, made)
    assert state(browser, path) == "fetched"
    assert answer(desk, request, {"credential": [shown(desk, holder, request)]}).status_code == 200
    assert state(browser, path) == "verified"
    assert desk.events("evidence_opened") == []
    page = browser.get(path).text
    assert "<dd>Kim</dd>" in page
    assert page.count('class="badge badge--good number"') == 10
    assert "data-live" not in page
    (opened,) = desk.events("evidence_opened")
    assert opened["client"] == desk.staff_id(VERIFIER)
    assert f"/console/judgements/{opened['evidence']}" in browser.get("/judgements").text


def test_refusal_arrives_with_its_code_and_without_claims(desk: Desk) -> None:
    holder, browser = desk.issued(), desk.at_desk(VERIFIER)
    path, made = asked(desk, browser)
    desk.post(f"/v1/credentials/{holder.credential_id}/revocation", status=200)
    desk.chain.mine()
    request = fetched(desk, made)
    answer(desk, request, {"credential": [shown(desk, holder, request)]})
    page = browser.get(path).text
    assert "<code>credential_revoked</code>" in page
    assert "Kim" not in page


def test_qr_code_leads_to_the_request_and_ends_with_it(desk: Desk) -> None:
    browser = desk.at_desk(VERIFIER)
    path, _ = asked(desk, browser)
    drawn = browser.get(f"{path}/qr", Accept="image/svg+xml")
    assert drawn.content_type == "image/svg+xml"
    assert ElementTree.fromstring(drawn.text).tag == "{http://www.w3.org/2000/svg}svg"  # noqa: S314 - our own
    browser.get(path)
    assert browser.send(f"{path}/cancellation").status_code == 303
    assert state(browser, path) == "cancelled"
    assert browser.get(path).status_code == 200
    ended = browser.get(f"{path}/qr")
    assert (ended.status_code, ended.data) == (204, b"")
    with pytest.raises(RequestEnded):
        desk.node.presentations.requests.show(path.rsplit("/", 1)[1], client_id=desk.staff_id(VERIFIER))
    acts = [event["act"] for event in desk.events("staff_acted")]
    assert acts == ["ask_presentation", "cancel_request"]


@pytest.mark.parametrize(("part", "late"), [("", 303), ("/qr", 204)], ids=["page", "qr"])
def test_request_that_ends_while_its_page_is_made_is_no_error(desk: Desk, part: str, late: int) -> None:
    answers = ended_ever_later(desk, VERIFIER, lambda browser: asked(desk, browser)[0] + part, 300)
    assert {answer.status_code for answer in answers} == {200, late}


def test_request_that_nobody_answered_expires_on_the_page(desk: Desk) -> None:
    browser = desk.at_desk(VERIFIER)
    path, _ = asked(desk, browser)
    desk.clock.advance(300)
    assert state(browser, path) == "expired"
    assert "만료" in browser.get(path).text


def test_another_officer_sees_nothing_of_a_request(desk: Desk) -> None:
    desk.node.staff_accounts.add("second", {StaffRole.RELYING_PARTY_OFFICER}, PASSWORD)
    path, _ = asked(desk, desk.at_desk(VERIFIER))
    other = desk.at_desk("second")
    for part in ("", "/qr", "/state"):
        assert other.get(f"{path}{part}").status_code == 404
    other.get("/me")
    assert other.send(f"{path}/cancellation").status_code == 404


def test_form_sent_twice_makes_one_request(desk: Desk) -> None:
    browser = desk.at_desk(VERIFIER)
    browser.get("/requests")
    csrf = browser.csrf
    answers = [browser.send("/requests", {"profile": PROFILE}, csrf=csrf, request_key="k" * 43) for _ in range(2)]
    assert answers[0].headers["Location"] == answers[1].headers["Location"]


@pytest.mark.parametrize(
    ("fields", "status"), [({}, 400), ({"profile": "none-such"}, 404), ({"profile": "<b>"}, 404)]
)
def test_profile_that_is_not_registered_is_refused(desk: Desk, fields: dict[str, str], status: int) -> None:
    browser = desk.at_desk(VERIFIER)
    browser.get("/requests")
    refused = browser.send("/requests", fields)
    assert refused.status_code == status
    assert "<b>" not in refused.text


def test_member_without_a_profile_or_a_chain_is_told_so() -> None:
    desk = Desk(base_url="http://localhost:8199")
    assert 'name="profile"' not in desk.at_desk(VERIFIER).get("/requests").text
    with desk.database.write() as tables:
        tables.freshness = None
    assert desk.at_desk(VERIFIER).get("/requests").status_code == 200


def test_markup_in_a_disclosed_claim_is_text(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a holder shows was signed by an issuer, who may be anybody accredited."""
    evil = "<script>alert(1)</script>"
    monkeypatch.setitem(PERSON, "given_name", evil)
    holder = desk.issued()
    browser = desk.at_desk(VERIFIER)
    path, made = asked(desk, browser)
    request = fetched(desk, made)
    answer(desk, request, {"credential": [shown(desk, holder, request)]})
    page = browser.get(path).text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert evil not in page
