"""Whatever is changed in a node's database, the audit finds it, and says where."""

import sqlite3
from pathlib import Path

import pytest

from audit import rules
from audit.catalogue import EVERYTHING, Part
from audit.comparisons import NodeUnderAudit
from audit.database import open_database
from audit.findings import AuditImpossible
from jeung.crypto import base64url
from tests.integration.audit.scene import Scene
from tests.integration.audit.tampering import RECORDS, TAMPERED, statement_of

pytestmark = pytest.mark.chain


@pytest.mark.parametrize("name", TAMPERED)
def test_tampering_is_found(scene: Scene, tmp_path: Path, name: str) -> None:
    statement, rule, subject = TAMPERED[name]
    wanted = "UPDATE credentials SET wanted_status = 0 WHERE credential_id = 'credential-3'"
    more = (wanted,) if name == "a change that waits for ever" else ()
    report = scene.audit(scene.copy(tmp_path, statement_of(statement), *more))
    assert report.exit_code == 1
    assert any(finding.rule is rule and subject in finding.subject for finding in report.findings), report.findings


def test_digests_exchanged_between_batches_are_found_by_the_roots(scene: Scene, tmp_path: Path) -> None:
    exchanged = (
        "CREATE TEMP TABLE firsts AS SELECT * FROM attestations WHERE position = 0",
        "UPDATE attestations SET digest = (SELECT digest FROM firsts WHERE firsts.batch_number ="
        " 3 - attestations.batch_number) WHERE position = 0",
    )
    findings = scene.audit(scene.copy(tmp_path, *exchanged)).findings
    assert [finding.rule for finding in findings] == [rules.INDEX_MISMATCH] * 2
    assert all("root" in finding.message for finding in findings)


def test_batches_that_change_places_are_found(scene: Scene, tmp_path: Path) -> None:
    """The lowest number is taken for the earliest batch of a digest."""
    changed = [
        statement_of("UPDATE $TABLE SET $COLUMN = $COLUMN $BY", TABLE=table, COLUMN=column, BY=by)
        for table, column in (("batches", "number"), ("attestations", "batch_number"))
        for by in ("+ 100", "* -1 + 103")
    ]
    findings = scene.audit(scene.copy(tmp_path, *changed)).findings
    assert [finding.rule for finding in findings] == [rules.INDEX_MISMATCH] * 2
    assert all("order" in finding.message for finding in findings)


def test_a_young_change_on_its_way_is_no_finding(scene: Scene, tmp_path: Path) -> None:
    copied = scene.copy(
        tmp_path,
        statement_of(
            "UPDATE status_works SET state = 'pending', created_at = $YOUNG WHERE status_index = $SUSPENDED",
            YOUNG=scene.now - 5,
        ),
        statement_of("UPDATE credentials SET wanted_status = 1 WHERE $ONE_CREDENTIAL"),
    )
    assert scene.audit(copied).findings == []


def test_a_young_credential_may_wait_for_its_attestation(scene: Scene, tmp_path: Path) -> None:
    copied = scene.copy(
        tmp_path,
        statement_of(
            "INSERT INTO credentials SELECT 999, 'credential-x', family_id, subject_id, proofing_id, schema_id,"
            " $OTHER, 3, 900, 0, signing_key_id, $YOUNG, expires_at, sealed, key_storage"
            " FROM credentials WHERE number = 1",
            YOUNG=scene.now - 5,
        ),
        statement_of(
            "INSERT INTO log_events (kind, body, occurred_at) VALUES ('credential_issued',"
            ' CAST(\'{"credential":"credential-x"}\' AS BLOB), $YOUNG)',
            YOUNG=scene.now - 5,
        ),
    )
    assert scene.audit(copied).findings == []


def test_a_transaction_mined_late_is_a_note(scene: Scene, tmp_path: Path) -> None:
    copied = scene.copy(
        tmp_path, "UPDATE chain_transactions SET created_at = created_at - 900 WHERE account = 'attest'"
    )
    report = scene.audit(copied)
    assert {finding.rule for finding in report.findings} == {rules.BLOCK_TIME_CHANGED}
    assert report.exit_code == 0


def test_a_credential_under_a_lost_key_is_found_and_noted(scene: Scene, tmp_path: Path) -> None:
    """The key begins after the attestation, and was declared compromised from before it."""
    statement = statement_of(
        "UPDATE credentials SET signing_key_id = '$KEY' WHERE $ONE_CREDENTIAL",
        KEY=base64url.encode(scene.lost.key.thumbprint),
    )
    report = scene.audit(scene.copy(tmp_path, statement))
    assert [finding.rule for finding in report.findings] == [rules.SIGNING_KEY_UNFIT, rules.SIGNING_KEY_COMPROMISED]
    assert all("credential-3" in finding.subject for finding in report.findings)


