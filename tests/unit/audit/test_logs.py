"""Every way in which a log can be wrong has its finding; a sound one has none; no server makes an audit fail."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest
import requests

from audit import rules
from audit.findings import Rule
from audit.log.trial import MAX_ENTRIES
from jeung.crypto.tlog.checkpoints import Checkpoint
from jeung.crypto.tlog.notes import KeyType, NoteSignature, encode_note
from tests.common import naive_log
from tests.common.jose import Ed25519Signer
from tests.unit.audit.answers import answer_with
from tests.unit.audit.log_world import (
    BANK,
    EXCHANGE,
    JSON,
    NOW,
    ORIGIN,
    REGULATOR,
    TEXT,
    URLS,
    LogWorld,
    found,
    plain,
)

OTHERS = [plain(9_000 + number) for number in range(900)]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> LogWorld:
    world = LogWorld()
    answer_with(monkeypatch, world.answer)
    return world


@pytest.mark.parametrize("size", [1, 255, 256, 257, 512, 600])
def test_a_sound_log_leaves_nothing_to_say(world: LogWorld, size: int) -> None:
    world.entries = world.entries[:size]
    world.serve()
    assert found(world) == []
    assert world.state.logs[f"{BANK}/1"]["size"] == size
    (seen,) = [log for log in world.seen if log.member == BANK]
    assert (seen.epoch, seen.size, seen.able) == (1, size, 2)
    assert {member for member, _ in seen.witnesses} == {EXCHANGE, REGULATOR}


def altered(entries: list[bytes]) -> list[bytes]:
    return [*entries[:300], plain(7_777), *entries[301:]]


def forged(world: LogWorld) -> None:
    """Entries that are others than those that were signed, with tiles that fit them."""
    note = world.note()
    world.serve(altered(world.entries), note)
    for witness in (EXCHANGE, REGULATOR):
        world.head(witness, world.note(witnesses=()))


def reordered(world: LogWorld) -> None:
    note = world.note()
    world.serve([*world.entries[1:2], *world.entries[:1], *world.entries[2:]], note)
    for witness in (EXCHANGE, REGULATOR):
        world.head(witness, world.note(witnesses=()))


def huge(world: LogWorld) -> None:
    checkpoint = Checkpoint(ORIGIN, MAX_ENTRIES + 1, bytes(32))
    key = world.named(world.log_key)
    signed = world.log_key.sign(checkpoint.text.encode())
    world.page("/log/1/checkpoint", encode_note(checkpoint.text, [NoteSignature(key.name, key.key_id, signed)]), TEXT)


def uncosigned(world: LogWorld) -> None:
    world.page("/log/1/checkpoint", world.note(witnesses=()), TEXT)
    for witness in (EXCHANGE, REGULATOR):
        del world.pages[f"{URLS[witness]}/witness/heads/{ORIGIN}"]


def half_cosigned(world: LogWorld) -> None:
    world.page("/log/1/checkpoint", world.note(witnesses=(EXCHANGE,)), TEXT)
    world.head(REGULATOR, world.note(world.entries[:5], witnesses=()))


def keyless(world: LogWorld) -> None:
    world.state.keys.clear()
    world.batch()


BAD: dict[str, tuple[Callable[[LogWorld], Any], Rule]] = {
    "entries altered": (forged, rules.LOG_TREE_MISMATCH),
    "entries re-ordered": (reordered, rules.LOG_TREE_MISMATCH),
    "no index": (lambda world: world.pages.pop(URLS[BANK] + "/log"), rules.LOG_MISSING),
    "index no JSON": (lambda world: world.page("/log", b"{", JSON), rules.LOG_MALFORMED),
    "index of other things": (
        lambda world: world.page("/log", b'{"origins":[1],"keys":[]}', JSON),
        rules.LOG_MALFORMED,
    ),
    "index of countless keys": (
        lambda world: world.page("/log", b'{"origins":[],"keys":[%s""]}' % (b'"",' * 2_000), JSON),
        rules.LOG_MALFORMED,
    ),
    "index without the log's key": (
        lambda world: world.page("/log", b'{"origins":[],"keys":["x"]}', JSON),
        rules.LOG_UNSIGNED,
    ),
    "index without bounds": (lambda world: world.page("/log", b" " * (1 << 20), JSON), rules.LOG_MISSING),
    "no checkpoint any more": (lambda world: world.pages.pop(URLS[BANK] + "/log/1/checkpoint"), rules.LOG_SHRUNK),
    "checkpoint truncated": (
        lambda world: world.page("/log/1/checkpoint", world.note()[:60], TEXT),
        rules.LOG_MALFORMED,
    ),
    "checkpoint of another medium": (
        lambda world: world.page("/log/1/checkpoint", world.note(), "text/html"),
        rules.LOG_MISSING,
    ),
    "checkpoint elsewhere": (
        lambda world: world.page("/log/1/checkpoint", b"", TEXT, status=302),
        rules.LOG_MISSING,
    ),
    "checkpoint of another log": (
        lambda world: world.page("/log/1/checkpoint", world.note(origin="other.example/log/1"), TEXT),
        rules.LOG_FOREIGN,
    ),
    "checkpoint by a stranger's key": (
        lambda world: world.page("/log/1/checkpoint", world.note(key=Ed25519Signer()), TEXT),
        rules.LOG_UNSIGNED,
    ),
    "checkpoint with a forged signature": (
        lambda world: world.page("/log/1/checkpoint", world.note().replace(b"\n600\n", b"\n599\n"), TEXT),
        rules.LOG_UNSIGNED,
    ),
    "checkpoint absurdly large": (huge, rules.LOG_MALFORMED),
    "no bundle": (lambda world: world.pages.pop(URLS[BANK] + "/log/1/tile/entries/001"), rules.LOG_INCOMPLETE),
    "bundle truncated": (
        lambda world: world.page("/log/1/tile/entries/001", b"\x00\x05abc"),
        rules.LOG_MALFORMED,
    ),
    "bundle without bounds": (
        lambda world: world.page("/log/1/tile/entries/001", bytes(1 << 20)),
        rules.LOG_MISSING,
    ),
    "tile of leaves altered": (
        lambda world: world.page("/log/1/tile/0/001", bytes(256 * 32)),
        rules.LOG_TILE_MISMATCH,
    ),
    "tile above altered": (lambda world: world.page("/log/1/tile/1/000.p/2", bytes(64)), rules.LOG_TILE_MISMATCH),
    "nobody cosigned": (uncosigned, rules.LOG_UNDERSIGNED),
    "half cosigned": (half_cosigned, rules.LOG_UNDERSIGNED),
    "a witness that shows nothing": (
        lambda world: world.pages.update({f"{URLS[EXCHANGE]}/witness/heads/{ORIGIN}": (500, TEXT, b"", {})}),
        rules.WITNESS_MISSING,
    ),
    "a witness that shows rubbish": (lambda world: world.head(EXCHANGE, b"rubbish"), rules.WITNESS_UNFIT),
    "a witness that shows a stranger's": (
        lambda world: world.head(EXCHANGE, world.note(OTHERS, key=Ed25519Signer())),
        rules.WITNESS_UNFIT,
    ),
    "a member that attests and keeps no log": (keyless, rules.LOG_MISSING),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_has_its_finding(world: LogWorld, name: str) -> None:
    change, rule = BAD[name]
    world.serve()
    change(world)
    assert rule in {one for one, _ in found(world)}
    assert world.state.logs == {} or rule in (rules.WITNESS_MISSING, rules.WITNESS_UNFIT)


def test_a_server_that_is_down_is_asked_once(world: LogWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    world.serve()

    def fail(request: requests.PreparedRequest) -> requests.Response:
        if str(request.url).startswith(URLS[BANK]):
            world.asked.append(str(request.url))
            raise requests.ConnectionError
        return world.answer(request)

    answer_with(monkeypatch, fail)
    assert found(world) == [(rules.LOG_MISSING, BANK)]
    assert [url for url in world.asked if url.startswith(URLS[BANK])] == [URLS[BANK] + "/log"]


def test_the_log_of_a_removed_member_may_be_gone(world: LogWorld) -> None:
    world.state.members[BANK]["removed"] = {"at": NOW - 50}
    world.pages[URLS[BANK] + "/log"] = 500, TEXT, b"", {}
    assert found(world) == []


def test_a_member_that_does_nothing_need_keep_no_log(world: LogWorld) -> None:
    world.state.keys.clear()
    assert found(world) == []


@pytest.mark.parametrize("shown", [OTHERS[:600], OTHERS[:450], [*OTHERS[:1]]], ids=["same-size", "smaller", "one"])
def test_a_split_view_shown_to_two_witnesses_is_caught_by_what_they_hold(world: LogWorld, shown: list[bytes]) -> None:
    """The log is sound and cosigned in either view; the signed heads contradict each other."""
    world.serve()
    world.head(REGULATOR, world.note(shown, witnesses=()))
    (finding,) = world.judge()
    assert (finding.rule, finding.member) == (rules.LOG_FORKED, BANK)
    assert URLS[REGULATOR] in finding.message
    assert f"first {len(shown)} " in finding.message


def test_a_split_view_is_caught_whichever_view_the_auditor_is_shown(world: LogWorld) -> None:
    world.serve(OTHERS[:600])
    world.head(EXCHANGE, world.note(witnesses=()))
    assert found(world) == [(rules.LOG_FORKED, BANK)]


def test_a_witness_that_saw_more_shows_that_the_log_shrank(world: LogWorld) -> None:
    world.serve(world.entries[:500])
    world.head(EXCHANGE, world.note(witnesses=()))
    assert found(world) == [(rules.LOG_SHRUNK, BANK)]


def test_a_log_that_shows_nothing_is_told_of_though_only_an_empty_one_was_seen(world: LogWorld) -> None:
    world.serve([])
    del world.pages[f"{URLS[BANK]}/log/1/checkpoint"]
    assert found(world) == [(rules.LOG_MISSING, BANK)]


def test_a_checkpoint_on_its_round_is_waited_for(world: LogWorld) -> None:
    world.serve(world.entries[:500])
    newest = world.note(witnesses=())
    world.head(EXCHANGE, newest)
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        world.serve()

    assert found(world, patience_s=3, sleep=sleep) == []
    assert len(waits) == 1


def test_many_forks_are_named_in_few_words(world: LogWorld) -> None:
    world.state.members[BANK]["urls"] = [URLS[BANK], *(f"https://old{number}.example" for number in range(8))][::-1]
    world.serve()
    for number in range(8):
        origin = f"old{number}.example/log/1"
        key = world.named(world.log_key, origin).text
        note = world.note(OTHERS[: 100 + number], witnesses=(), origin=origin)
        world.pages[f"{URLS[EXCHANGE]}/witness/heads/{origin}"] = 200, TEXT, note, {"Jeung-Verifier-Key": key}
    findings = [finding for finding in world.judge() if finding.rule is rules.LOG_FORKED]
    assert len(findings) == 6
    assert "3 more" in findings[-1].message


def test_late_cosignatures_are_a_note(world: LogWorld) -> None:
    world.serve(note=world.note(witnesses=()))
    assert found(world) == [(rules.LOG_COSIGNED_LATE, BANK)]


def test_a_forged_cosignature_is_found(world: LogWorld) -> None:
    note = world.note(witnesses=(EXCHANGE, REGULATOR)).decode()
    *head, one, other = note.splitlines(keepends=True)
    name, _, line = other.rstrip("\n").rpartition(" ")
    raw = line[:-4] + ("AAA=" if not line.endswith("AAA=") else "BBA=")
    world.serve(note="".join([*head, one, f"{name} {raw}\n"]).encode())
    assert (rules.LOG_COSIGNATURE_FORGED, BANK) in found(world)


@pytest.mark.parametrize("ended", ["revocations", "compromises"])
def test_a_cosignature_by_a_key_that_had_ended_does_not_count(world: LogWorld, ended: str) -> None:
    world.serve()
    for witness, key in world.witness_keys.items():
        world.state.keys[world.register(witness, key, 8)][ended] = [[1, NOW - 100]]
        world.register(witness, Ed25519Signer(), 8)
    assert found(world) == [(rules.LOG_COSIGNED_LATE, BANK)]


def test_a_checkpoint_by_a_key_that_was_compromised_before_is_found(world: LogWorld) -> None:
    world.serve()
    world.state.keys[world.register(BANK, world.log_key, 7)]["compromises"] = [[1, NOW - 100]]
    assert found(world) == [(rules.LOG_UNSIGNED, BANK)]


def test_a_key_that_was_retired_since_leaves_its_checkpoint_good(world: LogWorld) -> None:
    world.serve()
    world.state.keys[world.register(BANK, world.log_key, 7)]["revocations"] = [[1, NOW - 5]]
    assert found(world) == []


def test_keys_for_other_purposes_count_for_nothing(world: LogWorld) -> None:
    world.serve()
    for name, key in world.state.keys.items():
        if not name.startswith(BANK):
            key["purpose"] = 1
    world.register(EXCHANGE, Ed25519Signer(), 8)
    assert (rules.LOG_COSIGNED_LATE, BANK) in found(world)


def test_the_upper_tiles_of_a_large_log_are_compared(world: LogWorld) -> None:
    world.entries = [plain(number) for number in range(256 * 256)]
    world.serve()
    assert found(world) == []
    assert any(url.endswith("tile/1/000") for url in world.asked)


def test_a_witness_that_fails_is_told_of_once(world: LogWorld) -> None:
    world.state.members[BANK]["urls"] = ["https://old.example", URLS[BANK]]
    world.serve()
    for origin in (ORIGIN, "old.example/log/1"):
        world.pages[f"{URLS[EXCHANGE]}/witness/heads/{origin}"] = 500, TEXT, b"", {}
    assert found(world) == [(rules.WITNESS_MISSING, EXCHANGE)]


def test_a_cosignature_of_nobody_counts_for_nothing(world: LogWorld) -> None:
    world.serve()
    stranger = world.named(Ed25519Signer(), "stranger.example/witness", KeyType.COSIGNATURE_V1).text
    world.page("/log", orjson.dumps({"origins": [ORIGIN], "keys": [*world.keys, stranger]}), JSON)
    assert found(world) == []


def test_what_is_anchored_is_in_the_log(world: LogWorld) -> None:
    rows = [[size, "0x" + naive_log.mth(world.entries[:size]).hex()] for size in (3, 300, 600)]
    world.state.anchored[f"{BANK}/1"] = rows
    world.serve()
    assert found(world) == []
    # The next audit goes on from there, and compares what was anchored since.
    rows.append([400, "0x" + naive_log.mth(world.entries[:400]).hex()])
    kept = dict(world.state.logs)
    assert found(world) == []
    for size in (400, 599):
        world.state.logs = dict(kept)
        rows[-1] = [size, "0x" + "00" * 32]
        assert found(world) == [(rules.LOG_FORKED, BANK)]


@pytest.mark.parametrize(("size", "rule"), [(300, rules.LOG_FORKED), (601, rules.LOG_SHRUNK)])
def test_an_anchor_that_the_log_contradicts_is_found(world: LogWorld, size: int, rule: Rule) -> None:
    """Between two anchors the log was written anew: each root that was ever anchored counts, not the newest alone."""
    newest = "0x" + naive_log.mth(world.entries).hex()
    world.state.anchored[f"{BANK}/1"] = [[size, "0x" + "00" * 32], [600, newest]]
    world.serve()
    (finding,) = world.judge()
    assert finding.rule is rule
    assert "the chain" in finding.message


def test_the_log_of_the_present_epoch_is_judged(world: LogWorld) -> None:
    world.state.log_epochs[f"{BANK}/0xaa"] = 2
    world.serve()
    assert found(world) == [(rules.LOG_MISSING, BANK)]
    assert any("heads/bank.example/log/2" in url for url in world.asked)
