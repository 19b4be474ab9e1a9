"""Picture the consortium as of one block: what `jeung.domain.registry_fold` makes of the chain's registry events."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from jeung.domain.identifiers import Address, KeyThumbprint, MemberId, NodeId, ProposalId, SchemaId, ServiceId
from jeung.domain.members import Member, OperatorAccount
from jeung.domain.network import ListedNode, Listing
from jeung.domain.profiles import service_id
from jeung.domain.registrations import (
    AnchoredLog,
    Grant,
    ProfileVersion,
    Proposal,
    RegisteredKey,
    RequestProfile,
    Rules,
    Schema,
    WalletProvider,
)


@dataclass(frozen=True, slots=True)
class Registry:
    """Hold the consortium as of one block; every mapping is read-only."""

    members: Mapping[MemberId, Member] = field(default_factory=dict)
    member_by_url: Mapping[str, MemberId] = field(default_factory=dict)
    operators: Mapping[Address, OperatorAccount] = field(default_factory=dict)
    schemas: Mapping[SchemaId, Schema] = field(default_factory=dict)
    grants: Mapping[tuple[MemberId, SchemaId], tuple[Grant, ...]] = field(default_factory=dict)
    keys: Mapping[tuple[MemberId, KeyThumbprint], RegisteredKey] = field(default_factory=dict)
    profiles: Mapping[tuple[MemberId, ServiceId], RequestProfile] = field(default_factory=dict)
    profile_versions: Mapping[tuple[MemberId, ServiceId], tuple[ProfileVersion, ...]] = field(default_factory=dict)
    wallet_providers: Mapping[KeyThumbprint, WalletProvider] = field(default_factory=dict)
    proposals: Mapping[ProposalId, Proposal] = field(default_factory=dict)
    contracts: Mapping[str, tuple[Address, ...]] = field(default_factory=dict)
    rules: Rules | None = None
    nodes: Mapping[NodeId, ListedNode] = field(default_factory=dict)
    network_accounts: Mapping[Address, tuple[Listing, ...]] = field(default_factory=dict)
    log_anchors: Mapping[tuple[MemberId, int], AnchoredLog] = field(default_factory=dict)
    log_epochs: Mapping[MemberId, int] = field(default_factory=dict)

    def member_at(self, url: str) -> Member | None:
        """Give the member that ever registered exactly this URL."""
        member = self.member_by_url.get(url)
        return None if member is None else self.members[member]

    def schema_by_vct(self, vct: str) -> Schema | None:
        """Give the schema registered under a `vct` URL."""
        return next((schema for schema in self.schemas.values() if schema.vct == vct), None)

    def grant_covering(self, member: MemberId, schema: SchemaId, time: int) -> Grant | None:
        """Give a grant that entitled the member at a time, by what is known now."""
        for grant in self.grants.get((member, schema), ()):
            if grant.covers(time):
                return grant
        return None

    def was_accredited_at(self, member: MemberId, schema: SchemaId, time: int) -> bool:
        """Tell whether some grant entitled the member at a time, by what was known at that time."""
        return any(grant.entitled_when_known_at(time) for grant in self.grants.get((member, schema), ()))

    def profile_named(self, member: MemberId, name: str) -> RequestProfile | None:
        """Give a member's request profile that stands registered now, by its name."""
        profile = self.profiles.get((member, service_id(name)))
        return profile if profile is not None and profile.withdrawn_at is None else None

    def profile_document_at(self, member: MemberId, name: str, time: int) -> bytes | None:
        """Give the registered bytes of the profile that stood at a time; None where none did."""
        for version in reversed(self.profile_versions.get((member, service_id(name)), ())):
            if version.registered_at <= time:
                return version.document if version.ended_at is None or version.ended_at > time else None
        return None

    def quorum(self) -> int | None:
        """Give how many approvals a proposal made now needs, as the Consortium computes it; None without rules."""
        remaining = sum(member.removal is None for member in self.members.values())
        return None if self.rules is None else self.rules.quorum_of(remaining)
