"""A code that a terminal shows is typed at the console, after a recent proof."""

import pytest

from tests.unit.api.console.desk import ISSUER, VERIFIER, Desk


@pytest.mark.parametrize(("language", "says"), [("ko", "터미널 확인"), ("en", "Vouch for a terminal")])
def test_terminal_goes_on_once_its_code_was_typed(desk: Desk, language: str, says: str) -> None:
    browser = desk.at_desk(ISSUER)
    assert says in browser.get("/terminal", **{"Accept-Language": language}).text
    shown = desk.node.terminals.begin(ISSUER)
    assert browser.send("/terminal", {"code": shown.code}).status_code == 200
    account = desk.node.terminals.finish(shown)
    assert account is not None
    assert account.staff_id == desk.staff_id(ISSUER)
    (row,) = desk.events("staff_terminal_confirmed")
    assert row["actor"] == f"staff:{desk.staff_id(ISSUER)}"


def test_code_of_another_is_refused_without_being_repeated(desk: Desk) -> None:
    shown = desk.node.terminals.begin(ISSUER)
    browser = desk.at_desk(VERIFIER)
    browser.get("/terminal")
    answer = browser.send("/terminal", {"code": shown.code})
    assert (answer.status_code, shown.code in answer.text) == (403, False)
    assert desk.node.terminals.finish(shown) is None


def test_terminal_is_vouched_for_after_a_recent_proof_alone(desk: Desk) -> None:
    browser = desk.at_desk(ISSUER)
    browser.get("/terminal")
    shown = desk.node.terminals.begin(ISSUER)
    desk.clock.advance(299)
    desk.clock.advance(2)
    for answer in (browser.get("/terminal"), browser.send("/terminal", {"code": shown.code})):
        assert (answer.status_code, answer.headers["Location"][:16]) == (303, "/console/confirm")
