"""An insider with the node's database, its log and the key that signs the log: the others' copies find him out.

He edits rows and lets the log be, or writes log, tiles and checkpoints anew and signs them with the real key, by the
product's own services. What he cannot edit: what the other member cosigned, and what an auditor saw before.
"""

import shutil
import sqlite3
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit import rules
from audit.catalogue import Part
from audit.comparisons import NodeUnderAudit
from audit.findings import Rule
from jeung.crypto.tlog.checkpoints import parse_checkpoint
from jeung.crypto.tlog.notes import parse_note
from jeung.services.acts import log
from tests.common.chain import Member
from tests.integration.audit.logs import forget_log, keeper, serve_log
from tests.integration.audit.scene import Scene, act
from tests.integration.audit.tampering import TAMPERED, statement_of
from tests.integration.audit.test_insider import STORES, chosen

pytestmark = pytest.mark.chain

LOGS = frozenset({Part.LOG})
AGAINST = (rules.LOG_FORKED, rules.LOG_SHRUNK)
EDITS: dict[str, tuple[str, Rule]] = {
    "entry altered": ("UPDATE log_entries SET entry = X'7b7d' WHERE position = 3", rules.LOG_TREE_MISMATCH),
    "entry removed": ("DELETE FROM log_entries WHERE position = 3", rules.LOG_INCOMPLETE),
    "last entry removed": (
        "DELETE FROM log_entries WHERE position = (SELECT max(position) FROM log_entries)",
        rules.LOG_INCOMPLETE,
    ),
    "entries exchanged": ("UPDATE log_entries SET position = 1000 - position", rules.LOG_INCOMPLETE),
    "leaf hash altered": ("UPDATE log_entries SET leaf_hash = zeroblob(32)", rules.LOG_ENTRY_MISMATCH),
    "entry given to another event": (
        "UPDATE log_entries SET event_number = 70000 WHERE position = 3",
        rules.LOG_ENTRY_UNEXPLAINED,
    ),
    "tile altered": ("UPDATE log_tiles SET hashes = zeroblob(length(hashes))", rules.LOG_TILE_MISMATCH),
    "tile removed": ("DELETE FROM log_tiles", rules.LOG_INCOMPLETE),
    "event's body altered": ("UPDATE log_events SET body = X'7b7d' WHERE number = 3", rules.LOG_ENTRY_MISMATCH),
    "event's time altered": ("UPDATE log_events SET occurred_at = 5 WHERE number = 3", rules.LOG_ENTRY_MISMATCH),
    "event's salt altered": ("UPDATE log_events SET salt = zeroblob(32) WHERE number = 3", rules.LOG_ENTRY_MISMATCH),
    "event removed": ("DELETE FROM log_events WHERE number = 3", rules.LOG_ENTRY_UNEXPLAINED),
    "event put before others": (
        "INSERT INTO log_events (number, kind, body, occurred_at, salt) VALUES (-1, 'offer_made', X'7b7d', 1, X'')",
        rules.LOG_ACT_MISSING,
    ),
    "checkpoint's root altered": ("UPDATE log_checkpoints SET root = zeroblob(32)", rules.LOG_UNSIGNED),
    "checkpoint's note altered": ("UPDATE log_checkpoints SET note = X'7b7d'", rules.LOG_MALFORMED),
    "checkpoints removed": ("DELETE FROM log_checkpoints", rules.LOG_SHRUNK),
    "an older checkpoint published": (
        "UPDATE log_epochs SET published_size = (SELECT min(size) FROM log_checkpoints)",
        rules.LOG_SHRUNK,
    ),
    "cosignature altered": (
        "UPDATE log_cosignatures SET line = substr(line, 1, length(line) - 9) || 'AAAAAAA=' || char(10)",
        rules.LOG_COSIGNATURE_FORGED,
    ),
    "cosignatures removed": ("DELETE FROM log_cosignatures", rules.LOG_COSIGNED_LATE),
}


def found(scene: Scene, database: Path, **changed: object) -> set[Rule]:
    return {finding.rule for finding in scene.audit(database, **changed).findings}


@pytest.mark.parametrize("name", EDITS)
def test_every_edit_of_the_log_is_found(scene: Scene, tmp_path: Path, name: str) -> None:
    statement, rule = EDITS[name]
    assert rule in found(scene, scene.copy(tmp_path, statement), parts=LOGS)


def rewritten(scene: Scene, database: Path) -> Path:
    """Write the log anew from the rows as they are now, sign it with the real key, and serve it."""
    forget_log(database)
    with keeper(database, scene.bank, scene.bank_log, scene.now - 5) as insider:
        insider.publish()
        serve_log(scene.server, insider.reader)
    return database


