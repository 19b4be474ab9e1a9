"""Draw the charts of a report in its language."""

from collections import Counter
from collections.abc import Mapping, Sequence

from audit.charts import (
    Bar,
    Delay,
    Kind,
    Lane,
    Series,
    Span,
    bars,
    delays,
    histogram,
    stacked,
    timeline,
)
from audit.report.facts import Facts, GrantFacts, KeyFacts, MemberFacts
from audit.report.outcomes import VERIFIED, Outcomes
from audit.report.words import Words
from audit.source import Block
from audit.state import FOREVER

_DELAYS = ("issued to attested", "decided to effective", "proposed to executed")
_SHORT = 10


def issuance(words: Words, facts: Facts) -> str:
    """Draw credentials attested over time."""
    most = facts.issued[0][0] if facts.issued else words["none"]
    told = words["issuance.description"].format(count=facts.total("attested"), most=most)
    return _over_time("issuance", words, facts, facts.issued, told, words["unit.credentials"])


def changes(words: Words, facts: Facts) -> str:
    """Draw changes of status over time."""
    counts = {act: facts.total(act) for act in ("revoked", "suspended", "reinstated")}
    told = words["changes.description"].format(**counts)
    return _over_time("changes", words, facts, facts.changed, told, words["unit.changes"])


def _over_time(
    name: str, words: Words, facts: Facts, rows: Sequence[tuple[str, Sequence[int]]], told: str, unit: str
) -> str:
    series = [Series(url, values) for url, values in rows]
    return stacked(name, words[name], told, facts.slots, series, unit=unit, others=words["others"])


def outcomes(words: Words, counted: Outcomes) -> str:
    """Draw how verifications ended."""
    rows = [
        Bar(
            words.named("outcome", row.code),
            row.rounded,
            place=2 if row.code == VERIFIED else 1,
            shown="" if row.rounded else words["outcomes.few"],
        )
        for row in counted.rows
    ]
    more = words["more"].format(count=len(rows))
    return bars("outcomes", words["outcomes"], words["outcomes.description"], rows, more=more)


def delay(words: Words, figures: Mapping[str, Mapping[str, int]]) -> str:
    """Draw how long things took, of each kind of which there was any."""
    rows = [
        Delay(
            words.named("delay", name),
            figures[name]["median_s"],
            figures[name]["p95_s"],
            figures[name]["longest_s"],
            f"n = {figures[name]['count']:,}",
        )
        for name in measured(figures)
    ]
    legend = (words["delays.median"], words["delays.p95"], words["delays.longest"])
    return delays("delays", words["delays"], words["delays.description"], rows, legend=legend)


def measured(figures: Mapping[str, Mapping[str, int]]) -> list[str]:
    """Name the kinds of delay of which there was any."""
    return [name for name in _DELAYS if figures.get(name, {}).get("count")]


def distribution(words: Words, name: str, gaps: Counter[int] | Mapping[int, int]) -> str:
    """Draw how many of one kind of delay took how long."""
    title = words["delays.histogram"].format(kind=words.named("delay", name))
    told = words["delays.histogram.description"].format(count=sum(gaps.values()))
    return histogram(name.replace(" ", "-"), title, told, gaps, unit=words["delays.unit"])


def standings(words: Words, members: Sequence[MemberFacts], begin: Block, head: Block) -> str:
    """Draw who was a member, suspended, removed."""
    return _lanes("standings", words, [Lane(one.url, _standing(words, one)) for one in members], begin, head)


def _standing(words: Words, member: MemberFacts) -> list[Span]:
    gone = member.removed_at
    spans = [Span(member.admitted_at, gone, Kind.GOOD, words["kind.good"])]
    for since, until in member.suspensions:
        end = min(until, FOREVER if gone is None else gone)
        spans.append(Span(since, None if end == FOREVER else end, Kind.PAUSED, words["kind.paused"]))
    if gone is not None:
        spans.append(Span(gone, None, Kind.ENDED, words["standing.removed"]))
    return spans


def grants(words: Words, rows: Sequence[GrantFacts], begin: Block, head: Block) -> str:
    """Draw who was accredited for what."""
    lanes: dict[str, list[Span]] = {}
    for one in rows:
        end = one.valid_until if one.withdrawn_since is None else min(one.withdrawn_since, one.valid_until)
        spans = lanes.setdefault(f"{one.member} · {one.vct.rpartition('/')[2]}", [])
        spans.append(Span(one.valid_from, max(end, one.valid_from), Kind.GOOD, words["kind.good"]))
        if one.withdrawn_since is not None:
            spans.append(Span(max(end, one.valid_from), one.valid_until, Kind.ENDED, words["withdrawn"]))
    return _lanes("grants", words, [Lane(label, spans) for label, spans in lanes.items()], begin, head)


def keys(words: Words, rows: Sequence[KeyFacts], begin: Block, head: Block) -> str:
    """Draw the lives of keys."""
    lanes = [
        Lane(f"{words.named('purpose', one.purpose)} {one.thumbprint[2:_SHORT]} · {one.member}", _life(words, one))
        for one in rows
    ]
    return _lanes("keys", words, lanes, begin, head)


def _life(words: Words, key: KeyFacts) -> list[Span]:
    end = min(key.not_after, *(time for time in (key.revoked_at, key.compromised_since, FOREVER) if time is not None))
    spans = [Span(key.not_before, max(end, key.not_before), Kind.GOOD, words["kind.good"])]
    if key.revoked_at is not None:
        spans.append(Span(key.revoked_at, key.not_after, Kind.ENDED, words["kind.ended"]))
    if key.compromised_since is not None:
        spans.append(Span(key.compromised_since, None, Kind.BAD, words["kind.bad"]))
    return spans


def _lanes(name: str, words: Words, lanes: Sequence[Lane], begin: Block, head: Block) -> str:
    kinds = {kind: words[f"kind.{kind.value}"] for kind in Kind}
    told = words["timeline.description"].format(count=len(lanes))
    more = words["more"].format(count=len(lanes) - 40)
    return timeline(name, words[name], told, begin.time, head.time, lanes, kinds=kinds, more=more)
