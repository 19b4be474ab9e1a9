"""Passphrases: taken from where nobody else looks, and shown nowhere."""

import copy
import getpass
import pickle
import traceback
import unicodedata
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from keys.errors import ExportRefused, InsecureFile, PassphraseRefused
from keys.passphrase import (
    MAX_BYTES,
    Passphrase,
    create_passphrase_file,
    prompt_passphrase,
    read_passphrase_file,
)

GOOD = "correct horse battery"


def stretched(passphrase: Passphrase) -> bytes:
    return passphrase.stretch(b"0123456789abcdef", time_cost=1, memory_kib=8, lanes=1)


def write(path: Path, data: bytes, mode: int = 0o600) -> Path:
    path.touch(mode=mode)
    path.chmod(mode)
    path.write_bytes(data)
    return path


def answers(*given: str) -> Callable[[str], str]:
    left = list(given)
    return lambda prompt: left.pop(0)


@pytest.mark.parametrize("ending", [b"", b"\n", b"\r\n"])
def test_file_holds_the_passphrase_on_its_only_line(tmp_path: Path, ending: bytes) -> None:
    read = read_passphrase_file(write(tmp_path / "p", GOOD.encode() + ending))
    assert stretched(read) == stretched(Passphrase(GOOD))


def test_hangul_typed_on_another_system_is_the_same_passphrase() -> None:
    composed = "비밀번호는길어야합니다정말로"
    decomposed = unicodedata.normalize("NFD", composed)
    assert composed != decomposed
    assert stretched(Passphrase(composed)) == stretched(Passphrase(decomposed))
    assert stretched(Passphrase(composed)) != stretched(Passphrase(composed + "."))


def test_spaces_at_the_ends_count(tmp_path: Path) -> None:
    read = read_passphrase_file(write(tmp_path / "p", f" {GOOD} \n".encode()))
    assert stretched(read) == stretched(Passphrase(f" {GOOD} "))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"elevenchars", id="too short"),
        pytest.param(b"x" * (MAX_BYTES + 1), id="too long"),
        pytest.param(b"\xff" * 20, id="not UTF-8"),
        pytest.param(b"first line here\nsecond line\n", id="two lines"),
        pytest.param(b"zero byte \0 in it", id="control character"),
    ],
)
def test_file_that_holds_no_passphrase_is_refused_without_showing_it(tmp_path: Path, data: bytes) -> None:
    path = write(tmp_path / "p", data)
    with pytest.raises(PassphraseRefused) as refusal:
        read_passphrase_file(path)
    shown = "".join(traceback.TracebackException.from_exception(refusal.value, capture_locals=True).format())
    for line in data.splitlines():
        assert repr(line)[2:-1] not in shown.replace(repr(data), "")


def test_refusal_carries_no_passphrase_in_its_context(tmp_path: Path) -> None:
    with pytest.raises(PassphraseRefused) as refusal:
        read_passphrase_file(write(tmp_path / "p", b"\xff secret part \xff"))
    assert refusal.value.__context__ is None


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_file_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(InsecureFile, match="0600"):
        read_passphrase_file(write(tmp_path / "p", GOOD.encode(), mode))


def test_linked_oversized_and_missing_files_are_refused(tmp_path: Path) -> None:
    real = write(tmp_path / "p", GOOD.encode())
    (tmp_path / "link").symlink_to(real)
    with pytest.raises(InsecureFile):
        read_passphrase_file(tmp_path / "link")
    with pytest.raises(InsecureFile, match="at most"):
        read_passphrase_file(write(tmp_path / "big", b"x" * (MAX_BYTES + 3)))
    with pytest.raises(PassphraseRefused, match="no passphrase file"):
        read_passphrase_file(tmp_path / "none")


def test_made_file_is_private_random_and_never_overwritten(tmp_path: Path) -> None:
    made = create_passphrase_file(tmp_path / "a")
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600
    assert stretched(read_passphrase_file(tmp_path / "a")) == stretched(made)
    before = (tmp_path / "a").read_bytes()
    assert len(before) == 44
    with pytest.raises(FileExistsError):
        create_passphrase_file(tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == before
    create_passphrase_file(tmp_path / "b")
    assert (tmp_path / "b").read_bytes() != before


def test_prompt_asks_once_or_twice() -> None:
    assert stretched(prompt_passphrase(ask=answers(GOOD))) == stretched(Passphrase(GOOD))
    assert stretched(prompt_passphrase(confirm=True, ask=answers(GOOD, GOOD))) == stretched(Passphrase(GOOD))
    with pytest.raises(PassphraseRefused, match="differ"):
        prompt_passphrase(confirm=True, ask=answers(GOOD, GOOD + "!"))


def test_prompt_that_would_echo_or_has_no_terminal_is_refused() -> None:
    def echoing(prompt: str) -> str:
        warnings.warn("Can not control echo on the terminal.", getpass.GetPassWarning, stacklevel=1)
        raise AssertionError("it went on to read with the echo on")

    def closed(prompt: str) -> str:
        raise EOFError

    for ask in (echoing, closed):
        with pytest.raises(PassphraseRefused, match="terminal"):
            prompt_passphrase(ask=ask)


@pytest.mark.parametrize("text", ["short", "x" * (MAX_BYTES + 1), "with a\ttab in it", "lone \ud800 surrogate"])
def test_impossible_passphrase_is_refused_and_not_shown(text: str) -> None:
    def build(hidden: list[str]) -> str:
        try:
            Passphrase(hidden[0])
        except PassphraseRefused as error:
            trace = error.__traceback__
            assert trace is not None
            frames = traceback.TracebackException(type(error), error, trace.tb_next, capture_locals=True)
            return "".join(frames.format())
        raise AssertionError("the passphrase was accepted")

    assert repr(text)[1:-1] not in build([text])


def test_passphrase_is_not_printed_copied_or_pickled() -> None:
    passphrase = Passphrase(GOOD)
    assert repr(passphrase) == str(passphrase) == "<Passphrase>"
    for act in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(ExportRefused):
            act(passphrase)
