"""What a process does so that its memory ends in no file, and what it says where it may not."""

import json
import logging
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from keys import process
from keys.algorithms import software_kind
from keys.memory import wipe, wiped
from keys.process import Hardening, harden, may_lock
from keys.purposes import Purpose
from tests.common.custody import SoftwareCustody

ROOT = Path(__file__).parents[3]
HARDENED = """
import ctypes, json, resource
from keys.process import harden

done = harden()
locked = next(line for line in open("/proc/self/status") if line.startswith("VmLck"))
print(json.dumps({
    "core": resource.getrlimit(resource.RLIMIT_CORE),
    "dumpable": ctypes.CDLL(None).prctl(3, 0, 0, 0, 0),
    "locked_kib": int(locked.split()[1]),
    "said": [done.writes_no_core, done.is_not_dumpable, done.is_memory_locked],
}))
blocks = [bytearray(1 << 20) for _ in range(64)]
"""


def hardened() -> dict[str, object]:
    """Harden another process; this one has to stay debuggable."""
    done = subprocess.run(
        [sys.executable, "-c", HARDENED], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_hardened_process_writes_no_core_and_cannot_be_traced() -> None:
    found = hardened()
    assert found["core"] == [0, 0]
    assert found["dumpable"] == 0


def test_process_says_truly_whether_its_memory_is_locked() -> None:
    found = hardened()
    said = found["said"]
    assert isinstance(said, list)
    locked = found["locked_kib"]
    assert isinstance(locked, int)
    assert said[2] == (locked > 0)


@pytest.mark.parametrize(
    ("limit", "capabilities", "may"),
    [
        (resource.RLIM_INFINITY, 0, True),
        (8 << 20, 1 << 14, True),
        (8 << 20, 0, False),
        (8 << 20, (1 << 13) | (1 << 15), False),
        (0, 0, False),
    ],
)
def test_memory_is_locked_only_where_no_limit_can_be_hit_later(limit: int, capabilities: int, may: bool) -> None:
    assert may_lock(limit, capabilities) is may


def test_what_the_platform_forbids_is_said_and_does_not_stop_the_process(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> None:
        raise ValueError

    monkeypatch.setattr(resource, "setrlimit", refuse)
    monkeypatch.setattr(resource, "getrlimit", lambda _: (8 << 20, resource.RLIM_INFINITY))
    monkeypatch.setattr(process, "_STATUS", Path("/nonexistent"))
    monkeypatch.setattr(process, "_called", lambda *_: False)
    with caplog.at_level(logging.WARNING):
        assert harden() == Hardening(False, False, False)
    assert "memory_not_locked" in caplog.text
    assert "core_files_possible" in caplog.text
    caplog.clear()
    assert harden(quiet=True) == Hardening(False, False, False)
    assert caplog.text == ""


def test_platform_without_the_calls_is_borne() -> None:
    assert process._called("no_such_function_of_any_platform") is False
    assert process._called("prctl", 0xFFFF) is False


def test_nothing_is_said_where_all_was_reached(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("_without_core", "_not_dumpable", "_memory_locked"):
        monkeypatch.setattr(process, name, lambda: True)
    assert harden() == Hardening(True, True, True)
    assert caplog.text == ""


def test_memory_may_be_locked_where_there_is_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    monkeypatch.setattr(process, "_called", lambda *_: True)
    assert process._memory_locked() is True


def test_capabilities_are_read_from_the_system() -> None:
    assert process._capabilities() >= 0


# Wiping


def test_wiped_secret_is_zero_however_its_block_ends() -> None:
    secret = bytearray(b"secret")
    view = memoryview(secret)
    with pytest.raises(ZeroDivisionError), wiped(secret):
        raise ZeroDivisionError
    assert bytes(view) == bytes(6)
    wipe(secret)
    assert secret == bytes(6)


def test_private_bytes_are_zero_once_the_key_is_made_and_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bytearray] = []
    kind = type(software_kind("Ed25519"))
    generate, load = kind.generate, kind.load

    def watched_generate(self: object) -> bytearray:
        seen.append(generate(self))  # type: ignore[arg-type]
        assert any(seen[-1])
        return seen[-1]

    def watched_load(self: object, key_id: str, private: bytearray) -> object:
        seen.append(private)
        assert any(private)
        return load(self, key_id, private)  # type: ignore[arg-type]

    monkeypatch.setattr(kind, "generate", watched_generate)
    monkeypatch.setattr(kind, "load", watched_load)
    custody = SoftwareCustody(tmp_path)
    with custody.create() as keystore:
        record = keystore.activate(keystore.create(Purpose.WITNESS_COSIGNING).key_id)
    with custody.open() as keystore:
        assert keystore.sign(record.key_id, Purpose.WITNESS_COSIGNING, b"message")
    assert len(seen) == 3
    assert not any(byte for private in seen for byte in private)
