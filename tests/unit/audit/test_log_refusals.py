"""What a witness refused is known to every audit, not to its own alone: a log that showed it signed it."""

import orjson
import pytest

from audit import rules
from tests.common.jose import Ed25519Signer
from tests.unit.audit.answers import answer_with
from tests.unit.audit.log_world import BANK, EXCHANGE, JSON, ORIGIN, REGULATOR, URLS, LogWorld, found, plain

OTHERS = [plain(9_000 + number) for number in range(900)]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> LogWorld:
    world = LogWorld()
    answer_with(monkeypatch, world.answer)
    return world.serve()


def refuse(world: LogWorld, *notes: bytes, witness: str = EXCHANGE, key: str | None = None) -> None:
    text = world.named(world.log_key).text if key is None else key
    say(world, {"items": [{"note": note.decode(), "key": text} for note in notes]}, witness=witness)


def say(world: LogWorld, said: object, witness: str = EXCHANGE) -> None:
    world.pages[f"{URLS[witness]}/witness/refused/{ORIGIN}"] = 200, JSON, orjson.dumps(said), {}


@pytest.mark.parametrize("size", [3, 255, 600])
def test_a_history_that_a_witness_refused_convicts_the_log_that_signed_it(world: LogWorld, size: int) -> None:
    refuse(world, world.note(OTHERS[:size], witnesses=()))
    (finding,) = world.judge()
    assert (finding.rule, finding.member) == (rules.LOG_FORKED, BANK)
    assert "the witness https://exchange.example (refused)" in finding.message


def test_more_than_the_log_shows_is_found_though_its_witness_refused_it(world: LogWorld) -> None:
    refuse(world, world.note(OTHERS, witnesses=()))
    assert found(world) == [(rules.LOG_SHRUNK, BANK)]


def test_what_was_refused_for_its_proof_alone_accuses_nobody(world: LogWorld) -> None:
    """Anybody may bring a checkpoint of the log with a proof that does not fit."""
    refuse(world, world.note(world.entries[:300], witnesses=()), world.note(witnesses=()))
    assert found(world) == []


def test_who_refused_a_checkpoint_does_not_vouch_for_it(world: LogWorld) -> None:
    world.serve(note=world.note(witnesses=()))
    heads = [f"{URLS[witness]}/witness/heads/{ORIGIN}" for witness in (EXCHANGE, REGULATOR)]
    for head in heads:
        del world.pages[head]
    for witness in (EXCHANGE, REGULATOR):
        refuse(world, world.note(witnesses=()), witness=witness)
    assert found(world) == [(rules.LOG_UNDERSIGNED, BANK)]


def test_what_the_log_did_not_sign_is_held_against_the_witness(world: LogWorld) -> None:
    stranger = Ed25519Signer()
    forged = world.note(OTHERS[:9], witnesses=(), key=stranger)
    refuse(world, forged, forged, key=world.named(stranger).text)
    assert found(world) == [(rules.WITNESS_UNFIT, EXCHANGE)]


EMPTY = {"note": "", "key": ""}


def said(**item: object) -> dict[str, object]:
    return {"items": [item]}


@pytest.mark.parametrize(
    "answer",
    [
        [],
        {},
        {"items": None},
        {"items": [1]},
        said(note="a"),
        said(note=1, key="a"),
        {"items": [EMPTY] * 257},
    ],
    ids=["list", "nothing", "none", "number", "no-key", "no-text", "many"],
)
def test_an_answer_of_another_form_is_held_against_the_witness(world: LogWorld, answer: object) -> None:
    say(world, answer)
    assert found(world) == [(rules.WITNESS_UNFIT, EXCHANGE)]


def test_what_is_no_json_is_held_against_the_witness(world: LogWorld) -> None:
    world.pages[f"{URLS[EXCHANGE]}/witness/refused/{ORIGIN}"] = 200, JSON, b"{", {}
    assert found(world) == [(rules.WITNESS_UNFIT, EXCHANGE)]


@pytest.mark.parametrize("status", [404, 500])
def test_a_witness_of_an_older_version_tells_no_refusals(world: LogWorld, status: int) -> None:
    world.pages[f"{URLS[EXCHANGE]}/witness/refused/{ORIGIN}"] = status, JSON, b"", {}
    assert found(world) == []
