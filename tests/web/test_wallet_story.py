"""The whole story in a real browser against a real sandbox: receive, show, decline, and what is refused."""

import json
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser

from cli.demo.parties import wait_for
from tests.e2e.founded import Founded
from tests.web.pages import PIN, Phone, phone
from tests.web.stage import Stage

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def stage(founded: Founded) -> Stage:
    consortium = founded.consortium()
    return Stage(consortium.bank, consortium.exchange)


@pytest.fixture
def held(browser: Browser, stage: Stage) -> Iterator[Phone]:
    """Give a phone with an empty wallet; whatever a test does, the browser must not complain."""
    with phone(browser, stage.bank.base_url) as phone_:
        phone_.set_up()
        yield phone_
        assert phone_.complaints == []


@pytest.fixture
def customer(held: Phone, stage: Stage) -> Phone:
    """Give a phone that has received its credential."""
    receive(held, stage.offer())
    stage.wait_until_attested()
    return held


def paste(held: Phone, link: str) -> None:
    held.open_view("add")
    held.page.get_by_label("Link", exact=True).fill(link)
    held.page.get_by_role("button", name="Next").click()


def receive(held: Phone, offer: dict[str, str]) -> None:
    paste(held, offer["deep_link"])
    held.page.get_by_label("Transaction code").fill(offer["transaction_code"])
    held.page.get_by_role("button", name="Receive").click()
    held.page.get_by_role("heading", name="Credential received").wait_for()


def confirm(held: Phone) -> None:
    held.page.get_by_role("button", name="Agree and send").click()
    held.page.locator("dialog").wait_for()
    held.type_pin(PIN)


def sent(held: Phone, link: str) -> None:
    paste(held, link)
    confirm(held)
    held.page.get_by_role("heading", name="Sent", exact=True).wait_for()


def copies_left(held: Phone) -> str:
    held.open_view("home")
    held.page.locator(".cards__entry").first.click()
    held.wait_for("credential")
    return held.page.locator("dd.number").inner_text()


def test_an_offer_is_shown_before_anything_is_received(held: Phone, stage: Stage) -> None:
    offer = stage.offer()
    held.page.goto(f"{held.url}#offer={quote(offer['deep_link'], safe='')}")
    held.wait_for("unlock") if held.page.locator("#main").get_attribute("data-view") == "unlock" else None
    held.page.get_by_label("Transaction code").wait_for()
    text = held.page.locator("#main").inner_text()
    assert "Real-name credential" in text
    assert stage.bank.base_url.removeprefix("http://") in text
    assert "Date of birth" in text
    # What came by link does not stay in the address.
    assert held.page.url == f"{held.url}#/offer"
    assert stage.bank.get(f"/v1/credential-offers/{offer['offer_id']}")["state"] == "open"


def test_a_wrong_transaction_code_may_be_corrected(held: Phone, stage: Stage) -> None:
    offer = stage.offer()
    wrong = f"{(int(offer['transaction_code']) + 1) % 1_000_000:06}"
    paste(held, offer["deep_link_by_value"])
    held.page.get_by_role("button", name="Receive").click()
    held.page.get_by_text("Enter the code.").wait_for()
    held.page.get_by_label("Transaction code").fill(wrong)
    held.page.get_by_role("button", name="Receive").click()
    held.page.get_by_text("The code is wrong").wait_for()
    held.page.get_by_label("Transaction code").fill(offer["transaction_code"])
    held.page.get_by_role("button", name="Receive").click()
    held.page.get_by_role("heading", name="Credential received").wait_for()


def test_an_offer_is_good_once(customer: Phone, stage: Stage) -> None:
    offer = stage.offer()
    receive(customer, offer)
    paste(customer, offer["deep_link"])
    customer.page.get_by_role("heading", name="could not be received").or_(
        customer.page.get_by_label("Transaction code")
    ).first.wait_for()
    if customer.page.get_by_label("Transaction code").is_visible():
        customer.page.get_by_label("Transaction code").fill(offer["transaction_code"])
        customer.page.get_by_role("button", name="Receive").click()
        customer.page.get_by_text("The code is wrong, or the offer was used").wait_for()
    assert customer.page.locator(".cards__entry").count() == 0
    customer.open_view("home")
    assert customer.page.locator(".cards__entry").count() == 2


