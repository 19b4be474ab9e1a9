"""An officer asks for an erasure at the proofing; somebody else approves it; then nobody reads the person here."""

from dataclasses import replace

import pytest

from jeung.domain.access import Scope
from jeung.domain.dual_control import ActKind, ActState, Channel, Principal, PrincipalKind
from jeung.domain.erasure import ErasureState
from tests.common.memory.store import MemoryStore
from tests.unit.api.console.desk import APPROVER, ISSUER, KEEPER, Desk
from tests.unit.api.parts import MEMBER


@pytest.mark.parametrize("language", ["ko", "en"])
def test_officer_asks_and_approver_approves(desk: Desk, language: str) -> None:
    officer = desk.at_desk(ISSUER)
    path = desk.opened(officer)
    officer.get(path, **{"Accept-Language": language})
    answer = officer.send(f"{path}/erasure", {"ground": "customer_request"})
    assert answer.status_code == 303, answer.text
    act_id = answer.headers["Location"].rpartition("/")[2]
    act = desk.node.dual_control.get(act_id)
    assert (act.state, act.requested_by.account_id) == (ActState.REQUESTED, desk.staff_id(ISSUER))
    approver = desk.at_desk(APPROVER)
    approver.get(f"/acts/{act_id}")
    form = {"digest": "0x" + act.digest.hex(), "confirmed": "yes"}
    assert approver.send(f"/acts/{act_id}/approval", form).status_code == 303
    (erasure,) = desk.node.subjects.erasures().items
    assert erasure.state is ErasureState.REVOKING
    page = officer.get(path).text
    assert ("/erasure" in page, "파기가 진행 중" in page) == (False, True)
    assert "subject_erased" in officer.send(f"{path}/person").text


@pytest.mark.parametrize("form", [{}, {"ground": "boredom"}], ids=["none", "unknown"])
def test_erasure_without_a_ground_is_not_asked_for(desk: Desk, form: dict[str, str]) -> None:
    officer = desk.at_desk(ISSUER)
    path = desk.opened(officer)
    officer.get(path)
    assert officer.send(f"{path}/erasure", form).status_code == 400
    assert desk.node.dual_control.waiting() == []


def locked(desk: Desk) -> str:
    """Erase a customer whose proofing the law keeps; give the subject's id."""
    desk.issued()
    subject = str(desk.node.credentials.page().items[0].record.subject_id)
    asker = Principal(PrincipalKind.STAFF, desk.staff_id(ISSUER), Channel.CONSOLE, frozenset(Scope))
    parameters = {"subject_id": subject, "ground": "customer_request", "relationship_ended_at": None}
    act = desk.node.dual_control.ask(asker, ActKind.ERASURE, parameters, "because")
    approver = Principal(PrincipalKind.STAFF, desk.staff_id(APPROVER), Channel.CONSOLE, frozenset({Scope.APPROVE}))
    desk.node.dual_control.approve(approver, act.act_id, act.digest)
    with MemoryStore(desk.database, MEMBER).write() as tx:
        erasure = tx.erasures.of_subject(subject)
        assert erasure is not None
        tx.erasures.replace(replace(erasure, state=ErasureState.LOCKED))
    return subject


@pytest.mark.parametrize(("language", "says"), [("ko", "분리 보존"), ("en", "Locked")])
def test_keeper_of_records_opens_what_the_law_keeps_and_is_named_in_the_log(
    desk: Desk, language: str, says: str
) -> None:
    subject = locked(desk)
    keeper = desk.at_desk(KEEPER)
    page = keeper.get("/records", **{"Accept-Language": language}).text
    assert (says in page, "Kim" in page) == (True, False)
    opened = keeper.send(f"/records/{subject}")
    assert (opened.status_code, "Kim" in opened.text) == (200, True)
    (read,) = desk.events("retained_record_read")
    assert read["client"] == desk.staff_id(KEEPER)
    assert read["actor"] == f"staff:{desk.staff_id(KEEPER)}"


def test_record_is_opened_after_a_recent_proof_alone(desk: Desk) -> None:
    subject = locked(desk)
    keeper = desk.at_desk(KEEPER)
    keeper.get("/records")
    desk.clock.advance(301)
    answer = keeper.send(f"/records/{subject}")
    assert (answer.status_code, answer.headers["Location"][:16]) == (303, "/console/confirm")
    assert desk.events("retained_record_read") == []


def test_nothing_is_opened_of_who_is_not_erased(desk: Desk) -> None:
    desk.issued()
    subject = str(desk.node.credentials.page().items[0].record.subject_id)
    keeper = desk.at_desk(KEEPER)
    assert "파기한 기록이 없습니다." in keeper.get("/records").text
    assert keeper.send(f"/records/{subject}").status_code == 409
