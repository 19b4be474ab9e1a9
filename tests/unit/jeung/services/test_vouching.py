"""Other members' logs are asked for the blocks that evidence rests on, within bounds, and again where need be."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

import pytest

from audit.evidence import Outcome, Standing, Trust, verify_evidence
from jeung.crypto.hashing import keccak256
from jeung.domain.chain import BlockHeader
from jeung.domain.identifiers import to_hex
from jeung.domain.transparency import entry_of
from jeung.ports.log import WitnessAnswer
from jeung.services.evidence.asking import MAX_REQUESTS
from jeung.services.evidence.package import MAX_HEADERS
from jeung.services.evidence.vouching import KEPT_AT_ONCE, MAX_TRIES, parse_vouches
from tests.common.consortium import member_id
from tests.common.parties import BANK
from tests.common.vouching import INSURER, OTHERS, SECURITIES, Vouched
from tests.unit.jeung.services.presenting import bound, crafted


@pytest.fixture
def stage() -> Vouched:
    return Vouched()


def gathered(stage: Vouched) -> str:
    """Judge, publish, and gather what the chain proves; give the evidence's id."""
    presentation = bound(stage, crafted(stage))
    stage.seal_block()
    evidence_id = stage.verification.verify(presentation).evidence_id
    stage.publish()
    stage.gatherer.step(0)
    return evidence_id


def asked(stage: Vouched) -> list[str]:
    """Let the collector run once; give whose logs stand in an export."""
    assert stage.collector.step(0) is False
    with stage.exchange.store.read() as tx:
        return [
            vouch.key.partition("+")[0]
            for number in stage.exchange.database.read().block_vouches
            for vouch in parse_vouches(tx.block_vouches.get(number)).vouches
        ]


def origins(*urls: str) -> list[str]:
    return [f"{url.partition('://')[2]}/log/1" for url in urls]


def due_at(stage: Vouched) -> int | None:
    ((_, at),) = stage.exchange.database.read().block_vouches.values()
    return at


def again(stage: Vouched) -> list[str]:
    """Wait until it is due again."""
    at = due_at(stage)
    assert at is not None
    stage.clock.advance(at - stage.clock.now())
    return asked(stage)


def test_nobody_is_asked_where_nothing_is_wanted(stage: Vouched) -> None:
    assert asked(stage) == []
    assert stage.calls.asked == []


def test_every_other_member_is_asked_and_then_no_more(stage: Vouched) -> None:
    gathered(stage)
    stage.seen(stage.next_block())
    assert asked(stage) == origins(*OTHERS)
    assert due_at(stage) is None
    requests = list(stage.calls.asked)
    stage.clock.advance(9_999)
    asked(stage)
    assert stage.calls.asked == requests


def test_first_block_that_a_log_names_from_the_judgements_on_is_taken(stage: Vouched) -> None:
    stage.seen(stage.seal_block())
    evidence_id = gathered(stage)
    first = stage.next_block()
    stage.seen(first)
    for _ in range(3):
        stage.seen(stage.next_block())
    asked(stage)
    package = json.loads(stage.exporter.export(evidence_id, reader="auditor"))
    named = {json.loads(vouch["block"]["entry"])["facts"]["number"] for vouch in package["vouches"]}
    assert len(named) == 1
    assert named <= {first.number, first.number - 1}
    assert len(package["chain"]["headers"]) <= 2


def test_log_that_is_down_or_names_no_such_block_yet_is_asked_again_and_the_others_not(stage: Vouched) -> None:
    gathered(stage)
    stage.seen(stage.next_block(), BANK, INSURER)
    stage.logs[INSURER].is_down = True
    assert asked(stage) == origins(BANK)
    stage.logs[INSURER].is_down = False
    stage.calls.asked.clear()
    assert again(stage) == origins(BANK, INSURER)
    assert not any(url.startswith(BANK) for url in stage.calls.asked)
    stage.seen(stage.next_block(), SECURITIES)
    assert again(stage) == origins(*OTHERS)


def test_log_that_never_answers_is_given_up_after_so_many_tries_ever_later(stage: Vouched) -> None:
    gathered(stage)
    pauses = []
    for _ in range(MAX_TRIES - 1):
        asked(stage)
        at = due_at(stage)
        assert at is not None
        pauses.append(at - stage.clock.now())
        stage.clock.advance(pauses[-1])
    assert pauses == sorted(pauses)
    assert pauses[-1] == 600
    asked(stage)
    assert due_at(stage) is None


