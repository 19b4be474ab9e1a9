"""Files, databases and servers that are not what they should be are told so, and hold nothing up."""

import json
import sqlite3
import threading
from pathlib import Path

import pytest
import requests

from audit.checks import published
from audit.checks.bytecode import compare_bytecode
from audit.checks.published import fetch
from audit.database import open_database
from audit.deployment import read_deployment
from audit.findings import AuditImpossible
from audit.source import ChainReader
from audit.state import State
from node import artifacts
from tests.unit.audit.answers import FakeChain, answer_with, block, response

LIST = "http://bank.example/status-lists/0"
TYPE = {"Content-Type": "application/statuslist+jwt"}
DIRECTORY, REGISTRY = "0x" + "11" * 20, "0x" + "22" * 20


@pytest.mark.parametrize("url", ["postgresql://host/node", "nonsense", "", "sqlite://", "sqlite:////nowhere/node.db"])
def test_what_is_no_sqlite_database_cannot_be_audited(url: str) -> None:
    with pytest.raises(AuditImpossible), open_database(url):
        pass


def test_a_row_that_must_be_there_and_is_not(tmp_path: Path) -> None:
    (tmp_path / "node.db").touch()
    with open_database(f"sqlite:///{tmp_path / 'node.db'}") as database, pytest.raises(AuditImpossible):
        database.one("SELECT 1 WHERE 0")


@pytest.mark.parametrize("raw", [b"", b"[]", b"null", b"{}", b"\xff", b"[" * 100_000, b" " * (5 << 20)])
def test_a_deployment_file_that_is_none_is_refused(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "deployment.json"
    path.write_bytes(raw)
    with pytest.raises(AuditImpossible):
        read_deployment(path)


def test_a_deployment_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "deployment.json"
    facts = {"chain_id": 5, "deployment_id": "0xAB", "block": 7, "addresses": {"Directory": DIRECTORY}}
    path.write_text(json.dumps(facts))
    found = read_deployment(path)
    assert (found.chain_id, found.deployment_id, found.block, found.directory) == (5, "0xab", 7, DIRECTORY)


def test_a_served_list_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    answer_with(monkeypatch, lambda request: response(b"a.b.c\n", headers=TYPE))
    assert fetch(LIST) == "a.b.c"


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (404, TYPE, b"a.b.c"),
        (302, {**TYPE, "Location": "http://elsewhere.example"}, b"a.b.c"),
        (200, {"Content-Type": "text/html"}, b"a.b.c"),
        (200, {}, b"a.b.c"),
        (200, TYPE, b""),
        (200, TYPE, b"a b"),
        (200, TYPE, "한".encode()),
        (200, TYPE, b"a" * (5 << 20)),
        (200, {**TYPE, "Content-Encoding": "gzip"}, b"not gzip"),
    ],
)
def test_what_is_no_list_is_not_read(
    monkeypatch: pytest.MonkeyPatch, status: int, headers: dict[str, str], body: bytes
) -> None:
    answer_with(monkeypatch, lambda request: response(body, status=status, headers=headers))
    assert fetch(LIST) is None


@pytest.mark.parametrize("uri", ["file:///etc/passwd", "http://", "http://[", "nonsense"])
def test_an_address_that_is_none_is_not_read(uri: str) -> None:
    assert fetch(uri) is None


def test_a_server_that_never_answers_holds_nothing_up(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()

    def wait(request: requests.PreparedRequest) -> requests.Response:
        released.wait()
        return response(b"a.b.c", headers=TYPE)

    monkeypatch.setattr(published, "_TIMEOUT_S", 0.01)
    answer_with(monkeypatch, wait)
    assert fetch(LIST) is None
    released.set()


def bytecode_reasons(patch: pytest.MonkeyPatch, creation: bytes | None) -> dict[str, str]:
    """Audit a chain on which one transaction created the KeyRegistry, and whose every address has code."""
    made = [] if creation is None else [{"hash": "0x1", "to": None, "input": "0x" + creation.hex()}]
    chain = FakeChain(
        eth_getCode=lambda address, number: "0x00",
        eth_call=lambda call, number, override: "0x00",
        eth_getBlockByNumber=lambda number, full: block(
            int(number, 16), transactions=made if number == "0x5" else []
        ),
        eth_getTransactionReceipt=lambda name: {"contractAddress": REGISTRY},
    )
    answer_with(patch, chain)
    state = State(block=200, directory=DIRECTORY, contracts={"KeyRegistry": [[REGISTRY, 120]]})
    findings, _ = compare_bytecode(ChainReader("http://chain.example"), state)
    return {finding.subject.split()[0]: finding.message for finding in findings}


def test_a_name_without_a_contract_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    reasons = bytecode_reasons(monkeypatch, None)
    assert reasons.pop("KeyRegistry") == reasons.pop("Directory") == "no transaction before its naming created it"
    assert set(reasons) == set(artifacts.CONTRACT_NAMES) - {"KeyRegistry", "Directory"}
    assert set(reasons.values()) == {"the Directory names no such contract"}


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (b"", "the constructor's arguments do not have their shape"),
        (bytes(12) + b"\x33" * 20, "it was made for another Consortium"),
    ],
)
def test_a_contract_made_for_others_is_found(monkeypatch: pytest.MonkeyPatch, arguments: bytes, reason: str) -> None:
    creation = artifacts.load("KeyRegistry").bytecode + arguments
    assert bytecode_reasons(monkeypatch, creation)["KeyRegistry"] == reason


def test_other_creation_code_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    assert bytecode_reasons(monkeypatch, b"\x00")["KeyRegistry"] == "the creation code is not the artifact's"


WRITES = [
    "INSERT INTO t VALUES (2)",
    "UPDATE t SET x = 2",
    "DELETE FROM t",
    "REPLACE INTO t VALUES (1)",
    "DROP TABLE t",
    "CREATE TABLE u (x)",
    "CREATE TEMP TABLE u (x)",
    "CREATE INDEX i ON t (x)",
    "ALTER TABLE t ADD y",
    "ATTACH DATABASE '{other}' AS other",
    "VACUUM",
    "VACUUM INTO '{other}'",
    "REINDEX",
    "ANALYZE",
    "PRAGMA query_only = OFF",
    "PRAGMA journal_mode = DELETE",
    "PRAGMA user_version = 7",
    "PRAGMA writable_schema = ON",
    "SAVEPOINT s",
]


@pytest.mark.parametrize("statement", WRITES)
def test_an_audits_connection_cannot_write(tmp_path: Path, statement: str) -> None:
    path, other = tmp_path / "node.db", tmp_path / "other.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE t (x PRIMARY KEY)")
    connection.execute("INSERT INTO t VALUES (1)")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    with open_database(f"sqlite:///{path}") as database:
        with pytest.raises(AuditImpossible):
            list(database.rows(statement.format(other=other)))
        assert list(database.rows("SELECT x FROM t")) == [{"x": 1}]
    assert path.read_bytes() == before
    assert not other.exists()


def test_each_restriction_of_the_connection_holds_by_itself(tmp_path: Path) -> None:
    """Lifting the authorizer leaves two more: the mode of the file and SQLite's own switch."""
    path = tmp_path / "node.db"
    sqlite3.connect(path).execute("CREATE TABLE t (x)").connection.close()
    with open_database(f"sqlite:///{path}") as database:
        raw = database.connection.connection.driver_connection
        assert raw is not None
        raw.set_authorizer(None)
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            raw.execute("INSERT INTO t VALUES (1)")
        raw.execute("PRAGMA query_only = OFF")
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            raw.execute("INSERT INTO t VALUES (1)")
