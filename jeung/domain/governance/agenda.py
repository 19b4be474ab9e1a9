"""List what the consortium's register will let lapse soon, or waits for: accreditations, keys, proposals and more."""

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from jeung.domain.governance import LANGUAGES, Words
from jeung.domain.governance.plain import plain
from jeung.domain.governance.values import Names, moment
from jeung.domain.identifiers import MemberId, to_hex
from jeung.domain.members import MemberStatus
from jeung.domain.registrations import KeyState
from jeung.domain.registry import Registry

DAY_S: Final = 86_400


class AgendaKind(enum.StrEnum):
    """Say what is due."""

    ACCREDITATION = "accreditation"
    KEY = "key"
    PROPOSAL = "proposal"
    WALLET_PROVIDER = "wallet_provider"
    SUSPENSION = "suspension"
    CERTIFICATE = "certificate"


_WORDS: Final[Mapping[AgendaKind, Words]] = MappingProxyType(
    {
        AgendaKind.ACCREDITATION: Words(
            "The accreditation of {member} for {thing} ends at {due}.",
            "{member}의 {thing} 발급 인가가 {due}에 끝납니다.",
        ),
        AgendaKind.KEY: Words(
            "The registration of {member}'s key {thing} ends at {due}.",
            "{member}의 키 {thing} 등록이 {due}에 끝납니다.",
        ),
        AgendaKind.PROPOSAL: Words(
            "Proposal {thing} of {member} expires at {due}.",
            "{member}이(가) 낸 안건 {thing}이(가) {due}에 만료됩니다.",
        ),
        AgendaKind.WALLET_PROVIDER: Words(
            "The trust in the wallet provider {thing} ends at {due}.",
            "지갑 제공자 {thing}에 대한 신뢰가 {due}에 끝납니다.",
        ),
        AgendaKind.SUSPENSION: Words(
            "The emergency suspension of {member} lapses at {due} unless the consortium confirms it.",
            "{member}의 긴급 정지가 컨소시엄이 확정하지 않으면 {due}에 풀립니다.",
        ),
        AgendaKind.CERTIFICATE: Words(
            "The certificate of {member}'s key {thing} ends at {due}.",
            "{member}의 키 {thing} 인증서가 {due}에 끝납니다.",
        ),
    }
)


@dataclass(frozen=True, slots=True)
class ReminderRules:
    """Say how many days ahead each kind is announced."""

    accreditation_days: int = 60
    key_days: int = 30
    proposal_days: int = 3
    wallet_provider_days: int = 60
    certificate_days: int = 30

    def days(self, kind: AgendaKind) -> int:
        """Give the days ahead of a kind; a suspension is announced for as long as it may still lapse."""
        return {
            AgendaKind.ACCREDITATION: self.accreditation_days,
            AgendaKind.KEY: self.key_days,
            AgendaKind.PROPOSAL: self.proposal_days,
            AgendaKind.WALLET_PROVIDER: self.wallet_provider_days,
            AgendaKind.SUSPENSION: 7,
            AgendaKind.CERTIFICATE: self.certificate_days,
        }[kind]


@dataclass(frozen=True, slots=True)
class AgendaItem:
    """Hold one thing that is due at a time, seconds UTC; `ours` tells that our own member must see to it."""

    kind: AgendaKind
    identifier: str
    member: MemberId | None
    due_at: int
    ours: bool
    words: Words


@dataclass(frozen=True, slots=True)
class Certificate:
    """Describe the end of a certificate of ours: of which key (its id), for what, when, seconds UTC."""

    key_id: str
    purpose: str
    not_after: int


@dataclass(frozen=True, slots=True)
class _Due:
    kind: AgendaKind
    identifier: str
    member: MemberId | None
    due_at: int
    ours: bool
    thing: str


