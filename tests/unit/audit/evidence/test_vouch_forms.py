"""A vouch that does not verify, whatever is wrong with it, refutes the package that carries it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from audit.evidence import (
    Outcome,
)
from jeung.crypto.tlog.notes import encode_note, parse_note
from jeung.domain.transparency import log_origin
from jeung.services.evidence.package import VouchProof
from tests.common.vouching import INSURER, SECURITIES, PlayedLog, Vouched
from tests.unit.audit.evidence.test_vouching import block_of, judged, numbers_of, verified, with_vouches


@pytest.fixture
def stage() -> Vouched:
    return Vouched()


def stale(log: PlayedLog) -> VouchProof:
    return replace(log.vouch(), note=log.note(len(log.entries) - 1).decode())


def another_kind(log: PlayedLog) -> VouchProof:
    return log.vouch(0)


def another_members(log: PlayedLog) -> VouchProof:
    other = PlayedLog(INSURER)
    other.entries = [*log.entries, log.entries[0]]
    return replace(log.vouch(), block=other.vouch(1).block)


def foreign_key(log: PlayedLog) -> VouchProof:
    return replace(log.vouch(), key=PlayedLog(log.url).key.text)


def other_name(log: PlayedLog) -> VouchProof:
    return replace(log.vouch(), key=PlayedLog(INSURER).key.text)


def renamed(log: PlayedLog) -> VouchProof:
    """Sign another log's checkpoint by the own key, under the own name."""
    note, key = parse_note(log.vouch().note.encode()), replace(log.key, name=log_origin(INSURER, 1))
    line = replace(note.signatures[0], name=key.name, key_id=key.key_id)
    return replace(log.vouch(), note=encode_note(note.text, [line]).decode(), key=key.text)


def two_lines(log: PlayedLog) -> VouchProof:
    note = log.vouch().note
    return replace(log.vouch(), note=note + note.rpartition("\n\n")[2])


def cut_proof(log: PlayedLog) -> VouchProof:
    vouch = log.vouch()
    return replace(vouch, block=replace(vouch.block, proof=list(vouch.block.proof)[:-1]))


def no_checkpoint(log: PlayedLog) -> VouchProof:
    return replace(log.vouch(), note="x")


def large_note(log: PlayedLog) -> VouchProof:
    return replace(log.vouch(), note="x" * 70_000)


def unprintable(log: PlayedLog) -> VouchProof:
    """Give the log a name that a terminal would obey."""
    other = PlayedLog("http://\x9b31m.example")
    other.entries = log.entries
    return other.vouch()


def deleting(log: PlayedLog) -> VouchProof:
    """Give the log a name that has a control character of ASCII."""
    other = PlayedLog("http://a\x7f.example")
    other.entries = log.entries
    return other.vouch()


def large_entry(log: PlayedLog) -> VouchProof:
    log.entries.append(log.entries[-1].replace(b'"v":1', b'"v":1' + b" " * 2_000))
    return log.vouch()


@pytest.mark.parametrize(
    "make",
    [
        *(stale, another_kind, another_members, foreign_key, other_name, renamed),
        *(two_lines, cut_proof, no_checkpoint, large_note, large_entry, unprintable, deleting),
    ],
    ids=lambda make: make.__name__,
)
def test_vouch_that_is_none_refutes_the_package(stage: Vouched, make: Callable[[PlayedLog], VouchProof]) -> None:
    package = stage.exported(judged(stage))
    stage.logs[SECURITIES].name_block(numbers_of(package), stage.seal_block().hash)
    verdict = verified(stage, with_vouches(package, make(stage.logs[SECURITIES])))
    assert (verdict.outcome, verdict.reason) == (Outcome.REFUTED, "block")
    assert "does not hold" in block_of(verdict).statement
