"""What stands in a node's tables of staff, clients, acts, proposals and keys is what its events say, or is found."""

import json
from pathlib import Path
from typing import Any

import pytest

from audit import rules
from audit.checks.node_acts import compare_acts
from audit.findings import Finding, Rule
from jeung.crypto import base64url, canonical_json
from jeung.crypto.hashing import sha256
from jeung.crypto.jwk import parse_jwk
from jeung.domain.chain import ChainCall
from jeung.domain.dual_control import ActKind, act_digest
from tests.common.jose import P256Signer
from tests.unit.audit.nodes import node_database

MEMBER = "0x" + "aa" * 32
HASH, OTHER_HASH = "$scrypt$one", "$scrypt$two"
JWK, OTHER_JWK = dict(P256Signer().jwk), dict(P256Signer().jwk)
CREDENTIAL, PUBLIC = b"\x01" * 32, b"\x02" * 77
PASSKEY = f"pky_{sha256(CREDENTIAL)[:16].hex()}"
POLICY: dict[str, Any] = {"retention": {"evidence_days": 30}}
POLICY_DIGEST = sha256(canonical_json.canonical(POLICY))
TOKEN_HASH = b"\xab" * 32
ACT_SALT, PARAMETERS = bytes(range(32)), {"subject_id": "sub_1"}
ACT_DIGEST = act_digest(ActKind.ERASURE, PARAMETERS, ACT_SALT)
ASKER = {"kind": "staff", "id": "stf_1", "channel": "console"}
DECIDER = {"kind": "staff", "id": "stf_2", "channel": "console"}
CALL = ChainCall("Consortium", "propose", ("0xaa", 1, {"contract": "A", "function": "b", "args": []}))

Event = tuple[str, dict[str, Any]]
EVENTS: list[Event] = [
    ("staff_added", {"staff": "stf_1", "roles": ["auditor"], "password": base64url.encode(sha256(b"x"))}),
    ("staff_roles_set", {"staff": "stf_1", "roles": ["approver", "auditor"]}),
    ("staff_disabled", {"staff": "stf_1"}),
    ("staff_enabled", {"staff": "stf_1", "password": base64url.encode(sha256(b"y"))}),
    ("staff_password_set", {"staff": "stf_1", "password": base64url.encode(sha256(HASH.encode()))}),
    ("staff_added", {"staff": "stf_2", "roles": ["governor"], "method": "oidc"}),
    ("staff_disabled", {"staff": "stf_2"}),
    (
        "passkey_added",
        {"staff": "stf_1", "passkey": PASSKEY, "key": base64url.encode(sha256(PUBLIC)), "backup_eligible": True},
    ),
    ("passkey_suspected", {"staff": "stf_1", "passkey": PASSKEY}),
    ("staff_identity_linked", {"staff": "stf_1"}),
    ("staff_logged_in", {"staff": "stf_1", "session": f"ses_{TOKEN_HASH[:8].hex()}"}),
    ("passkey_added", {"staff": "stf_1", "passkey": "pky_gone"}),
    ("passkey_removed", {"staff": "stf_1", "passkey": "pky_gone"}),
    (
        "client_registered",
        {
            "client": "back-office",
            "key": base64url.encode(parse_jwk(JWK).thumbprint),
            "keeper": "stf_1",
            "kept": True,
            "scopes": ["issue", "verify"],
        },
    ),
    ("policy_adopted", {"policy": base64url.encode(POLICY_DIGEST)}),
    ("policy_changed", {"act": "act_1", "after": base64url.encode(POLICY_DIGEST)}),
    ("act_requested", {"act": "act_1", "kind": "erasure", "digest": base64url.encode(ACT_DIGEST), "by": ASKER}),
    ("act_approved", {"act": "act_1", "by": DECIDER}),
    ("act_begun", {"act": "act_1", "by": ASKER}),
    ("act_ended", {"act": "act_1", "kind": "erasure", "state": "done"}),
    ("act_requested", {"act": "act_2", "kind": "erasure", "digest": base64url.encode(ACT_DIGEST), "by": ASKER}),
    ("act_requested", {"act": "act_3", "kind": "erasure", "digest": base64url.encode(ACT_DIGEST), "by": ASKER}),
    ("act_approved", {"act": "act_3", "by": DECIDER}),
    ("act_ended", {"act": "act_3", "kind": "erasure", "state": "failed", "failure": "act_abandoned"}),
    (
        "governance_intended",
        {"intent": "int_1", "contract": "Consortium", "function": "propose", "call": CALL.digest},
    ),
    (
        "key_changed",
        {"key_id": "k1", "purpose": "status", "backend": "software", "after": "active", "activated_at": 5},
    ),
    ("key_changed", {"key_id": "k2", "purpose": "status", "backend": "software", "after": "active"}),
    ("key_changed", {"key_id": "k2", "purpose": "status", "backend": "software", "after": "missing"}),
    ("consent_given", {"unlike": "all of these"}),
]


