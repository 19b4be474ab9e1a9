"""Anyone may copy a member's log, and members bring theirs to be cosigned."""

import base64
from collections.abc import Callable

import pytest
from werkzeug.test import TestResponse

from jeung.crypto.tlog.checkpoints import Checkpoint, parse_checkpoint
from jeung.crypto.tlog.notes import parse_note, parse_note_key, verify_note
from jeung.crypto.tlog.tiles import bundles_of, parse_bundle, tiles_of
from jeung.domain.transparency import log_origin, opening_entry, parse_entry
from jeung.ports.log import Opening, Place, WitnessAnswer
from jeung.services.evidence.asking import LogReading, OtherLog
from jeung.services.evidence.vouched import named_block, read_vouch
from tests.common import naive_log
from tests.common.memory.world import SetClock
from tests.unit.api.parts import URL
from tests.unit.api.world import World


@pytest.fixture(scope="module")
def world() -> World:
    """A node that did something."""
    world = World()
    world.issued()
    world.publish_log()
    return world


def request_of(world: World, old: int = 0) -> tuple[bytes, str]:
    signed = world.node.transparency.last_checkpoint(1)
    assert signed is not None
    return f"old {old}\n\n".encode() + signed.note, signed.key


def test_a_stranger_can_copy_and_check_the_whole_log(world: World) -> None:
    index = world.http.get("/log").get_json()
    assert index["origins"] == [log_origin(URL, 1)]
    answer = world.http.get("/log/1/checkpoint")
    assert answer.content_type == "text/plain; charset=utf-8"
    assert answer.headers["Cache-Control"] == "public, max-age=2"
    note = parse_note(answer.data)
    assert verify_note(note, map(parse_note_key, index["keys"]))
    checkpoint = parse_checkpoint(note.text)
    entries: list[bytes] = []
    for tile in bundles_of(checkpoint.size):
        entries += parse_bundle(world.http.get(f"/log/1/{tile.path}").data, tile.width)
    assert naive_log.mth(entries) == checkpoint.root
    for tile in tiles_of(checkpoint.size):
        answer = world.http.get(f"/log/1/{tile.path}")
        assert answer.data == naive_log.tile(entries, tile.level or 0, tile.index, tile.width)
        assert answer.content_type == "application/octet-stream"
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_another_member_finds_its_word_for_a_block_there(world: World) -> None:
    class Calls:
        def call(self, method: str, url: str, body: bytes, key: str) -> WitnessAnswer:
            answer = world.http.open(url.removeprefix(URL), method=method)
            return WitnessAnswer(answer.status_code, answer.data, "")

    signed = world.node.transparency.last_checkpoint(1)
    assert signed is not None
    own = frozenset({bytes(parse_note_key(signed.key).verifier.thumbprint)})
    place = world.node.transparency.block_before(Place(1, signed.size))
    assert place is not None
    named = named_block(parse_entry(place[1]))
    assert named is not None
    vouches = LogReading(Calls(), SetClock(), OtherLog(URL, 1, own)).vouches([named[0]])
    vouch = read_vouch(vouches[named[0]])
    assert (vouch.origin, (vouch.number, vouch.hash)) == (log_origin(URL, 1), named)


def test_nothing_personal_stands_in_the_log(world: World) -> None:
    everything = b"".join(world.node.transparency.entries)
    for secret in (b"crd_", b"prf_", b"sub_", b"client:", b"staff:", b"evd_"):
        assert secret not in everything


@pytest.mark.parametrize(
    "path",
    [
        "/log/2/checkpoint",
        "/log/1/tile/0/001",
        "/log/1/tile/0/000",
        "/log/1/tile/64/000.p/1",
        "/log/1/tile/0/x000/000.p/1",
        "/log/1/tile/0/000.p/0",
        "/log/01/checkpoint",
        "/log/1/tile/../../../node.db",
        "/log/1/entries",
        "/witness/heads/stranger.example/log/1",
    ],
)
def test_what_is_not_there_is_not_found(world: World, path: str) -> None:
    assert world.http.get(path).status_code == 404


def test_a_log_without_a_checkpoint_says_so() -> None:
    assert World().http.get("/log/1/checkpoint").status_code == 404


