"""An offer's QR code, link and transaction code are for who made it; everybody else sees what became of it."""

import re
from urllib.parse import quote
from xml.etree import ElementTree

import pytest

from jeung.domain.staff import StaffRole
from jeung.services.wallets.offers import OfferRules
from tests.unit.api.console.desk import ISSUER, PASSWORD, Browser, Desk
from tests.unit.api.console.ending import ended_ever_later
from tests.unit.api.parts import URL


def offered(desk: Desk, browser: Browser) -> str:
    """Offer a credential for a completed proofing; give the page's path below /console."""
    proofing = desk.proofed()
    page = browser.get(f"/proofings/{proofing}")
    assert f'name="proofing" value="{proofing}"' in page.text
    answer = browser.send("/offers", {"proofing": proofing})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"]).removeprefix("/console")


def test_officer_makes_an_offer_and_hands_out_link_and_code_apart(desk: Desk) -> None:
    browser = desk.at_desk()
    path = offered(desk, browser)
    offer_id = path.rsplit("/", 1)[1]
    papers = desk.node.authorization.offers.papers(offer_id)
    page = browser.get(path).text
    assert f'id="tx-code">{papers.transaction_code}<' in page
    assert papers.by_reference.replace("&", "&amp;") in page
    assert "모의 확인" in page
    assert f'src="/console{path}/qr"' in page
    assert f'href="{URL}/wallet#offer={quote(papers.by_reference, safe="")}"' in page
    acts = [(event["act"], event.get("target")) for event in desk.events("staff_acted")]
    assert acts == [("make_offer", None), ("made_offer", offer_id)]
    kept = repr(desk.events("staff_acted")) + repr(desk.database.read().offers)
    assert papers.transaction_code not in kept


def test_qr_code_is_an_image_of_its_own_without_the_transaction_code(desk: Desk) -> None:
    browser = desk.at_desk()
    path = offered(desk, browser)
    drawn = browser.get(f"{path}/qr", Accept="image/svg+xml")
    assert drawn.content_type == "image/svg+xml"
    assert drawn.headers["Cache-Control"] == "no-store"
    assert ElementTree.fromstring(drawn.text).tag == "{http://www.w3.org/2000/svg}svg"  # noqa: S314 - our own
    assert "script" not in drawn.text


def test_another_officer_sees_neither_code_nor_link(desk: Desk) -> None:
    desk.node.staff_accounts.add("second", {StaffRole.ISSUER_OFFICER}, PASSWORD)
    path = offered(desk, desk.at_desk())
    papers = desk.node.authorization.offers.papers(path.rsplit("/", 1)[1])
    other = desk.at_desk("second")
    page = other.get(path).text
    assert papers.transaction_code not in page
    assert "credential_offer_uri" not in page
    assert other.get(f"{path}/qr").status_code == 404
    assert other.get(f"{path}/state", Accept="application/json").get_json() == {"state": "open-0"}


def test_proofing_leads_to_the_offers_made_for_it(desk: Desk) -> None:
    browser = desk.at_desk()
    path = offered(desk, browser)
    offer = desk.node.authorization.offers.get(path.rsplit("/", 1)[1]).offer
    page = browser.get(f"/proofings/{offer.proofing_id}").text
    assert f'href="/console{path}"' in page
    assert offer.reception_number not in page


def test_form_sent_twice_makes_one_offer(desk: Desk) -> None:
    browser, proofing = desk.at_desk(), desk.proofed()
    browser.get("/me")
    answers = [
        browser.send("/offers", {"proofing": proofing}, csrf=browser.csrf, request_key="k" * 43) for _ in range(2)
    ]
    assert answers[0].headers["Location"] == answers[1].headers["Location"]


def test_page_follows_an_offer_to_its_end(desk: Desk) -> None:
    browser = desk.at_desk()
    path = offered(desk, browser)
    state = f"{path}/state"
    assert 'data-state="open-0"' in browser.get(path).text
    browser.get(path)
    assert browser.send(f"{path}/cancellation").status_code == 303
    assert browser.get(state, Accept="application/json").get_json() == {"state": "cancelled-0"}
    page = browser.get(path).text
    assert "data-live" not in page
    assert "tx-code" not in page
    ended = browser.get(f"{path}/qr")
    assert (ended.status_code, ended.data) == (204, b"")
    later = offered(desk, browser)
    desk.clock.advance(OfferRules("").ttl_s)
    desk.chain.heard()
    browser = desk.at_desk()
    assert "만료" in browser.get(later).text
    again = re.search(r'name="proofing" value="([^"]+)"', browser.get(later).text)
    assert again is not None
    assert browser.send("/offers", {"proofing": again[1]}).status_code == 303


@pytest.mark.parametrize(("part", "late"), [("", 303), ("/qr", 204)], ids=["page", "qr"])
def test_offer_that_ends_while_its_page_is_made_is_no_error(desk: Desk, part: str, late: int) -> None:
    answers = ended_ever_later(desk, ISSUER, lambda browser: offered(desk, browser) + part, OfferRules("").ttl_s)
    assert {answer.status_code for answer in answers} == {200, late}


def test_page_that_waits_does_not_keep_the_session_open(desk: Desk) -> None:
    browser = desk.at_desk()
    path = offered(desk, browser)
    for _ in range(30):
        desk.clock.advance(31)
        answer = browser.get(f"{path}/state", Accept="application/json")
    assert answer.status_code == 401


@pytest.mark.parametrize("fields", [{}, {"proofing": ""}])
def test_offer_for_nothing_is_refused(desk: Desk, fields: dict[str, str]) -> None:
    browser = desk.at_desk()
    browser.get("/proofings/new")
    assert browser.send("/offers", fields).status_code == 400
    assert browser.send("/offers", {"proofing": "prf_none"}, request_key="o" * 43).status_code == 404
    assert browser.get("/offers/ofr_none").status_code == 404


def test_offer_for_a_rejected_proofing_is_refused(desk: Desk) -> None:
    browser = desk.at_desk(ISSUER)
    path = desk.opened(browser)
    browser.get(path)
    browser.send(f"{path}/checks", {"method": "id_document", "outcome": "failed"})
    answer = browser.send("/offers", {"proofing": path.rsplit("/", 1)[1]}, request_key="o" * 43)
    assert (answer.status_code, "proofing_closed" in answer.text) == (409, True)
