"""The console in a real browser: nothing it loads is refused, nothing overflows a phone, nobody outside gets in."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask

from jeung.domain.identifiers import to_hex
from tests.common.browser import DESK, PHONE, chromium, complaints, served
from tests.common.chain import free_port
from tests.unit.api.console.desk import AUDITOR, GOVERNOR, ISSUER, PASSWORD, VERIFIER, Desk
from tests.unit.api.parts import MEMBER, PROPOSAL, URL
from tests.unit.api.presenting import answer, fetched, shown

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

EVIL = "<img src=x onerror=alert(1)><script>alert(2)</script>"


@dataclass
class Stage:
    """Hold a served desk and a browser."""

    desk: Desk
    browser: "Browser"
    url: str

    def context(self, size: tuple[int, int] = DESK, locale: str = "en-GB") -> "tuple[BrowserContext, list[str]]":
        context = self.browser.new_context(viewport={"width": size[0], "height": size[1]}, locale=locale)
        context.set_default_timeout(15_000)
        return context, complaints(context)

    def logged_in(self, context: "BrowserContext", name: str = ISSUER) -> "Page":
        page = context.new_page()
        page.goto(f"{self.url}/console")
        page.fill("#name", name)
        page.fill("#password", PASSWORD)
        page.click("main button")
        page.wait_for_url(f"{self.url}/console")
        return page


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    port = free_port()
    # The member is registered under this address, whatever else runs at its port here.
    with chromium(f"MAP localhost:8101 127.0.0.1:{port}") as browser:
        desk = Desk(explorer={"public": True})
        with served(desk.app, port):
            yield Stage(desk, browser, URL)


def fits(page: "Page") -> bool:
    """Tell whether nothing sticks out of the window sideways."""
    # Before its style sheets are there, any page is too wide.
    page.wait_for_load_state("load")
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def tells_where_one_is(page: "Page") -> bool:
    """Tell whether the menu's entry of this page is in sight: a menu that scrolled hid it on a phone."""
    box = page.locator(".desk-nav [aria-current]").bounding_box()
    width = int(page.evaluate("window.innerWidth"))
    return box is not None and box["x"] >= 0 and box["x"] + box["width"] <= width


def answered(page: "Page", selector: str) -> None:
    """Press a button that sends a form and wait for the page that follows."""
    with page.expect_navigation():
        page.locator(selector).first.click()


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_officer_proofs_a_person_and_the_page_sees_the_offer_end(stage: Stage, size: tuple[int, int]) -> None:
    context, found = stage.context(size, "ko-KR")
    page = stage.logged_in(context)
    assert fits(page)
    page.goto(f"{stage.url}/console/proofings/new")
    for name, value in {
        "name_ko": "김민지",
        "family_name": "Kim",
        "given_name": "Minji",
        "birthdate": "1990-05-17",
        "phone_number": "12",
    }.items():
        page.fill(f"#{name}", value)
    answered(page, "main button.button--primary")
    assert page.input_value("#given_name") == "Minji"
    assert page.locator("#phone_number-wrong").is_visible()
    assert fits(page)
    page.fill("#phone_number", "010-1234-5678")
    answered(page, "main button.button--primary")
    for _ in range(3):
        answered(page, "button.button--soft >> visible=true")
    assert fits(page)
    answered(page, "form[action$='/completion'] button")
    answered(page, "form[action='/console/offers'] button")
    page.wait_for_function("document.querySelector('.qr img').naturalWidth > 0")
    assert re.fullmatch(r"[0-9]{6}", page.inner_text("#tx-code"))
    assert fits(page)
    offer_id = page.url.rsplit("/", 1)[1]
    stage.desk.node.authorization.offers.cancel(offer_id)
    page.wait_for_selector("#tx-code", state="detached")
    assert found == []
    context.close()


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_page_that_waits_for_a_wallet_sees_the_result_arrive(stage: Stage, size: tuple[int, int]) -> None:
    holder = stage.desk.issued()
    context, found = stage.context(size)
    page = stage.logged_in(context, VERIFIER)
    page.goto(f"{stage.url}/console/requests")
    assert fits(page)
    answered(page, "main button.button--primary")
    page.wait_for_function("document.querySelector('.qr img').naturalWidth > 0")
    assert fits(page)
    (made,) = parse_qs(urlsplit(page.input_value("#link")).query)["request_uri"]
    request = fetched(stage.desk, {"request_uri": made})
    page.wait_for_selector("[data-state=fetched]")
    answer(stage.desk, request, {"credential": [shown(stage.desk, holder, request)]})
    page.wait_for_selector("#outcome")
    assert page.locator(".desk-verdict").inner_text().startswith("Verified")
    assert "Kim" in page.inner_text("#outcome")
    assert fits(page)
    assert found == []
    context.close()


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_every_page_of_every_role_loads_whole_and_fits(stage: Stage, size: tuple[int, int]) -> None:
    stage.desk.issued()
    one = f"/credentials/{stage.desk.node.credentials.page().items[0].record.credential_id}"
    pages = {
        ISSUER: ["", "/me", "/proofings", "/credentials", one, f"{one}/revoke"],
        AUDITOR: ["/audit", "/audit/findings", "", "/credentials", "/judgements", "/members", "/proposals"],
    }
    for name, paths in pages.items():
        context, found = stage.context(size)
        page = stage.logged_in(context, name)
        for path in paths:
            page.goto(f"{stage.url}/console{path}")
            assert fits(page), path
            assert path == "/me" or tells_where_one_is(page), path
        assert page.evaluate("document.styleSheets.length") == 4
        assert found == []
        context.close()