def agenda(
    registry: Registry,
    *,
    own: MemberId,
    now: int,
    rules: ReminderRules,
    certificates: tuple[Certificate, ...] = (),
) -> tuple[AgendaItem, ...]:
    """Give what is due within the days that the rules name, the most urgent first; times are seconds UTC."""
    due = [*_accreditations(registry, own, now), *_keys(registry, own, now), *_proposals(registry, own, now)]
    due += [*_wallet_providers(registry, now), *_suspensions(registry, now)]
    due += [
        _Due(AgendaKind.CERTIFICATE, one.key_id, own, one.not_after, True, plain(f"{one.purpose} {one.key_id[:16]}"))
        for one in certificates
    ]
    soon = [one for one in due if now <= one.due_at <= now + rules.days(one.kind) * DAY_S]
    return tuple(
        AgendaItem(one.kind, one.identifier, one.member, one.due_at, one.ours, _written(one, registry))
        for one in sorted(soon, key=lambda one: (one.due_at, one.kind, one.identifier))
    )


def _written(one: _Due, registry: Registry) -> Words:
    said = []
    for language in LANGUAGES:
        member = "" if one.member is None else Names(registry, language).member(to_hex(one.member))
        said.append(_WORDS[one.kind].read(language).format(member=member, thing=one.thing, due=moment(one.due_at)))
    return Words(*said)


def _accreditations(registry: Registry, own: MemberId, now: int) -> Iterator[_Due]:
    for (member, schema), grants in registry.grants.items():
        standing = [grant for grant in grants if grant.effective_since is None and grant.valid_until > now]
        # Whoever has been accredited anew already has nothing to see to.
        if standing and registry.members[member].removal is None:
            last = max(standing, key=lambda grant: grant.valid_until)
            known = registry.schemas.get(schema)
            thing = plain(known.vct) if known else to_hex(schema)
            identifier = f"{to_hex(member)}/{to_hex(schema)}"
            yield _Due(AgendaKind.ACCREDITATION, identifier, member, last.valid_until, member == own, thing)


def _keys(registry: Registry, own: MemberId, now: int) -> Iterator[_Due]:
    newest: dict[tuple[MemberId, int], int] = {}
    for (member, _), key in registry.keys.items():
        if key.state_at(now) in (KeyState.ACTIVE, KeyState.NOT_YET_VALID) and key.revoked_at is None:
            pair = (member, int(key.purpose))
            newest[pair] = max(newest.get(pair, 0), key.not_after)
    for (member, thumbprint), key in registry.keys.items():
        # A key whose successor is registered may end: nothing needs to be done about it.
        last = newest.get((member, int(key.purpose)), 0) == key.not_after
        if last and key.state_at(now) is KeyState.ACTIVE and registry.members[member].removal is None:
            thing = f"{key.purpose.name.lower()} {to_hex(thumbprint)[:18]}…"
            identifier = f"{to_hex(member)}/{to_hex(thumbprint)}"
            yield _Due(AgendaKind.KEY, identifier, member, key.not_after, member == own, thing)


def _proposals(registry: Registry, own: MemberId, now: int) -> Iterator[_Due]:
    for proposal in registry.proposals.values():
        if proposal.executed_at is None and proposal.cancelled_at is None and proposal.expires_at > now:
            waits_for_us = all(member != own for member, _ in proposal.approvals)
            identifier = to_hex(proposal.proposal)
            yield _Due(
                AgendaKind.PROPOSAL,
                identifier,
                proposal.proposer,
                proposal.expires_at,
                waits_for_us or proposal.proposer == own,
                f"{identifier[:18]}…",
            )


def _wallet_providers(registry: Registry, now: int) -> Iterator[_Due]:
    for thumbprint, provider in registry.wallet_providers.items():
        if provider.distrusted_at is None and provider.valid_until > now:
            identifier = to_hex(thumbprint)
            yield _Due(
                AgendaKind.WALLET_PROVIDER, identifier, None, provider.valid_until, False, plain(provider.name)
            )


def _suspensions(registry: Registry, now: int) -> Iterator[_Due]:
    for member in registry.members.values():
        if member.status_at(now) is MemberStatus.SUSPENDED:
            standing = next(one for one in member.suspensions if one.covers(now))
            if standing.until is not None:
                yield _Due(AgendaKind.SUSPENSION, to_hex(member.member), member.member, standing.until, False, "")
