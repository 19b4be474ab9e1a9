"""The way in: what a log-in demands, what its cookie is like, and what ends a session."""

import re

import pytest

from jeung.services.staff.attempts import BY_ADDRESS, BY_NAME
from tests.unit.api.console.desk import AUDITOR, ISSUER, PASSWORD, Desk
from tests.unit.api.parts import URL

SESSION, ENTRY = "jeung_bank_session", "jeung_bank_entry"


def test_name_and_password_lead_to_the_page_that_was_asked_for(desk: Desk) -> None:
    browser = desk.browser()
    asked = browser.get("/proofings/new")
    assert (asked.status_code, asked.headers["Location"]) == (303, "/console/login?next=/console/proofings/new")
    page = browser.http.get(asked.headers["Location"])
    assert 'value="/console/proofings/new"' in page.text
    browser.last = page
    fields = {"name": ISSUER, "password": PASSWORD, "next": "/console/proofings/new"}
    answer = browser.send("/login", fields)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/console/proofings/new")
    assert browser.get("/proofings/new").status_code == 200
    assert browser.get("/login").status_code == 303, "who is logged in is not asked again"


def test_session_cookie_is_out_of_reach_of_scripts_and_other_sites(desk: Desk) -> None:
    answer = desk.log_in()
    (cookie,) = (value for value in answer.headers.getlist("Set-Cookie") if value.startswith(f"{SESSION}="))
    assert re.fullmatch(rf"{SESSION}=[A-Za-z0-9_-]{{43}}; HttpOnly; Path=/console; SameSite=Strict", cookie)


def test_link_from_another_site_leads_on_and_ends_no_session(desk: Desk) -> None:
    """The strict cookie does not come along; dropping it threw out whoever followed a link."""
    http = desk.app.test_client(use_cookies=False)
    headers = {"Accept": "text/html", "Sec-Fetch-Site": "cross-site"}
    answer = http.get("/console/acts?after=x", headers=headers, base_url=URL)
    assert answer.status_code == 200
    assert 'content="0;url=/console/acts"' in answer.text
    assert "password" not in answer.text
    assert answer.headers.getlist("Set-Cookie") == []
    onward = http.get("/console/acts", headers={**headers, "Sec-Fetch-Site": "same-origin"}, base_url=URL)
    assert (onward.status_code, onward.headers["Location"]) == (303, "/console/login?next=/console/acts")
    assert onward.headers.getlist("Set-Cookie") == []


def test_session_that_ended_takes_its_cookie_along_whatever_site_leads_here(desk: Desk) -> None:
    http = desk.app.test_client(use_cookies=False)
    headers = {"Accept": "text/html", "Sec-Fetch-Site": "cross-site", "Cookie": f"{SESSION}={'A' * 43}"}
    answer = http.get("/console/acts", headers=headers, base_url=URL)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/console/login?next=/console/acts")
    assert answer.headers["Set-Cookie"].startswith(f"{SESSION}=; ")


def test_two_cookies_of_the_sessions_name_stand_for_nobody(desk: Desk) -> None:
    """A host beside ours sets one for a longer path; browsers send it first."""
    token = desk.at_desk().cookie(SESSION)
    planted = desk.at_desk().cookie(SESSION)
    http = desk.app.test_client(use_cookies=False)
    for value, status in ((f"{SESSION}={token}", 200), (f"{SESSION}={planted}; {SESSION}={token}", 303)):
        answer = http.get("/console/me", headers={"Cookie": value, "Accept": "text/html"}, base_url=URL)
        assert answer.status_code == status


def test_session_cookie_is_secure_on_https() -> None:
    desk = Desk(base_url="https://bank.example")
    answer = desk.log_in()
    assert answer.status_code == 303
    assert all("; Secure;" in cookie for cookie in answer.headers.getlist("Set-Cookie"))


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/console",
        "//evil.example",
        "/\\evil.example",
        "/console//evil.example",
        "/console/../wallet",
        "/console/login\r\nSet-Cookie: x=y",
        "/consolevil",
        "javascript:alert(1)",
        "/console?next=//evil.example",
        "",
    ],
)
def test_nobody_is_sent_outside_after_a_log_in(desk: Desk, target: str) -> None:
    browser = desk.browser()
    page = browser.http.get("/console/login", query_string={"next": target})
    assert 'name="next" value="/console"' in page.text
    browser.last = page
    answer = browser.send("/login", {"name": ISSUER, "password": PASSWORD, "next": target})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/console")
    away = browser.http.get("/console/language", query_string={"to": "en", "next": target})
    assert (away.status_code, away.headers["Location"]) == (303, "/console")


def test_session_gets_a_token_of_its_own_at_log_in(desk: Desk) -> None:
    """Session fixation: what somebody planted in the browser before never becomes the session."""
    browser = desk.browser()
    planted = "P" * 43
    for name in (SESSION, ENTRY):
        browser.http.set_cookie(name, planted, path="/console")
    answer = desk.log_in(browser=browser)
    assert answer.status_code == 303
    assert browser.cookie(SESSION) not in (None, planted)
    thief = desk.browser()
    thief.http.set_cookie(SESSION, planted, path="/console")
    assert thief.get("/me").status_code == 303


def test_second_log_in_in_a_browser_ends_the_first_session(desk: Desk) -> None:
    browser = desk.at_desk()
    first = browser.cookie(SESSION) or ""
    entry = "E" * 43
    browser.http.set_cookie(ENTRY, entry, path="/console")
    from api.console.session import csrf_token

    answer = browser.send("/login", {"name": AUDITOR, "password": PASSWORD}, csrf=csrf_token(entry))
    assert answer.status_code == 303
    thief = desk.browser()
    thief.http.set_cookie(SESSION, first, path="/console")
    assert thief.get("/me").status_code == 303


