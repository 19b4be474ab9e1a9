"""Challenges are ours, of one kind, fresh, and where it matters good for once."""

import itertools

import pytest

from jeung.crypto import base64url
from jeung.domain.wallets import ChallengeKind
from jeung.errors import ChallengeRefused
from tests.common.memory.custody import MemoryVault
from tests.unit.jeung.services.wallets.stage import Stage

DAY_S = 86_400


def test_fresh_challenge_is_recognised_by_every_process(stage: Stage) -> None:
    for kind in ChallengeKind:
        challenge = stage.challenges.issue(kind)
        stage.challenges.check(kind, challenge)
        stage.twin().challenges.check(kind, challenge)
    assert stage.challenges.ttl_s == 300


def test_challenges_never_repeat(stage: Stage) -> None:
    assert len({stage.challenges.issue(ChallengeKind.C_NONCE) for _ in range(100)}) == 100


@pytest.mark.parametrize(("made", "shown"), list(itertools.permutations(ChallengeKind, 2)))
def test_challenge_of_one_kind_does_not_pass_for_another(
    stage: Stage, made: ChallengeKind, shown: ChallengeKind
) -> None:
    challenge = stage.challenges.issue(made)
    with pytest.raises(ChallengeRefused):
        stage.challenges.check(shown, challenge)


def test_challenge_expires(stage: Stage) -> None:
    challenge = stage.challenges.issue(ChallengeKind.C_NONCE)
    stage.clock.advance(stage.challenges.ttl_s - 1)
    stage.challenges.check(ChallengeKind.C_NONCE, challenge)
    stage.clock.advance(1)
    with pytest.raises(ChallengeRefused):
        stage.challenges.check(ChallengeKind.C_NONCE, challenge)


def test_challenge_lives_on_past_midnight(stage: Stage) -> None:
    stage.clock.time += DAY_S - stage.clock.time % DAY_S - 1
    challenge = stage.challenges.issue(ChallengeKind.C_NONCE)
    stage.clock.advance(2)
    stage.challenges.check(ChallengeKind.C_NONCE, challenge)
    stage.challenges.check(ChallengeKind.C_NONCE, stage.challenges.issue(ChallengeKind.C_NONCE))


def test_old_challenge_is_refused_after_days_too(stage: Stage) -> None:
    challenge = stage.challenges.issue(ChallengeKind.C_NONCE)
    for _ in range(5):
        stage.clock.advance(DAY_S)
        with pytest.raises(ChallengeRefused):
            stage.challenges.check(ChallengeKind.C_NONCE, challenge)
        stage.challenges.check(ChallengeKind.C_NONCE, stage.challenges.issue(ChallengeKind.C_NONCE))


def test_challenge_of_another_node_is_refused(stage: Stage) -> None:
    stage.challenges.issue(ChallengeKind.C_NONCE)
    other = Stage(stage.subject, clock=stage.clock, vault=MemoryVault())
    other.vault.new_data_key("anything")
    foreign = other.vault.seal(other.vault.new_data_key("x"), "x", "challenge/c_nonce", bytes(24))
    day = stage.clock.now() // DAY_S
    with pytest.raises(ChallengeRefused):
        stage.challenges.check(ChallengeKind.C_NONCE, base64url.encode(day.to_bytes(4) + foreign))


@pytest.mark.parametrize("value", ["", "A", "AAAA", "=" * 8, "ä" * 40, "A" * 72, "A" * 257, "A" * 1_000_000])
def test_what_is_no_challenge_is_refused(stage: Stage, value: str) -> None:
    with pytest.raises(ChallengeRefused):
        stage.challenges.check(ChallengeKind.C_NONCE, value)


def test_changed_challenge_is_refused(stage: Stage) -> None:
    challenge = stage.challenges.issue(ChallengeKind.C_NONCE)
    data = bytearray(base64url.decode(challenge))
    for place in range(len(data)):
        data[place] ^= 1
        with pytest.raises(ChallengeRefused):
            stage.challenges.check(ChallengeKind.C_NONCE, base64url.encode(bytes(data)))
        data[place] ^= 1
    stage.challenges.check(ChallengeKind.C_NONCE, base64url.encode(bytes(data)))


def test_consumed_challenge_is_refused_by_every_process(stage: Stage) -> None:
    challenge = stage.challenges.issue(ChallengeKind.C_NONCE)
    with stage.store.write() as tx:
        stage.challenges.consume(tx, ChallengeKind.C_NONCE, challenge)
    for process in (stage, stage.twin()):
        with process.store.write() as tx, pytest.raises(ChallengeRefused):
            process.challenges.consume(tx, ChallengeKind.C_NONCE, challenge)


def test_challenge_is_not_used_up_by_an_act_that_failed(stage: Stage) -> None:
    challenge = stage.challenges.issue(ChallengeKind.C_NONCE)

    def fail() -> None:
        with stage.store.write() as tx:
            stage.challenges.consume(tx, ChallengeKind.C_NONCE, challenge)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with stage.store.write() as tx:
        stage.challenges.consume(tx, ChallengeKind.C_NONCE, challenge)


def test_bad_challenge_cannot_be_consumed(stage: Stage) -> None:
    with stage.store.write() as tx, pytest.raises(ChallengeRefused):
        stage.challenges.consume(tx, ChallengeKind.C_NONCE, "A" * 72)


def test_process_that_lost_the_race_for_a_days_key_takes_the_winners(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    twin = stage.twin()
    first = stage.challenges.issue(ChallengeKind.C_NONCE)
    monkeypatch.setattr(twin.challenges, "_key_of", lambda day: None)
    second = twin.challenges.issue(ChallengeKind.C_NONCE)
    monkeypatch.undo()
    for process in (stage, twin):
        process.challenges.check(ChallengeKind.C_NONCE, first)
        process.challenges.check(ChallengeKind.C_NONCE, second)