def signatory(by: dict[str, str]) -> str:
    return json.dumps({**by, "traces": ["somebody"]})


def act_row(number: int, **changed: object) -> dict[str, object]:
    row = {"act_id": f"act_{number}", "kind": "erasure", "digest": ACT_DIGEST, "state": "requested"}
    return {**row, "requested_by": signatory(ASKER), **changed}


TABLES: dict[str, list[dict[str, object]]] = {
    "staff_accounts": [
        {"staff_id": "stf_1", "name": "kim", "roles": "auditor approver", "password_hash": HASH},
        {"staff_id": "stf_2", "name": "lee", "roles": "governor", "password_hash": HASH, "disabled_at": 9},
    ],
    "staff_passkeys": [
        {
            "credential_id": CREDENTIAL,
            "staff_id": "stf_1",
            "public_key": PUBLIC,
            "backup_eligible": True,
            "suspected_at": 4,
        }
    ],
    "staff_identities": [
        {"issuer": "https://idp.example", "subject": "s1", "staff_id": "stf_1", "linked_at": 0},
        {"issuer": "https://idp.example", "subject": "s2", "staff_id": "stf_2", "linked_at": 0},
    ],
    "staff_sessions": [{"token_hash": TOKEN_HASH, "staff_id": "stf_1"}],
    "clients": [
        {"client_id": "back-office", "jwk": json.dumps(JWK), "scopes": "verify issue", "kept_by": "kim"},
    ],
    "policies": [
        {"digest": POLICY_DIGEST, "document": json.dumps(POLICY)},
        {"digest": POLICY_DIGEST, "document": json.dumps(POLICY), "act_id": "act_1"},
    ],
    "acts": [
        act_row(1, state="done", decided_by=signatory(DECIDER)),
        act_row(2, parameters=json.dumps(PARAMETERS), salt=ACT_SALT),
        act_row(3, state="failed", decided_by=signatory(DECIDER), failure="act_abandoned"),
    ],
    "intents": [
        {
            "intent_id": "int_1",
            "dedupe_key": "1",
            "contract": "Consortium",
            "function": "propose",
            "args": json.dumps(CALL.args),
        },
        {"intent_id": "int_2", "dedupe_key": "2", "contract": "LogAnchor", "function": "anchor", "args": "[]"},
    ],
    "key_inventory": [
        {"key_id": "k1", "purpose": "status", "backend": "software", "state": "active", "activated_at": 5, "uses": 7}
    ],
}


def found(folder: Path, *statements: str, more: list[Event] | None = None) -> list[Finding]:
    events: list[dict[str, object]] = [
        {"kind": kind, "body": canonical_json.canonical(body)} for kind, body in [*EVENTS, *(more or [])]
    ]
    with node_database(folder, *statements, log_events=events, **TABLES) as database:
        return compare_acts(database, MEMBER)[0]


def test_rows_that_stand_as_they_were_logged_leave_nothing_to_say(tmp_path: Path) -> None:
    assert found(tmp_path) == []


def test_every_row_is_looked_at(tmp_path: Path) -> None:
    with node_database(tmp_path, **TABLES) as database:
        findings, count = compare_acts(database, MEMBER)
    assert count == 14
    assert [finding.rule for finding in findings] == [rules.LOG_ACT_MISSING] * 14