def test_round_that_is_under_way_is_waited_for_without_waiting(stage: Vouched) -> None:
    gathered(stage)
    stage.seen(stage.next_block())
    pending: list[tuple[Future[Any], Callable[..., Any], tuple[object, ...]]] = []

    def later(work: Callable[..., Any], *arguments: object) -> Future[Any]:
        pending.append((Future(), work, arguments))
        return pending[-1][0]

    stage.collector._submit = later
    assert asked(stage) == asked(stage) == []
    assert len(pending) == len(OTHERS)
    for future, work, arguments in pending:
        future.set_result(work(*arguments))
    assert asked(stage) == origins(*OTHERS)


def test_blocks_further_than_headers_lead_are_not_taken(stage: Vouched) -> None:
    gathered(stage)
    number = max(stage.proofs.raw) + MAX_HEADERS
    stage.logs[BANK].name_block(number, keccak256(b"far"))
    stage.proofs.raw.update({further: b"header" for further in range(number - MAX_HEADERS + 1, number + 1)})
    assert asked(stage) == []


def test_headers_that_the_chain_does_not_give_are_asked_for_again(stage: Vouched) -> None:
    gathered(stage)
    stage.seen(stage.next_block())
    raw = dict(stage.proofs.raw)
    stage.proofs.raw.clear()
    assert asked(stage) == []
    stage.proofs.raw.update(raw)
    assert again(stage) == origins(*OTHERS)


def facts_of(stage: Vouched) -> Trust:
    """Want two members' logs, and no witnesses."""
    return replace(stage.believing(), witnesses=frozenset())


def forked(stage: Vouched) -> BlockHeader:
    """Put other blocks into the places of the wanted one and the next; give the last."""
    first = min(stage.exchange.database.read().block_vouches)
    storage = {"Directory": {1: 1}}
    other = stage.proofs.make_block(first, 99, bytes(32), storage)
    return stage.proofs.make_block(first + 1, 99, other.hash, storage)


def test_fork_between_proofs_and_vouches_leaves_the_vouches_out(stage: Vouched) -> None:
    evidence_id = gathered(stage)
    stage.next_block()
    stage.seen(forked(stage))
    assert asked(stage) == origins(*OTHERS)
    package = stage.exporter.export(evidence_id, reader="auditor")
    assert json.loads(package)["vouches"] == []
    assert verify_evidence(package, facts_of(stage)).outcome is Outcome.PROVED


def test_headers_that_are_no_chain_lead_nowhere(stage: Vouched) -> None:
    gathered(stage)
    stage.seen(stage.next_block())
    stage.proofs.make_block(min(stage.exchange.database.read().block_vouches), 99, bytes(32), {"Directory": {1: 1}})
    assert asked(stage) == []
    assert due_at(stage) is not None


def test_member_that_names_another_block_costs_its_own_vouch_and_is_told_of(
    stage: Vouched, caplog: pytest.LogCaptureFixture
) -> None:
    evidence_id = gathered(stage)
    block = stage.next_block()
    stage.seen(block, BANK, SECURITIES)
    stage.logs[INSURER].name_block(block.number, keccak256(b"made up"))
    assert asked(stage) == origins(BANK, SECURITIES)
    assert "names another block" in caplog.text
    assert due_at(stage) is not None
    verdict = verify_evidence(stage.exporter.export(evidence_id, reader="auditor"), facts_of(stage))
    assert {fact.name: fact.standing for fact in verdict.facts}["block"] is Standing.PROVED


def test_member_that_names_a_block_that_is_not_there_yet_keeps_nobody_else_from_vouching(stage: Vouched) -> None:
    gathered(stage)
    block = stage.next_block()
    stage.seen(block, BANK, SECURITIES)
    stage.logs[INSURER].name_block(block.number + 9, keccak256(b"to come"))
    assert asked(stage) == origins(BANK, SECURITIES)


def test_server_that_brings_its_reader_to_grief_keeps_nobody_else_from_vouching(stage: Vouched) -> None:
    gathered(stage)
    stage.seen(stage.next_block())

    def grief(url: str, answer: WitnessAnswer) -> WitnessAnswer:
        if url.startswith(INSURER):
            raise RuntimeError
        return answer

    stage.calls.alter = grief
    assert asked(stage) == origins(BANK, SECURITIES)


def test_chain_that_is_silent_meanwhile_takes_nothing_away_again(stage: Vouched) -> None:
    gathered(stage)
    stage.seen(stage.next_block(), BANK)
    assert asked(stage) == origins(BANK)
    stage.seen(stage.next_block(), SECURITIES)
    stage.proofs.raw.clear()
    assert again(stage) == origins(BANK)