def test_a_node_that_lags_is_a_warning(scene: Scene, tmp_path: Path) -> None:
    """The index stands at the founding, where no credential was issued yet, and knows no more."""
    founding = scene.deployment.block
    forgotten = (
        "DELETE FROM registry_events WHERE block_number > $FOUNDING",
        "DELETE FROM batches",
        "DELETE FROM attestations",
        "DELETE FROM status_changes",
        "DELETE FROM status_words",
        "DELETE FROM credentials",
        "DELETE FROM proofings",
        "DELETE FROM intents",
        "DELETE FROM log_events WHERE coalesce(json_extract(CAST(body AS TEXT), '$$$$.block'), 1 << 40) > $FOUNDING",
        "DELETE FROM block_headers WHERE number > $FOUNDING",
        "UPDATE follower_state SET indexed_number = $FOUNDING,"
        " indexed_hash = (SELECT hash FROM block_headers WHERE number = $FOUNDING)",
    )
    copied = scene.copy(tmp_path, *(statement_of(statement, FOUNDING=founding) for statement in forgotten))
    with scene.later_chain():
        scene.chain.pass_time(61)
        report = scene.audit(copied, now=lambda: scene.now + 100, parts=EVERYTHING - {Part.LOG})
    assert [finding.rule for finding in report.findings] == [rules.INDEX_BEHIND]
    assert report.exit_code == 1


def test_a_node_that_issues_and_is_no_member_is_found(scene: Scene, tmp_path: Path) -> None:
    node = NodeUnderAudit("http://nobody.example", f"sqlite:///{scene.copy(tmp_path)}")
    report = scene.audit(None, node=node)
    assert [(finding.rule, finding.subject) for finding in report.findings] == [(RECORDS, "http://nobody.example")]


def test_the_database_of_another_member_is_found(scene: Scene, tmp_path: Path) -> None:
    other = scene.folder / "exchange" / "node.db"
    report = scene.audit(other)
    assert rules.ATTESTATION_UNEXPLAINED in {finding.rule for finding in report.findings}


@pytest.mark.parametrize(
    "statement",
    ["DROP TABLE credentials", "DROP TABLE follower_state", "UPDATE follower_state SET indexed_number = NULL"],
)
def test_a_database_of_another_shape_cannot_be_audited(scene: Scene, tmp_path: Path, statement: str) -> None:
    with pytest.raises(AuditImpossible):
        scene.audit(scene.copy(tmp_path, statement))


def test_a_missing_or_foreign_database_cannot_be_audited(scene: Scene, tmp_path: Path) -> None:
    with pytest.raises(AuditImpossible, match="no database"):
        scene.audit(tmp_path / "absent.db")
    garbage = tmp_path / "garbage.db"
    garbage.write_bytes(b"this is no database" * 100)
    with pytest.raises(AuditImpossible):
        scene.audit(garbage)


def test_the_database_refuses_to_be_written_by_an_audit(scene: Scene) -> None:
    with open_database(f"sqlite:///{scene.database}") as database, pytest.raises(AuditImpossible):
        list(database.rows("DELETE FROM credentials"))
    with sqlite3.connect(scene.database) as connection:
        assert connection.execute("SELECT count(*) FROM credentials").fetchone() == (12,)
    connection.close()


def test_an_audit_reads_one_snapshot(scene: Scene, tmp_path: Path) -> None:
    copied = scene.copy(tmp_path)
    with open_database(f"sqlite:///{copied}") as database:
        with sqlite3.connect(copied) as writer:
            writer.execute("DELETE FROM status_words")
        writer.close()
        assert database.one("SELECT count(*) AS number FROM status_words")["number"] > 0


ERASE_ONE = (
    "INSERT INTO erased_digests SELECT digest, schema_id FROM credentials WHERE $ONE_CREDENTIAL",
    "INSERT INTO erased_places SELECT list_number, status_index FROM credentials WHERE $ONE_CREDENTIAL",
    "DELETE FROM attest_works WHERE credential_id IN (SELECT credential_id FROM credentials WHERE $ONE_CREDENTIAL)",
    "DELETE FROM credentials WHERE $ONE_CREDENTIAL",
)
LOGGED = (
    "INSERT INTO log_events (kind, body, occurred_at) VALUES"
    ' (\'credentials_erased\', CAST(\'{"copies":1,"erasure":"ers_1"}\' AS BLOB), 1 << 33)'
)


def test_erased_credential_is_no_attestation_nobody_issued(scene: Scene, tmp_path: Path) -> None:
    erased = [statement_of(statement) for statement in ERASE_ONE]
    assert not scene.audit(scene.copy(tmp_path, *erased, LOGGED)).findings


@pytest.mark.parametrize(
    "logged", [(), (LOGGED.replace('"copies":1', '"copies":"x"'),), (LOGGED.replace("copies", "copy"),)]
)
def test_credential_that_counts_as_erased_and_was_never_logged_so_is_found(
    scene: Scene, tmp_path: Path, logged: tuple[str, ...]
) -> None:
    erased = [statement_of(statement) for statement in ERASE_ONE]
    (finding,) = scene.audit(scene.copy(tmp_path, *erased, *logged)).findings
    assert finding.rule == rules.DATABASE_MISMATCH
    assert "1 credentials count as erased" in finding.message
