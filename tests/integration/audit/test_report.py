"""A report of a real chain and database is one file, the same from the same inputs, and holds nobody's data."""

import json
import os
import shutil
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import pytest

from audit.findings import AuditImpossible
from audit.report.page import Inputs, render
from audit.report.pdf import BROWSERS
from audit.report.taken import Notebook
from audit.report.words import Language, Words
from audit.scope import Bounds
from cli.console import Exit
from cli.main import main
from cli.programs import CODE_DIR, jeung
from tests.integration.audit.scene import CREDENTIALS, PROFILE, Scene

pytestmark = pytest.mark.chain

PLACES = (
    {"PYTHONHASHSEED": "1", "TZ": "UTC", "LC_ALL": "C"},
    {"PYTHONHASHSEED": "77", "TZ": "Asia/Seoul", "LC_ALL": "C.UTF-8"},
)


def head(scene: Scene) -> int:
    return int(scene.chain.rpc.call("eth_blockNumber"), 16)


def written(scene: Scene, database: Path | None = None, **changed: Any) -> str:  # noqa: ANN401 - as scene.audit
    notebook = Notebook()
    report = scene.audit(database, observe=notebook.observe, **changed)
    inputs = Inputs("00" * 32, fixed=bool(changed.get("fixed")))
    return render(report, notebook.taken, inputs, Words(Language.ENGLISH))


def arguments(scene: Scene, folder: Path, *more: str) -> list[str]:
    deployment = str(scene.folder / "deployment.json")
    asked = [
        "audit",
        "report",
        "--rpc",
        scene.rpc_url,
        "--deployment",
        deployment,
        "--out",
        str(folder / "report.html"),
    ]
    return [*asked, *more]


def require_browser() -> None:
    if not any(map(shutil.which, BROWSERS)) and os.environ.get("CI") != "true":
        pytest.skip("Chromium is not installed (make system)")


def test_a_report_shows_figures_and_no_digest_no_index_and_no_identifier_of_a_person(scene: Scene) -> None:
    text = written(scene, scene.database)
    assert "No objections" in text
    assert f"<dt>credentials attested</dt><dd>{CREDENTIALS}</dd>" in text
    assert text.count("<svg") == 9
    with sqlite3.connect(scene.database) as connection:
        secrets = connection.execute("SELECT hex(digest), credential_id, subject_id, family_id FROM credentials")
        values = {str(value).lower() for row in secrets for value in row if value}
    connection.close()
    assert len(values) > CREDENTIALS
    assert not [value for value in values if value in text.lower()]


def test_two_processes_of_different_place_and_hash_seed_write_the_same_bytes(scene: Scene, tmp_path: Path) -> None:
    require_browser()
    made: list[list[bytes]] = []
    for number, place in enumerate(PLACES):
        folder = tmp_path / str(number)
        folder.mkdir()
        more = ("--at-block", str(head(scene)), "--language", "ko", "--pdf", str(folder / "report.pdf"))
        done = subprocess.run(
            jeung(*arguments(scene, folder, *more)),
            cwd=CODE_DIR,
            env={**os.environ, **place},
            capture_output=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        made.append([(folder / f"report.{kind}").read_bytes() for kind in ("html", "pdf")])
    assert made[0] == made[1]
    assert b"/CreationDate" in made[0][1]


def test_a_copy_of_a_database_gives_the_same_report_after_the_chain_went_on(scene: Scene, tmp_path: Path) -> None:
    bounds = Bounds(to_block=head(scene))
    before = written(scene, scene.database, bounds=bounds, fixed=True, now=lambda: 0)
    copied = tmp_path / "node.db"
    with sqlite3.connect(scene.database) as connection:
        connection.execute("VACUUM INTO ?", (str(copied),))
    connection.close()
    with scene.later_chain():
        scene.chain.mine(3)
        assert written(scene, copied, bounds=bounds, fixed=True, now=lambda: 1 << 40) == before
    assert "node index" in before
    assert "published lists and logs know only the present" in before


def test_a_database_that_stands_elsewhere_than_the_range_ends_is_not_compared(scene: Scene) -> None:
    text = written(scene, scene.database, bounds=Bounds(to_block=head(scene) - 5), fixed=True)
    assert "none: chain and published lists only" in text
    assert "the range does not end where its copy of the chain does" in text


def test_the_command_writes_the_file_and_says_its_digest(
    scene: Scene, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    require_browser()
    earlier = tmp_path / "earlier.json"
    fixed = ["--at-block", str(head(scene))]
    shutil.copy(scene.folder / "deployment.json", tmp_path / "scanned.txt")
    asked = arguments(scene, tmp_path)[2:6]
    assert main(["audit", "replay", *asked, "--to-block", fixed[1], "--format", "json"]) == Exit.DONE
    earlier.write_text(capsys.readouterr().out)
    assert json.loads(earlier.read_text())["clean"]
    more = ["--since", str(earlier), "--scan", str(tmp_path / "scanned.txt"), "--pdf", str(tmp_path / "report.pdf")]
    assert main(arguments(scene, tmp_path, *fixed, *more)) == Exit.DONE
    told = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in told] == [str(tmp_path / "report.html"), str(tmp_path / "report.pdf")]
    text = (tmp_path / "report.html").read_text("utf-8")
    assert "Neither then nor now" in text
    assert "scanned file scanned.txt" in text
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF-")


def test_findings_give_a_file_and_exit_code_1(scene: Scene, tmp_path: Path) -> None:
    (tmp_path / "values").write_text(PROFILE.decode())
    more = ["--at-block", str(head(scene)), "--known-values", str(tmp_path / "values")]
    assert main(arguments(scene, tmp_path, *more)) == Exit.NO
    text = (tmp_path / "report.html").read_text("utf-8")
    assert "personal-value-found" in text
    assert PROFILE.decode() not in text
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.html", "values"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--rpc", "http://127.0.0.1:9"), "does not answer"),
        (("--deployment", "/nowhere/deployment.json"), "cannot be read"),
        (("--since", "/nowhere/earlier.json"), "earlier audit"),
        (("--scan", "/nowhere/node.log"), "cannot be read"),
        (("--at-block", "1", "--from-block", "2"), "no block"),
    ],
    ids=["unreachable chain", "no deployment", "no earlier audit", "no scanned file", "empty range"],
)
def test_a_report_that_cannot_be_made_leaves_no_file(
    scene: Scene, tmp_path: Path, capsys: pytest.CaptureFixture[str], more: tuple[str, ...], said: str
) -> None:
    assert main(arguments(scene, tmp_path, *more)) == Exit.COULD_NOT_RUN
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_pdf_without_a_browser_is_refused_before_anything_is_read(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    more = ("--rpc", "http://127.0.0.1:9", "--pdf", str(tmp_path / "report.pdf"))
    assert main(arguments(scene, tmp_path, *more)) == Exit.COULD_NOT_RUN
    assert "Chromium" in capsys.readouterr().err


def test_an_audit_without_an_end_shows_nothing(scene: Scene) -> None:
    notebook = Notebook()
    with pytest.raises(AuditImpossible):
        scene.audit(observe=notebook.observe, bounds=Bounds(from_block=10**9))
    with pytest.raises(AuditImpossible):
        _ = notebook.taken
