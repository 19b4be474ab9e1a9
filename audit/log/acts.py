"""Compare what a log says in clear with the chain: attestations, changes of status, the blocks it names.

A chain that lost its last blocks gets their transactions again, in other blocks, and the log tells of both: an entry
is explained by the same act elsewhere, or by the loss, which is a note of its own. More than a few blocks that the
chain does not have are another matter: then it is not the chain that the log's witnesses saw.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from audit import rules
from audit.findings import Finding, Rule
from audit.log.entries import Act, Read
from audit.source import ChainReader
from audit.state import FOREVER, State

YOUNG_S: Final = 120
"""How long an act may wait for its entry before it is a finding."""
MOST_NAMED: Final = 10
_LOST_BLOCKS: Final = 64
_AT_ONCE: Final = 1_000
_STATUSES: Final = {0: "valid", 1: "revoked", 2: "suspended"}
_INDEX_DIGITS: Final = 6

Range = tuple[int, int]
Expected = dict[str, tuple[Act, int]]
"""place -> (act, block time): what stands on the chain."""


@dataclass(slots=True)
class Acts:
    """Give what came of the comparison: findings, and what the next audit must look at again."""

    findings: list[Finding] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    ahead: list[list[Any]] = field(default_factory=list)


def compare_blocks(
    reader: ChainReader, read: Read, log: str, member: str, since: int, head: int
) -> tuple[list[Finding], list[Range]]:
    """Compare the blocks a log names with the chain's; give findings and the ranges of blocks that were lost.

    Raises:
        AuditImpossible: the chain does not answer.
    """
    named = [(number, hash_) for number, hash_ in read.blocks if number <= head]
    hashes: dict[int, str] = {}
    numbers = sorted({number for number, _ in named})
    for begin in range(0, len(numbers), _AT_ONCE):
        hashes.update((block.number, block.hash) for block in reader.blocks(numbers[begin : begin + _AT_ONCE]))
    findings, lost = [], []
    for begin, end in _gone(named, hashes, since):
        is_loss = end - begin <= _LOST_BLOCKS
        if is_loss:
            lost.append((begin, end))
        rule = rules.LOG_BLOCK_LOST if is_loss else rules.LOG_BLOCK_MISMATCH
        message = f"the log names blocks between {begin} and {end} that the chain does not have"
        findings.append(Finding(rule, log, message, member=member))
    return findings, lost


def _gone(named: Iterable[Range | tuple[int, str]], hashes: Mapping[int, str], since: int) -> Iterator[Range]:
    """Give each run of blocks that differ: the last one before it that agrees, and its highest."""
    agreed, highest = since, -1
    for number, hash_ in named:
        if hashes[number] != hash_:
            highest = max(highest, number)
            continue
        if highest >= 0:
            yield min(agreed, highest), highest
        agreed, highest = number, -1
    if highest >= 0:
        yield min(agreed, highest), highest


@dataclass(frozen=True, slots=True)
class Bounds:
    """Say which acts must be in a log: those of blocks after `since`, up to `until`, and `again` of earlier ones.

    `log` is how findings name it, `now` (seconds UTC) when an act that is young may still wait for its entry, `lost`
    what blocks the chain lost.
    """

    log: str
    member: str
    until: int
    lost: Sequence[Range] = ()
    since: int = -1
    now: int = FOREVER
    again: frozenset[str] = frozenset()


def compare_acts(state: State, read: Read, bounds: Bounds, later: Read | None = None) -> Acts:
    """Compare what a log says in clear with the acts of its member that stand on the chain.

    Of a closed epoch, an act of its time may have its entry in a later one: `later` is what those tell.
    """
    found, later = Acts(), later or Read()
    for what, expected, entries, elsewhere in (
        ("attestation", expected_batches(state, bounds.member), read.batches, later.batches),
        ("change of status", expected_changes(state, bounds.member), read.changes, later.changes),
    ):
        one = compare_kind(what, expected, entries, bounds, head=state.block, elsewhere=elsewhere)
        found.findings += one.findings
        found.open += one.open
        found.ahead += one.ahead
    return found


def compare_kind(
    what: str,
    expected: Expected,
    entries: Mapping[str, Sequence[Act]],
    bounds: Bounds,
    head: int = FOREVER,
    elsewhere: Mapping[str, Sequence[Act]] = MappingProxyType({}),
) -> Acts:
    """Compare acts of one kind, both ways; entries about blocks behind `head` are ahead of the audit."""
    found = Acts()
    log, member = bounds.log, bounds.member
    missing = [
        (place, time)
        for place, (act, time) in expected.items()
        if act not in entries.get(place, ())
        and act not in elsewhere.get(place, ())
        and (bounds.since < _block(place) <= bounds.until or place in bounds.again)
    ]
    late = [place for place, time in missing if time <= bounds.now - YOUNG_S]
    found.open = [place for place, time in missing if time > bounds.now - YOUNG_S]
    found.findings += _named(rules.LOG_ACT_MISSING, log, member, late, f"the {what} at {{}} has no entry")
    on_chain = {act for act, _ in expected.values()}
    strange = []
    for place, acts in entries.items():
        # The last tile is read again by the next audit, and with it what was ahead then.
        for act in dict.fromkeys(acts):
            if _block(place) > head:
                found.ahead.append([what, place, list(act)])
            elif act not in on_chain and not any(begin < _block(place) <= end for begin, end in bounds.lost):
                strange.append(place)
    message = f"it tells of the {what} at {{}}, which is not on the chain"
    found.findings += _named(rules.LOG_ENTRY_UNEXPLAINED, log, member, strange, message)
    return found


def take_again(read: Read, told: Iterable[Sequence[Any]]) -> None:
    """Take entries that an earlier audit remembered: [kind, place, act]."""
    for what, place, act in told:
        kept = read.batches if what == "attestation" else read.changes
        kept.setdefault(place, []).append(tuple(act))


def early_acts(read: Read, until: int, told: Read) -> list[list[Any]]:
    """Give the entries about blocks up to `until` as [kind, place, act], and put them to what was `told`."""
    found: list[list[Any]] = []
    for what, entries in (("attestation", read.batches), ("change of status", read.changes)):
        for place, acts in entries.items():
            if _block(place) <= until:
                found += [[what, place, list(act)] for act in dict.fromkeys(acts)]
    take_again(told, found)
    return found


def _named(rule: Rule, log: str, member: str, places: Sequence[str], message: str) -> Iterator[Finding]:
    for place in places[:MOST_NAMED]:
        yield Finding(rule, log, message.format(place), _block(place), member)
    if len(places) > MOST_NAMED:
        yield Finding(rule, log, message.format(f"{len(places) - MOST_NAMED} more places"), member=member)


def expected_batches(state: State, member: str) -> Expected:
    """Give the attestations of a member, place -> ((batch, count, transaction), block time)."""
    return {
        f"{record['block']}/{record['log']}": ((batch, record["count"], record["transaction"]), record["time"])
        for batch, record in state.batches.items()
        if record["issuer"] == member
    }


def expected_changes(state: State, member: str) -> Expected:
    """Give the changes of a member's statuses, place -> ((count, list, status, transaction), block time)."""
    return {
        place: ((len(packed[2:]) // _INDEX_DIGITS, number, _STATUSES[status], transaction), time)
        for place, (issuer, number, status, packed, time, transaction) in state.status_events.items()
        if issuer == member
    }


def _block(place: str) -> int:
    return int(place.partition("/")[0])
