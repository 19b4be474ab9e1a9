"""The consent page answers to one browser, once, and to nobody who does not know the transaction code."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from jeung.domain.wallets import AuthorizationRequest, AuthorizationStage, OfferState
from jeung.errors import InvalidGrant, InvalidRequestUri
from jeung.services.wallets.consent import ConsentPage
from jeung.services.wallets.offers import OfferPapers
from jeung.services.wallets.pushing import REQUEST_URI_PREFIX, PushedReference
from tests.unit.jeung.services.wallets.stage import (
    OTHER,
    REDIRECT,
    TYPE,
    URL,
    Browser,
    Stage,
    all_at_once,
    issuer_state_of,
    wrong,
)


def begun(stage: Stage, **changes: Any) -> tuple[OfferPapers, PushedReference]:  # noqa: ANN401 - fields of Pushed
    papers = stage.offer()
    return papers, stage.push(issuer_state=issuer_state_of(papers), **changes)


def parameters(address: ConsentPage | str) -> dict[str, str]:
    """Give what the address that leads back to the wallet carries."""
    assert isinstance(address, str)
    assert address.startswith(f"{REDIRECT}?")
    return dict(parse_qsl(urlsplit(address).query))


def test_customer_who_knows_the_code_lets_the_wallet_in(stage: Stage) -> None:
    papers, reference = begun(stage)
    browser = stage.open(reference)
    assert browser.page is not None
    assert browser.page.knows_offer
    sent = parameters(stage.say(reference, browser, tx_code=papers.transaction_code))
    assert set(sent) == {"code", "state", "iss"}
    assert (sent["state"], sent["iss"]) == ("state-1", URL)
    assert stage.server.offers.get(papers.offer.offer_id).state is OfferState.REDEEMED


def test_customer_who_says_no_keeps_his_offer(stage: Stage) -> None:
    papers, reference = begun(stage)
    sent = parameters(stage.say(reference, stage.open(reference), approved=False, tx_code=papers.transaction_code))
    assert sent == {"error": "access_denied", "state": "state-1", "iss": URL}
    assert stage.server.offers.get(papers.offer.offer_id).state is OfferState.OPEN
    stage.redeem(papers)


def test_answer_to_a_request_without_state_has_none(stage: Stage) -> None:
    papers, reference = begun(stage, state=None)
    assert set(parameters(stage.say(reference, stage.open(reference), tx_code=papers.transaction_code))) == {
        "code",
        "iss",
    }


def test_page_shows_again_in_its_own_browser(stage: Stage) -> None:
    _, reference = begun(stage)
    browser = stage.open(reference)
    first = browser.page
    assert stage.open(reference, browser).page == first
    assert stage.twin().open(reference, browser).page == first


@pytest.mark.parametrize("session", [None, "", "A" * 43, "A" * 65])
def test_another_browser_does_not_get_the_page(stage: Stage, session: str | None) -> None:
    _, reference = begun(stage)
    stage.open(reference)
    with pytest.raises(InvalidRequestUri):
        stage.open(reference, Browser(session=session))


def test_of_two_browsers_that_open_at_once_one_gets_the_page(stage: Stage) -> None:
    _, reference = begun(stage)
    outcomes = all_at_once(*(lambda: stage.twin().open(reference) for _ in range(3)))
    assert sum(isinstance(outcome, Browser) for outcome in outcomes) == 1


def test_browser_that_looked_before_another_opened_is_refused(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    _, reference = begun(stage)
    twin = stage.twin()
    pending = twin.server.consent._pending

    def overtaken(*arguments: Any) -> AuthorizationRequest:  # noqa: ANN401 - as the method it stands for
        found = pending(*arguments)
        if found.stage is AuthorizationStage.PUSHED:
            monkeypatch.undo()
            stage.open(reference)
        return found

    monkeypatch.setattr(twin.server.consent, "_pending", overtaken)
    with pytest.raises(InvalidRequestUri):
        twin.open(reference)


def test_reference_belongs_to_the_client_that_pushed_it(stage: Stage) -> None:
    papers, reference = begun(stage)
    with pytest.raises(InvalidRequestUri):
        stage.open(reference, client_id="wallet-2")
    browser = stage.open(reference)
    with pytest.raises(InvalidRequestUri):
        stage.say(reference, browser, client_id="wallet-2", tx_code=papers.transaction_code)


@pytest.mark.parametrize("reference", ["", "x", REQUEST_URI_PREFIX, REQUEST_URI_PREFIX + "A" * 43, "A" * 43])
def test_reference_nobody_pushed_is_refused(stage: Stage, reference: str) -> None:
    with pytest.raises(InvalidRequestUri):
        stage.server.consent.open(reference, "wallet-1")


def test_reference_without_its_prefix_is_refused(stage: Stage) -> None:
    _, reference = begun(stage)
    with pytest.raises(InvalidRequestUri):
        stage.server.consent.open(reference.request_uri.removeprefix(REQUEST_URI_PREFIX), "wallet-1")


def test_reference_expires(stage: Stage) -> None:
    _, reference = begun(stage)
    stage.clock.advance(300)
    with pytest.raises(InvalidRequestUri):
        stage.open(reference)


def test_open_page_lives_its_own_while_and_ends(stage: Stage) -> None:
    papers, reference = begun(stage)
    stage.clock.advance(299)
    browser = stage.open(reference)
    stage.clock.advance(299)
    stage.open(reference, browser)
    stage.clock.advance(1)
    with pytest.raises(InvalidRequestUri):
        stage.say(reference, browser, tx_code=papers.transaction_code)


def test_form_needs_session_and_token(stage: Stage) -> None:
    papers, reference = begun(stage)
    other = stage.open(begun(stage)[1])
    browser = stage.open(reference)
    assert browser.page is not None
    assert other.page is not None
    for changes in (
        {"session": ""},
        {"session": other.session},
        {"session": browser.page.token},
        {"token": ""},
        {"token": browser.session},
        {"token": other.page.token},
        {"session": other.session, "token": other.page.token},
    ):
        for approved in (True, False):
            with pytest.raises(InvalidRequestUri):
                stage.say(reference, browser, approved=approved, tx_code=papers.transaction_code, **changes)
    assert stage.server.offers.get(papers.offer.offer_id).state is OfferState.OPEN


def test_form_of_a_page_nobody_opened_is_refused(stage: Stage) -> None:
    papers, reference = begun(stage)
    other = stage.open(begun(stage)[1])
    with pytest.raises(InvalidRequestUri):
        stage.say(reference, other, tx_code=papers.transaction_code)


def test_answered_request_is_over(stage: Stage) -> None:
    for approved in (True, False):
        papers, reference = begun(stage)
        browser = stage.open(reference)
        stage.say(reference, browser, approved=approved, tx_code=papers.transaction_code)
        with pytest.raises(InvalidRequestUri):
            stage.open(reference, browser)
        with pytest.raises(InvalidRequestUri):
            stage.say(reference, browser, tx_code=papers.transaction_code)
        with pytest.raises(InvalidRequestUri):
            stage.open(reference)


def test_wrong_code_shows_the_page_again_with_fewer_tries_left(stage: Stage) -> None:
    papers, reference = begun(stage)
    browser = stage.open(reference)
    again = stage.say(reference, browser, tx_code=wrong(papers.transaction_code))
    assert isinstance(again, ConsentPage)
    assert (again.mistaken, again.left) == (True, 4)
    assert "code" in parameters(stage.say(reference, browser, tx_code=papers.transaction_code))


def test_last_wrong_code_ends_page_and_offer(stage: Stage) -> None:
    papers, reference = begun(stage)
    browser = stage.open(reference)
    for _ in range(4):
        assert isinstance(stage.say(reference, browser, tx_code=wrong(papers.transaction_code)), ConsentPage)
    sent = parameters(stage.say(reference, browser, tx_code=wrong(papers.transaction_code)))
    assert sent["error"] == "access_denied"
    assert stage.server.offers.get(papers.offer.offer_id).state is OfferState.LOCKED
    with pytest.raises(InvalidGrant):
        stage.redeem(papers)


def test_tries_count_over_page_and_token_endpoint_together(stage: Stage) -> None:
    papers, reference = begun(stage)
    browser = stage.open(reference)
    for _ in range(3):
        with pytest.raises(InvalidGrant):
            stage.redeem(papers, wrong(papers.transaction_code))
    assert isinstance(stage.say(reference, browser, tx_code=wrong(papers.transaction_code)), ConsentPage)
    sent = parameters(stage.say(reference, browser, tx_code=wrong(papers.transaction_code)))
    assert sent["error"] == "access_denied"
    assert stage.server.offers.get(papers.offer.offer_id).state is OfferState.LOCKED


def test_tries_count_over_several_requests_for_one_offer(stage: Stage) -> None:
    papers = stage.offer()
    references = [stage.push(issuer_state=issuer_state_of(papers)) for _ in range(6)]
    browsers = [stage.open(reference) for reference in references]
    outcomes = [
        stage.say(reference, browser, tx_code=wrong(papers.transaction_code))
        for reference, browser in zip(references, browsers, strict=True)
    ]
    assert [isinstance(outcome, str) for outcome in outcomes] == [False] * 4 + [True] * 2
    assert stage.server.offers.get(papers.offer.offer_id).state is OfferState.LOCKED


def test_page_of_an_offer_that_was_redeemed_elsewhere_ends(stage: Stage) -> None:
    papers, reference = begun(stage)
    browser = stage.open(reference)
    stage.redeem(papers)
    sent = parameters(stage.say(reference, browser, tx_code=papers.transaction_code))
    assert sent["error"] == "access_denied"


def test_of_two_pages_for_one_offer_one_is_approved(stage: Stage) -> None:
    papers = stage.offer()
    pages = []
    for _ in range(2):
        reference = stage.push(issuer_state=issuer_state_of(papers))
        pages.append((reference, stage.open(reference)))
    outcomes = all_at_once(
        *(
            lambda reference=reference, browser=browser: stage.twin().say(
                reference, browser, tx_code=papers.transaction_code
            )
            for reference, browser in pages
        )
    )
    codes = [outcome for outcome in outcomes if isinstance(outcome, str) and "code=" in outcome]
    assert len(codes) == 1


def test_of_two_answers_at_once_one_counts(stage: Stage) -> None:
    papers, reference = begun(stage)
    browser = stage.open(reference)
    outcomes = all_at_once(
        *(lambda: stage.twin().say(reference, browser, tx_code=papers.transaction_code) for _ in range(3))
    )
    assert sum(isinstance(outcome, str) for outcome in outcomes) == 1


def test_wallet_that_begins_by_itself_asks_for_the_reception_number(stage: Stage) -> None:
    papers, reference = stage.offer(TYPE, OTHER), stage.push()
    browser = stage.open(reference)
    assert browser.page is not None
    assert not browser.page.knows_offer
    number = papers.offer.reception_number
    typed = f" {number[:4].lower()}-{number[4:]} ".replace("0", "o").replace("1", "l")
    sent = parameters(stage.say(reference, browser, tx_code=papers.transaction_code, reception_number=typed))
    assert "code" in sent


@pytest.mark.parametrize("number", ["", "A", "ZZZZZZZZ", "Z" * 10_000])
def test_reception_number_nobody_has_ends_the_page_after_a_few_tries(stage: Stage, number: str) -> None:
    papers, reference = stage.offer(), stage.push()
    browser = stage.open(reference)
    fields = {"tx_code": papers.transaction_code, "reception_number": number}
    for _ in range(4):
        assert isinstance(stage.say(reference, browser, **fields), ConsentPage)
    assert parameters(stage.say(reference, browser, **fields))["error"] == "access_denied"
    assert stage.server.offers.get(papers.offer.offer_id).offer.attempts == 0


def test_wrong_code_for_a_reception_number_counts_at_the_offer(stage: Stage) -> None:
    papers, reference = stage.offer(), stage.push()
    browser = stage.open(reference)
    fields = {"tx_code": wrong(papers.transaction_code), "reception_number": papers.offer.reception_number}
    assert isinstance(stage.say(reference, browser, **fields), ConsentPage)
    assert stage.server.offers.get(papers.offer.offer_id).offer.attempts == 1


def test_offer_of_other_credentials_does_not_answer_a_request(stage: Stage) -> None:
    papers, reference = stage.offer(OTHER), stage.push(scope=TYPE)
    browser = stage.open(reference)
    fields = {"tx_code": papers.transaction_code, "reception_number": papers.offer.reception_number}
    assert isinstance(stage.say(reference, browser, **fields), ConsentPage)
    assert stage.server.offers.get(papers.offer.offer_id).state is OfferState.OPEN


def test_nothing_of_the_page_stands_in_its_repr(stage: Stage) -> None:
    _, reference = begun(stage)
    browser = stage.open(reference)
    page = browser.page
    assert page is not None
    assert page.session not in repr(page)
    assert page.token not in repr(page)
    assert "state-1" not in repr(page)