WRONG, UNSAID, GONE = rules.ROW_MISMATCH, rules.LOG_ACT_MISSING, rules.LOG_ENTRY_UNEXPLAINED
EDITS: dict[str, tuple[str, Rule, str]] = {
    "a role given": ("UPDATE staff_accounts SET roles = roles || ' governor'", WRONG, "staff_accounts stf_1"),
    "a password exchanged": (
        f"UPDATE staff_accounts SET password_hash = '{OTHER_HASH}' WHERE staff_id = 'stf_1'",  # noqa: S608
        WRONG,
        "staff_accounts stf_1",
    ),
    "an account let in again": ("UPDATE staff_accounts SET disabled_at = NULL", WRONG, "staff_accounts stf_2"),
    "an account added": (
        "INSERT INTO staff_accounts SELECT 'stf_3', 'park', roles, password_hash, 1, NULL FROM staff_accounts LIMIT 1",  # noqa: E501
        UNSAID,
        "staff_accounts stf_3",
    ),
    "an account removed": ("DELETE FROM staff_accounts WHERE staff_id = 'stf_2'", GONE, "staff_accounts stf_2"),
    "a passkey's key exchanged": ("UPDATE staff_passkeys SET public_key = X'03'", WRONG, PASSKEY),
    "a passkey given to another": ("UPDATE staff_passkeys SET staff_id = 'stf_2'", WRONG, PASSKEY),
    "a passkey added": ("UPDATE staff_passkeys SET credential_id = 'text'", UNSAID, "staff_passkeys pky_"),
    "a suspected passkey let in again": ("UPDATE staff_passkeys SET suspected_at = NULL", WRONG, PASSKEY),
    "a passkey that may be copied": ("UPDATE staff_passkeys SET backup_eligible = 0", WRONG, PASSKEY),
    "an account given to another at the provider": (
        "UPDATE staff_identities SET linked_at = 7 WHERE staff_id = 'stf_2'",
        WRONG,
        "staff_identities stf_2",
    ),
    "an account given to somebody at the provider": (
        "UPDATE staff_identities SET staff_id = 'stf_3' WHERE staff_id = 'stf_2'",
        UNSAID,
        "staff_identities stf_3",
    ),
    "an account taken from somebody at the provider": (
        "DELETE FROM staff_identities WHERE staff_id = 'stf_1'",
        GONE,
        "staff_identities stf_1",
    ),
    "a passkey removed": ("DELETE FROM staff_passkeys", GONE, PASSKEY),
    "a session of one's own": (
        "UPDATE staff_sessions SET token_hash = zeroblob(32)",
        UNSAID,
        "staff_sessions ses_0000000000000000",
    ),
    "a session turned another's": (
        "UPDATE staff_sessions SET staff_id = 'stf_2'",
        UNSAID,
        "staff_sessions ses_abababababababab",
    ),
    "a client's key exchanged": (f"UPDATE clients SET jwk = '{json.dumps(OTHER_JWK)}'", WRONG, "clients back-office"),  # noqa: S608
    "a client's key no key": ("UPDATE clients SET jwk = '{}'", WRONG, "clients back-office"),
    "a client's key no object": ("UPDATE clients SET jwk = '7'", WRONG, "clients back-office"),
    "a client's key no JSON": ("UPDATE clients SET jwk = '{'", WRONG, "clients back-office"),
    "a client's scope added": ("UPDATE clients SET scopes = scopes || ' govern'", WRONG, "clients back-office"),
    "a client nobody keeps": ("UPDATE clients SET kept_by = NULL", WRONG, "clients back-office"),
    "a client that another keeps": ("UPDATE clients SET kept_by = 'lee'", WRONG, "clients back-office"),
    "a client added": ("UPDATE clients SET client_id = 'somebody'", UNSAID, "clients somebody"),
    "a policy's text altered": ("UPDATE policies SET document = '{}' WHERE number = 1", WRONG, "policies 1"),
    "a policy's text no object": ("UPDATE policies SET document = '{' WHERE number = 1", WRONG, "policies 1"),
    "a policy's text no document": (
        "UPDATE policies SET document = '{\"a\":1e400}' WHERE number = 1",
        WRONG,
        "policies 1",
    ),
    "a policy's digest altered": ("UPDATE policies SET digest = zeroblob(32) WHERE number = 2", WRONG, "policies 2"),
    "a policy without its act": ("UPDATE policies SET act_id = NULL WHERE number = 2", WRONG, "policies 2"),
    "a policy removed": ("DELETE FROM policies WHERE number = 2", GONE, "policies 2"),
    "an act nobody approved": ("UPDATE acts SET state = 'approved' WHERE act_id = 'act_2'", WRONG, "acts act_2"),
    "an act approved by another": (
        f"UPDATE acts SET decided_by = '{signatory(ASKER)}' WHERE act_id = 'act_1'",  # noqa: S608
        WRONG,
        "acts act_1",
    ),
    "an act approved by nobody one can read": (
        "UPDATE acts SET decided_by = '7' WHERE act_id = 'act_1'",
        WRONG,
        "acts act_1",
    ),
    "an act asked for by another": (
        "UPDATE acts SET requested_by = '{}' WHERE act_id = 'act_2'",
        WRONG,
        "acts act_2",
    ),
    "another act under the same approval": (
        "UPDATE acts SET digest = 'x' WHERE act_id = 'act_1'",
        WRONG,
        "acts act_1",
    ),
    "an act of another kind": ("UPDATE acts SET kind = 'policy' WHERE act_id = 'act_1'", WRONG, "acts act_1"),
    "an act of a kind that is no text": ("UPDATE acts SET kind = X'00' WHERE act_id = 'act_2'", WRONG, "acts act_2"),
    "an act about somebody else": (
        "UPDATE acts SET parameters = replace(parameters, 'sub_1', 'sub_2') WHERE act_id = 'act_2'",
        WRONG,
        "acts act_2",
    ),
    "an act about nothing one can read": (
        "UPDATE acts SET parameters = '{\"a\":1e400}' WHERE act_id = 'act_2'",
        WRONG,
        "acts act_2",
    ),
    "an act without its salt": ("UPDATE acts SET salt = NULL WHERE act_id = 'act_2'", WRONG, "acts act_2"),
    "a failure that was another": ("UPDATE acts SET failure = NULL WHERE act_id = 'act_3'", WRONG, "acts act_3"),
    "an act added": ("UPDATE acts SET act_id = 'act_4' WHERE act_id = 'act_2'", UNSAID, "acts act_4"),
    "an act removed": ("DELETE FROM acts WHERE act_id = 'act_2'", GONE, "acts act_2"),
    "a proposal's arguments altered": ("UPDATE intents SET args = '[]'", WRONG, "intents int_1"),
    "a proposal's arguments none": ("UPDATE intents SET args = '{'", WRONG, "intents int_1"),
    "a proposal's arguments no list": ("UPDATE intents SET args = '{}'", WRONG, "intents int_1"),
    "a proposal's arguments nested too deeply": (
        f"UPDATE intents SET args = '{'[' * 3_000 + ']' * 3_000}'",  # noqa: S608
        WRONG,
        "intents int_1",
    ),
    "a proposal's contract no text": (
        "UPDATE intents SET contract = X'ff' WHERE contract <> 'LogAnchor'",
        WRONG,
        "intents int_1",
    ),
    "a proposal's function no text": (
        "UPDATE intents SET function = X'ff' WHERE contract <> 'LogAnchor'",
        WRONG,
        "intents int_1",
    ),
    "an anchor that is another call of its contract": (
        "UPDATE intents SET function = 'openEpoch' WHERE contract = 'LogAnchor'",
        UNSAID,
        "intents int_2",
    ),
    "a proposal taken out": ("DELETE FROM intents WHERE intent_id = 'int_1'", GONE, "intents int_1"),
    "a proposal's function altered": (
        "UPDATE intents SET function = 'execute' WHERE contract <> 'LogAnchor'",
        WRONG,
        "intents int_1",
    ),
    "a proposal slipped in": ("UPDATE intents SET intent_id = 'int_3' WHERE intent_id = 'int_1'", UNSAID, "int_3"),
    "a key called active": ("UPDATE key_inventory SET state = 'pre_active'", WRONG, "key_inventory k1"),
    "a key's past altered": ("UPDATE key_inventory SET retired_at = 4", WRONG, "key_inventory k1"),
    "a key slipped in": ("UPDATE key_inventory SET key_id = 'k3'", UNSAID, "key_inventory k3"),
}


