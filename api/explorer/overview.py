"""Show the consortium at a glance."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flask import Response

from api.context import runtime
from api.explorer import figures
from api.explorer.pages import show, view
from api.explorer.words import row_of
from api.wire.registry import Member
from jeung.domain import members
from jeung.domain.history import Totals
from jeung.domain.identifiers import MemberId
from jeung.domain.registrations import Grant, KeyState
from jeung.domain.registry import Registry

SHOWN: Final = 100
_NEWEST: Final = 8
_SOON_S: Final = 90 * 86_400


@dataclass(frozen=True, slots=True)
class Standing:
    """Describe a member among the others; `lapses_at` is when the last of its accreditations ends."""

    member: Member
    totals: Totals
    active_keys: int
    accreditations: int
    lapses_at: int | None
    soon: bool


@view("")
def explore() -> Response:
    """Show members, curves, the newest events and how fresh all this is."""
    now, registry = runtime().clock.now(), runtime().registry.registry()
    freshness, piece = runtime().registry.freshness(), runtime().explorer.events()
    ids = list(registry.members)
    shown = ids[: figures.MOST_MEMBERS]
    begin = min((member.admitted_at for member in registry.members.values()), default=now)
    slots, done = figures.counted(begin, max(freshness.head_time, begin), shown)
    totals = {member: told[0] for member, told in runtime().explorer.totals(ids[:SHOWN], [now]).items()}
    active, grants = _active_keys(registry, now), _grants(registry)
    return show(
        "overview.html",
        standings=[
            _standing(registry.members[member], totals[member], grants[member], active[member], now)
            for member in ids[:SHOWN]
        ],
        total=len(ids),
        freshness=freshness,
        fresh=runtime().health.checks().get("ledger", False),
        issuance=figures.issuance(slots, done, registry),
        changes=figures.changes(slots, done),
        grants=figures.accreditations(registry, now),
        events=[row_of(event, registry) for event in piece.events[:_NEWEST]],
        attested=sum(one.attested for one in totals.values()),
        revoked=sum(one.revoked for one in totals.values()),
        open_proposals=sum(not one.decided and now < one.expires_at for one in registry.proposals.values()),
    )


def _active_keys(registry: Registry, now: int) -> Counter[MemberId]:
    """Count each member's active keys, in one pass over all keys, of which there may be thousands."""
    return Counter(member for (member, _), key in registry.keys.items() if key.state_at(now) is KeyState.ACTIVE)


def _grants(registry: Registry) -> defaultdict[MemberId, list[Grant]]:
    found = defaultdict[MemberId, list[Grant]](list)
    for (member, _), held in registry.grants.items():
        found[member].extend(held)
    return found


def _standing(
    member: members.Member, totals: Totals, grants: Sequence[Grant], active_keys: int, now: int
) -> Standing:
    covering = [grant for grant in grants if grant.covers(now)]
    lapses_at = max((grant.valid_until for grant in covering), default=None)
    return Standing(
        member=Member.of(member, now),
        totals=totals,
        active_keys=active_keys,
        accreditations=len(covering),
        lapses_at=lapses_at,
        soon=lapses_at is not None and lapses_at - now < _SOON_S,
    )
