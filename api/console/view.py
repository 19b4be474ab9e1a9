"""Say how values look on a page, and what the console's menu holds for whom."""

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from markupsafe import Markup

from jeung.domain.access import Scope
from jeung.services.staff import StaffMember

_KOREA = datetime.timezone(datetime.timedelta(hours=9), "KST")
_SHORT: Final = 14


@dataclass(frozen=True, slots=True)
class Entry:
    """Describe an entry of the menu; `text` is the key of its name."""

    path: str
    text: str
    scopes: frozenset[Scope]
    current: bool = False


ACTS: Final = frozenset({Scope.APPROVE, Scope.AUDIT, Scope.ISSUE, Scope.STATUS, Scope.KEYS, Scope.GOVERN})
"""Whoever holds one of these asks for acts of two people, decides them or audits them."""

_ENTRIES = (
    Entry("/console", "nav.home", frozenset(Scope)),
    Entry("/console/proofings", "nav.proofings", frozenset({Scope.ISSUE})),
    Entry("/console/credentials", "nav.credentials", frozenset({Scope.ISSUE, Scope.STATUS, Scope.AUDIT})),
    Entry("/console/requests", "nav.requests", frozenset({Scope.VERIFY})),
    Entry("/console/judgements", "nav.judgements", frozenset({Scope.VERIFY, Scope.AUDIT})),
    Entry("/console/audit", "nav.audit", frozenset({Scope.AUDIT})),
    Entry("/console/acts", "nav.acts", ACTS),
    Entry("/console/records", "nav.records", frozenset({Scope.RETENTION})),
    Entry("/console/members", "nav.members", frozenset({Scope.AUDIT})),
    Entry("/console/proposals", "nav.proposals", frozenset({Scope.AUDIT, Scope.GOVERN})),
    Entry("/console/governance/agenda", "nav.agenda", frozenset({Scope.AUDIT, Scope.GOVERN})),
)


def navigation(member: StaffMember | None, path: str) -> list[Entry]:
    """Give the menu of who is logged in; the entry the page belongs to is marked."""
    if member is None:
        return []
    return [
        Entry(entry.path, entry.text, entry.scopes, current=_covers(entry.path, path))
        for entry in _ENTRIES
        if not member.scopes.isdisjoint(entry.scopes)
    ]


_BELONGS = {
    "/console/offers": "/console/proofings",
    "/console/governance/sent": "/console/proposals",
    "/console/governance/suspension": "/console/proposals",
    "/console/governance/trials": "/console/proposals",
}
"""Pages without an entry of their own, and the entry they are reached from."""


def _covers(entry: str, path: str) -> bool:
    for place, home in _BELONGS.items():
        if path.startswith(place):
            return entry == home
    return path == entry or (entry != "/console" and path.startswith(entry + "/"))


def wallet_pages(members: Sequence[str], kind: str, link: str) -> list[tuple[str, str]]:
    """Give members' addresses, each with the link that opens an offer or a request in the wallet page there.

    For a sandbox, whose customer has no phone: his wallet lives in a browser, under the member's address where he
    first opened it.
    """
    return [(url, f"{url}/wallet#{kind}={quote(link, safe='')}") for url in members]


def moment(seconds: int | None) -> str:
    """Write a time (seconds UTC) as people in Korea read it, with the exact one for machines."""
    if seconds is None:
        return "—"
    try:
        at = datetime.datetime.fromtimestamp(seconds, _KOREA)
    except (OverflowError, ValueError, OSError):
        # A claim's time is whatever its issuer wrote.
        return str(seconds)
    exact = at.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(exact, exact, at.strftime("%Y-%m-%d %H:%M:%S"))


def short(identifier: str) -> str:
    """Write a long identifier by its beginning, with the whole for who points at it."""
    if len(identifier) <= _SHORT:
        return Markup("<code>{}</code>").format(identifier)
    return Markup('<code title="{}">{}…</code>').format(identifier, identifier[:_SHORT])


FILTERS: dict[str, Callable[..., Any]] = {"moment": moment, "short": short}
