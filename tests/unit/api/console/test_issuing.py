"""What an issuer officer does: proofings with their checks, credentials with their status; and what the log keeps."""

import re
from collections.abc import Mapping

import pytest

from api.console.forms import FIELDS, read_person
from jeung.domain.person import checked_person
from jeung.domain.proofing import ProofingMethod, ProofingState
from tests.unit.api.console.desk import AUDITOR, ISSUER, PERSON, Desk
from tests.unit.api.parts import METHODS

EVIL = "\"'><script>alert(1)</script>{{7*7}}<img src=x onerror=alert(2)>"
WRONG = {
    "name_ko": "",
    "family_name": "",
    "given_name": "x" * 257,
    "birthdate": "1990-02-30",
    "sex": "unknown",
    "nationality": "kr",
    "phone_number": "12",
    "address": "two\x07bells",
}


def checked(desk: Desk, path: str) -> None:
    browser = desk.at_desk()
    for method in METHODS:
        browser.get(path)
        answer = browser.send(
            f"{path}/checks", {"method": method, "outcome": "passed"}, request_key=f"{method}{'k' * 20}"
        )
        assert answer.status_code == 303, answer.text


def test_officer_proofs_a_person_to_the_end_and_the_log_says_who(desk: Desk) -> None:
    browser = desk.at_desk()
    path = desk.opened(browser, bank="Hanbit Bank", account_number="110-123-456789")
    proofing_id = path.rsplit("/", 1)[1]
    page = browser.get(path).text
    assert "모의 확인" in page
    assert "김민지" not in page
    checked(desk, path)
    browser.get(path)
    assert browser.send(f"{path}/completion").status_code == 303
    proofing = desk.node.proofings.get(proofing_id)
    assert proofing.state is ProofingState.COMPLETED
    acts = [(event["staff"], event["act"], event.get("target")) for event in desk.events("staff_acted")]
    staff = desk.staff_id(ISSUER)
    assert acts[:2] == [(staff, "open_proofing", None), (staff, "opened_proofing", proofing_id)]
    assert {act for _, act, _ in acts[2:]} == {f"check_{method.value}" for method in METHODS} | {"complete_proofing"}
    assert all("김민지" not in str(event) for event in desk.events("staff_acted"))


def test_person_is_shown_on_demand_and_the_look_is_logged_first(desk: Desk) -> None:
    browser = desk.at_desk()
    path = desk.opened(browser)
    assert desk.events("person_read") == []
    browser.get(path)
    page = browser.send(f"{path}/person").text
    assert "김민지" in page
    assert "+821012345678" in page
    staff = desk.staff_id(ISSUER)
    read = {"client": staff, "proofing": path.rsplit("/", 1)[1], "actor": f"staff:{staff}"}
    assert desk.events("person_read") == [read]


def test_form_sent_twice_makes_one_proofing(desk: Desk) -> None:
    browser = desk.at_desk()
    browser.get("/proofings/new")
    csrf, key = browser.csrf, browser.key
    first, second = (browser.send("/proofings", PERSON, csrf=csrf, request_key=key) for _ in range(2))
    assert first.headers["Location"] == second.headers["Location"]
    other = browser.send("/proofings", {**PERSON, "given_name": "Juno"}, csrf=csrf, request_key=key)
    assert (other.status_code, "idempotency_key_reused" in other.text) == (422, True)


@pytest.mark.parametrize("key", [None, "", "short", "x" * 200, "spaces in a key it has"])
def test_form_without_its_key_makes_nothing(desk: Desk, key: str | None) -> None:
    browser = desk.at_desk()
    browser.get("/proofings/new")
    assert browser.send("/proofings", PERSON, request_key=key).status_code == 400
    assert desk.node.proofings.page().items == []


@pytest.mark.parametrize("name", sorted(WRONG))
def test_wrong_field_is_named_and_everything_typed_stays(desk: Desk, name: str) -> None:
    browser = desk.at_desk()
    browser.get("/proofings/new")
    answer = browser.send("/proofings", {**PERSON, name: WRONG[name]})
    assert answer.status_code == 400
    assert re.findall(r'id="(\w+)-wrong"', answer.text) == [name]
    assert f'value="{PERSON["given_name"]}"' in answer.text or name == "given_name"
    assert desk.node.proofings.page().items == []


@pytest.mark.parametrize(
    "account", [{"bank": "Hanbit"}, {"account_number": "110-1"}, {"bank": "H", "account_number": "abc"}]
)
def test_account_is_given_whole_or_not_at_all(account: Mapping[str, str]) -> None:
    assert read_person({**PERSON, **account}, 0).wrong


def test_what_the_form_takes_the_core_takes() -> None:
    full = {
        **PERSON,
        "sex": "female",
        "nationality": "KR",
        "address": "서울",
        "bank": "한빛",
        "account_number": "110-123",
    }
    assert set(full) == set(FIELDS)
    form = read_person(full, 1_800_000_000)
    assert form.wrong == frozenset()
    assert checked_person(form.person)["phone_number"] == "+821012345678"
    assert "김민지" not in repr(form)


@pytest.mark.parametrize("name", FIELDS)
def test_markup_in_a_field_is_text_on_every_page(desk: Desk, name: str) -> None:
    browser = desk.at_desk()
    browser.get("/proofings/new")
    answer = browser.send("/proofings", {**PERSON, "phone_number": "wrong", name: EVIL})
    assert answer.status_code == 400
    assert "<script>" not in answer.text
    assert "onerror=alert" not in answer.text.replace("onerror=alert(2)&gt;", "")
    assert "49" not in re.findall(r'value="([^"]*)"', answer.text)


