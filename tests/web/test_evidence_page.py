"""A supervisor judges packages of evidence in a real browser: good ones, altered ones, rubbish, and one too large."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.common.browser import PHONE, complaints, served
from tests.common.chain import free_port
from tests.unit.api.console.desk import AUDITOR, PASSWORD, Desk
from tests.unit.api.explorer.test_evidence import deployed, flipped, packed

OF_STANDINGS = "main h2[id]"


@pytest.fixture(scope="module")
def package() -> tuple[bytes, bytes]:
    """Give a package that is good, and what a deployment file says of its consortium."""
    stage, made = packed()
    return made, deployed(stage)


@pytest.fixture(scope="module")
def origin(package: tuple[bytes, bytes]) -> Iterator[str]:
    """Serve a node of that consortium."""
    port = free_port()
    url = f"http://localhost:{port}"
    with served(Desk(base_url=url, genesis_facts=lambda: package[1]).app, port):
        yield url


@pytest.fixture(scope="module")
def context(browser: Browser, origin: str) -> Iterator[BrowserContext]:
    """Log an auditor in, once; nothing that the browser complains of goes unseen."""
    opened = browser.new_context(viewport={"width": PHONE[0], "height": PHONE[1]}, locale="ko-KR")
    complained, page = complaints(opened), opened.new_page()
    page.goto(f"{origin}/console/login")
    page.fill("input[name=name]", AUDITOR)
    page.fill("input[name=password]", PASSWORD)
    page.click("main form button")
    page.wait_for_url(f"{origin}/console")
    yield opened
    opened.close()
    assert complained == []


@pytest.fixture
def page(context: BrowserContext, origin: str) -> Iterator[Page]:
    """Open the page; nobody scrolls sideways to read what comes of it."""
    opened = context.new_page()
    opened.goto(f"{origin}/console/audit/evidence")
    yield opened
    assert opened.evaluate("document.documentElement.scrollWidth <= innerWidth")
    opened.close()


def hand_in(page: Page, file: Path) -> None:
    """Choose a file and send the form."""
    page.set_input_files("#package", file)
    page.get_by_role("button", name="판정").click()


def standings(page: Page) -> list[str | None]:
    """Give the standings in the order in which the page tells them."""
    return [one.get_attribute("id") for one in page.locator(OF_STANDINGS).all()]


def test_good_package_tells_what_is_proved_what_is_on_trust_and_what_is_missing(
    page: Page, package: tuple[bytes, bytes], tmp_path: Path
) -> None:
    (tmp_path / "evidence.json").write_bytes(package[0])
    hand_in(page, tmp_path / "evidence.json")
    # This node's chain names a witness, who has not cosigned.
    expect(page.locator("#verdict")).to_have_text("증명이 완전하지 않습니다")
    assert standings(page) == ["verdict", "missing", "on_trust", "proved"]
    expect(page.get_by_text("일회용 값(nonce)이")).to_be_visible()
    assert "Minji" not in page.content()


def test_flipped_byte_is_refuted_at_the_top(page: Page, package: tuple[bytes, bytes], tmp_path: Path) -> None:
    (tmp_path / "evidence.json").write_bytes(flipped(package[0]))
    hand_in(page, tmp_path / "evidence.json")
    expect(page.locator("#verdict")).to_have_text("증거로 인정할 수 없습니다")
    assert standings(page)[:2] == ["verdict", "refuted"]


def test_rubbish_is_refuted_by_its_form(page: Page, tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(b"\x89PNG\r\n" + bytes(range(256)) * 40)
    hand_in(page, tmp_path / "photo.png")
    expect(page.get_by_text("증거 파일로 읽을 수 없습니다")).to_be_visible()
    assert standings(page) == ["verdict", "refuted"]


def test_fifty_megabytes_are_refused_with_a_page_that_says_why(page: Page, tmp_path: Path) -> None:
    with (tmp_path / "large.json").open("wb") as file:
        file.truncate(50 << 20)
    hand_in(page, tmp_path / "large.json")
    expect(page.get_by_text("보낸 내용이 너무 큽니다")).to_be_visible()
    expect(page.get_by_text("input_too_large")).to_be_visible()
