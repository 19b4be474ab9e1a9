import ast
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

import node
from jeung import services
from jeung.crypto import base64url
from jeung.domain.transparency import (
    KINDS,
    EntryKind,
    PublishedEntry,
    commitment_of,
    entry_of,
    log_origin,
    parse_entry,
    verified_entry,
    witness_name,
)
from jeung.domain.verification import LogEntry
from jeung.errors import MalformedTile

AT = 1_790_000_123
SALT = bytes(range(32))


def test_what_an_act_was_stays_at_home() -> None:
    entry = entry_of("credential_issued", b'{"credential":"crd_1"}', AT, SALT)
    commitment = hashlib.sha256(SALT + b'credential_issued\n{"credential":"crd_1"}').digest()
    text = base64url.encode(commitment)
    assert entry.encoded == f'{{"commitment":"{text}","kind":"issued","time":{AT},"v":1}}'.encode()


def test_the_commitment_depends_on_salt_event_and_body() -> None:
    seen = {commitment_of("a", b"{}", SALT), commitment_of("a", b"{}", SALT[::-1])}
    seen |= {commitment_of("b", b"{}", SALT), commitment_of("a", b"[]", SALT)}
    assert len(seen) == 4


def test_a_verification_is_published_by_the_commitment_to_its_evidence_and_to_the_hour() -> None:
    package = hashlib.sha256(b"package").digest()
    body = f'{{"commitment":"{base64url.encode(package)}"}}'.encode()
    logged = entry_of("presentation_judged", body, AT - AT % 3_600, SALT)
    assert logged == verified_entry(package, AT)
    assert logged.commitment == package


def test_what_the_chain_says_to_everybody_stands_in_clear() -> None:
    entry = entry_of("block_seen", b'{"hash":"0x00","number":7}', AT, b"")
    assert entry.encoded == b'{"facts":{"hash":"0x00","number":7},"kind":"block","time":%d,"v":1}' % AT
    assert parse_entry(entry.encoded) == entry


def test_an_event_the_table_does_not_know_is_an_operation_and_committed_to() -> None:
    entry = entry_of("something_new", b"{}", AT, SALT)
    assert entry.kind is EntryKind.OPERATION
    assert entry.commitment == commitment_of("something_new", b"{}", SALT)


@pytest.mark.parametrize("kind", EntryKind)
def test_entries_of_every_kind_read_as_they_were_written(kind: EntryKind) -> None:
    for entry in (PublishedEntry(kind, AT, commitment=SALT), PublishedEntry(kind, AT, facts={"a": 1})):
        assert parse_entry(entry.encoded) == entry


GOOD = PublishedEntry(EntryKind.ISSUED, AT, commitment=SALT).encoded


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{",
        GOOD + b" ",
        GOOD.replace(b"issued", b"unknown"),
        GOOD.replace(b'"v":1', b'"v":2'),
        GOOD.replace(b'"v":1', b'"v":1,"w":1'),
        GOOD.replace(str(AT).encode(), b'"now"'),
        GOOD.replace(str(AT).encode(), b"1.5"),
        GOOD.replace(b"commitment", b"commitments"),
        GOOD.replace(base64url.encode(SALT).encode(), base64url.encode(SALT[1:]).encode()),
        GOOD.replace(base64url.encode(SALT).encode(), b"*" * 43),
        GOOD.replace(b'"' + base64url.encode(SALT).encode() + b'"', b"7"),
        b'{"facts":7,"kind":"block","time":1,"v":1}',
        b'{"facts":{"a":"' + b"a" * 1_024 + b'"},"kind":"block","time":1,"v":1}',
    ],
    ids=[
        *("empty", "array", "cut", "space", "kind", "version", "member", "text-time", "fraction", "no-commitment"),
        *("short", "no-base64url", "number", "no-facts", "large"),
    ],
)
def test_whatever_is_no_entry_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedTile):
        parse_entry(data)


def test_names_come_from_the_members_address() -> None:
    assert log_origin("https://bank.example/id", 2) == "bank.example/id/log/2"
    assert witness_name("http://localhost:8101") == "localhost:8101/witness"


def logged_events() -> Iterator[tuple[str, str]]:
    """Every constant that the sources give to the event log as the name of an event."""
    for package in (services, node):
        for source in Path(package.__path__[0]).rglob("*.py"):
            tree = ast.parse(source.read_text("utf-8"))
            constants = {
                target.id: statement.value.value
                for statement in tree.body
                if isinstance(statement, ast.AnnAssign)
                and isinstance(target := statement.target, ast.Name)
                and isinstance(statement.value, ast.Constant)
            }
            for call in (found for found in ast.walk(tree) if isinstance(found, ast.Call)):
                name = call.func.id if isinstance(call.func, ast.Name) else ""
                if name not in ("log", "_log", LogEntry.__name__):
                    continue
                argument = call.args[0] if name == LogEntry.__name__ else call.args[1]
                if isinstance(argument, ast.Constant):
                    yield str(argument.value), source.name
                elif isinstance(argument, ast.Name) and argument.id in constants:
                    yield str(constants[argument.id]), source.name


def test_the_table_says_of_every_event_what_it_is_published_as() -> None:
    found = dict(logged_events())
    assert len(found) > 50
    assert {event: source for event, source in found.items() if event not in KINDS} == {}