EVENTS = {
    "an act forgotten": "DELETE FROM log_events WHERE number = 3",
    "an act altered": "UPDATE log_events SET body = X'7b7d' WHERE kind = 'credential_issued'",
    "an act's time altered": "UPDATE log_events SET occurred_at = occurred_at - 86400",
    "all forgotten": "DELETE FROM log_events WHERE number > 1",
}


@given(
    index=chosen("index"),
    records=chosen("records"),
    lists=chosen("lists"),
    events=st.none() | st.sampled_from(sorted(EVENTS)),
    tiles=st.booleans(),
    anew=st.booleans(),
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_edit_is_found_whatever_else_was_edited_and_signed_anew(
    scene: Scene,
    index: str | None,
    records: str | None,
    lists: str | None,
    events: str | None,
    tiles: bool,
    anew: bool,
) -> None:
    """Database, index, lists, events, tiles and checkpoints, in any combination."""
    names = [name for name in (index, records, lists) if name is not None]
    statements = [statement_of(TAMPERED[name][0]) for name in names]
    statements += [] if events is None else [EVENTS[events]]
    statements += ["UPDATE log_tiles SET hashes = zeroblob(length(hashes))"] if tiles and not anew else []
    with tempfile.TemporaryDirectory() as folder:
        copied = scene.copy(Path(folder), *statements)
        if anew:
            rewritten(scene, copied)
        findings = scene.audit(copied).findings
    scene.serve_all()
    rules_found = {finding.rule for finding in findings}
    for name in names:
        _, rule, subject = TAMPERED[name]
        assert any(rule is one.rule and subject in one.subject for one in findings), (name, events, anew, findings)
    if anew and events is not None:
        assert rules_found & {rules.LOG_FORKED, rules.LOG_SHRUNK}, (events, findings)
    if not anew:
        assert events is None or rules_found & {rules.LOG_ENTRY_MISMATCH, rules.LOG_ENTRY_UNEXPLAINED}
        assert not tiles or rules.LOG_TILE_MISMATCH in rules_found


def test_there_is_something_to_combine() -> None:
    assert all(STORES.values())


def test_a_log_written_anew_is_no_longer_what_the_witness_cosigned(scene: Scene, tmp_path: Path) -> None:
    """Everything in the node agrees with everything else; the other member holds another head."""
    copied = rewritten(scene, scene.copy(tmp_path, EVENTS["an act altered"]))
    findings = scene.audit(copied, parts=LOGS).findings
    found = {finding.rule for finding in findings}
    assert rules.LOG_UNDERSIGNED in found
    assert found & {rules.LOG_FORKED, rules.LOG_SHRUNK}
    assert any(scene.exchange.url in finding.message for finding in findings)


def test_without_his_database_what_he_serves_is_enough(scene: Scene, tmp_path: Path) -> None:
    rewritten(scene, scene.copy(tmp_path, EVENTS["an act altered"]))
    found = {finding.rule for finding in scene.audit(parts=LOGS).findings}
    assert found & {rules.LOG_FORKED, rules.LOG_SHRUNK}


def test_with_a_witness_that_forgot_an_earlier_audit_finds_him_out(scene: Scene, tmp_path: Path) -> None:
    checkpoint = tmp_path / "checkpoint"
    assert scene.audit(checkpoint_path=checkpoint).exit_code == 0
    rewritten(scene, scene.copy(tmp_path, EVENTS["an act altered"]))
    for path in [path for path in scene.witness_server.answers if path.startswith("/witness/")]:
        del scene.witness_server.answers[path]
    findings = scene.audit(parts=LOGS, checkpoint_path=checkpoint).findings
    assert any(one.rule in AGAINST and "an earlier audit" in one.message for one in findings)


def test_even_on_another_chain_what_was_seen_of_a_log_is_remembered(scene: Scene, tmp_path: Path) -> None:
    checkpoint = tmp_path / "checkpoint"
    with scene.later_chain():
        scene.chain.mine(2)
        scene.audit(checkpoint_path=checkpoint)
    rewritten(scene, scene.copy(tmp_path, EVENTS["an act altered"]))
    findings = scene.audit(parts=LOGS, checkpoint_path=checkpoint).findings
    assert any(one.rule in AGAINST and "an earlier audit" in one.message for one in findings)


def test_a_view_refused_by_a_witness_accuses_the_log_in_the_witness_audit(scene: Scene, tmp_path: Path) -> None:
    """The bank shows the exchange another history: refused, kept, and named when the exchange is audited."""
    other = tmp_path / "exchange"
    other.mkdir()
    shutil.copy(scene.folder / "exchange" / "node.db", other)
    copied = scene.copy(tmp_path, EVENTS["an act altered"])
    forget_log(copied)
    with (
        keeper(copied, scene.bank, scene.bank_log, scene.now - 5) as bank,
        keeper(other / "node.db", scene.exchange, scene.exchange_log, scene.now - 5) as exchange,
    ):
        # He takes care that his other history is the longer one.
        for number in range(30):
            with bank.kept.store.write() as tx:
                log(tx, "offer_cancelled", {"offer": f"offer-{number}"}, scene.now - 6)
        bank.publish(exchange)
    node = NodeUnderAudit(scene.exchange.url, f"sqlite:///{other / 'node.db'}")
    findings = scene.audit(node=node, parts=LOGS).findings
    assert any(one.rule in AGAINST and "refusals" in one.message for one in findings), findings


def left_on_their_round(scene: Scene, database: Path, count: int) -> None:
    """Sign as a worker does that dies each time before it publishes."""
    with keeper(database, scene.bank, scene.bank_log, scene.now - 5) as bank:
        for number in range(count):
            with bank.kept.store.write() as tx:
                log(tx, "offer_cancelled", {"offer": f"offer-{number}"}, scene.now - 6)
            bank.checkpoints.sequence(bank.fence)
            bank.checkpoints.sign(bank.fence)


@pytest.mark.parametrize("count", [1, 4])
def test_a_checkpoint_that_is_on_its_round_accuses_nobody(scene: Scene, tmp_path: Path, count: int) -> None:
    copied = scene.copy(tmp_path)
    left_on_their_round(scene, copied, count)
    assert found(scene, copied, parts=LOGS) == set()


ON_ROUND = {
    "its entry removed": (1, EDITS["last entry removed"]),
    "its entry altered": (
        2,
        ("UPDATE log_entries SET entry = X'7b7d' ORDER BY position DESC LIMIT 1", rules.LOG_FORKED),
    ),
    "more than deaths explain": (5, ("UPDATE log_entries SET entry = entry", rules.LOG_SHRUNK)),
    "one that witnesses cosigned": (
        1,
        (
            "INSERT INTO log_cosignatures (epoch, size, key, line, timestamp) SELECT epoch,"
            " (SELECT max(size) FROM log_checkpoints), key, line, timestamp FROM log_cosignatures LIMIT 1",
            rules.LOG_SHRUNK,
        ),
    ),
}


@pytest.mark.parametrize("name", ON_ROUND)
def test_a_checkpoint_on_its_round_binds_the_entries_all_the_same(scene: Scene, tmp_path: Path, name: str) -> None:
    count, (statement, rule) = ON_ROUND[name]
    copied = scene.copy(tmp_path)
    left_on_their_round(scene, copied, count)
    with sqlite3.connect(copied) as connection:
        assert connection.execute(statement).rowcount != 0
    connection.close()
    assert rule in found(scene, copied, parts=LOGS)


def test_an_anchor_on_the_chain_binds_the_log(scene: Scene, tmp_path: Path) -> None:
    note = parse_checkpoint(parse_note(scene.served["/log/1/checkpoint"][1]).text)
    with scene.later_chain():
        member = Member(tmp_path, scene.chain, scene.founded, scene.bank)
        try:
            act(member, "LogAnchor", "anchor", 1, note.size - 1, "0x" + "ab" * 32)
            member.follow()
            act(member, "LogAnchor", "anchor", 1, note.size, "0x" + note.root.hex())
        finally:
            member.close()
        (finding,) = scene.audit(parts=LOGS).findings
    assert finding.rule is rules.LOG_FORKED
    assert "the chain" in finding.message


def test_a_log_that_only_goes_on_is_clean(scene: Scene, tmp_path: Path) -> None:
    checkpoint = tmp_path / "checkpoint"
    assert scene.audit(checkpoint_path=checkpoint).exit_code == 0
    other = tmp_path / "exchange"
    other.mkdir()
    shutil.copy(scene.folder / "exchange" / "node.db", other)
    copied = scene.copy(tmp_path)
    with (
        keeper(copied, scene.bank, scene.bank_log, scene.now - 5) as bank,
        keeper(other / "node.db", scene.exchange, scene.exchange_log, scene.now - 5) as exchange,
    ):
        with bank.kept.store.write() as tx:
            log(tx, "offer_cancelled", {"offer": "offer-2"}, scene.now - 6)
        bank.publish(exchange)
        serve_log(scene.server, bank.reader)
    report = scene.audit(copied, checkpoint_path=checkpoint)
    assert report.findings == []
    assert scene.audit(checkpoint_path=checkpoint).findings == []
    with sqlite3.connect(copied) as connection:
        assert connection.execute("SELECT count(*) FROM log_checkpoints").fetchone()[0] > 3
    connection.close()
