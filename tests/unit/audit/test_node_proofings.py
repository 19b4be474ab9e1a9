"""A proofing, its checks and its offers are what was logged of them, or are found."""

from pathlib import Path
from typing import Any

import pytest

from audit import rules
from audit.checks.node_proofings import compare_proofings
from audit.findings import Finding, Rule
from jeung.crypto import base64url, canonical_json
from jeung.crypto.hashing import sha256
from tests.unit.audit.nodes import node_database

MEMBER = "0x" + "aa" * 32
SALT, DIGEST = b"\x01" * 32, b"\x02" * 32
COMMITMENT = base64url.encode(sha256(SALT + DIGEST))


def checked(method: str, **changed: object) -> tuple[str, int, dict[str, Any]]:
    body = {"proofing": "ln_1", "method": method, "passed": True, "performed_at": 50, "commitment": COMMITMENT}
    return "proofing_checked", 110, {**body, **changed}


EVENTS: list[tuple[str, int, dict[str, Any]]] = [
    ("proofing_opened", 100, {"proofing": "ln_1", "policy": "real-name-1"}),
    checked("mobile_phone"),
    checked("id_document"),
    ("proofing_completed", 120, {"proofing": "ln_1", "policy": "real-name-1", "assurance_level": "high"}),
    ("offer_made", 130, {"offer": "ln_2", "proofing": "ln_1"}),
    ("wallet_grant_given", 140, {"grant": "ln_4", "offer": "ln_2"}),
    ("proofing_opened", 100, {"proofing": "ln_3", "policy": "real-name-1"}),
    checked("mobile_phone", proofing="ln_3", passed=False),
    # Of an erased person: the rows are gone by right.
    ("proofing_opened", 90, {"proofing": "ln_9", "policy": "real-name-1"}),
    ("proofing_checked", 91, {"proofing": "ln_9", "method": "mobile_phone", "passed": True}),
    ("offer_made", 92, {"offer": "ln_8", "proofing": "ln_9"}),
]


def check(position: int, method: str, proofing: str = "prf_1") -> dict[str, object]:
    times = {"performed_at": 50, "recorded_at": 110}
    place = {"proofing_id": proofing, "position": position, "passed": proofing == "prf_1"}
    return {**place, "method": method, "evidence_digest": DIGEST, "salt": SALT, **times}


TABLES: dict[str, list[dict[str, object]]] = {
    "log_names": [
        {"id": f"{kind}_{number}", "name": f"ln_{place}", "created_at": 1}
        for place, (kind, number) in enumerate((("prf", 1), ("ofr", 1), ("prf", 3), ("wgr", 1)), start=1)
    ],
    "data_keys": [{"owner": "sub_1", "wrapped": b"wrapped"}],
    "proofings": [
        {
            "proofing_id": "prf_1",
            "subject_id": "sub_1",
            "state": "completed",
            "policy_version": "real-name-1",
            "opened_at": 100,
            "completed_at": 120,
            "assurance_level": "high",
        },
        {
            "proofing_id": "prf_3",
            "subject_id": "sub_1",
            "state": "rejected",
            "policy_version": "real-name-1",
            "opened_at": 100,
        },
    ],
    "proofing_checks": [
        check(0, "mobile_phone"),
        check(1, "id_document"),
        check(0, "mobile_phone", "prf_3"),
    ],
    "wallet_grants": [{"grant_id": "wgr_1", "offer_id": "ofr_1", "proofing_id": "prf_1", "token_hash": b"\x04" * 32}],
    "credential_offers": [
        {
            "offer_id": "ofr_1",
            "proofing_id": "prf_1",
            "reference_hash": b"\x01" * 32,
            "code_hash": b"\x02" * 32,
            "issuer_state_hash": b"\x03" * 32,
        }
    ],
}


def found(
    folder: Path, *statements: str, more: tuple[str, ...] = (), **tables: list[dict[str, object]]
) -> list[Finding]:
    """Audit the rows; `more` are kinds of events of the offer."""
    said = [*EVENTS, *((kind, 150, {"offer": "ln_2"}) for kind in more)]
    events: list[dict[str, object]] = [
        {"kind": kind, "body": canonical_json.canonical(body), "occurred_at": at} for kind, at, body in said
    ]
    with node_database(folder, *statements, **{"log_events": events, **TABLES, **tables}) as database:
        return compare_proofings(database, MEMBER)[0]


def test_proofings_that_are_as_they_were_logged_leave_nothing_to_say(tmp_path: Path) -> None:
    assert found(tmp_path) == []