def test_a_closed_epoch_and_the_present_one_are_both_served() -> None:
    world = World()
    world.issued()
    world.publish_log()
    closed = world.http.get("/log/1/checkpoint").data
    last = parse_checkpoint(parse_note(closed).text)
    log = world.node.transparency
    log.begin_epoch(Opening(2, last, last.size), now=1, fence=0)
    assert world.http.get("/log").get_json()["origins"] == [log_origin(URL, 1), log_origin(URL, 2)]
    assert world.http.get("/log/1/checkpoint").data == closed
    assert world.http.get("/log/2/checkpoint").status_code == 404
    bundle = world.http.get("/log/2/tile/entries/000.p/1").data
    assert parse_bundle(bundle, 1) == (opening_entry(last, 1).encoded,)
    assert world.http.get(f"/log/1/tile/entries/000.p/{last.size}").status_code == 200
    assert world.http.get(f"/log/1/tile/entries/000.p/{last.size + 1}").status_code == 404


def bring(world: World, body: bytes, key: str) -> TestResponse:
    return world.http.post(
        "/witness/add-checkpoint", data=body, content_type="text/plain", headers={"Jeung-Verifier-Key": key}
    )


@pytest.fixture(scope="module")
def cosigned(world: World) -> TestResponse:
    """The answer of a witness that was shown the log for the first time."""
    return bring(world, *request_of(world))


def test_a_witness_cosigns_and_remembers(world: World, cosigned: TestResponse) -> None:
    assert cosigned.status_code == 200
    body, key = request_of(world)
    note = parse_note(body.partition(b"\n\n")[2])
    witness = parse_note_key(cosigned.headers["Jeung-Verifier-Key"])
    assert verify_note(parse_note(note.encoded + cosigned.data), [witness])
    head = world.http.get(f"/witness/heads/{log_origin(URL, 1)}")
    assert head.data == note.encoded
    assert head.headers["Jeung-Verifier-Key"] == key


@pytest.mark.usefixtures("cosigned")
def test_a_witness_tells_the_size_it_saw_last(world: World) -> None:
    answer = bring(world, *request_of(world))
    assert answer.status_code == 409
    assert answer.content_type == "text/x.tlog.size"
    signed = world.node.transparency.last_checkpoint(1)
    assert signed is not None
    assert answer.data == f"{signed.size}\n".encode()


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        (lambda body: body.replace(b"old 0", b"old x"), 400, "malformed_note"),
        (lambda body: body.replace(log_origin(URL, 1).encode(), b"stranger.example/log/1"), 404, "not_found"),
        (lambda body: body[:-10] + b"AAAAAAAA=\n", 403, "checkpoint_not_signed"),
        (lambda body: b"a" * 70_000, 413, "input_too_large"),
    ],
    ids=["malformed", "stranger", "forged", "too-large"],
)
def test_a_bad_request_is_refused_with_its_code(
    world: World, change: Callable[[bytes], bytes], status: int, code: str
) -> None:
    body, key = request_of(world)
    answer = bring(world, change(body), key)
    assert answer.status_code == status
    assert answer.get_json()["code"] == code


@pytest.mark.usefixtures("cosigned")
def test_a_proof_that_does_not_fit_is_422(world: World) -> None:
    body, key = request_of(world)
    signed = world.node.transparency.last_checkpoint(1)
    assert signed is not None
    proof = base64.b64encode(bytes(32)).decode()
    text = body.replace(b"old 0\n", f"old {signed.size}\n{proof}\n".encode())
    answer = bring(world, text, key)
    assert (answer.status_code, answer.get_json()["code"]) == (422, "checkpoint_not_consistent")
    assert Checkpoint(log_origin(URL, 1), signed.size, signed.root).text.encode() in body


@pytest.mark.usefixtures("cosigned")
def test_what_a_witness_refused_is_shown_to_anybody(world: World) -> None:
    body, key = request_of(world)
    bring(world, body.replace(b"old 0\n", b"old 1\n" + base64.b64encode(bytes(32)) + b"\n"), key)
    size = parse_checkpoint(parse_note(body.partition(b"\n\n")[2]).text).size
    bring(world, body.replace(b"old 0\n", f"old {size}\n{base64.b64encode(bytes(32)).decode()}\n".encode()), key)
    answer = world.http.get(f"/witness/refused/{log_origin(URL, 1)}")
    assert answer.status_code == 200
    assert answer.get_json() == {"items": [{"note": body.partition(b"\n\n")[2].decode(), "key": key}]}


@pytest.mark.parametrize("origin", ["stranger.example/log/1", "bank.example", log_origin(URL, 1) + "/more"])
def test_of_no_log_nothing_was_refused(world: World, origin: str) -> None:
    assert world.http.get(f"/witness/refused/{origin}").status_code == 404
