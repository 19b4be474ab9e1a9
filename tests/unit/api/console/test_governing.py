"""Governors read proposals in words and act on them; nobody else does, and nothing is sent by a mistyped form."""

import re

import pytest

from jeung.crypto.hashing import sha256
from jeung.domain.identifiers import to_hex
from jeung.domain.members import Role
from tests.unit.api.console.desk import AUDITOR, GOVERNOR, Desk
from tests.unit.api.parts import MEMBER, PROPOSAL, URL


def sent(desk: Desk) -> list[tuple[str, str]]:
    return [(one.call.contract, one.call.function) for one in desk.node.governance.intents().items]


def test_a_proposal_that_cannot_be_read_says_so(desk: Desk) -> None:
    page = desk.at_desk(GOVERNOR).get(f"/proposals/{PROPOSAL}", **{"Accept-Language": "en"}).text
    assert "Do not approve what you cannot read." in page
    assert URL in page


def test_an_auditor_reads_a_proposal_and_finds_no_button(desk: Desk) -> None:
    page = desk.at_desk(AUDITOR).get(f"/proposals/{PROPOSAL}").text
    assert f"/console/proposals/{PROPOSAL}/" not in page


@pytest.mark.parametrize(
    ("act", "function"),
    [("withdraw", "withdrawApproval"), ("execute", "execute"), ("cancel", "cancel"), ("approve", "approve")],
)
def test_a_vote_becomes_one_intent_and_is_logged(desk: Desk, act: str, function: str) -> None:
    browser = desk.at_desk(GOVERNOR)
    browser.get(f"/proposals/{PROPOSAL}")
    key, csrf = browser.key, browser.csrf
    for _ in range(2):
        answer = browser.send(f"/proposals/{PROPOSAL}/{act}", request_key=key, csrf=csrf)
        assert answer.status_code == 303
    assert sent(desk) == [("Consortium", function)]
    page = browser.get(str(answer.headers["Location"]).removeprefix("/console")).text
    assert "보내기를 기다립니다" in page
    assert {event["act"] for event in desk.events("staff_acted")} == {f"{act}_proposal"}


@pytest.mark.parametrize("path", ["/proposals/0x12", "/proposals/" + "0x" + "99" * 32, "/proposals/new/war"])
def test_what_is_not_there_is_not_found(desk: Desk, path: str) -> None:
    browser = desk.at_desk(GOVERNOR)
    assert browser.get(path).status_code == 404
    browser.get(f"/proposals/{PROPOSAL}")
    assert browser.send(f"/proposals/{PROPOSAL}/celebrate").status_code == 404
    assert browser.send("/proposals/new/war").status_code == 404
    assert sent(desk) == []


def test_only_a_supervisor_finds_the_form_of_a_suspension(desk: Desk) -> None:
    browser = desk.at_desk(GOVERNOR)
    assert 'name="reason"' not in browser.get("/governance/suspension").text
    desk.chain.emit("RolesChanged", {"member": to_hex(MEMBER), "roles": int(Role.SUPERVISOR)})
    assert 'name="reason"' in browser.get("/governance/suspension").text


def test_a_suspension_keeps_its_reason_here_and_sends_a_salted_digest(desk: Desk) -> None:
    browser = desk.at_desk(GOVERNOR)
    browser.get("/governance/suspension")
    page = browser.send("/governance/suspension", {"member": to_hex(MEMBER), "reason": "Keys on the street"})
    assert page.status_code == 200
    (intent,) = desk.node.governance.intents().items
    salt = re.search(r"<code>(0x[0-9a-f]{64})</code>", page.text)
    assert salt
    digest = sha256(bytes.fromhex(salt[1][2:]) + b"Keys on the street")
    assert intent.call.args == (to_hex(MEMBER), to_hex(digest))
    assert "street" not in str(desk.events("staff_acted"))


@pytest.mark.parametrize(
    "typed",
    [{}, {"member": to_hex(MEMBER), "reason": " "}, {"member": "x", "reason": "long enough"}],
    ids=["empty", "no-reason", "no-member"],
)
def test_a_suspension_without_member_or_reason_is_refused(desk: Desk, typed: dict[str, str]) -> None:
    browser = desk.at_desk(GOVERNOR)
    browser.get("/governance/suspension")
    assert browser.send("/governance/suspension", typed).status_code == 400
    assert sent(desk) == []


def test_the_agenda_says_what_lapses_soon_or_that_nothing_does(desk: Desk) -> None:
    browser = desk.at_desk(AUDITOR)
    assert "예정된 일이 없습니다" in browser.get("/governance/agenda").text
    desk.clock.advance(340 * 86_400)
    browser = desk.at_desk(AUDITOR)
    page = browser.get("/governance/agenda").text
    assert "발급 인가가" in page
    assert "우리 일" in page
