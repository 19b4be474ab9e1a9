"""An approver reads what others asked for in plain words, and decides; who asked cannot."""

import re

import pytest

from jeung.domain.access import Scope
from jeung.domain.dual_control import Act, ActKind, ActState, Channel, Principal, PrincipalKind
from jeung.domain.staff import StaffRole
from tests.unit.api.console.desk import APPROVER, AUDITOR, ISSUER, PASSWORD, Desk


def asked(desk: Desk, by: str = ISSUER) -> Act:
    """Ask as a member of staff, whatever his role opens."""
    who = Principal(PrincipalKind.STAFF, desk.staff_id(by), Channel.CONSOLE, frozenset(Scope))
    return desk.node.dual_control.ask(who, ActKind.POLICY_CHANGE, {"note": "<b>x</b>"}, "because & so")


def digest_in(text: str) -> str:
    found = re.search(r'name="digest" value="(0x[0-9a-f]{64})"', text)
    return "" if found is None else found[1]


def test_approver_reads_and_approves(desk: Desk) -> None:
    act = asked(desk)
    browser = desk.at_desk(APPROVER)
    assert "메모하기" in browser.get("/acts").text
    page = browser.get(f"/acts/{act.act_id}").text
    assert "로그에 남습니다." in page
    assert "&lt;b&gt;x&lt;/b&gt;" in page
    assert "because &amp; so" in page
    answer = browser.send(f"/acts/{act.act_id}/approval", {"digest": digest_in(page), "confirmed": "yes"})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/console/acts/{act.act_id}")
    assert desk.node.dual_control.get(act.act_id).state is ActState.DONE
    assert desk.events("act_approved")[0]["by"]["id"] == desk.staff_id(APPROVER)
    after = browser.get(f"/acts/{act.act_id}").text
    assert "/approval" not in after
    assert "완료" in after


def test_approver_rejects(desk: Desk) -> None:
    act = asked(desk)
    browser = desk.at_desk(APPROVER)
    browser.get(f"/acts/{act.act_id}")
    assert browser.send(f"/acts/{act.act_id}/rejection").status_code == 303
    assert desk.node.dual_control.get(act.act_id).state is ActState.REJECTED


def test_who_asked_may_withdraw_and_not_approve(desk: Desk) -> None:
    desk.node.staff_accounts.add("both", {StaffRole.ISSUER_OFFICER, StaffRole.APPROVER}, PASSWORD)
    act = asked(desk, "both")
    browser = desk.at_desk("both")
    page = browser.get(f"/acts/{act.act_id}").text
    assert ("/approval" in page, "/withdrawal" in page) == (False, True)
    form = {"digest": "0x" + act.digest.hex(), "confirmed": "yes"}
    refused = browser.send(f"/acts/{act.act_id}/approval", form)
    assert (refused.status_code, "second_person_required" in refused.text) == (403, True)
    assert browser.send(f"/acts/{act.act_id}/withdrawal").status_code == 303
    assert desk.node.dual_control.get(act.act_id).state is ActState.WITHDRAWN


@pytest.mark.parametrize(
    "form", [{}, {"confirmed": "yes"}, {"confirmed": "yes", "digest": "x"}, {"digest": "0x" + "00" * 32}]
)
def test_approval_that_was_not_confirmed_or_names_no_digest_is_refused(desk: Desk, form: dict[str, str]) -> None:
    act = asked(desk)
    browser = desk.at_desk(APPROVER)
    browser.get(f"/acts/{act.act_id}")
    assert browser.send(f"/acts/{act.act_id}/approval", form).status_code == 400
    assert desk.node.dual_control.get(act.act_id).state is ActState.REQUESTED


def test_officer_whom_an_act_does_not_concern_sees_that_it_waits_and_not_what_it_is_about(desk: Desk) -> None:
    act = asked(desk, APPROVER)
    browser = desk.at_desk(ISSUER)
    for path in ("/acts", f"/acts/{act.act_id}"):
        page = browser.get(path).text
        assert act.act_id in page
        assert ("메모하기" in page, "because" in page) == (False, False)


def test_auditor_reads_and_decides_nothing(desk: Desk) -> None:
    act = asked(desk)
    page = desk.at_desk(AUDITOR).get(f"/acts/{act.act_id}").text
    assert ("/approval" in page, "/withdrawal" in page) == (False, False)


@pytest.mark.parametrize(("language", "says"), [("ko", "두 사람 승인"), ("en", "Two people")])
def test_page_speaks_both_languages(desk: Desk, language: str, says: str) -> None:
    assert says in desk.at_desk(APPROVER).get("/acts", **{"Accept-Language": language}).text


def test_act_that_has_forgotten_says_so(desk: Desk) -> None:
    act = asked(desk)
    with desk.database.write() as tables:
        from dataclasses import replace

        ended = replace(act, state=ActState.FAILED, parameters=None, salt=None, reason=None, failure="subject_erased")
        tables.acts[act.act_id] = ended
    page = desk.at_desk(APPROVER).get(f"/acts/{act.act_id}").text
    assert "끝난 뒤 내용을 지웠습니다." in page
    assert "subject_erased" in page