def test_a_credential_is_received_over_the_issuers_consent_page(held: Phone, stage: Stage) -> None:
    made = stage.offer()
    offer = made["credential_offer"]
    grants = {"authorization_code": offer["grants"]["authorization_code"]}
    paste(held, json.dumps({**offer, "grants": grants}))
    held.page.get_by_role("button", name="Continue at the issuer").click()
    held.page.locator("#tx_code").fill(made["transaction_code"])
    held.page.locator("button.approve").click()
    # The page was loaded anew, so the wallet is locked; what came back waits until it is open.
    held.unlock()
    held.page.get_by_role("heading", name="Credential received").wait_for()
    assert "code=" not in held.page.url


def test_what_the_customer_agreed_to_is_shown_and_nothing_else(customer: Phone, stage: Stage) -> None:
    asked = stage.ask()
    paste(customer, asked["openid4vp_link"])
    customer.page.get_by_role("heading", name="Mirae Exchange").wait_for()
    text = customer.page.locator("#main").inner_text()
    assert "Opening an account" in text
    assert "Registered with the consortium" in text
    assert customer.page.locator(".switch:disabled:checked").count() == 3
    assert customer.page.locator(".switch:not(:disabled):checked").count() == 0
    confirm(customer)
    customer.page.get_by_role("heading", name="Sent", exact=True).wait_for()
    result = stage.result_of(asked)
    assert result["state"] == "verified"
    claims = result["credentials"][0]["claims"]
    assert {name for name, value in claims.items() if value} == {"name_ko", "age_equal_or_over", "proofing"}
    # The receipt says the same.
    customer.page.get_by_role("link", name="View the receipt").click()
    customer.wait_for("receipt")
    assert customer.page.locator(".claims dt").count() == 3
    assert claims["name_ko"] in customer.page.locator(".claims").inner_text()

    # Asked, the exchange says so too, under a checkpoint that its log has signed: soon, for the worker signs it.
    def answered() -> str | None:
        customer.page.get_by_role("button", name="Ask what was recorded").click()
        customer.page.locator("button:enabled", has_text="Ask what was recorded").wait_for()
        told = customer.page.locator(".card [role=status]").inner_text()
        return None if "Not in a published checkpoint yet" in told else told

    assert "signed by the log of the relying party" in wait_for("the checkpoint", answered, poll_s=1.0)


def test_each_presentation_shows_a_copy_not_shown_before(customer: Phone, stage: Stage) -> None:
    before = copies_left(customer)
    sent(customer, stage.ask()["openid4vp_link"])
    once = copies_left(customer)
    sent(customer, stage.ask()["openid4vp_link"])
    twice = copies_left(customer)
    total = int(before.split(" of ")[1])
    assert [before, once, twice] == [f"{total - shown} of {total}" for shown in range(3)]


def test_a_wrong_pin_sends_nothing(customer: Phone, stage: Stage) -> None:
    asked = stage.ask()
    paste(customer, asked["openid4vp_link"])
    customer.page.get_by_role("button", name="Agree and send").click()
    customer.type_pin("999999")
    customer.page.get_by_text("That PIN is wrong").first.wait_for()
    customer.page.get_by_role("button", name="Close").click()
    customer.page.locator("dialog").wait_for(state="detached")
    assert stage.result_of(asked)["state"] not in {"verified", "refused"}


def test_a_declined_request_tells_the_verifier_and_shows_nothing(customer: Phone, stage: Stage) -> None:
    asked = stage.ask()
    paste(customer, asked["openid4vp_link"])
    customer.page.get_by_role("button", name="Decline").click()
    customer.page.get_by_role("heading", name="Declined").wait_for()
    assert stage.result_of(asked)["state"] not in {"verified", "refused", "open"}
    customer.open_view("history")
    assert "Declined" in customer.page.locator(".list").inner_text()


