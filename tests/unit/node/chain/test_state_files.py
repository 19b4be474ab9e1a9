"""States on disk: complete or absent, two of them, and a promise of durability that is kept."""

import os
from pathlib import Path

import pytest

from node.chain.state_files import DurableBlock, StateFiles, read_durable


def block(number: int) -> DurableBlock:
    return DurableBlock(number, number.to_bytes(32), 1_000 + number)


def numbers(files: StateFiles) -> list[int]:
    return [state.block_number for state in files.newest_first()]


def test_two_newest_generations_are_kept(tmp_path: Path) -> None:
    files = StateFiles(tmp_path)
    for number in (1, 2, 3):
        files.save(f"state {number}".encode(), block(number))
    assert numbers(files) == [3, 2]
    assert [state.path.read_bytes() for state in files.newest_first()] == [b"state 3", b"state 2"]
    assert read_durable(tmp_path / "durable.json") == block(3)


def test_newest_is_the_last_written_even_of_a_shorter_chain(tmp_path: Path) -> None:
    """After an older generation was loaded, the chain grows again from there."""
    files = StateFiles(tmp_path)
    files.save(b"long", block(90))
    files.save(b"short", block(10))
    assert numbers(StateFiles(tmp_path)) == [10, 90]


@pytest.mark.parametrize("damage", [b"", b"stat", b"state 3 and more", b"\0\0\0\0\0\0\0"])
def test_damaged_state_is_set_aside(tmp_path: Path, damage: bytes) -> None:
    files = StateFiles(tmp_path)
    for number in (2, 3):
        files.save(f"state {number}".encode(), block(number))
    newest = files.newest_first()[0].path
    newest.write_bytes(damage)
    assert numbers(files) == [2]
    assert newest.with_suffix(".broken").read_bytes() == damage
    files.save(b"state 4", block(4))
    assert numbers(files) == [4, 2], "a damaged state must not push a good one out"


@pytest.mark.parametrize("step", range(1, 12))
def test_failure_at_any_step_leaves_a_state_and_a_true_promise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """The disk refuses the n-th call that changes something; what was there before stays usable."""
    files = StateFiles(tmp_path)
    files.save(b"first", block(1))
    calls = 0

    def failing(original: object) -> object:
        def call(*args: object, **kwargs: object) -> object:
            nonlocal calls
            calls += 1
            if calls == step:
                raise OSError(28, "no space left on device")
            return original(*args, **kwargs)  # type: ignore[operator]

        return call

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", failing(os.fsync))
        patch.setattr(Path, "replace", failing(Path.replace))
        patch.setattr(Path, "unlink", failing(Path.unlink))
        for number in (2, 3):
            try:
                files.save(f"state {number}".encode(), block(number))
            except OSError:
                break
    known = StateFiles(tmp_path)
    promised = read_durable(tmp_path / "durable.json")
    assert promised is not None
    assert promised.number <= numbers(known)[0]
    assert list(tmp_path.glob("*.partial")) == []


def test_promise_is_taken_back_while_nothing_is_loaded(tmp_path: Path) -> None:
    files = StateFiles(tmp_path)
    files.save(b"state", block(1))
    files.retract_durable()
    assert read_durable(tmp_path / "durable.json") is None
    files.retract_durable()


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"7", b'{"block":1}', b'{"block":"x","hash":"0x","time":1}', b'{"block":1,"hash":5,"time":1}'],
)
def test_promise_that_cannot_be_read_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "durable.json").write_bytes(content)
    assert read_durable(tmp_path / "durable.json") is None


def test_foreign_files_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "state-x.json").write_text("mine")
    (tmp_path / "deployment.json").write_text("mine")
    files = StateFiles(tmp_path)
    files.save(b"state", block(1))
    assert numbers(files) == [1]
    assert (tmp_path / "state-x.json").read_text() == "mine"
