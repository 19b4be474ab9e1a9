"""A node's own table of events opens every entry of its log, and whatever was changed on one side is found."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from audit import rules
from audit.checks.node_log import compare_node_log
from audit.findings import Finding, Rule
from audit.log.heads import Known, Witnesses, kept_checkpoints
from audit.log.judge import LogJudge, OwnNode
from audit.log.rows import compare_rows, entry_for
from audit.log.trial import Reach
from audit.state import State
from jeung.crypto import canonical_json
from jeung.crypto.tlog.tree import leaf_hash
from jeung.domain.transparency import KINDS, entry_of
from tests.common import naive_log
from tests.unit.audit.log_world import (
    BANK,
    BATCH,
    EXCHANGE,
    NOW,
    ORIGIN,
    REGULATOR,
    URLS,
    Blocks,
    LogWorld,
    block_seen,
    plain,
)
from tests.unit.audit.nodes import node_database

SALT = bytes(range(32))
JUDGED = b'{"commitment":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}'


def event(number: int, kind: str = "offer_made", body: bytes = b"{}", at: int = NOW - 50) -> dict[str, Any]:
    return {"number": number, "kind": kind, "body": body, "occurred_at": at, "salt": SALT}


def entry(position: int, of: dict[str, Any] | None, **changed: Any) -> dict[str, Any]:  # noqa: ANN401
    encoded = (
        block_seen(5)
        if of is None
        else entry_of(of["kind"], of["body"], of["occurred_at"], of["salt"] or bytes(32)).encoded
    )
    number = None if of is None else of["number"]
    row = {"epoch": 1, "position": position, "event_number": number, "entry": encoded}
    return {**row, "leaf_hash": leaf_hash(encoded), **changed}


@pytest.mark.parametrize("kind", [*sorted(KINDS), "something_else"])
def test_the_audit_computes_every_entry_as_the_node_does(kind: str) -> None:
    body = JUDGED if kind == "presentation_judged" else b'{"a":1}'
    assert entry_for(kind, body, NOW, SALT) == entry_of(kind, body, NOW, SALT).encoded


@pytest.mark.parametrize("body", [b"{", b"[]", b"{}", '{"commitment":"ä"}'.encode()])
def test_a_judgement_that_cannot_be_read_opens_nothing(body: bytes) -> None:
    assert b'"commitment":""' in (entry_for("presentation_judged", body, NOW, SALT) or b"")


def found(
    tmp_path: Path, events: list[dict[str, Any]], entries: list[dict[str, Any]], now: int = NOW, *statements: str
) -> list[Finding]:
    epochs: list[dict[str, Any]] = [{"epoch": 1, "published_size": len(entries)}]
    tables = {"log_events": events, "log_entries": entries, "log_epochs": epochs}
    with node_database(tmp_path, *statements, **tables) as database:
        return compare_rows(database, BANK, now)[0]


EVENTS = [
    event(1),
    event(2, "presentation_judged", JUDGED),
    event(3, "credentials_attested", b'{"block":1}'),
    event(4),
]
EVENTS[3]["salt"] = b""


def test_rows_and_entries_that_agree_leave_nothing_to_say(tmp_path: Path) -> None:
    entries = [entry(0, None), *(entry(place, row) for place, row in enumerate(EVENTS, start=1))]
    assert found(tmp_path, [*EVENTS, event(5)], entries) == []


@pytest.mark.parametrize(
    ("entries", "rule"),
    [
        ([entry(0, EVENTS[0], leaf_hash=bytes(32))], rules.LOG_ENTRY_MISMATCH),
        ([entry(0, event(1, body=b'{"x":1}'))], rules.LOG_ENTRY_MISMATCH),
        ([entry(0, event(1, at=NOW))], rules.LOG_ENTRY_MISMATCH),
        ([entry(0, event(1, kind="client_registered"))], rules.LOG_ENTRY_MISMATCH),
        ([entry(0, event(77))], rules.LOG_ENTRY_UNEXPLAINED),
        ([entry(0, EVENTS[0], event_number=None)], rules.LOG_ENTRY_UNEXPLAINED),
        ([entry(0, EVENTS[1]), entry(1, EVENTS[0])], rules.LOG_ENTRY_MISMATCH),
        ([entry(0, EVENTS[1])], rules.LOG_ACT_MISSING),
        ([entry(0, EVENTS[0], event_number="x")], rules.LOG_ENTRY_UNEXPLAINED),
    ],
    ids=[
        "leaf hash",
        "body",
        "time",
        "kind",
        "no such event",
        "an act posing as none",
        "out of order",
        "left behind",
        "no number",
    ],
)
def test_an_entry_that_differs_from_its_event_is_found(
    tmp_path: Path, entries: list[dict[str, Any]], rule: Rule
) -> None:
    assert rule in {finding.rule for finding in found(tmp_path, EVENTS[:2], entries)}


@pytest.mark.parametrize(
    "change",
    ["log_events SET body = 5", "log_events SET occurred_at = 'now'", "log_events SET kind = X'00'"],
)
def test_an_event_that_cannot_be_one_opens_nothing(tmp_path: Path, change: str) -> None:
    row = event(1)
    findings = found(tmp_path, [row], [entry(0, row)], NOW, f"UPDATE {change}")
    assert {one.rule for one in findings} == {rules.LOG_ENTRY_MISMATCH}


@pytest.mark.parametrize("of", [None, event(1)], ids=["a block's", "an event's"])
def test_an_entry_that_is_no_bytes_is_found(tmp_path: Path, of: dict[str, Any] | None) -> None:
    findings = found(tmp_path, [event(1)], [entry(0, of)], NOW, "UPDATE log_entries SET entry = 'text'")
    assert rules.LOG_ENTRY_MISMATCH in {one.rule for one in findings}


def test_many_differences_are_named_in_few_words(tmp_path: Path) -> None:
    rows = [event(number) for number in range(1, 20)]
    entries = [entry(place, row | {"occurred_at": NOW - 7}) for place, row in enumerate(rows)]
    findings = found(tmp_path, rows, entries)
    assert len(findings) == 11
    assert findings[-1].subject == "9 more"


def test_events_that_wait_for_long_are_a_note(tmp_path: Path) -> None:
    (finding,) = found(tmp_path, [event(1)], [], NOW + 7_200)
    assert finding.rule is rules.LOG_WAITING


# --- events against the chain and the other tables ----------------------------------------------------------------

ATTESTED = {"batch": BATCH, "block": 5, "count": 2, "index": 0, "transaction": "0x77"}
CHANGED = {"block": 6, "count": 1, "index": 0, "list": 3, "status": "revoked", "transaction": "0x78"}
KEYED = {"block": 7, "contract": "KeyRegistry", "event": "KeyRegistered", "index": 1, "transaction": "0x79"}
GOVERNED = {"block": 8, "contract": "Consortium", "event": "ProposalMade", "index": 2, "transaction": "0x80"}
OF_CHAIN = {
    "credentials_attested": ATTESTED,
    "statuses_changed": CHANGED,
    "key_recorded": KEYED,
    "governance_recorded": GOVERNED,
}


def chain() -> State:
    world = LogWorld()
    world.batch()
    world.change()
    world.state.acts = {
        "7/1": ["KeyRegistry", "KeyRegistered", "0x79", NOW - 90, [BANK]],
        "8/2": ["Consortium", "ProposalMade", "0x80", NOW - 80, [BANK, EXCHANGE]],
        "9/0": ["LogAnchor", "LogAnchored", "0x81", NOW - 70, [BANK]],
        "9/1": ["Consortium", "MemberSuspended", "0x82", NOW - 70, [EXCHANGE]],
    }
    return world.state


def logged(**changed: dict[str, Any] | bytes | None) -> list[dict[str, Any]]:
    bodies: dict[str, Any] = {**OF_CHAIN, **changed}
    rows = [(kind, body) for kind, body in bodies.items() if body is not None]
    return [
        event(number, kind, body if isinstance(body, bytes) else canonical_json.canonical(body))
        for number, (kind, body) in enumerate(rows, start=1)
    ]


def compared(
    tmp_path: Path, events: list[dict[str, Any]], statements: Sequence[str] = (), **tables: list[dict[str, Any]]
) -> list[Finding]:
    with node_database(tmp_path, *statements, log_events=events, **tables) as database:
        return compare_node_log(database, chain(), Blocks(), BANK)[0]


def test_events_that_say_what_the_chain_says_leave_nothing_to_say(tmp_path: Path) -> None:
    assert compared(tmp_path, logged()) == []


@pytest.mark.parametrize("kind", OF_CHAIN)
def test_an_act_of_the_chain_that_was_not_logged_is_found(tmp_path: Path, kind: str) -> None:
    (finding,) = compared(tmp_path, logged(**{kind: None}))
    assert finding.rule is rules.LOG_ACT_MISSING


@pytest.mark.parametrize("kind", OF_CHAIN)
def test_an_event_about_another_act_is_found(tmp_path: Path, kind: str) -> None:
    findings = compared(tmp_path, logged(**{kind: {**OF_CHAIN[kind], "transaction": "0xff"}}))
    assert {finding.rule for finding in findings} == {rules.LOG_ACT_MISSING, rules.LOG_ENTRY_UNEXPLAINED}


@pytest.mark.parametrize("body", [b"{", b"[]", b"{}", b'{"block":1,"index":1,"transaction":[]}'], ids=str)
def test_an_event_about_the_chain_that_cannot_be_read_is_found(tmp_path: Path, body: bytes) -> None:
    findings = compared(tmp_path, logged(key_recorded=body))
    assert {finding.rule for finding in findings} == {rules.LOG_ACT_MISSING, rules.LOG_ENTRY_UNEXPLAINED}


def test_an_event_of_a_block_that_the_chain_lost_is_explained(tmp_path: Path) -> None:
    lost = {**KEYED, "block": 102, "transaction": "0xff"}
    events = [*logged(), event(9, "key_recorded", canonical_json.canonical(lost))]
    encoded = [block_seen(100), block_seen(103, "0x" + "ee" * 32), block_seen(110)]
    entries = [entry(place, None, entry=one) for place, one in enumerate(encoded)]
    assert compared(tmp_path, events, log_entries=entries) == []
    (tmp_path / "more").mkdir()
    garbled = "UPDATE log_entries SET entry = 'text'"
    (finding,) = compared(tmp_path / "more", events, statements=[garbled], log_entries=entries)
    assert finding.rule is rules.LOG_ENTRY_UNEXPLAINED


@pytest.mark.parametrize(
    ("table", "row", "kind", "member"),
    [
        ("credentials", {"credential_id": "crd_1"}, "credential_issued", "credential"),
        ("proofings", {"proofing_id": "prf_1", "state": "completed"}, "proofing_completed", "proofing"),
        (
            "erasures",
            {"erasure_id": "ers_1", "state": "revoking", "request_digest": bytes(32)},
            "erasure_begun",
            "erasure",
        ),
    ],
    ids=["credential", "proofing", "erasure"],
)
def test_a_row_without_its_event_is_found(
    tmp_path: Path, table: str, row: dict[str, object], kind: str, member: str
) -> None:
    (identifier,) = [value for name, value in row.items() if name.endswith("_id")]
    named: list[dict[str, object]] = [{"id": identifier, "name": "ln_1", "created_at": 1}]
    good = [*logged(), event(9, kind, canonical_json.canonical({member: "ln_1"}))]
    tables: dict[str, Any] = {"log_names": named, table: [row]}
    assert compared(tmp_path, good, **tables) == []
    (tmp_path / "less").mkdir()
    (finding,) = compared(tmp_path / "less", logged(), **tables)
    assert (finding.rule, finding.subject) == (rules.LOG_ACT_MISSING, f"{table} {identifier}")


def test_many_rows_without_events_are_named_in_few_words(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [{"proofing_id": f"prf_{number}", "state": "completed"} for number in range(15)]
    findings = compared(tmp_path, logged(), proofings=rows)
    assert len(findings) == 11
    assert findings[-1].subject == "5 more proofings"


def test_a_credential_that_was_logged_and_is_gone_is_found(tmp_path: Path) -> None:
    events = [*logged(), event(9, "credential_issued", b'{"credential":"ln_1"}')]
    (finding,) = compared(tmp_path, events)
    assert (finding.rule, finding.subject) == (rules.LOG_ENTRY_UNEXPLAINED, "issued credentials")


# --- checkpoints and heads in a node's own tables -----------------------------------------------------------------


def checkpoint_row(world: LogWorld, entries: int, **changed: object) -> dict[str, object]:
    note = world.note(world.entries[:entries], witnesses=())
    root = naive_log.mth(world.entries[:entries])
    key = world.named(world.log_key).text
    return {"epoch": 1, "size": entries, "root": root, "note": note, "key": key, "signed_at": NOW - 9, **changed}


def test_checkpoints_that_the_node_signed_are_known(tmp_path: Path) -> None:
    world = LogWorld()
    rows = [checkpoint_row(world, 5), checkpoint_row(world, 9)]
    with node_database(tmp_path, log_checkpoints=rows) as database:
        known, wrong = kept_checkpoints(database, world.state, BANK, 1)
    assert [one.size for one in known] == [5, 9]
    assert wrong == []


@pytest.mark.parametrize("change", [{"root": bytes(32)}, {"size": 6}, {"note": b"x"}, {"key": "x"}], ids=str)
def test_a_checkpoint_row_that_nobody_signed_is_found(tmp_path: Path, change: dict[str, object]) -> None:
    world = LogWorld()
    with node_database(tmp_path, log_checkpoints=[checkpoint_row(world, 5, **change)]) as database:
        _, wrong = kept_checkpoints(database, world.state, BANK, 1)
    assert [finding.rule for finding in wrong] == [rules.LOG_UNSIGNED]


def head_row(world: LogWorld, entries: int, at: str = "cosigned_at", **changed: Any) -> dict[str, object]:  # noqa: ANN401
    row = checkpoint_row(world, entries)
    del row["epoch"], row["signed_at"]
    return {"origin": ORIGIN, **row, at: NOW, **changed}


def test_what_the_audited_node_saw_and_refused_of_anothers_log_is_known(tmp_path: Path) -> None:
    world, other = LogWorld(), LogWorld(entries=[plain(9)] * 7)
    other.log_key = world.log_key
    heads, forks = [head_row(world, 5)], [head_row(other, 7, "seen_at")]
    with node_database(tmp_path, witness_heads=heads, witness_forks=forks) as database:
        witnesses = Witnesses(world.state, {}, (EXCHANGE, database))
        known = witnesses.heads(BANK, 1)
        assert witnesses.heads(EXCHANGE, 1) == []
    assert [(one.size, one.whose, one.witness) for one in known] == [
        (5, "the audited node", EXCHANGE),
        (7, "the audited node's refusals", None),
    ]
    assert witnesses.findings == []


def test_rows_that_are_no_bytes_are_found(tmp_path: Path) -> None:
    world = LogWorld()
    garbled = ["UPDATE witness_heads SET note = 'text'", "UPDATE log_checkpoints SET note = 'text'"]
    tables = {"witness_heads": [head_row(world, 5)], "log_checkpoints": [checkpoint_row(world, 5)]}
    with node_database(tmp_path, *garbled, **tables) as database:
        witnesses = Witnesses(world.state, {}, (EXCHANGE, database))
        assert witnesses.heads(BANK, 1) == []
        _, wrong = kept_checkpoints(database, world.state, BANK, 1)
    assert [one.rule for one in [*witnesses.findings, *wrong]] == [rules.WITNESS_UNFIT, rules.LOG_UNSIGNED]


@pytest.mark.parametrize("change", [{"size": 9}, {"root": bytes(32)}, {"note": b"x"}, {"key": "x"}], ids=str)
def test_a_head_that_no_log_signed_is_found(tmp_path: Path, change: dict[str, Any]) -> None:
    world = LogWorld()
    with node_database(tmp_path, witness_heads=[head_row(world, 5, **change)]) as database:
        witnesses = Witnesses(world.state, {}, (EXCHANGE, database))
        witnesses.heads(BANK, 1)
    assert [finding.rule for finding in witnesses.findings] == [rules.WITNESS_UNFIT]


def test_a_known_checkpoint_says_whose_it_is() -> None:
    assert Known(1, bytes(32), "its own table").witness is None


def test_the_bank_is_not_asked_for_its_own_head(tmp_path: Path) -> None:
    """The audited node's own server is asked for nothing: its tables are what it serves."""
    world = LogWorld(entries=[plain(number) for number in range(3)])
    with node_database(tmp_path):
        pass
    own = OwnNode(REGULATOR, URLS[REGULATOR], f"sqlite:///{tmp_path / 'node.db'}")
    world.state.keys.clear()
    judge = LogJudge(Blocks(), world.state, Reach(patience_s=0), now=NOW, own=own)
    assert judge.judge() == ([], 0)