@pytest.mark.parametrize("name", EDITS)
def test_a_row_that_was_written_past_the_program_is_found(tmp_path: Path, name: str) -> None:
    statement, rule, subject = EDITS[name]
    findings = found(tmp_path, statement)
    assert any(one.rule is rule and subject in one.subject and one.member == MEMBER for one in findings), findings


@pytest.mark.parametrize("state", ["requested", "expired"])
def test_a_request_may_lapse_without_an_event(tmp_path: Path, state: str) -> None:
    assert found(tmp_path, f"UPDATE acts SET state = '{state}' WHERE act_id = 'act_2'") == []  # noqa: S608


def test_a_request_that_was_logged_as_lapsed_is_open_no_more(tmp_path: Path) -> None:
    (finding,) = found(tmp_path, more=[("act_expired", {"act": "act_2", "kind": "erasure"})])
    assert (finding.rule, finding.subject) == (WRONG, "acts act_2")


def test_whoever_is_given_an_account_later_may_have_kept_a_client_before(tmp_path: Path) -> None:
    body = {"client": "back-office", "keeper": None, "kept": True, "scopes": ["issue", "verify"]}
    assert found(tmp_path, more=[("client_registered", body)]) == []


@pytest.mark.parametrize(("call", "agrees"), [("anchor", True), ("openEpoch", False)], ids=["anchor", "another-call"])
def test_an_anchor_need_not_be_logged_but_is_held_against_what_was(tmp_path: Path, call: str, agrees: bool) -> None:
    said = {"intent": "int_2", "contract": "LogAnchor", "function": call}
    assert (found(tmp_path, more=[("governance_intended", said)]) == []) is agrees


