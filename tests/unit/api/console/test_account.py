"""One's own sessions, and proving again who one is before what nothing takes back."""

from tests.unit.api.console.desk import APPROVER, ISSUER, PASSWORD, Desk

SESSION = "jeung_bank_session"


def test_session_left_open_elsewhere_is_listed_and_ended(desk: Desk) -> None:
    here, there = desk.at_desk(), desk.at_desk()
    page = here.get("/me").text
    assert page.count('/end"') == 1
    (other,) = (
        one.session_id
        for one in desk.node.staff.sessions(desk.staff_id(ISSUER))
        if f"/sessions/{one.session_id}/end" in page
    )
    answer = here.send(f"/sessions/{other}/end")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/console/me")
    assert there.get("/me").status_code == 303
    assert here.get("/me").status_code == 200


def test_all_other_sessions_end_together_and_nobody_elses(desk: Desk) -> None:
    here, there, approver = desk.at_desk(), desk.at_desk(), desk.at_desk(APPROVER)
    foreign = desk.node.staff.sessions(desk.staff_id(APPROVER))[0].session_id
    here.get("/me")
    assert here.send(f"/sessions/{foreign}/end").status_code == 404
    here.get("/me")
    assert here.send("/sessions/end-others").status_code == 303
    assert there.get("/me").status_code == 303
    assert approver.get("/me").status_code == 200


def test_revocation_an_hour_after_the_log_in_asks_again_who_it_is(desk: Desk) -> None:
    desk.issued()
    path = f"/credentials/{desk.node.credentials.page().items[0].record.credential_id}/revoke"
    browser = desk.at_desk()
    assert browser.get(path).status_code == 200
    form = {"scope": "copy", "confirmed": "yes"}
    desk.clock.advance(301)
    asked = browser.send(path, form, request_key="k" * 43)
    assert asked.status_code == 303
    assert desk.events("status_wanted") == []
    assert browser.get(path).headers["Location"] == f"/console/confirm?next=/console{path}"
    browser.get(f"/confirm?next=/console{path}")
    wrong = browser.send("/confirm", {"password": "x" * 20, "next": f"/console{path}"})
    assert wrong.status_code == 401
    before = browser.cookie(SESSION)
    answer = browser.send("/confirm", {"password": PASSWORD, "next": f"/console{path}"})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/console{path}")
    assert browser.cookie(SESSION) not in (None, before)
    browser.get(path)
    assert browser.send(path, form).status_code == 303
    assert len(desk.events("status_wanted")) == 1


def test_suspension_needs_no_second_proof(desk: Desk) -> None:
    desk.issued()
    path = f"/credentials/{desk.node.credentials.page().items[0].record.credential_id}/suspend"
    browser = desk.at_desk()
    desk.clock.advance(301)
    assert browser.get(path).status_code == 200


def test_form_that_came_too_late_leads_back_to_the_page_it_stood_on(desk: Desk) -> None:
    browser = desk.at_desk(APPROVER)
    desk.clock.advance(301)
    browser.get("/me")
    form = {"csrf": browser.csrf, "digest": "0x" + "00" * 32, "confirmed": "yes"}
    for referrer, target in (
        ("http://localhost:8101/console/acts/act_1", "/console/acts/act_1"),
        ("https://evil.example//evil", "/console"),
        ("", "/console"),
    ):
        headers = {"Origin": desk.url, "Referer": referrer}
        answer = browser.http.post("/console/acts/act_1/approval", data=form, headers=headers, base_url=desk.url)
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/console/confirm?next={target}")
