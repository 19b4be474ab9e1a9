"""Describe the members of the consortium, their roles and operator accounts, each with its history."""

import enum
from dataclasses import dataclass, field

from jeung.domain.identifiers import Address, MemberId


class Role(enum.IntFlag):
    """Say what a member may do; the bits are those of the Consortium contract."""

    ISSUER = 1
    RELYING_PARTY = 2
    SUPERVISOR = 4


class MemberStatus(enum.StrEnum):
    """Say how a member stands at one moment."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    REMOVED = "removed"


class OperatorPurpose(enum.IntEnum):
    """Say which hot account a member uses for what; the numbers are those of the Consortium contract."""

    ATTEST = 1
    STATUS = 2


@dataclass(frozen=True, slots=True)
class Suspension:
    """Record one suspension, in seconds UTC of the blocks that began and ended it.

    `until` is when an unconfirmed emergency suspension lapses, None once the quorum confirmed it or imposed it;
    `ended_at` is when the quorum reinstated the member.
    """

    began_at: int
    until: int | None
    ended_at: int | None = None

    def covers(self, time: int) -> bool:
        """Tell whether the member stood suspended at a time."""
        end = min(self.until if self.until is not None else time + 1, self.ended_at or time + 1)
        return self.began_at <= time < end


@dataclass(frozen=True, slots=True)
class Removal:
    """Record that a member left; `for_cause` decides whether what it attested after `effective_since` stands."""

    removed_at: int
    effective_since: int
    for_cause: bool


@dataclass(frozen=True, slots=True)
class OperatorAccount:
    """Record a hot account of a member; times are seconds UTC of blocks, `compromised_since` is declared."""

    member: MemberId
    purpose: OperatorPurpose
    account: Address
    authorized_at: int
    retired_at: int | None = None
    compromised_since: int | None = None

    def was_compromised_at(self, time: int) -> bool:
        """Tell whether the account counts as compromised at a time, by what is known now."""
        return self.compromised_since is not None and self.compromised_since <= time

    def was_authorized_at(self, time: int) -> bool:
        """Tell whether the account stood authorised at a time, compromise left aside."""
        return self.authorized_at <= time and (self.retired_at is None or time <= self.retired_at)


@dataclass(frozen=True, slots=True)
class Member:
    """Describe one member as the chain's events tell it; `urls` is in order of registration, the last is current."""

    member: MemberId
    urls: tuple[str, ...]
    governance: Address
    roles: tuple[tuple[int, Role], ...]
    admitted_at: int
    suspensions: tuple[Suspension, ...] = ()
    removal: Removal | None = None
    operators: tuple[OperatorAccount, ...] = field(default=())

    @property
    def url(self) -> str:
        """Give the current URL."""
        return self.urls[-1]

    def roles_at(self, time: int) -> Role:
        """Give the roles the member had at a time."""
        held = Role(0)
        for since, roles in self.roles:
            if since <= time:
                held = roles
        return held

    def has_role_at(self, role: Role, time: int) -> bool:
        """Tell whether the member had a role at a time."""
        held = 0
        for since, roles in self.roles:
            if since <= time:
                held = int(roles)
        return held & int(role) != 0

    def status_at(self, time: int) -> MemberStatus:
        """Say how the member stood at a time; before its admission it counts as removed."""
        if time < self.admitted_at or (self.removal is not None and self.removal.removed_at <= time):
            return MemberStatus.REMOVED
        for suspension in self.suspensions:
            if suspension.covers(time):
                return MemberStatus.SUSPENDED
        return MemberStatus.ACTIVE
