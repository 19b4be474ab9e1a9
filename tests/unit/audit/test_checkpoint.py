"""A checkpoint comes back as it was kept, or not at all."""

import hashlib
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit import checkpoint
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


def forge(path: Path, state: dict[str, Any], **changed: object) -> None:
    body = {"version": 1, "deployment_id": ID, "state": state, **changed}
    digest = hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()
    path.write_bytes(orjson.dumps({"sha256": digest, **body}))


@pytest.mark.parametrize(
    "changed", [{"block": "9"}, {"block": True}, {"members": []}, {"digests": None}, {"block_hash": 5}, {"more": {}}]
)
def test_a_state_of_another_shape_is_refused(tmp_path: Path, changed: dict[str, object]) -> None:
    path = tmp_path / "checkpoint"
    forge(path, State().as_json())
    assert checkpoint.load(path, ID) == State()
    forge(path, State().as_json() | changed)
    with pytest.raises(AuditImpossible):
        checkpoint.load(path, ID)


def test_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    forge(path, State().as_json(), version=2)
    with pytest.raises(AuditImpossible):
        checkpoint.load(path, ID)


@pytest.mark.parametrize("raw", [b"", b"null", b"5", b"[]", b"{}", b'{"sha256":1}', b"\xff\xfe", b"[" * 100_000])
def test_rubbish_is_refused(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "checkpoint"
    path.write_bytes(raw)
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