@pytest.mark.parametrize("name", ["name_ko", "family_name", "given_name", "address", "bank"])
def test_markup_that_was_kept_is_text_when_it_is_shown(desk: Desk, name: str) -> None:
    browser = desk.at_desk()
    path = desk.opened(browser, **{"bank": "Hanbit", "account_number": "110-123456", name: EVIL})
    browser.get(path)
    page = browser.send(f"{path}/person").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>" not in page
    assert "<img src=x" not in page


def test_failed_check_closes_the_proofing(desk: Desk) -> None:
    browser = desk.at_desk()
    path = desk.opened(browser)
    browser.get(path)
    browser.send(f"{path}/checks", {"method": "id_document", "outcome": "failed"})
    page = browser.get(path).text
    assert "/completion" not in page
    assert browser.send(f"{path}/completion").status_code == 409
    again = browser.send(f"{path}/checks", {"method": "id_document", "outcome": "passed"}, request_key="n" * 43)
    assert (again.status_code, "proofing_closed" in again.text) == (409, True)


def test_incomplete_proofing_is_not_completed(desk: Desk) -> None:
    browser = desk.at_desk()
    path = desk.opened(browser)
    assert re.search(r"<button[^>]* disabled>", browser.get(path).text)
    answer = browser.send(f"{path}/completion")
    assert (answer.status_code, "proofing_incomplete" in answer.text) == (409, True)


@pytest.mark.parametrize("fields", [{}, {"method": "magic", "outcome": "passed"}, {"method": "biometric"}])
def test_check_of_another_form_is_refused(desk: Desk, fields: dict[str, str]) -> None:
    browser = desk.at_desk()
    path = desk.opened(browser)
    assert browser.send(f"{path}/checks", fields).status_code == 400


def test_outside_the_sandbox_a_check_needs_its_evidence() -> None:
    desk = Desk(base_url="https://bank.example", environment="production")
    browser = desk.at_desk()
    path = desk.opened(browser)
    page = browser.get(path).text
    assert "모의" not in page
    assert 'name="evidence"' in page
    fields = {"method": ProofingMethod.ID_DOCUMENT.value, "outcome": "passed"}
    assert browser.send(f"{path}/checks", fields).status_code == 400
    assert browser.send(f"{path}/checks", {**fields, "evidence": "0x" + "ab" * 32}).status_code == 303
    (check,) = desk.node.proofings.get(path.rsplit("/", 1)[1]).checks
    assert check.evidence_digest == bytes.fromhex("ab" * 32)


def test_unknown_proofing_and_credential_are_not_found(desk: Desk) -> None:
    browser = desk.at_desk()
    for path in ("/proofings/prf_none", "/credentials/crd_none", "/credentials/crd_none/revoke"):
        assert browser.get(path).status_code == 404
    assert browser.send("/proofings/prf_none/person").status_code == 404


@pytest.mark.parametrize("scope", ["copy", "family", "subject"])
def test_credential_is_suspended_reinstated_and_revoked_once_confirmed(desk: Desk, scope: str) -> None:
    credential = desk.issued().credential_id
    browser = desk.at_desk()
    for action, status in (("suspend", "suspended"), ("reinstate", "valid"), ("revoke", "revoked")):
        path = f"/credentials/{credential}/{action}"
        assert "badge--dot" in browser.get(f"/credentials/{credential}").text
        browser.get(path)
        assert browser.send(path, {"scope": scope}).status_code == 400, "not confirmed"
        assert browser.send(path, {"scope": "all", "confirmed": "yes"}).status_code == 400
        assert (
            browser.send(path, {"scope": scope, "confirmed": "yes"}, request_key=action + "k" * 20).status_code == 303
        )
        assert desk.node.credentials.get(credential).record.wanted_status.name.lower() == status
    acts = [event["act"] for event in desk.events("staff_acted")]
    assert acts == [f"suspend_{scope}", f"reinstate_{scope}", f"revoke_{scope}"]
    page = browser.get(f"/credentials/{credential}").text
    assert "/reinstate" not in page
    answer = browser.send(
        f"/credentials/{credential}/reinstate", {"scope": scope, "confirmed": "yes"}, request_key="z" * 43
    )
    assert (answer.status_code, "already_revoked" in answer.text) == (409, True)
    assert browser.get(f"/credentials/{credential}/destroy").status_code == 404


def test_lists_show_states_and_no_person_and_turn_pages(desk: Desk) -> None:
    for _ in range(21):
        desk.issued()
    browser = desk.at_desk()
    for path, link in (("/credentials", "/console/credentials/crd_"), ("/proofings", "/console/proofings/prf_")):
        first = browser.get(path)
        assert first.text.count(f'href="{link}') == 20
        assert "김민지" not in first.text
        (more,) = re.findall(r'href="\?(after=[^"]+)"', first.text)
        assert browser.get(f"{path}?{more}").text.count(f'href="{link}') == 1
        assert browser.get(f"{path}?after=x'--").status_code == 400
    subject = desk.node.credentials.page().items[0].record.subject_id
    assert browser.get(f"/credentials?subject={subject}").text.count('href="/console/credentials/crd_') == 1
    assert "<script>" not in browser.get("/credentials?subject=<script>").text


def test_auditor_reads_credentials_and_changes_none(desk: Desk) -> None:
    credential = desk.issued().credential_id
    browser = desk.at_desk(AUDITOR)
    page = browser.get(f"/credentials/{credential}").text
    assert "/revoke" not in page
    answer = browser.send(f"/credentials/{credential}/revoke", {"scope": "copy", "confirmed": "yes"})
    assert answer.status_code == 403