def test_stolen_cookie_is_worthless_after_log_out(desk: Desk) -> None:
    browser = desk.at_desk()
    stolen = browser.cookie(SESSION) or ""
    thief = desk.browser()
    thief.http.set_cookie(SESSION, stolen, path="/console")
    assert thief.get("/me").status_code == 200
    browser.get("/me")
    answer = browser.send("/logout")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/console/login")
    assert not browser.cookie(SESSION)
    assert thief.get("/me").status_code == 303


def test_session_ends_unused_and_at_its_greatest_age(desk: Desk) -> None:
    browser = desk.at_desk()
    desk.clock.advance(899)
    assert browser.get("/me").status_code == 200
    desk.clock.advance(900)
    assert browser.get("/me").status_code == 303
    browser = desk.at_desk()
    for _ in range(32):
        assert browser.get("/me").status_code == 200
        desk.clock.advance(899)
    desk.clock.advance(899)
    assert browser.get("/me").status_code == 303


def test_disabled_account_is_out_at_once(desk: Desk) -> None:
    browser = desk.at_desk()
    desk.node.staff_accounts.disable(ISSUER)
    assert browser.get("/me").status_code == 303
    assert desk.log_in().status_code == 401


def test_wrong_password_unknown_name_and_disabled_account_look_the_same(desk: Desk) -> None:
    desk.node.staff_accounts.disable(AUDITOR)
    pages = []
    for name, password in ((ISSUER, "x" * 20), ("nobody", PASSWORD), (AUDITOR, PASSWORD), ("", ""), ("<b>", "x")):
        answer = desk.log_in(name, password)
        assert answer.status_code == 401
        hidden = re.sub(r'name="csrf" value="[^"]+"', "", answer.text)
        pages.append(hidden)
        assert SESSION not in str(answer.headers)
    assert len(set(pages)) == 1


def test_neither_name_nor_password_is_repeated_on_the_page(desk: Desk) -> None:
    answer = desk.log_in('"><script>alert(1)</script>', "hunter2 hunter2 hunter2")
    assert "alert(1)" not in answer.text
    assert "hunter2" not in answer.text


def test_name_pauses_after_failures_whoever_knows_the_password(desk: Desk) -> None:
    for _ in range(BY_NAME.free):
        assert desk.log_in(password="wrong wrong wrong").status_code == 401
    answer = desk.log_in()
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, str(BY_NAME.first_pause_s))
    desk.clock.advance(BY_NAME.first_pause_s)
    assert desk.log_in().status_code == 303


def test_address_pauses_after_failures_under_many_names(desk: Desk) -> None:
    for number in range(BY_ADDRESS.free):
        assert desk.log_in(f"name{number}").status_code == 401
    assert desk.log_in().status_code == 429


def test_log_in_counts_against_the_rate_of_tokens() -> None:
    desk = Desk(limits={"token": (1, 60)})
    assert desk.log_in().status_code == 303
    assert desk.log_in().status_code == 429


@pytest.mark.parametrize("change", ["csrf", "origin", "entry"])
def test_log_in_that_no_page_of_ours_sent_is_refused(desk: Desk, change: str) -> None:
    """Log-in CSRF: a stranger must not log a victim's browser in to the stranger's account."""
    browser = desk.browser()
    browser.get("/login")
    changes: dict[str, str | None] = {}
    if change == "entry":
        browser.http.delete_cookie(ENTRY, path="/console")
    else:
        changes[change] = "https://evil.example"
    answer = browser.send("/login", {"name": ISSUER, "password": PASSWORD}, **changes)
    assert answer.status_code == 403
    assert "csrf_refused" in answer.text
    assert SESSION not in str(answer.headers)


def test_form_of_the_log_in_page_is_no_form_of_the_session(desk: Desk) -> None:
    browser = desk.browser()
    browser.get("/login")
    before = browser.csrf
    desk.log_in(browser=browser)
    assert browser.send("/logout", csrf=before).status_code == 403


@pytest.mark.parametrize(("accepted", "says"), [("ko-KR,ko", "로그인"), ("en-GB", "Log in"), ("fr", "로그인")])
def test_page_speaks_the_browsers_language_or_korean(desk: Desk, accepted: str, says: str) -> None:
    page = desk.browser().get("/login", **{"Accept-Language": accepted})
    assert f"<h1>{says}</h1>" in page.text


def test_chosen_language_stays(desk: Desk) -> None:
    browser = desk.browser()
    answer = browser.http.get("/console/language?to=en&next=/console/login")
    assert answer.headers["Location"] == "/console/login"
    assert '<html lang="en">' in browser.get("/login", **{"Accept-Language": "ko"}).text
    assert browser.http.get("/console/language?to=xx").status_code == 400
    browser.http.set_cookie("jeung_lang", '"><script>', path="/console")
    assert "<script>" not in browser.get("/login").text


def test_node_behind_another_origin_refuses_its_own_forms_from_elsewhere(desk: Desk) -> None:
    browser = desk.at_desk()
    for origin in (f"{URL}.evil.example", "http://localhost:8102", "https://localhost:8101", "null", f"{URL}/", None):
        assert browser.send("/logout", origin=origin).status_code == 403
    assert browser.get("/me").status_code == 200
