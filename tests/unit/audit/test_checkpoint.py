"""A checkpoint comes back as it was kept, or not at all."""

import hashlib
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit import checkpoint
from audit.digests import Run
from audit.findings import AuditImpossible
from audit.replay import replay
from audit.state import State
from tests.unit.audit.history import founded, packed

ID = "0x" + "ab" * 32


def lived() -> State:
    history = founded().attest(1, 2).set_statuses(1, packed(3))
    state = history.blank()
    replay(state, history.events)
    state.block, state.block_hash = 9, "0x" + "cd" * 32
    return state


def test_a_checkpoint_comes_back_as_it_was_kept(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    checkpoint.save(path, ID, lived())
    assert checkpoint.load(path, ID) == lived()
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_no_checkpoint_yet_is_none(tmp_path: Path) -> None:
    assert checkpoint.load(tmp_path / "absent", ID) is None


def test_another_consortiums_checkpoint_is_refused(tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "checkpoint", ID, lived())
    with pytest.raises(AuditImpossible, match="another consortium"):
        checkpoint.load(tmp_path / "checkpoint", "0x" + "ac" * 32)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(place=st.integers(0, 10**6), change=st.integers(1, 255))
def test_no_changed_byte_is_believed(tmp_path: Path, place: int, change: int) -> None:
    path = tmp_path / "checkpoint"
    checkpoint.save(path, ID, lived())
    raw = bytearray(path.read_bytes())
    raw[place % len(raw)] ^= change
    path.write_bytes(raw)
    try:
        found = checkpoint.load(path, ID)
    except AuditImpossible:
        return
    assert found == lived()


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(kept=st.integers(0, 10**6))
def test_no_truncated_checkpoint_is_believed(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "checkpoint"
    checkpoint.save(path, ID, lived())
    raw = path.read_bytes()
    path.write_bytes(raw[: kept % len(raw)])
    with pytest.raises(AuditImpossible):
        checkpoint.load(path, ID)


def forge(path: Path, state: dict[str, Any], *batches: dict[str, object], **changed: object) -> None:
    tables = orjson.dumps(state)
    head = {"version": 4, "deployment_id": ID, "state_bytes": len(tables), **changed}
    body = orjson.dumps(head) + b"\n" + tables
    for batch in batches:
        body += orjson.dumps(batch) + b"\n" + bytes(32)
    path.write_bytes(body + hashlib.sha256(body).digest())


@pytest.mark.parametrize(
    "changed",
    [
        {"block": "9"},
        {"block": True},
        {"members": []},
        {"digests": {}},
        {"block_hash": 5},
        {"more": {}},
        {"statuses": {"i/0": [[0, "0", [-1] * 128]]}},
    ],
    ids=str,
)
def test_a_state_of_another_shape_is_refused(tmp_path: Path, changed: dict[str, object]) -> None:
    path = tmp_path / "checkpoint"
    forge(path, State().as_json())
    assert checkpoint.load(path, ID) == State()
    forge(path, State().as_json() | changed)
    with pytest.raises(AuditImpossible):
        checkpoint.load(path, ID)


BATCH: dict[str, object] = {"batch": "b", "issuer": "i", "schema": "s", "time": 1, "block": 1, "bytes": 32}


def test_a_batch_comes_back_as_it_was_forged(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    forge(path, State().as_json(), BATCH)
    loaded = checkpoint.load(path, ID)
    assert loaded is not None
    assert list(loaded.digests) == [Run("b", "i", "s", 1, 1, bytes(32))]


WRONG_BATCHES: dict[str, dict[str, object]] = {
    "no text": {"batch": 5},
    "no issuer": {"issuer": None},
    "time as text": {"time": "1"},
    "block no number": {"block": True},
    "block without end": {"block": 1 << 63},
    "half a digest": {"bytes": 31},
    "negative": {"bytes": -1},
    "length as text": {"bytes": "32"},
    "absurd length": {"bytes": 1 << 60},
    "digests of its own": {"digests": "00"},
    "more": {"more": 1},
    "a line without end": {"batch": "b" * 5_000},
}


@pytest.mark.parametrize("wrong", WRONG_BATCHES)
def test_a_batch_of_another_shape_is_refused(tmp_path: Path, wrong: str) -> None:
    path = tmp_path / "checkpoint"
    forge(path, State().as_json(), {**BATCH, **WRONG_BATCHES[wrong]})
    with pytest.raises(AuditImpossible):
        checkpoint.load(path, ID)


def test_a_batch_that_stands_there_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    forge(path, State().as_json(), BATCH, BATCH)
    with pytest.raises(AuditImpossible):
        checkpoint.load(path, ID)


@pytest.mark.parametrize(
    "changed", [{"version": 1}, {"version": 5}, {"state_bytes": 1 << 40}, {"state_bytes": 0}], ids=str
)
def test_another_version_or_an_absurd_length_is_refused(tmp_path: Path, changed: dict[str, Any]) -> None:
    path = tmp_path / "checkpoint"
    forge(path, State().as_json(), **changed)
    with pytest.raises(AuditImpossible):
        checkpoint.load(path, ID)


@pytest.mark.parametrize(
    "raw", [b"", b"null", b"5\n", b"[]\n", b"{}\n", b'{"version":4}\n', b"\xff\xfe", b"[" * 100_000, b"x" * 40]
)
def test_rubbish_is_refused(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "checkpoint"
    for hashed in (b"", hashlib.sha256(raw).digest()):
        path.write_bytes(raw + hashed)
        with pytest.raises(AuditImpossible):
            checkpoint.load(path, ID)


def test_a_checkpoint_beyond_the_bound_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "_MAX_BYTES", 10)
    path = tmp_path / "checkpoint"
    path.write_bytes(b"x" * 11)
    with pytest.raises(AuditImpossible, match="larger"):
        checkpoint.load(path, ID)


def test_a_folder_in_its_place_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AuditImpossible):
        checkpoint.load(tmp_path, ID)
    (tmp_path / "inside").mkdir()
    with pytest.raises(AuditImpossible):
        checkpoint.save(tmp_path / "inside", ID, State())
    assert [path.name for path in tmp_path.iterdir()] == ["inside"], "nothing half-written is left behind"


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AuditImpossible):
        checkpoint.save(tmp_path / "absent" / "checkpoint", ID, State())


def test_what_is_no_json_is_not_kept(tmp_path: Path) -> None:
    with pytest.raises(AuditImpossible):
        checkpoint.save(tmp_path / "checkpoint", ID, State(closed={"x": 1 << 300}))
    assert list(tmp_path.iterdir()) == []
