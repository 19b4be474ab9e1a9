"""Passkeys in a real browser with Chromium's virtual authenticator: a code, a log-in, a confirmation, a removal."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from jeung.domain.staff import StaffRole
from tests.common.browser import DESK, chromium, complaints, served
from tests.common.chain import free_port
from tests.unit.api.console.desk import ISSUER, Desk
from tests.unit.api.parts import URL

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, CDPSession, Page


@pytest.fixture(scope="module")
def browser_and_desk() -> "Iterator[tuple[Browser, Desk]]":
    port = free_port()
    with chromium(f"MAP localhost:8101 127.0.0.1:{port}") as browser:
        desk = Desk()
        desk.node.staff_accounts.add("junho", {StaffRole.APPROVER}, None)
        with served(desk.app, port):
            yield browser, desk


def authenticator(context: "BrowserContext", page: "Page", **options: Any) -> "tuple[CDPSession, str]":  # noqa: ANN401
    """Plug a virtual authenticator in (WebAuthn level 3, section 11)."""
    cdp = context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    wanted = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    made = cdp.send("WebAuthn.addVirtualAuthenticator", {"options": {**wanted, **options}})
    return cdp, made["authenticatorId"]


def opened(browser: "Browser") -> "tuple[BrowserContext, Page, list[str]]":
    context = browser.new_context(viewport={"width": DESK[0], "height": DESK[1]}, locale="en-GB")
    context.set_default_timeout(15_000)
    return context, context.new_page(), complaints(context)


def enrol(page: "Page", desk: Desk, name: str) -> None:
    page.goto(f"{URL}/console/enrol")
    page.fill("#name", name)
    page.fill("#code", desk.node.enrolments.make(name).code)
    page.click("main form button")
    page.wait_for_selector("h1:has-text('Your passkey is added')")


def log_in(page: "Page") -> None:
    page.goto(f"{URL}/console/login")
    page.click("#with-passkey")
    page.wait_for_url(f"{URL}/console")


def test_passkey_is_enrolled_logs_in_confirms_and_is_kept_as_the_last(
    browser_and_desk: "tuple[Browser, Desk]",
) -> None:
    browser, desk = browser_and_desk
    context, page, found = opened(browser)
    authenticator(context, page)
    enrol(page, desk, "junho")
    log_in(page)
    assert page.locator(".desk-name").inner_text() == "junho"
    desk.clock.advance(301)
    page.goto(f"{URL}/console/passkeys")
    page.wait_for_url(lambda url: "/console/confirm" in url)
    page.click("form[data-passkey] button")
    page.wait_for_url(f"{URL}/console/passkeys")
    page.click("form[action$='/removal'] button")
    page.wait_for_selector("text=last_way_in")
    assert found == []
    context.close()


def test_page_that_grew_old_leads_to_the_proof_instead_of_blaming_the_device(
    browser_and_desk: "tuple[Browser, Desk]",
) -> None:
    browser, desk = browser_and_desk
    context, page, _ = opened(browser)
    authenticator(context, page)
    desk.node.staff_accounts.add("haneul", {StaffRole.APPROVER}, None)
    enrol(page, desk, "haneul")
    log_in(page)
    page.goto(f"{URL}/console/passkeys")
    page.click("main form[data-options$='/passkeys/options'] button")
    page.wait_for_selector("[data-say=taken]:visible")
    desk.clock.advance(301)
    page.click("main form[data-options$='/passkeys/options'] button")
    page.wait_for_url(lambda url: url.endswith("/console/confirm?next=/console/passkeys"))
    context.clear_cookies()
    page.click("form[data-passkey] button")
    page.wait_for_url(lambda url: "/console/login" in url)
    context.clear_cookies()
    page.click("#with-passkey")
    page.wait_for_selector("[data-say=stale]:visible")
    context.close()


def test_code_that_is_wrong_is_said_before_the_device_is_asked(browser_and_desk: "tuple[Browser, Desk]") -> None:
    browser, desk = browser_and_desk
    context, page, _ = opened(browser)
    cdp, device = authenticator(context, page)
    desk.node.enrolments.make(ISSUER)
    page.goto(f"{URL}/console/enrol")
    page.fill("#name", ISSUER)
    page.fill("#code", "aaaaa-bbbbb-ccccc-ddddd")
    page.click("main form button")
    page.wait_for_selector("[data-say=refused]:visible")
    assert cdp.send("WebAuthn.getCredentials", {"authenticatorId": device})["credentials"] == []
    context.close()


def test_device_that_does_not_verify_its_user_is_not_let_in(browser_and_desk: "tuple[Browser, Desk]") -> None:
    browser, desk = browser_and_desk
    context, page, _ = opened(browser)
    cdp, device = authenticator(context, page)
    enrol(page, desk, ISSUER)
    cdp.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": False})
    page.goto(f"{URL}/console/login")
    page.click("#with-passkey")
    page.wait_for_selector("[data-say=failed]:visible")
    assert page.url == f"{URL}/console/login"
    context.close()


def test_cloned_device_is_found_out_by_its_counter(browser_and_desk: "tuple[Browser, Desk]") -> None:
    browser, desk = browser_and_desk
    context, page, _ = opened(browser)
    cdp, device = authenticator(context, page)
    desk.node.staff_accounts.add("areum", {StaffRole.AUDITOR}, None)
    enrol(page, desk, "areum")
    (clone,) = cdp.send("WebAuthn.getCredentials", {"authenticatorId": device})["credentials"]
    log_in(page)
    context.clear_cookies()
    cdp.send("WebAuthn.clearCredentials", {"authenticatorId": device})
    cdp.send("WebAuthn.addCredential", {"authenticatorId": device, "credential": clone})
    page.goto(f"{URL}/console/login")
    page.click("#with-passkey")
    page.wait_for_selector(".notice--bad:visible")
    (passkey,) = desk.node.passkeys.of(desk.staff_id("areum"))
    assert passkey.suspected_at is not None
    context.close()
