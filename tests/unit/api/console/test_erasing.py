"""An officer asks for an erasure at the proofing; somebody else approves it; then nobody reads the person here."""

import pytest

from jeung.domain.dual_control import ActState
from jeung.domain.erasure import ErasureState
from tests.unit.api.console.desk import APPROVER, ISSUER, Desk


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
