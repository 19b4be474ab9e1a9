"""Where a log is read from: servers within bounds, and folders of copies; trees that grow tile by tile."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest
import requests

from audit import rules
from audit.log.growing import Growing, leaves_of
from audit.log.site import Absent, Answer, Asked, Site, Unreadable
from jeung.crypto.tlog.tiles import Tile, bundles_of, tiles_of
from tests.common import naive_log
from tests.unit.audit.answers import answer_with, response
from tests.unit.audit.log_world import BANK, LogWorld, plain

ENTRIES = [plain(number) for number in range(700)]
TEXT = {"Content-Type": "text/plain; charset=utf-8"}
PAGE = Asked("/x", "text/plain", 100)


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 511, 512, 700])
def test_roots_and_tiles_are_those_of_the_definition(size: int) -> None:
    growing = Growing()
    roots: dict[int, bytes] = {}
    upper: dict[Tile, bytes] = {}
    for begin in range(0, size, 256):
        leaves = leaves_of(ENTRIES[begin : min(begin + 256, size)])
        found, full = growing.add(leaves, range(begin + 1, begin + len(leaves) + 1))
        roots.update(found)
        upper.update(full)
    upper.update(growing.partial())
    for wanted in {1, size // 2 or 1, size - 1 or 1, size}:
        assert roots[wanted] == naive_log.mth(ENTRIES[:wanted])
    assert upper == {
        tile: naive_log.tile(ENTRIES[:size], tile.level, tile.index, tile.width)
        for tile in tiles_of(size)
        if tile.level
    }
    again = Growing(growing.tiles, growing.rows)
    assert again.root() == naive_log.mth(ENTRIES[: again.size])


@pytest.mark.parametrize(("tiles", "rows"), [(1, []), (0, [[bytes(32)]]), (256, [[]]), (2, [[bytes(32)]])])
def test_rows_of_another_tree_are_refused(tiles: int, rows: list[list[bytes]]) -> None:
    with pytest.raises(ValueError, match="rows"):
        Growing(tiles, rows)


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def site(waits: list[float]) -> Iterator[Site]:
    site = Site("https://bank.example", timeout_s=0.5, sleep=waits.append)
    yield site
    site.close()


def test_a_busy_server_is_given_the_time_it_asks_for(
    monkeypatch: pytest.MonkeyPatch, site: Site, waits: list[float]
) -> None:
    answers = iter([response(b"", status=429, headers={"Retry-After": "1"}), response(b"good", headers=TEXT)])
    answer_with(monkeypatch, lambda request: next(answers))
    assert site.get(PAGE).body == b"good"
    assert waits == [1]


@pytest.mark.parametrize(("status", "pause"), [(429, "59"), (503, "59"), (500, "1"), (302, "1"), (401, "")])
def test_other_answers_are_told_of_by_their_status(
    monkeypatch: pytest.MonkeyPatch, site: Site, status: int, pause: str
) -> None:
    answer_with(monkeypatch, lambda request: response(b"", status=status, headers={"Retry-After": pause}))
    with pytest.raises(Unreadable, match=f"HTTP {status}"):
        site.get(PAGE)


def test_what_is_not_there_is_absent(monkeypatch: pytest.MonkeyPatch, site: Site) -> None:
    answer_with(monkeypatch, lambda request: response(b"", status=404))
    with pytest.raises(Absent):
        site.get(PAGE)


@pytest.mark.parametrize(
    ("body", "kind", "says"),
    [(b"x" * 101, "text/plain", "larger"), (b"x", "text/html", "media type")],
)
def test_another_answer_than_was_asked_for_is_refused(
    monkeypatch: pytest.MonkeyPatch, site: Site, body: bytes, kind: str, says: str
) -> None:
    answer_with(monkeypatch, lambda request: response(body, headers={"Content-Type": kind}))
    with pytest.raises(Unreadable, match=says):
        site.get(PAGE)


def test_a_server_that_never_ends_its_answer_is_left_and_asked_no_more(
    monkeypatch: pytest.MonkeyPatch, site: Site
) -> None:
    end, asked = threading.Event(), []

    def hang(request: requests.PreparedRequest) -> requests.Response:
        asked.append(request.url)
        end.wait(30)
        return response(b"", headers=TEXT)

    answer_with(monkeypatch, hang)
    site._timeout_s = 0.01
    try:
        for _ in range(3):
            with pytest.raises(Unreadable, match="slower"):
                site.get(PAGE)
    finally:
        end.set()
    assert len(asked) == 1


def test_all_answers_together_have_a_bound_on_time(monkeypatch: pytest.MonkeyPatch, site: Site) -> None:
    answer_with(monkeypatch, lambda request: response(b"good", headers=TEXT))
    with pytest.raises(Unreadable, match="slower"):
        list(site.many([PAGE] * 20, within_s=-1))


def test_questions_behind_a_failure_are_not_asked(monkeypatch: pytest.MonkeyPatch, site: Site) -> None:
    asked: list[str] = []
    other = Asked("/other", "text/plain", 100)

    def fail(request: requests.PreparedRequest) -> requests.Response:
        asked.extend([str(request.url)] if str(request.url).endswith("/other") else [])
        raise requests.ConnectionError

    answer_with(monkeypatch, fail)
    for _ in range(2):
        with pytest.raises(Unreadable, match="does not answer"):
            site.get(other)
    # What was asked ahead of the failure's answer fails with it.
    future: Future[Answer] = Future()
    site._jobs.put((other, future))
    with pytest.raises(Unreadable):
        future.result(timeout=5)
    assert len(asked) == 1


def copy_of(world: LogWorld, folder: Path) -> Path:
    """Copy a log as the guide says."""
    for url, (_, _, body, _) in world.pages.items():
        name = url.removeprefix("https://")
        if "/witness/" not in name:
            path = folder / (f"{name}/index.json" if name.endswith("/log") else name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
    return folder


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> LogWorld:
    world = LogWorld(entries=list(ENTRIES))
    answer_with(monkeypatch, world.answer)
    return world


def test_a_copy_serves_instead_of_the_server(world: LogWorld, tmp_path: Path) -> None:
    copy_of(world.serve(), tmp_path)
    assert world.judge(copies=tmp_path) == []
    assert not any(url.startswith("https://bank.example/log") for url in world.asked)


def test_a_full_tile_of_a_copy_serves_for_a_partial_one(world: LogWorld, tmp_path: Path) -> None:
    """The copy went on, the checkpoint in it is an older one."""
    more = [plain(number) for number in range(768)]
    copy_of(world.serve(more), tmp_path)
    note = world.note()
    (tmp_path / "bank.example/log/1/checkpoint").write_bytes(note)
    for tile in (*bundles_of(700), *tiles_of(700)):
        if tile.level:
            (tmp_path / f"bank.example/log/1/{tile.path}").parent.mkdir(parents=True, exist_ok=True)
            data = naive_log.tile(ENTRIES, tile.level, tile.index, tile.width)
            (tmp_path / f"bank.example/log/1/{tile.path}").write_bytes(data)
    assert {finding.rule for finding in world.judge(copies=tmp_path)} == {rules.LOG_COPY_SHORT}
    (tmp_path / f"bank.example/log/1/{Tile(None, 2).path}").write_bytes(b"rubbish")
    assert rules.LOG_MALFORMED in {finding.rule for finding in world.judge(copies=tmp_path)}


def test_a_copy_that_lacks_everything_is_found(world: LogWorld, tmp_path: Path) -> None:
    world.serve()
    assert [finding.rule for finding in world.judge(copies=tmp_path)] == [rules.LOG_MISSING]


def test_a_copy_with_an_absurdly_large_file_is_found(world: LogWorld, tmp_path: Path) -> None:
    copy_of(world.serve(), tmp_path)
    (tmp_path / "bank.example/log/1/checkpoint").write_bytes(bytes(1 << 20))
    (finding,) = world.judge(copies=tmp_path)
    assert (finding.rule, finding.member) == (rules.LOG_MISSING, BANK)
    assert "larger" in finding.message


def test_a_file_that_cannot_be_read_is_found(
    world: LogWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy_of(world.serve(), tmp_path)

    def refuse(path: Path, mode: str) -> None:
        raise OSError

    monkeypatch.setattr(Path, "open", refuse)
    (finding,) = world.judge(copies=tmp_path)
    assert "cannot be read" in finding.message


@pytest.mark.parametrize("url", ["https://../bank.example", "https:///etc"])
def test_an_address_that_leads_out_of_the_folder_names_no_copy(world: LogWorld, tmp_path: Path, url: str) -> None:
    inner = tmp_path / "copies"
    inner.mkdir()
    copy_of(world.serve(), tmp_path)
    world.state.members[BANK]["urls"].append(url)
    assert rules.LOG_MISSING in {finding.rule for finding in world.judge(copies=inner)}