def test_a_session_goes_on_under_a_fresh_token(tmp_path: Path) -> None:
    renewed = {"staff": "stf_1", "session": "ses_0000000000000000", "before": f"ses_{TOKEN_HASH[:8].hex()}"}
    statement = "UPDATE staff_sessions SET token_hash = zeroblob(32)"
    assert found(tmp_path, statement, more=[("staff_session_renewed", renewed)]) == []


@pytest.mark.parametrize(
    ("event", "states"),
    [("act_approved", ("approved", "executing", "expired")), ("act_rejected", ("rejected",)), ("act_begun", ())],
    ids=["approved", "rejected", "begun"],
)
def test_an_act_stands_as_its_last_event_left_it(tmp_path: Path, event: str, states: tuple[str, ...]) -> None:
    more = [(event, {"act": "act_2", "by": DECIDER})]
    decided = f"UPDATE acts SET decided_by = '{signatory(DECIDER)}' WHERE act_id = 'act_2'"  # noqa: S608
    for place, state in enumerate(("requested", "approved", "executing", "rejected", "expired")):
        folder = tmp_path / str(place)
        folder.mkdir()
        stands = state in (states or ("executing", "expired"))
        statements = [decided] if event != "act_begun" else []
        edit = f"UPDATE acts SET state = '{state}' WHERE act_id = 'act_2'"  # noqa: S608
        assert (found(folder, *statements, edit, more=more) == []) is stands, state


@pytest.mark.parametrize(
    "more",
    [[("staff_added", {})], [("staff_roles_set", {"staff": ["no name"]})], [("key_changed", {"key_id": "k"})]],
    ids=["without-a-name", "a-name-of-another-kind", "without-a-state"],
)
def test_events_that_cannot_be_read_are_counted(tmp_path: Path, more: list[Event]) -> None:
    (finding,) = found(tmp_path, more=more)
    assert (finding.rule, finding.message[:8]) == (GONE, "1 events")


@pytest.mark.parametrize("body", ["'text'", "X'7b'", "X'5b5d'"], ids=["text", "no-json", "no-object"])
def test_an_event_of_another_form_is_counted(tmp_path: Path, body: str) -> None:
    findings = found(tmp_path, f"UPDATE log_events SET body = {body} WHERE kind = 'policy_adopted'")  # noqa: S608
    assert "1 events" in findings[0].message


def test_many_rows_are_named_in_few_words(tmp_path: Path) -> None:
    more: list[Event] = [("staff_added", {"staff": f"stf_{n}", "roles": []}) for n in range(10, 25)]
    findings = found(tmp_path, more=more)
    assert len(findings) == 11
    assert findings[-1].subject == "5 more rows of staff_accounts"
