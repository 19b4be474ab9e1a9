"""A supervisor judges what a relying party hands over: fact by fact, kept nowhere, and only a form of ours counts."""

import io
import json
from typing import Any

import pytest
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
        assert "증거로 인정할 수 없습니다" in answer.text
        assert "증거 파일로 읽을 수 없습니다" in answer.text
        assert ">form</code>" in answer.text
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
    answer = hand_in(desk.at_desk(AUDITOR), b" " * MAX_FORM_BYTES)
    assert answer.status_code == 413
    assert "보낸 내용이 너무 큽니다" in answer.text


def test_form_of_another_page_or_another_persons_is_refused(desk: Desk) -> None:
    assert hand_in(desk.at_desk(AUDITOR), b"{}", csrf="x").status_code == 403
    assert hand_in(desk.at_desk(ISSUER), b"{}").status_code == 403


def test_public_explorer_takes_no_evidence(desk: Desk) -> None:
    http = desk.app.test_client()
    assert http.get("/explorer/evidence").status_code == 404
    assert http.post("/explorer/evidence").status_code == 404


def packed() -> tuple[Witnessed, bytes]:
    stage = Witnessed()
    presentation = bound(stage, crafted(stage))
    stage.seal_block()
    return stage, stage.exported(stage.verification.verify(presentation).evidence_id)


def deployed(stage: Witnessed) -> bytes:
    """Describe the played consortium as a node's `deployment.json` does."""
    trust = stage.trust()
    facts = {"chain_id": trust.chain_id, "addresses": {"Directory": f"0x{trust.directory.hex()}"}}
    facts |= {"block_hash": f"0x{trust.block_hash.hex()}", "deployment_id": f"0x{trust.deployment_id.hex()}"}
    return json.dumps(facts).encode()


def flipped(package: bytes) -> bytes:
    """Change one bit of the judgement's time."""
    place = package.index(b"judged_at") + len(b'judged_at\\":17')
    return package[:place] + bytes([package[place] ^ 1]) + package[place + 1 :]


def test_package_is_judged_fact_by_fact_and_what_a_customer_showed_stays_hidden(desk: Desk) -> None:
    """The package is good; it is about another consortium than this node's, which the verdict says."""
    answer = hand_in(desk.at_desk(AUDITOR), packed()[1])
    assert answer.status_code == 200
    assert "다른 컨소시엄에 관한 증거입니다" in answer.text
    assert "바이트 하나까지 정해진 형식과 일치합니다" in answer.text
    for word in ("Minji", "Kim", "김민지", "1990-05-17", "eyJ"):
        assert word not in answer.text


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "ko",
            (
                "증명이 완전하지 않습니다",
                "파일에 적힌 판정",
                "믿고 받아들인 것",
                "일회용 값",
                "보관하는 것이 없습니다",
            ),
        ),
        ("en", ("The judgement, as the file tells it", "Taken on trust", "Nonce", "this node keeps no header")),
    ],
)
def test_verdict_says_in_both_languages_what_is_proved_and_what_is_on_trust(
    language: str, words: tuple[str, ...]
) -> None:
    stage, package = packed()
    desk = Desk(genesis_facts=lambda: deployed(stage))
    browser = desk.at_desk(AUDITOR)
    browser.get(f"/language?to={language}")
    page = hand_in(browser, package).text
    assert all(word in page for word in words)
    # This node's chain names a witness, who has not cosigned.
    assert page.index('id="missing"') < page.index('id="on_trust"') < page.index('id="proved"')
    assert 'id="refuted"' not in page


def test_one_flipped_byte_is_said_before_everything_else() -> None:
    stage, package = packed()
    page = hand_in(Desk(genesis_facts=lambda: deployed(stage)).at_desk(AUDITOR), flipped(package)).text
    assert "증거로 인정할 수 없습니다" in page
    assert "로그에 이 판정이 없거나" in page
    assert page.index('id="refuted"') < page.index('id="proved"')


def test_page_says_beforehand_by_what_it_judges(desk: Desk) -> None:
    page = desk.at_desk(AUDITOR).get("/audit/evidence").text
    assert '<details class="card" open>' in page
    assert "400 KiB" in page
