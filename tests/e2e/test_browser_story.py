"""The whole story in a real browser: proofed at the bank's desk, received and shown by a phone, revoked, refused.

Each step leaves a picture in the test's own folder; README shows some of them.
"""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.driver import eventually
from tests.e2e.founded import Founded
from tests.e2e.issuing import Consortium
from tests.web.pages import PIN, Phone, phone

pytestmark = [pytest.mark.sandbox]


class Desk:
    """Sit at a member's console in a browser of one's own."""

    def __init__(self, browser: Browser, data: Path, member: str, url: str, who: str) -> None:
        people = json.loads((data / "staff" / f"{member}.json").read_text())
        password = next(person["password"] for person in people if person["name"] == who)
        self.url = url
        self.complaints: list[str] = []
        self.page: Page = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB").new_page()
        self.page.set_default_timeout(20_000)
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(f"{url}/console")
        self.page.get_by_label("Name").fill(who)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Log in", exact=True).click()
        expect(self.page.get_by_role("button", name="Log out")).to_be_visible()

    def link_shown(self) -> str:
        """Give what the QR code says."""
        return self.page.locator("#link").input_value()


@pytest.fixture(scope="module")
def consortium(founded: Founded) -> Consortium:
    return founded.consortium()


def proofed_and_offered(desk: Desk) -> tuple[str, str]:
    """Proof a customer at the desk and offer a credential; give the offer's link and its transaction code."""
    page = desk.page
    page.goto(f"{desk.url}/console/proofings/new")
    person = {
        "name_ko": "김민서",
        "family_name": "Kim",
        "given_name": "Minseo",
        "birthdate": "1990-05-17",
        "phone_number": "+821012345678",
        "nationality": "KR",
        "address": "서울특별시 중구 세종대로 1",
        "bank": "한빛은행",
        "account_number": "110123456789",
    }
    for name, value in person.items():
        page.locator(f"#{name}").fill(value)
    page.locator("#sex").select_option("female")
    page.get_by_role("button", name="Open the proofing").click()
    for method in ("mobile_phone", "id_document", "account_ownership"):
        form = page.locator("form").filter(has=page.locator(f'input[name="method"][value="{method}"]'))
        form.filter(has=page.locator('input[name="outcome"][value="passed"]')).get_by_role("button").click()
    page.get_by_role("button", name="Complete the proofing").click()
    page.locator('form[action="/console/offers"] button').click()
    return desk.link_shown(), page.locator("#tx-code").inner_text().strip()


def receive(holder: Phone, link: str, code: str) -> None:
    holder.open_view("add")
    holder.page.get_by_label("Link").fill(link)
    holder.page.get_by_role("button", name="Next").click()
    holder.page.locator("#tx-code").fill(code)
    holder.page.get_by_role("button", name="Receive", exact=True).click()
    expect(holder.page.get_by_role("heading", name="Credential received")).to_be_visible(timeout=30_000)


def show_in_vain(holder: Phone, link: str) -> None:
    holder.open_view("add")
    holder.page.get_by_label("Link").fill(link)
    holder.page.get_by_role("button", name="Next").click()
    holder.page.get_by_role("button", name="Agree and send").click()
    holder.type_pin(PIN)
    expect(holder.page.get_by_role("heading", name="Sent, but not accepted")).to_be_visible(timeout=30_000)


def ask(desk: Desk) -> str:
    desk.page.goto(f"{desk.url}/console/requests")
    desk.page.locator('form[action="/console/requests"] button').click()
    return desk.link_shown()


def test_customer_is_proofed_receives_shows_and_is_refused_once_revoked(
    browser: Browser, consortium: Consortium, tmp_path: Path
) -> None:
    data = consortium.sandbox.root
    bank = Desk(browser, data, "bank", consortium.bank.base_url, "issuer")
    exchange = Desk(browser, data, "exchange", consortium.exchange.base_url, "verifier")
    with phone(browser, consortium.bank.base_url) as holder:
        holder.set_up()
        link, code = proofed_and_offered(bank)
        picture(bank.page, tmp_path, "offer")
        receive(holder, link, code)
        expect(bank.page.locator("#offer-state")).to_have_text("Taken", timeout=20_000)
        attested(consortium)

        request = ask(exchange)
        picture(exchange.page, tmp_path, "request")
        holder.open_view("add")
        holder.page.get_by_label("Link").fill(request)
        holder.page.get_by_role("button", name="Next").click()
        expect(holder.page.get_by_text("Registered with the consortium")).to_be_visible()
        picture(holder.page, tmp_path, "choose")
        holder.page.get_by_role("button", name="Agree and send").click()
        holder.type_pin(PIN)
        expect(holder.page.get_by_role("heading", name="Sent", exact=True)).to_be_visible(timeout=30_000)
        expect(exchange.page.locator("#request-state")).to_have_text("Verified", timeout=20_000)
        expect(exchange.page.get_by_text("김민서")).to_be_visible()
        expect(exchange.page.get_by_text("1990-05-17")).to_have_count(0)
        picture(exchange.page, tmp_path, "verified")
        holder.open_view("home")
        picture(holder.page, tmp_path, "wallet")

        revoke(bank, consortium)
        show_in_vain(holder, ask(exchange))
        expect(exchange.page.locator("#request-state")).to_have_text("Refused", timeout=20_000)
        expect(exchange.page.get_by_text("credential_revoked")).to_be_visible()
        picture(exchange.page, tmp_path, "refused")
        assert holder.complaints == []
    assert bank.complaints == []
    assert exchange.complaints == []


def attested(consortium: Consortium) -> None:
    eventually(lambda: all(i["anchoring"] == "attested" for i in consortium.bank.all("/v1/credentials")))


def revoke(desk: Desk, consortium: Consortium) -> None:
    """Revoke the family at the bank's desk, and wait until the ledger says so."""
    desk.page.goto(f"{desk.url}/console/credentials")
    # The newest stands first.
    link = desk.page.locator('a[href^="/console/credentials/crd_"]').first
    credential = consortium.bank.get(f"/v1/credentials/{(link.get_attribute('href') or '').rpartition('/')[2]}")
    link.click()
    desk.page.locator('a[href$="/revoke"]').click()
    desk.page.locator('input[name="confirmed"]').check()
    desk.page.locator("form button.button--danger").click()

    def statuses() -> set[str]:
        items = consortium.bank.all("/v1/credentials")
        return {item["ledger_status"] for item in items if item["family_id"] == credential["family_id"]}

    eventually(lambda: statuses() == {"revoked"})


def picture(page: Page, folder: Path, name: str) -> None:
    page.screenshot(path=folder / f"{name}.png")
