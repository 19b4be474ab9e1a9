"""Draw the explorer's charts from what the index counts: figures in, SVG out, in the request's language."""

from collections.abc import Iterable, Sequence
from typing import Final

from markupsafe import Markup

from api.console.texts import text
from api.context import runtime
from api.explorer.words import brief, name_of
from audit.charts import KST, MOST_LANES, Kind, Lane, Mark, Series, Slots, Span, slots_between, stacked, timeline
from jeung.domain.history import Totals
from jeung.domain.identifiers import MemberId
from jeung.domain.members import Member
from jeung.domain.registrations import Grant, RegisteredKey
from jeung.domain.registry import Registry

MOST_MEMBERS: Final = 32
_SLOTS: Final = 30
_LANES: Final = MOST_LANES + 1
"""What is made of grants and keys each: one more than is drawn, so that the chart says that there are more."""
_AHEAD_S: Final = 366 * 86_400
_KINDS: Final = ("attested", "revoked", "suspended", "reinstated")


def counted(begin: int, end: int, members: Sequence[MemberId]) -> tuple[Slots, dict[MemberId, list[Totals]]]:
    """Count per slot of time what each member did; the first slot holds what came before as well."""
    slots = slots_between(begin, max(begin, end), _SLOTS, KST)
    ends = [slots.begin + (place + 1) * slots.step - 1 for place in range(slots.count)]
    running = runtime().explorer.totals(members, ends)
    return slots, {member: [_minus(now, before) for before, now in _pairs(told)] for member, told in running.items()}


def issuance(slots: Slots, done: dict[MemberId, list[Totals]], registry: Registry) -> Markup:
    """Draw how much each member attested over time."""
    series = [
        Series(name_of(member, registry), [one.attested for one in told])
        for member, told in sorted(done.items(), key=lambda item: -sum(one.attested for one in item[1]))
        if any(one.attested for one in told)
    ]
    return _drawn("issuance", slots, series)


def changes(slots: Slots, done: dict[MemberId, list[Totals]]) -> Markup:
    """Draw how many statuses were set to what over time, by all members together."""
    return _drawn("changes", slots, _kinds(slots, done.values(), _KINDS[1:]))


def acts(slots: Slots, told: Sequence[Totals]) -> Markup:
    """Draw what one member did over time."""
    return _drawn("acts", slots, _kinds(slots, [told], _KINDS))


def accreditations(registry: Registry, now: int) -> Markup | None:
    """Draw every accreditation from when to when, None where there is none."""
    grants = [grant for granted in registry.grants.values() for grant in granted]
    if not grants:
        return None
    lanes = [
        Lane(f"{name_of(grant.member, registry)} · {type_of(grant, registry)}", _spans(grant, now))
        for grant in grants[:_LANES]
    ]
    return _timeline("grants", lanes, min(grant.valid_from for grant in grants), [g.valid_until for g in grants], now)


def history(
    member: Member, grants: Sequence[Grant], keys: Sequence[RegisteredKey], registry: Registry, now: int
) -> Markup:
    """Draw how a member, its accreditations and its keys stood from its admission on."""
    standing = [Span(member.admitted_at, _removed_at(member), Kind.GOOD, text("member.status.active"))]
    for one in member.suspensions:
        ends = [end for end in (one.until, one.ended_at) if end is not None]
        standing.append(Span(one.began_at, min(ends, default=None), Kind.PAUSED, text("member.status.suspended")))
    lanes = [Lane(text("explorer.standing"), standing, _marks(member))]
    lanes += [Lane(type_of(grant, registry), _spans(grant, now)) for grant in grants[:_LANES]]
    lanes += [Lane(text(f"purpose.{key.purpose.name.lower()}"), _key_spans(key, now)) for key in keys[:_LANES]]
    return _timeline("member", lanes, member.admitted_at, [grant.valid_until for grant in grants], now)


def type_of(grant: Grant, registry: Registry) -> str:
    """Name the credential type of an accreditation by the end of its address."""
    schema = registry.schemas.get(grant.schema)
    return brief(schema.vct.rpartition("/")[2] if schema is not None else grant.schema.hex())


def _drawn(name: str, slots: Slots, series: Sequence[Series]) -> Markup:
    title, description = text(f"chart.{name}"), text(f"chart.{name}_hint")
    unit, others = text("chart.unit"), text("chart.others")
    # The charts escape what is others' text themselves.
    return Markup(stacked(name, title, description, slots, series, unit=unit, others=others, zone=KST))  # noqa: S704


def _timeline(name: str, lanes: Sequence[Lane], begin: int, ends: Iterable[int], now: int) -> Markup:
    end = max([now, *(min(end, now + _AHEAD_S) for end in ends)])
    kinds = {kind: text(f"chart.kind.{kind}") for kind in Kind}
    drawn = timeline(
        name,
        text(f"chart.{name}"),
        text(f"chart.{name}_hint"),
        min(begin, now),
        end,
        [*lanes],
        kinds=kinds,
        happened=text("chart.happened"),
        more=text("chart.more"),
        zone=KST,
    )
    return Markup(drawn)  # noqa: S704


def _kinds(slots: Slots, told: Iterable[Sequence[Totals]], kinds: Sequence[str]) -> list[Series]:
    rows = list(told)
    return [
        Series(
            text(f"chart.series.{kind}"),
            [sum(getattr(row[slot], kind) for row in rows) for slot in range(slots.count)],
        )
        for kind in kinds
    ]


def _spans(grant: Grant, now: int) -> list[Span]:
    ended = grant.valid_until if grant.effective_since is None else min(grant.effective_since, grant.valid_until)
    kind = Kind.WAITING if now < grant.valid_from else Kind.GOOD if now < ended else Kind.ENDED
    spans = [Span(grant.valid_from, max(ended, grant.valid_from), kind, text(f"chart.kind.{kind}"))]
    if grant.effective_since is not None and grant.effective_since < grant.valid_until:
        withdrawn = max(grant.effective_since, grant.valid_from)
        spans.append(Span(withdrawn, grant.valid_until, Kind.BAD, text("explorer.withdrawn")))
    return spans


def _key_spans(key: RegisteredKey, now: int) -> list[Span]:
    ended = key.not_after if key.revoked_at is None else min(key.revoked_at, key.not_after)
    kind = Kind.WAITING if now < key.not_before else Kind.GOOD if now < ended else Kind.ENDED
    spans = [Span(key.not_before, max(ended, key.not_before), kind, key.thumbprint.hex()[:12])]
    if key.compromised_since is not None:
        spans.append(Span(key.compromised_since, None, Kind.BAD, text("explorer.compromised")))
    return spans


def _marks(member: Member) -> list[Mark]:
    roles = [Mark(time, text("event.RolesChanged")) for time, _ in member.roles[1:]]
    removed = [] if member.removal is None else [Mark(member.removal.removed_at, text("event.MemberRemoved"))]
    return [Mark(member.admitted_at, text("event.MemberAdmitted")), *roles, *removed]


def _removed_at(member: Member) -> int | None:
    return None if member.removal is None else member.removal.removed_at


def _pairs(told: Sequence[Totals]) -> Iterable[tuple[Totals, Totals]]:
    return zip([Totals(), *told[:-1]], told, strict=True)


def _minus(now: Totals, before: Totals) -> Totals:
    return Totals(*(getattr(now, kind) - getattr(before, kind) for kind in Totals.__slots__))