def test_a_request_is_refused_where_the_wallet_holds_nothing_that_answers_it(held: Phone, stage: Stage) -> None:
    paste(held, stage.ask()["openid4vp_link"])
    held.page.get_by_text("No matching credential").wait_for()
    assert held.page.get_by_role("button", name="Agree and send").count() == 0


def test_a_request_that_asks_for_more_than_is_registered_is_refused_by_the_wallet(customer: Phone) -> None:
    verdicts = customer.page.evaluate(
        """async () => {
          const { refusalOf } = await import('/static/wallet/flows/presenting.js');
          const over = [{ query: 'credential', path: ['address'] }];
          return [
            refusalOf({ registration: { known: true, active: true, overAsked: over } }),
            refusalOf({ registration: { known: true, active: false, overAsked: [] } }),
            refusalOf({ registration: { known: true, active: true, overAsked: [] } }),
            refusalOf({ registration: { known: false, overAsked: over } }),
            refusalOf({ registration: null }),
          ];
        }"""
    )
    assert verdicts == ["over_asked", "party_not_active", None, None, None]


def test_credentials_are_sealed_and_their_keys_cannot_be_exported(customer: Phone) -> None:
    kept = customer.page.evaluate(
        """async () => {
          const { readAll } = await import('/static/wallet/store/db.js');
          const [record] = await readAll('credentials');
          const keys = await readAll('keys');
          const outcomes = await Promise.all(keys.map(({ privateKey }) =>
            crypto.subtle.exportKey('jwk', privateKey).then(() => 'given', (error) => error.name)));
          const text = new TextDecoder('latin1').decode(record.sealed);
          return { names: Object.keys(record).sort(), clear: text.includes('~') && text.includes('eyJ'), outcomes };
        }"""
    )
    assert kept["names"] == ["id", "iv", "sealed"]
    assert kept["clear"] is False
    assert set(kept["outcomes"]) == {"InvalidAccessError"}


def test_a_revoked_credential_is_shown_as_such_and_refused(customer: Phone, stage: Stage) -> None:
    stage.revoke_all()
    customer.open_view("add")
    customer.open_view("home")
    customer.page.locator(".badge--bad", has_text="Revoked").wait_for()
    asked = stage.ask()
    paste(customer, asked["openid4vp_link"])
    confirm(customer)
    customer.page.get_by_role("heading", name="Sent, but not accepted").wait_for()
    result = stage.result_of(asked)
    assert (result["state"], result["credentials"][0]["code"]) == ("refused", "credential_revoked")


def test_a_payment_is_shown_in_full_and_leads_back_to_the_shop(customer: Phone, stage: Stage) -> None:
    payment = {
        "type": "urn:jeung:transaction:payment:1",
        "payee": "Han River Books",
        "payee_account": {"bank": "088", "number": "110123456789"},
        "amount_krw": 25_000,
        "reference": "Order 7",
    }
    shop = f"{stage.exchange.base_url}/healthz"
    asked = stage.ask(transaction_data=[payment], redirect_uri=shop)
    paste(customer, asked["openid4vp_link"])
    shown = customer.page.locator(".transaction")
    shown.wait_for()
    text = shown.inner_text()
    for value in ("Confirm a payment", "Han River Books", "088", "110123456789", "25,000", "Order 7"):
        assert value in text
    confirm(customer)
    customer.page.wait_for_url(f"{shop}?response_code=*")
    # The result is opened by the code that only this browser was given.
    assert stage.result_of(asked)["state"] == "answered"


def test_a_request_that_a_vote_has_made_too_greedy_is_refused_on_the_screen(customer: Phone, stage: Stage) -> None:
    asked = stage.ask()
    with stage.registered_for_fewer("phone_number"):
        paste(customer, asked["openid4vp_link"])
        customer.page.get_by_role("heading", name="It asks for more than is registered").wait_for()
        text = customer.page.locator("#main").inner_text()
        assert "Mirae Exchange" in text
        assert "phone_number" in text
        assert customer.page.get_by_role("button", name="Agree and send").count() == 0
        customer.open_view("history")
        assert "Refused by the wallet" in customer.page.locator(".list").inner_text()
        assert stage.result_of(asked)["state"] not in {"verified", "refused", "open"}