def test_markup_of_a_person_runs_nowhere(stage: Stage) -> None:
    context, found = stage.context()
    page = stage.logged_in(context)
    page.on("dialog", lambda dialog: found.append(dialog.message))
    page.goto(f"{stage.url}/console/proofings/new")
    fields = {
        "name_ko": EVIL,
        "family_name": EVIL,
        "given_name": EVIL,
        "address": EVIL,
        "phone_number": "010-1-23456",
    }
    for name, value in {**fields, "birthdate": "1990-05-17"}.items():
        page.fill(f"#{name}", value)
    answered(page, "main button.button--primary")
    answered(page, "form[action$='/person'] button")
    assert page.locator("#person").inner_text().count(EVIL) == 4
    assert found == []
    context.close()


def test_log_out_leaves_nothing_behind_the_back_button(stage: Stage) -> None:
    context, found = stage.context()
    page = stage.logged_in(context)
    page.goto(f"{stage.url}/console/proofings")
    answered(page, ".desk-tools form button")
    page.go_back()
    page.wait_for_url(lambda url: url.startswith(f"{stage.url}/console/login"))
    assert all(not cookie["name"].endswith("_session") for cookie in context.cookies())
    assert found == []
    context.close()


def test_scripts_cannot_read_the_session(stage: Stage) -> None:
    context, _ = stage.context()
    page = stage.logged_in(context)
    assert "session" not in page.evaluate("document.cookie")
    (cookie,) = (cookie for cookie in context.cookies() if cookie["name"].endswith("_session"))
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Strict", "/console")
    context.close()


def test_foreign_site_can_neither_act_nor_frame(stage: Stage) -> None:
    """The victim is logged in and opens a page of another site, which sends a form and a frame at the console."""
    evil, port = Flask("evil"), free_port()

    @evil.get("/")
    def attack() -> str:
        return (
            f"<form method=post action='{stage.url}/console/logout'><input name=csrf value=x></form>"
            f"<iframe src='{stage.url}/console/login'></iframe><script>document.forms[0].submit()</script>"
        )

    @evil.get("/frame")
    def frame() -> str:
        return f"<iframe id=f src='{stage.url}/console/login'></iframe>"

    context, _ = stage.context()
    victim = stage.logged_in(context)
    with served(evil, port):
        other = context.new_page()
        # Another port of this host is the same site, so that the cookie is sent: the origin must stop it.
        other.goto(f"http://localhost:{port}/")
        other.wait_for_url(f"{stage.url}/console/logout")
        assert "csrf_refused" in other.content()
        other.goto(f"http://localhost:{port}/frame")
        other.wait_for_timeout(300)
        assert all("/console" not in frame.url for frame in other.frames)
    victim.reload()
    assert victim.locator(".desk-who").is_visible()
    context.close()


def reviewed(page: "Page", url: str) -> None:
    page.goto(f"{url}/console/proposals/new/admit")
    page.fill("#url", "https://broker.example")
    page.fill("#governance", "0x" + "ab" * 20)
    page.check("input[name=roles_issuer]")
    page.click("main form button")
    assert "https://broker.example" in page.inner_text("h1")
    assert fits(page)


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_governors_pages_fit_and_a_proposal_is_reviewed_and_sent(stage: Stage, size: tuple[int, int]) -> None:
    context, wrong = stage.context(size)
    page = stage.logged_in(context, GOVERNOR)
    forms = [f"/proposals/new/{kind}" for kind in ("schema", "statuses", "remove", "close-status-registry")]
    pages = ("/proposals", f"/proposals/{PROPOSAL}", "/governance/agenda", "/governance/suspension", "/proposals/new")
    for path in (*pages, *forms):
        page.goto(f"{stage.url}/console{path}")
        assert fits(page), path
    reviewed(page, stage.url)
    page.click("main form [formaction]")
    page.wait_for_url(f"{stage.url}/console/governance/trials/**")
    assert "https://broker.example" in page.inner_text("header .desk-words")
    assert fits(page)
    reviewed(page, stage.url)
    page.click("main form button:not([formaction])")
    page.wait_for_url(f"{stage.url}/console/governance/sent/**")
    assert fits(page)
    assert wrong == []
    context.close()


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_explorer_is_read_without_a_script_and_fits(stage: Stage, size: tuple[int, int]) -> None:
    stage.desk.issued()
    stage.desk.publish_log()
    member = to_hex(MEMBER)
    digest = to_hex(next(iter(stage.desk.database.read().attested))[2])
    context, found = stage.context(size)
    page = context.new_page()
    for path in ("", "/events", f"/members/{member}", f"/attestations/{digest}", "/logs", f"/proposals/{PROPOSAL}"):
        page.goto(f"{stage.url}/explorer{path}")
        assert fits(page), path
        assert page.locator("h1").count() == 1
    assert found == []
    context.close()
    quiet = stage.browser.new_context(
        viewport={"width": size[0], "height": size[1]}, locale="en-GB", java_script_enabled=False
    )
    page = quiet.new_page()
    page.goto(f"{stage.url}/explorer")
    page.fill("#q", digest)
    with page.expect_navigation():
        page.press("#q", "Enter")
    assert page.url == f"{stage.url}/explorer/attestations/{digest}"
    assert page.locator("svg.chart").count() == 0
    page.goto(f"{stage.url}/explorer/members/{member}")
    assert page.locator("svg.chart").count() == 2
    quiet.close()
