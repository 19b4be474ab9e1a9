"""Every page refuses a stranger, another role, a form without its token, and one from a foreign origin."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.console.desk import POLICY
from api.console.texts import LANGUAGES, texts
from tests.unit.api.console.desk import APPROVER, AUDITOR, GOVERNOR, ISSUER, KEEPER, ROLES, VERIFIER, Desk

TEMPLATES = Path(__file__).parents[4] / "api" / "web" / "templates" / "console"
OPEN = {
    "/console/login",
    "/console/login/passkey",
    "/console/login/passkey/options",
    "/console/login/oidc",
    "/console/login/oidc/callback",
    "/console/login/oidc/logout",
    "/console/logged-out",
    "/console/enrol",
    "/console/enrol/options",
    "/console/language",
}
EVERYBODY = {
    "/console",
    "/console/me",
    "/console/terminal",
    "/console/logout",
    "/console/confirm",
    "/console/confirm/passkey",
    "/console/confirm/passkey/options",
    "/console/passkeys",
    "/console/passkeys/options",
    "/console/passkeys/<token:passkey_id>/label",
    "/console/passkeys/<token:passkey_id>/removal",
    "/console/sessions/<token:session_id>/end",
    "/console/sessions/end-others",
}
WHO = {
    "/console/proofings": {ISSUER},
    "/console/credentials": {ISSUER, AUDITOR},
    "/console/credentials/<token:credential_id>/<token:action>": {ISSUER},
    "/console/judgements": {VERIFIER, AUDITOR},
    "/console/judgements/<token:evidence_id>": {VERIFIER},
    "/console/audit": {AUDITOR},
    "/console/members": {AUDITOR},
    "/console/proposals": {AUDITOR, GOVERNOR},
    "/console/proposals/<token:proposal_id>/<token:act>": {GOVERNOR},
    "/console/proposals/new": {GOVERNOR},
    "/console/proposals/trial": {GOVERNOR},
    "/console/governance": {GOVERNOR},
    "/console/governance/agenda": {AUDITOR, GOVERNOR},
    "/console/offers": {ISSUER},
    "/console/acts": {ISSUER, AUDITOR, APPROVER, GOVERNOR},
    "/console/acts/<token:act_id>/approval": {APPROVER},
    "/console/acts/<token:act_id>/rejection": {APPROVER},
    "/console/requests": {VERIFIER},
    "/console/records": {KEEPER},
}


def rules(desk: Desk) -> Iterator[tuple[str, str, str]]:
    """Give method, rule and an address of every page that is not open."""
    for rule in desk.app.url_map.iter_rules():
        if rule.rule.startswith("/console") and rule.rule not in OPEN:
            for method in rule.methods or ():
                if method in ("GET", "POST"):
                    address = re.sub(r"<hex32:[^>]+>", "0x" + "0" * 64, rule.rule)
                    yield method, rule.rule, re.sub(r"<[^>]+>", "some-thing", address)


def allowed(rule: str) -> set[str]:
    """Give whose page it is, by the longest rule of the table that covers it."""
    if rule in EVERYBODY:
        return set(ROLES)
    return WHO[max((known for known in WHO if rule.startswith(known)), key=len)]


def test_there_are_pages_to_guard(desk: Desk) -> None:
    assert len(list(rules(desk))) > 15


@pytest.mark.parametrize(
    "path", ["/nothing", "/", "/credentials/", "/no/such/page", "/<img src=x onerror=alert(1)>"], ids=range(5)
)
def test_path_without_a_page_is_a_page_that_says_so_and_repeats_nothing(desk: Desk, path: str) -> None:
    for browser in (desk.browser(), desk.at_desk(ISSUER)):
        answer = browser.get(path)
        assert (answer.status_code, answer.mimetype) == (404, "text/html")
        assert answer.headers["Content-Security-Policy"] == POLICY
        assert "onerror" not in answer.text


def test_method_a_page_does_not_have_is_refused_by_a_page_that_names_those_it_has(desk: Desk) -> None:
    answer = desk.browser().get("/logout")
    assert (answer.status_code, answer.mimetype) == (405, "text/html")
    assert "POST" in answer.headers["Allow"]


def test_path_that_only_begins_like_the_console_is_a_problem_document(desk: Desk) -> None:
    answer = desk.app.test_client().get("/console-nothing")
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")


def test_stranger_is_sent_to_the_log_in_and_his_forms_are_refused(desk: Desk) -> None:
    for method, rule, address in rules(desk):
        browser = desk.browser()
        path = address.removeprefix("/console")
        if method == "GET":
            answer = browser.get(path)
            assert (answer.status_code, answer.headers["Location"][:14]) == (303, "/console/login"), rule
        else:
            answer = browser.send(path, csrf="x")
            assert (answer.status_code, "session_ended" in answer.text) == (401, True), rule


def test_program_without_a_session_hears_401_and_no_page_of_log_in(desk: Desk) -> None:
    assert desk.browser().get("/me", Accept="application/json").status_code == 401


def test_each_page_is_for_its_roles_alone(desk: Desk) -> None:
    browsers = {name: desk.at_desk(name) for name in ROLES}
    for method, rule, address in rules(desk):
        if rule == "/console/logout":
            continue
        path = address.removeprefix("/console")
        for name, browser in browsers.items():
            answer = browser.get(path) if method == "GET" else browser.send(path)
            refused = answer.status_code == 403 and "role_missing" in answer.text
            assert refused == (name not in allowed(rule)), (rule, name, answer.status_code)


@pytest.mark.parametrize("change", [{"csrf": None}, {"csrf": ""}, {"csrf": "A" * 43}, {"csrf": "한글"}])
def test_form_without_its_token_is_refused(desk: Desk, change: dict[str, str | None]) -> None:
    browsers = {name: desk.at_desk(name) for name in ROLES}
    for method, rule, address in rules(desk):
        if method == "POST":
            browser = browsers[min(allowed(rule))]
            answer = browser.send(address.removeprefix("/console"), csrf=change["csrf"])
            assert (answer.status_code, "csrf_refused" in answer.text) == (403, True), rule


@pytest.mark.parametrize("origin", [None, "null", "https://evil.example", "http://localhost:8102"])
def test_form_from_a_foreign_origin_is_refused_before_anything_else(desk: Desk, origin: str | None) -> None:
    browsers = {name: desk.at_desk(name) for name in ROLES}
    for method, rule, address in rules(desk):
        if method == "POST":
            browser = browsers[min(allowed(rule))]
            answer = browser.send(address.removeprefix("/console"), origin=origin)
            assert (answer.status_code, "csrf_refused" in answer.text) == (403, True), rule


def test_token_of_another_session_is_refused(desk: Desk) -> None:
    mine, theirs = desk.at_desk(), desk.at_desk()
    theirs.get("/me")
    assert mine.send("/logout", csrf=theirs.csrf).status_code == 403


def test_no_page_runs_inline_code_or_can_be_framed(desk: Desk) -> None:
    browsers = [desk.browser(), *(desk.at_desk(name) for name in ROLES)]
    paths = ["/login", "", "/me", "/proofings", "/proofings/new", "/credentials", "/judgements", "/members", "/none"]
    for browser in browsers:
        for path in paths:
            answer = browser.get(path)
            if path == "/none":
                continue
            assert answer.headers["Content-Security-Policy"] == POLICY
            assert answer.headers["X-Frame-Options"] == "DENY"
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.headers["Referrer-Policy"] == "same-origin"
            assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
            assert not re.search(r"<script(?! type=\"module\" src=)|<style|\sstyle=|\son[a-z]+=", answer.text), path
    assert "unsafe" not in POLICY
    assert "frame-ancestors 'none'" in POLICY


def test_query_that_no_page_reads_and_repeated_fields_are_refused(desk: Desk) -> None:
    browser = desk.at_desk()
    assert browser.get("/me?x=1").status_code == 400
    assert browser.get("/proofings?after=a&after=b").status_code == 400
    body = f"csrf={browser.csrf}&name_ko=a&name_ko=b"
    headers = {"Origin": desk.url}
    kind = "application/x-www-form-urlencoded"
    assert browser.http.post("/console/proofings", data=body, headers=headers, content_type=kind).status_code == 400


def test_body_of_another_kind_or_too_long_is_refused(desk: Desk) -> None:
    browser, headers = desk.at_desk(), {"Origin": desk.url}
    assert browser.http.post("/console/logout", json={}, headers=headers).status_code == 415
    assert browser.http.post("/console/logout", data={"x": "y" * 20_000}, headers=headers).status_code == 413


def test_requests_are_counted_per_address(desk: Desk) -> None:
    desk = Desk(limits={"public": (3, 60)})
    browser = desk.browser()
    assert [browser.get("/login").status_code for _ in range(4)] == [200, 200, 200, 429]


def test_fault_of_ours_is_a_page_that_says_nothing_of_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = desk.at_desk()

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("hunter2")

    monkeypatch.setattr(type(desk.node.proofings), "page", broken)
    answer = browser.get("/proofings")
    assert (answer.status_code, "internal_error" in answer.text) == (500, True)
    assert "hunter2" not in answer.text
    assert answer.headers["X-Request-Id"] in answer.text


def test_both_languages_say_the_same_things() -> None:
    first, second = (texts(language) for language in LANGUAGES)
    assert list(first) == list(second)
    for key in first:
        assert set(re.findall(r"\{(\w+)\}", first[key])) == set(re.findall(r"\{(\w+)\}", second[key])), key
        assert first[key].strip()


def test_access_log_names_the_person_by_id_alone(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    browser = desk.at_desk()
    browser.get("/me")
    said = capsys.readouterr().out
    assert desk.staff_id(ISSUER) in said
    assert f"client={ISSUER}" not in said


def test_every_text_a_page_names_exists() -> None:
    known = texts("ko")
    for template in sorted(TEMPLATES.glob("*.html")):
        for key in re.findall(r'\bt\("([a-z_.]+)"[,)]', template.read_text("utf-8")):
            assert key in known, (template.name, key)
