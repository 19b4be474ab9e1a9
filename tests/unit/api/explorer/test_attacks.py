"""Whoever writes names on the chain, forges cursors or types rubbish gets text, a refusal or nothing."""

from typing import NoReturn
from unittest.mock import patch

import pytest

from api.explorer.pages import POLICY
from jeung.domain.identifiers import to_hex
from jeung.services.explorer import ExplorerService
from tests.common.rows import digest_of
from tests.unit.api.explorer.visit import UNKNOWN, Explored

EVIL = "<img src=x onerror=alert(1)>"
TURNED = "bank\u202egro.live"
OTHER = to_hex(digest_of("other"))
ENGLISH = {"Accept-Language": "en"}


# ---- who may read


def test_closed_explorer_leads_staff_to_the_console_and_shows_nothing() -> None:
    desk = Explored(explorer={})
    for path in ("", "/events", f"/members/{desk.member}", f"/attestations/{desk.digest}"):
        answer = desk.look(path)
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/console/audit{path}")
        assert desk.member not in answer.text.replace(path, "")
    assert desk.audit("").status_code == 200


def test_findings_stand_at_the_console_alone(explored: Explored) -> None:
    assert explored.look("/findings").status_code == 404
    assert "/findings" not in explored.look("").text


def test_explorer_can_only_be_read(explored: Explored) -> None:
    http = explored.app.test_client()
    for path in explored.pages():
        answer = http.post(f"/explorer{path.partition('?')[0]}")
        assert (answer.status_code, answer.mimetype) == (405, "text/html"), path
        assert "GET" in answer.headers["Allow"]


def test_every_answer_forbids_scripts_and_frames(explored: Explored) -> None:
    for path in ("", "/search?q=1", "/nothing", "/charts.css", "/language?to=en"):
        headers = explored.look(path).headers
        assert headers["Content-Security-Policy"] == POLICY, path
        assert (headers["X-Frame-Options"], headers["X-Content-Type-Options"]) == ("DENY", "nosniff"), path
    assert "script" not in POLICY


def test_reader_is_counted_like_any_other_stranger() -> None:
    desk = Explored(limits={"public": (3, 60)})
    answers = [desk.look("/logs") for _ in range(6)]
    assert answers[0].status_code == 200 or answers[0].status_code == 429
    assert answers[-1].status_code == 429
    assert "Retry-After" in answers[-1].headers
    assert "rate_limited" in answers[-1].text


def test_node_that_never_read_the_chain_says_so() -> None:
    desk = Explored()
    with desk.database.write() as tables:
        tables.freshness = None
    answer = desk.look("", **ENGLISH)
    assert (answer.status_code, "ledger_stale" in answer.text) == (503, True)
    assert desk.look("/search?q=" + UNKNOWN).status_code == 503


def test_what_breaks_inside_is_told_to_nobody(explored: Explored) -> None:
    def broken(_: ExplorerService) -> NoReturn:
        raise RuntimeError("secret of the house")

    with patch.object(ExplorerService, "logs", broken):
        answer = explored.look("/logs")
    assert (answer.status_code, "internal_error" in answer.text) == (500, True)
    assert "secret" not in answer.text


# ---- what is typed


@pytest.mark.parametrize(
    "question",
    [
        "",
        "%20",
        "0x",
        "0x12",
        "0x" + "g" * 64,
        "0x" + "1" * 65,
        "%3Cscript%3E",
        "a b",
        "bank.example%00",
        "%E2%80%AE",
        "https://",
        "ftp://bank.example",
        "bank.example?x=1",
        "x" * 3_000,
    ],
    ids=range(14),
)
def test_rubbish_is_refused_by_its_code_and_not_repeated(explored: Explored, question: str) -> None:
    for look in (explored.look, explored.audit):
        answer = look(f"/search?q={question}")
        assert (answer.status_code, "malformed_input" in answer.text) == (400, True)
        assert "script>" not in answer.text
        assert question[:20] == "" or len(question) < 8 or question[:20] not in answer.text


def test_what_nobody_knows_is_a_page_that_says_so(explored: Explored) -> None:
    for question in (UNKNOWN, "https://nobody.example", "nobody.example"):
        answer = explored.look(f"/search?q={question}")
        assert (answer.status_code, "not_found" in answer.text) == (404, True)
        assert question not in answer.text
    for page in ("members", "attestations", "batches", "transactions", "types", "proposals"):
        answer = explored.look(f"/{page}/{UNKNOWN}")
        assert (answer.status_code, answer.mimetype, "not_found" in answer.text) == (404, "text/html", True), page


@pytest.mark.parametrize(
    "path",
    ["/nothing", "/members/", "/members/0x12", "/attestations/<img src=x onerror=alert(1)>", "/../console"],
    ids=range(5),
)
def test_path_without_a_page_is_a_page_that_repeats_nothing(explored: Explored, path: str) -> None:
    answer = explored.look(path)
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert "onerror" not in answer.text


@pytest.mark.parametrize(
    "cursor",
    ["0", "1-2", "1-2-3-4", "-1-1-1", "1-1-g", "1" * 13 + "-1-1", "1-1-" + "f" * 8, "%D9%A1-1-1", "1-1-1%0A", "%00"],
    ids=range(10),
)
def test_forged_cursor_of_events_is_refused(explored: Explored, cursor: str) -> None:
    assert explored.look(f"/events?after={cursor}").status_code == 400


def test_cursor_to_anywhere_shows_what_lies_before_and_nothing_else(explored: Explored) -> None:
    assert explored.look("/events?after=ffffffffffff-ffffffffffff-fffffff").status_code == 200
    assert "<tbody>" not in explored.look("/events?after=0-0-0").text
    assert "<tbody>" not in explored.look(f"/events?member={UNKNOWN}").text
    assert explored.look("/events?member=0x12").status_code == 400


@pytest.mark.parametrize("cursor", ["-1", "1.0", "12345678", "0x1", "%D9%A1", "%C2%B2", "a"], ids=range(7))
def test_forged_place_in_a_list_is_refused(explored: Explored, cursor: str) -> None:
    for page in ("/proposals", f"/batches/{explored.batch}"):
        assert explored.look(f"{page}?after={cursor}").status_code == 400


def test_place_beyond_the_end_is_an_empty_page(explored: Explored) -> None:
    for page in ("/proposals", f"/batches/{explored.batch}"):
        assert explored.look(f"{page}?after=9999999").status_code == 200


def test_question_nobody_asks_and_one_asked_twice_are_refused(explored: Explored) -> None:
    assert explored.look("/logs?x=1").status_code == 400
    assert explored.look(f"/search?q={UNKNOWN}&q={UNKNOWN}").status_code == 400
