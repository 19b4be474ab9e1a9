"""A supervisor judges what a relying party hands over: fact by fact, kept nowhere, and only a form of ours counts."""

import io
from typing import Any

from werkzeug.test import TestResponse

from api.explorer.evidence import MAX_FORM_BYTES
from tests.common.proofs import Witnessed
from tests.unit.api.console.desk import AUDITOR, ISSUER, Browser, Desk
from tests.unit.api.parts import URL
from tests.unit.jeung.services.presenting import bound, crafted


def hand_in(browser: Browser, package: bytes | None, **changes: Any) -> TestResponse:  # noqa: ANN401 - parts of a form
    browser.get("/audit/evidence")
    form: dict[str, Any] = {"csrf": browser.csrf, "request_key": browser.key}
    if package is not None:
        form["package"] = (io.BytesIO(package), "../../<b>.json")
    return browser.http.post(
        "/console/audit/evidence",
        data={**form, **changes},
        headers={"Origin": URL},
        base_url=URL,
        content_type="multipart/form-data",
    )


def test_rubbish_is_refuted_with_the_fact_that_fails_and_nothing_is_repeated(desk: Desk) -> None:
    browser = desk.at_desk(AUDITOR)
    for package in (b"", b"{", b"\xff" * 100, b"[" * 10_000, b'{"v":1,"name":"<b>Kim</b>"}'):
        answer = hand_in(browser, package)
        assert answer.status_code == 200
        assert "반박됨" in answer.text
        assert "<code>form</code>" in answer.text
        assert "Kim" not in answer.text
        assert "<b>" not in answer.text


def test_judging_is_logged_by_who_did_it_and_not_by_what_it_was(desk: Desk) -> None:
    hand_in(desk.at_desk(AUDITOR), b"{}")
    acted = desk.events("staff_acted")[-1]
    assert (acted["act"], acted["staff"]) == ("judge_evidence", desk.staff_id(AUDITOR))


def test_form_without_a_package_or_with_two_is_refused(desk: Desk) -> None:
    browser = desk.at_desk(AUDITOR)
    assert hand_in(browser, None).status_code == 400
    assert hand_in(browser, b"{}", other=(io.BytesIO(b"x"), "y")).status_code == 400


def test_package_too_large_for_memory_is_refused(desk: Desk) -> None:
    assert hand_in(desk.at_desk(AUDITOR), b" " * MAX_FORM_BYTES).status_code == 413


def test_form_of_another_page_or_another_persons_is_refused(desk: Desk) -> None:
    assert hand_in(desk.at_desk(AUDITOR), b"{}", csrf="x").status_code == 403
    assert hand_in(desk.at_desk(ISSUER), b"{}").status_code == 403


def test_public_explorer_takes_no_evidence(desk: Desk) -> None:
    http = desk.app.test_client()
    assert http.get("/explorer/evidence").status_code == 404
    assert http.post("/explorer/evidence").status_code == 404


def test_package_is_judged_fact_by_fact_and_what_a_customer_showed_stays_hidden(desk: Desk) -> None:
    """The package is good; it is about another consortium than this node's, which the verdict says."""
    stage = Witnessed()
    presentation = bound(stage, crafted(stage))
    stage.seal_block()
    evidence_id = stage.verification.verify(presentation).evidence_id
    stage.clock.advance(61)
    stage.gatherer.step(0)
    package = stage.exporter.export(evidence_id, reader="auditor")
    answer = hand_in(desk.at_desk(AUDITOR), package)
    assert answer.status_code == 200
    assert "증명됨" in answer.text
    assert "반박됨" in answer.text
    for word in ("Minji", "Kim", "김민지", "1990-05-17", "eyJ"):
        assert word not in answer.text