def test_many_blocks_are_kept_a_few_a_turn_and_their_headers_asked_for_once(
    stage: Vouched, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = max(stage.proofs.raw, default=0)
    wanted = 2 * KEPT_AT_ONCE + 1
    for _ in range(wanted):
        gathered(stage)
        stage.next_block()
    stage.seen(stage.next_block())
    spans: list[tuple[int, int]] = []
    headers = stage.proofs.headers

    def counted(first: int, last: int) -> Any:  # noqa: ANN401 - as the port
        spans.append((first, last))
        return headers(first, last)

    monkeypatch.setattr(stage.proofs, "headers", counted)
    assert [stage.collector.step(0) for _ in range(4)] == [True, True, False, False]
    assert len(spans) == 1
    assert last < spans[0][0]
    kept = stage.exchange.database.read().block_vouches.values()
    assert [len(parse_vouches(one.gathered).vouches) for one, _ in kept] == [len(OTHERS)] * wanted


def test_vouch_of_an_epoch_that_was_closed_counts_still(stage: Vouched) -> None:
    gathered(stage)
    stage.seen(stage.next_block(), BANK, SECURITIES)
    assert asked(stage) == origins(BANK, SECURITIES)
    stage.chain.emit("LogAnchor", "LogEpochOpened", {"member": to_hex(member_id(BANK)), "epoch": 2})
    stage.seen(stage.seal_block(), INSURER)
    stage.calls.asked.clear()
    assert again(stage) == origins(*OTHERS)
    assert {url.partition("/log")[0] for url in stage.calls.asked} == {INSURER}
    assert due_at(stage) is None


def altered(stage: Vouched, change: Callable[[bytes], bytes]) -> None:
    """Alter what was gathered, as somebody may who reaches the database."""
    with stage.exchange.database.write() as tables:
        ((number, (wanted, at)),) = tables.block_vouches.items()
        tables.block_vouches[number] = replace(wanted, gathered=change(wanted.gathered or b"")), at


def other_signature(data: bytes) -> bytes:
    body = json.loads(zlib.decompress(data))
    note = body["vouches"][0]["note"]
    body["vouches"][0]["note"] = note[:-20] + ("A" if note[-20] != "A" else "B") + note[-19:]
    return zlib.compress(json.dumps(body).encode())


@pytest.mark.parametrize(
    ("change", "left"),
    [
        (other_signature, 2),
        (lambda data: data[:-9], 0),
        (lambda _: b"", 0),
        (lambda _: zlib.compress(b"[]"), 0),
        (lambda _: zlib.compress(b'{"headers":[],"vouches":[{}]}'), 0),
        (lambda _: zlib.compress(b'{"headers":["f9"],"vouches":[]}'), 0),
        (lambda _: zlib.compress(b'{"headers":["' + bytes(8 << 20) + b'"],"vouches":[]}'), 0),
    ],
    ids=range(7),
)
def test_row_that_somebody_altered_refutes_no_package(
    stage: Vouched, change: Callable[[bytes], bytes], left: int
) -> None:
    evidence_id = gathered(stage)
    stage.seen(stage.next_block())
    asked(stage)
    altered(stage, change)
    package = stage.exporter.export(evidence_id, reader="auditor")
    assert len(json.loads(package)["vouches"]) == left
    assert verify_evidence(package, facts_of(stage)).outcome is Outcome.PROVED


def test_judgement_of_which_nothing_is_gathered_has_no_vouches(stage: Vouched) -> None:
    presentation = bound(stage, crafted(stage))
    stage.seal_block()
    evidence_id = stage.verification.verify(presentation).evidence_id
    package = json.loads(stage.exporter.export(evidence_id, reader="auditor"))
    assert (package["chain"], package["vouches"]) == ({"missing": "not_gathered"}, [])


def test_block_far_back_in_a_log_is_found_within_a_few_bundles(stage: Vouched) -> None:
    gathered(stage)
    log = stage.logs[BANK]
    filler = entry_of("node_restored", b"{}", 1, bytes(32)).encoded
    log.entries += [filler] * 300
    stage.seen(stage.next_block(), BANK)
    log.entries += [filler] * 700
    assert asked(stage) == origins(BANK)
    assert len(stage.calls.asked) < MAX_REQUESTS


def test_block_behind_more_bundles_than_are_read_is_not_found(stage: Vouched) -> None:
    gathered(stage)
    stage.seen(stage.next_block(), BANK)
    stage.logs[BANK].entries += [entry_of("node_restored", b"{}", 1, bytes(32)).encoded] * 1_300
    assert asked(stage) == []
