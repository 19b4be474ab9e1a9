"""Passkeys at the console: what its forms demand, and what its pages say."""

import json

import pytest

from jeung.domain.staff import StaffRole
from jeung.services.staff.attempts import BY_ADDRESS
from tests.common.authenticator import Authenticator
from tests.unit.api.console.desk import ISSUER, Browser, Desk

SESSION, ENTRY = "jeung_bank_session", "jeung_bank_entry"


def options(browser: Browser, path: str, fields: dict[str, str] | None = None) -> dict[str, object]:
    page = browser.last
    answer = browser.send(f"{path}/options", fields)
    browser.last = page
    assert (answer.status_code, answer.mimetype) == (200, "application/json"), answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    found: dict[str, object] = json.loads(answer.text)
    return found


def enrolled(desk: Desk, name: str = ISSUER) -> Authenticator:
    device, browser = Authenticator(), desk.browser()
    fields = {"name": name, "code": desk.node.enrolments.make(name).code}
    browser.get("/enrol")
    answer = device.create(options(browser, "/enrol", fields))
    done = browser.send("/enrol", {**fields, "credential": answer, "label": "Key"})
    assert done.status_code == 200, done.text
    assert SESSION not in str(done.headers), "a code opens no session"
    device.counter += 1
    return device


def log_in(desk: Desk, device: Authenticator) -> Browser:
    browser = desk.browser()
    browser.get("/login")
    answer = device.get(options(browser, "/login/passkey"))
    opened = browser.send("/login/passkey", {"credential": answer, "next": "/console/me"})
    assert (opened.status_code, opened.headers["Location"]) == (303, "/console/me"), opened.text
    device.counter += 1
    return browser


def test_code_adds_a_passkey_that_logs_in(desk: Desk) -> None:
    browser = log_in(desk, enrolled(desk))
    assert ISSUER in browser.get("/me").text
    assert browser.cookie(ENTRY) in (None, "")


def test_wrong_code_and_unknown_name_look_the_same(desk: Desk) -> None:
    desk.node.enrolments.make(ISSUER)
    said = []
    for name in (ISSUER, "nobody"):
        browser = desk.browser()
        browser.get("/enrol")
        answer = browser.send("/enrol", {"name": name, "code": "aaaaa-bbbbb-ccccc-ddddd", "credential": "{}"})
        assert answer.status_code == 401
        said.append("enrolment_refused" in answer.text or "코드가 맞지 않거나" in answer.text)
    assert said == [True, True]


def test_log_in_that_is_refused_shows_the_form_again_and_opens_nothing(desk: Desk) -> None:
    browser = desk.browser()
    for text in ("", "{}", "x" * 13_000):
        browser.get("/login")
        answer = browser.send("/login/passkey", {"credential": text})
        assert (answer.status_code, SESSION in str(answer.headers)) == (401, False)
    for _ in range(BY_ADDRESS.free):
        browser.get("/login")
        answer = browser.send("/login/passkey", {"credential": "{}"})
    assert (answer.status_code, "Retry-After" in answer.headers) == (429, True)


@pytest.mark.parametrize("path", ["/login/passkey", "/login/passkey/options", "/enrol", "/enrol/options"])
@pytest.mark.parametrize("change", ["csrf", "origin", "entry"])
def test_form_that_no_page_of_ours_sent_is_refused(desk: Desk, path: str, change: str) -> None:
    browser = desk.browser()
    browser.get("/login")
    changes: dict[str, str | None] = {}
    if change == "entry":
        browser.http.delete_cookie(ENTRY, path="/console")
    else:
        changes[change] = "https://evil.example"
    answer = browser.send(path, {"name": ISSUER, "code": "x"}, **changes)
    assert (answer.status_code, "csrf_refused" in answer.text) == (403, True)


def test_challenge_given_to_one_browser_is_not_answered_by_another(desk: Desk) -> None:
    device, victim, thief = enrolled(desk), desk.browser(), desk.browser()
    victim.get("/login")
    answer = device.get(options(victim, "/login/passkey"))
    thief.get("/login")
    assert thief.send("/login/passkey", {"credential": answer}).status_code == 401


def test_own_passkeys_are_added_renamed_and_removed(desk: Desk) -> None:
    browser = log_in(desk, enrolled(desk))
    browser.get("/passkeys")
    second = Authenticator()
    answer = second.create(options(browser, "/passkeys"))
    assert browser.send("/passkeys", {"credential": answer, "label": "<b>"}).status_code == 303
    page = browser.get("/passkeys").text
    assert "&lt;b&gt;" in page
    passkeys = desk.node.passkeys.of(desk.staff_id(ISSUER))
    one = next(passkey.passkey_id for passkey in passkeys if passkey.label == "<b>")
    assert browser.send(f"/passkeys/{one}/label", {"label": "Desk"}).status_code == 303
    assert browser.send(f"/passkeys/{one}/removal").status_code == 303
    assert len(desk.node.passkeys.of(desk.staff_id(ISSUER))) == 1


def test_passkeys_are_changed_only_shortly_after_a_proof(desk: Desk) -> None:
    device = enrolled(desk)
    browser = log_in(desk, device)
    browser.get("/me")
    desk.clock.advance(301)
    for path in ("/passkeys", "/passkeys/options", "/passkeys/pky_1/removal"):
        led = browser.send(path)
        assert (led.status_code, led.headers["Location"][:16]) == (303, "/console/confirm")
    before = browser.cookie(SESSION)
    browser.get("/confirm?next=/console/passkeys")
    assert browser.send("/confirm/passkey", {"credential": "{}"}).status_code == 401
    browser.get("/confirm?next=/console/passkeys")
    device.counter += 1
    answer = device.get(options(browser, "/confirm/passkey"))
    done = browser.send("/confirm/passkey", {"credential": answer, "next": "/console/passkeys"})
    assert (done.status_code, done.headers["Location"]) == (303, "/console/passkeys")
    assert browser.cookie(SESSION) != before
    assert browser.get("/passkeys").status_code == 200


def test_account_without_a_password_keeps_its_last_passkey(desk: Desk) -> None:
    desk.node.staff_accounts.add("junho", {StaffRole.AUDITOR}, None)
    browser = log_in(desk, enrolled(desk, "junho"))
    (passkey,) = desk.node.passkeys.of(desk.staff_id("junho"))
    browser.get("/passkeys")
    answer = browser.send(f"/passkeys/{passkey.passkey_id}/removal")
    assert (answer.status_code, "last_way_in" in answer.text) == (409, True)


def test_console_without_passkeys_has_no_page_of_them() -> None:
    desk = Desk(console={"log_in_methods": ["password"]})
    browser = desk.at_desk()
    for path in ("/enrol", "/passkeys"):
        assert browser.get(path).status_code == 404
    browser.get("/me")
    for path in ("/passkeys", "/passkeys/options", "/passkeys/pky_1/label", "/confirm/passkey"):
        assert browser.send(path).status_code == 404
    assert "passkey" not in desk.browser().get("/login").text


def test_role_that_demands_a_passkey_is_refused_its_password() -> None:
    desk = Desk(console={"passkey_roles": ["issuer_officer"]})
    assert desk.log_in(ISSUER).status_code == 401
    assert log_in(desk, enrolled(desk)).get("/me").status_code == 200
