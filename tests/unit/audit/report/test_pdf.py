"""A PDF is printed by the browser there is, in bounded time, with the block's date; what fails says so."""

import subprocess
from pathlib import Path

import pytest

from audit.findings import AuditImpossible
from audit.report import pdf
from audit.report.pdf import dated, find_browser, print_pdf

TIME = 1_790_000_000


def browser(folder: Path, script: str) -> str:
    path = folder / "chromium"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def test_no_browser_is_a_clear_refusal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AuditImpossible, match="Chromium"):
        find_browser()


def test_a_browser_is_found_where_programs_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = browser(tmp_path, "exit 0")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_browser() == made


WRITES = 'for one in "$@"; do case "$one" in --print-to-pdf=*) {} > "${{one#--print-to-pdf=}}";; esac; done'


@pytest.mark.parametrize(
    "script",
    ["exit 3", "exit 0", WRITES.format("printf ''"), WRITES.format("printf '<html>'")],
    ids=["fails", "prints nothing", "prints an empty file", "prints no PDF"],
)
def test_a_browser_that_prints_no_pdf_is_a_clear_refusal(tmp_path: Path, script: str) -> None:
    with pytest.raises(AuditImpossible, match="the HTML file is whole"):
        print_pdf(browser(tmp_path, script), tmp_path / "a.html", tmp_path / "a.pdf", TIME)
    assert not (tmp_path / "a.pdf").exists()


def test_a_browser_that_never_ends_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "_TIMEOUT_S", 0.2)
    with pytest.raises(AuditImpossible, match="did not print") as caught:
        print_pdf(browser(tmp_path, "exec sleep 60"), tmp_path / "a.html", tmp_path / "a.pdf", TIME)
    assert isinstance(caught.value.__cause__, subprocess.TimeoutExpired)


def test_a_pdf_larger_than_the_bound_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "_MAX_BYTES", 5)
    with pytest.raises(AuditImpossible, match="did not print"):
        print_pdf(browser(tmp_path, WRITES.format("printf '%%PDF-1.4'")), tmp_path / "a", tmp_path / "b", TIME)


def test_the_dates_of_a_pdf_are_the_blocks_and_nothing_moves(tmp_path: Path) -> None:
    made = "printf \"%%PDF-1.4 /CreationDate (D:20991231235959+00'00') x\""
    print_pdf(browser(tmp_path, WRITES.format(made)), tmp_path / "a.html", tmp_path / "a.pdf", TIME)
    assert (tmp_path / "a.pdf").read_bytes() == b"%PDF-1.4 /CreationDate (D:20260921141320+00'00') x"
    assert dated(b"(D:2099)", TIME) == b"(D:2099)"


@pytest.mark.parametrize(("user", "given"), [(0, ("--no-sandbox",)), (1_000, ())])
def test_only_root_prints_without_the_browsers_sandbox(
    monkeypatch: pytest.MonkeyPatch, user: int, given: tuple[str, ...]
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: user)
    assert pdf._as_root() == given
