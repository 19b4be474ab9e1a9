"""What a log answers is a vouch only where it verifies, in bounded time and few requests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from jeung.crypto.tlog.notes import encode_note, parse_note
from jeung.domain.identifiers import KeyThumbprint
from jeung.domain.registrations import KeyPurpose
from jeung.ports.log import WitnessAnswer
from jeung.services.evidence.asking import PATIENCE_S
from tests.common.consortium import member_id
from tests.common.parties import BANK
from tests.common.vouching import INSURER, SECURITIES, PlayedLog, Vouched
from tests.unit.jeung.services.test_vouching import again, asked, due_at, gathered, origins


@pytest.fixture
def stage() -> Vouched:
    return Vouched()


def of(path: str, change: Callable[[WitnessAnswer], WitnessAnswer | None]) -> Callable[..., Any]:
    return lambda url, answer: change(answer) if path in url else answer


def body(data: bytes) -> Callable[[WitnessAnswer], WitnessAnswer]:
    return lambda answer: WitnessAnswer(answer.status, data, answer.key)


def indexed(data: bytes) -> Callable[[WitnessAnswer], WitnessAnswer]:
    """Give the log another index."""
    return lambda answer: WitnessAnswer(200, data, "") if b'"origins"' in answer.body else answer


@pytest.mark.parametrize(
    "alter",
    [
        of("checkpoint", body(b"x")),
        of("checkpoint", lambda answer: WitnessAnswer(404, answer.body, answer.key)),
        of("checkpoint", body(PlayedLog(BANK).note())),
        of("checkpoint", body(PlayedLog(INSURER).note())),
        *(of("/log", indexed(data)) for data in (b"x", b"[]", b"{}", b'{"keys":7}', b'{"keys":[7]}')),
        of("/log", indexed(b'{"keys":["localhost:8101/log/1+x"]}')),
        of("/log", lambda _: None),
        of("entries", lambda answer: WitnessAnswer(200, answer.body[:-1], "")),
        of("entries", lambda answer: WitnessAnswer(200, answer.body + b"\0\0", "")),
        of("entries", lambda answer: WitnessAnswer(200, answer.body.replace(b'"v":1', b'"v":2'), "")),
        of("entries", lambda answer: WitnessAnswer(200, answer.body.replace(b"0x", b"1x"), "")),
        of("entries", lambda _: None),
        of("tile/0", lambda answer: WitnessAnswer(200, answer.body[:-1], "")),
        of("tile/0", lambda answer: WitnessAnswer(200, bytes(len(answer.body)), "")),
    ],
    ids=range(18),
)
def test_answer_that_does_not_verify_is_no_vouch(
    stage: Vouched, alter: Callable[[str, WitnessAnswer], WitnessAnswer | None]
) -> None:
    gathered(stage)
    stage.seen(stage.next_block(), BANK)
    stage.calls.alter = alter
    assert asked(stage) == []
    stage.calls.alter = lambda _, answer: answer
    assert again(stage) == origins(BANK)


def test_key_that_the_chain_holds_good_no_more_vouches_for_nothing(stage: Vouched) -> None:
    gathered(stage)
    stage.seen(stage.next_block(), BANK)
    thumbprint = KeyThumbprint(stage.logs[BANK].key.verifier.thumbprint)
    stage.chain.revoke_key(member_id(BANK), thumbprint, stage.clock.now())
    assert asked(stage) == []


def test_key_for_another_purpose_vouches_for_nothing(stage: Vouched) -> None:
    gathered(stage)
    log = stage.logs[BANK]
    log.signer.rotate(KeyPurpose.LOG_CHECKPOINT_SIGNING)
    stage.chain.register_key(member_id(BANK), log.key.verifier.thumbprint, KeyPurpose.WITNESS_COSIGNING)
    stage.seen(stage.next_block(), BANK)
    assert asked(stage) == []


def test_signature_that_a_good_keys_id_stands_before_is_still_verified(stage: Vouched) -> None:
    gathered(stage)
    log = stage.logs[BANK]
    stage.seen(stage.next_block(), BANK)
    other = PlayedLog(BANK)
    other.entries = log.entries

    def forged(answer: WitnessAnswer) -> WitnessAnswer:
        (line,) = parse_note(other.note()).signatures
        alone = encode_note(parse_note(answer.body).text, [replace(line, key_id=log.key.key_id)])
        return WitnessAnswer(200, alone, "")

    stage.calls.alter = of("checkpoint", forged)
    assert asked(stage) == []


def test_slow_log_is_left_when_its_time_is_over(stage: Vouched) -> None:
    gathered(stage)
    stage.seen(stage.next_block(), BANK)

    def slowly(_url: str, answer: WitnessAnswer) -> WitnessAnswer:
        stage.clock.advance(PATIENCE_S + 1)
        return answer

    stage.calls.alter = slowly
    assert asked(stage) == []
    assert len([url for url in stage.calls.asked if url.startswith(BANK)]) == 1


def test_log_that_takes_too_many_requests_is_left(stage: Vouched, monkeypatch: pytest.MonkeyPatch) -> None:
    gathered(stage)
    stage.seen(stage.next_block(), BANK)
    monkeypatch.setattr("jeung.services.evidence.asking.MAX_REQUESTS", 2)
    assert asked(stage) == []


def test_removed_member_is_not_asked(stage: Vouched) -> None:
    gathered(stage)
    stage.seen(stage.next_block())
    now = stage.clock.now()
    stage.chain.about_member("MemberRemoved", member_id(INSURER), effectiveSince=now, forCause=False)
    assert asked(stage) == origins(BANK, SECURITIES)
    assert due_at(stage) is None