WRONG = rules.ROW_MISMATCH
EDITS: dict[str, tuple[str, Rule, str]] = {
    "a higher level": ("UPDATE proofings SET assurance_level = 'low'", WRONG, "proofing prf_1"),
    "another policy": ("UPDATE proofings SET policy_version = 'none'", WRONG, "proofing prf_1"),
    "opened earlier": ("UPDATE proofings SET opened_at = 1", WRONG, "proofing prf_1"),
    "completed later": ("UPDATE proofings SET completed_at = 121", WRONG, "proofing prf_1"),
    "a check turned round": ("UPDATE proofing_checks SET passed = 0 WHERE position = 1", WRONG, "check 1 of"),
    "a check of another method": ("UPDATE proofing_checks SET method = 'video'", WRONG, "check 0 of"),
    "a check made younger": ("UPDATE proofing_checks SET performed_at = 99", WRONG, "check 0 of"),
    "a check recorded later": ("UPDATE proofing_checks SET recorded_at = 111", WRONG, "check 0 of"),
    "a check's evidence exchanged": ("UPDATE proofing_checks SET evidence_digest = X'05'", WRONG, "check 0 of"),
    "a check's salt exchanged": ("UPDATE proofing_checks SET salt = 'text'", WRONG, "check 0 of"),
    "a check added": (
        "INSERT INTO proofing_checks SELECT proofing_id, 7, method, performed_at, evidence_digest, passed,"
        " recorded_at, salt FROM proofing_checks WHERE position = 1",
        rules.LOG_ACT_MISSING,
        "check 7 of proofing prf_1",
    ),
    "a check removed": (
        "DELETE FROM proofing_checks WHERE position = 1",
        rules.LOG_ENTRY_UNEXPLAINED,
        "proofing prf_1",
    ),
    "all checks removed": ("DELETE FROM proofing_checks", rules.LOG_ENTRY_UNEXPLAINED, "proofing prf_1"),
    "an offer slipped in": (
        "UPDATE credential_offers SET offer_id = 'ofr_2'",
        rules.LOG_ACT_MISSING,
        "offer ofr_2",
    ),
    "an offer of another's proofing": (
        "UPDATE credential_offers SET proofing_id = 'prf_2'",
        WRONG,
        "offer ofr_1",
    ),
    "a completed one opened again": (
        "UPDATE proofings SET state = 'open' WHERE proofing_id = 'prf_1'",
        WRONG,
        "proofing prf_1",
    ),
    "one whose check failed opened again": (
        "UPDATE proofings SET state = 'open' WHERE proofing_id = 'prf_3'",
        WRONG,
        "proofing prf_3",
    ),
    "one whose check failed removed": (
        "DELETE FROM proofings WHERE proofing_id = 'prf_3'",
        rules.LOG_ENTRY_UNEXPLAINED,
        "proofing prf_3",
    ),
    "a wallet let in": (
        "UPDATE wallet_grants SET grant_id = 'wgr_2'",
        rules.LOG_ACT_MISSING,
        "grant wgr_2",
    ),
    "a wallet let in to another's proofing": (
        "UPDATE wallet_grants SET proofing_id = 'prf_3'",
        WRONG,
        "grant wgr_1",
    ),
    "a key without an owner": (
        "UPDATE data_keys SET owner = 'nobody'",
        rules.DATA_KEY_MISSING,
        "proofing prf_1",
    ),
    "a person's key destroyed": ("DELETE FROM data_keys", rules.DATA_KEY_MISSING, "proofing prf_1"),
}


@pytest.mark.parametrize("name", EDITS)
def test_whatever_was_made_of_a_proofing_past_the_program_is_found(tmp_path: Path, name: str) -> None:
    statement, rule, subject = EDITS[name]
    findings = found(tmp_path, statement)
    assert any(one.rule is rule and subject in one.subject and one.member == MEMBER for one in findings), findings


CLOSED = {"offer_redeemed": "redeemed", "offer_locked": "locked", "offer_cancelled": "cancelled"}


@pytest.mark.parametrize("kind", CLOSED)
def test_an_offer_that_was_closed_stays_as_it_was_closed(tmp_path: Path, kind: str) -> None:
    for place, state in enumerate((CLOSED[kind], "open")):
        folder = tmp_path / str(place)
        folder.mkdir()
        findings = found(folder, f"UPDATE credential_offers SET state = '{state}'", more=(kind,))  # noqa: S608
        assert [(one.rule, one.subject) for one in findings] == [(WRONG, "offer ofr_1")] * place


def test_a_grant_outlives_its_offer(tmp_path: Path) -> None:
    assert found(tmp_path, "DELETE FROM credential_offers") == []


def test_an_erasure_takes_a_proofing_with_its_name_in_the_log(tmp_path: Path) -> None:
    gone = [f"DELETE FROM {table} WHERE proofing_id = 'prf_3'" for table in ("proofing_checks", "proofings")]  # noqa: S608
    assert found(tmp_path, *gone, "DELETE FROM log_names WHERE id = 'prf_3'") == []


def test_an_erasure_takes_the_key_by_right(tmp_path: Path) -> None:
    erasure: dict[str, object] = {"subject_id": "sub_1", "request_digest": bytes(32)}
    assert found(tmp_path, "DELETE FROM data_keys", erasures=[erasure]) == []


def test_an_event_that_is_nested_too_deeply_is_held_against_nothing(tmp_path: Path) -> None:
    deep = '{"offer":"ln_2","proofing":"ln_1","a":' + "[" * 990 + "]" * 990 + "}"
    statement = f"UPDATE log_events SET body = CAST('{deep}' AS BLOB) WHERE kind = 'proofing_opened' AND number = 1"  # noqa: S608
    assert found(tmp_path, statement) == []


def test_many_are_named_in_few_words(tmp_path: Path) -> None:
    rows = [{**check(place, "video")} for place in range(2, 17)]
    findings = found(tmp_path, proofing_checks=[*TABLES["proofing_checks"], *rows])
    assert len(findings) == 11
    assert findings[-1].subject == "5 more proofings or checks"
