"""Describe on the wire what the consortium has registered."""

from pydantic import Field

from api.wire.base import Hex32, Out, PageQuery
from jeung.domain import members, registrations
from jeung.domain.identifiers import to_hex
from jeung.domain.members import MemberStatus
from jeung.domain.registrations import KeyState


class Operator(Out):
    """Show a hot account of a member."""

    account: str
    purpose: str
    authorized_at: int
    retired_at: int | None
    compromised_since: int | None


class Member(Out):
    """Show a member as it stands now."""

    member_id: str
    url: str
    urls: list[str]
    governance: str
    roles: list[str]
    status: MemberStatus
    admitted_at: int
    removed_at: int | None
    operators: list[Operator]

    @classmethod
    def of(cls, member: members.Member, now: int) -> "Member":
        """Write a member as of a time."""
        held = member.roles_at(now)
        return cls(
            member_id=to_hex(member.member),
            url=member.url,
            urls=list(member.urls),
            governance=member.governance,
            roles=[role.name.lower() for role in members.Role if role in held and role.name is not None],
            status=member.status_at(now),
            admitted_at=member.admitted_at,
            removed_at=None if member.removal is None else member.removal.removed_at,
            operators=[
                Operator(
                    account=operator.account,
                    purpose=operator.purpose.name.lower(),
                    authorized_at=operator.authorized_at,
                    retired_at=operator.retired_at,
                    compromised_since=operator.compromised_since,
                )
                for operator in member.operators
            ],
        )


class Members(Out):
    """Give one page of members."""

    items: list[Member]
    next_cursor: str | None


class Accreditation(Out):
    """Show a grant: this issuer may issue this schema from `valid_from` until just before `valid_until`."""

    member_id: str
    schema_id: str
    index: int
    granted_at: int
    valid_from: int
    valid_until: int
    withdrawn_at: int | None
    effective_since: int | None

    @classmethod
    def of(cls, grant: registrations.Grant) -> "Accreditation":
        """Write a grant."""
        return cls(
            member_id=to_hex(grant.member),
            schema_id=to_hex(grant.schema),
            index=grant.index,
            granted_at=grant.granted_at,
            valid_from=grant.valid_from,
            valid_until=grant.valid_until,
            withdrawn_at=grant.withdrawn_at,
            effective_since=grant.effective_since,
        )


class Accreditations(Out):
    """Give one page of accreditations."""

    items: list[Accreditation]
    next_cursor: str | None


class OfMemberQuery(PageQuery):
    """Ask for a page, of one member where named."""

    member: Hex32 | None = None


class AccreditationsQuery(OfMemberQuery):
    """Ask for a page of accreditations, for one schema where named."""

    schema_id: Hex32 | None = None


class Schema(Out):
    """Show a credential type; its exact bytes are at `vct`."""

    schema_id: str
    vct: str
    registered_at: int
    deprecated_at: int | None

    @classmethod
    def of(cls, schema: registrations.Schema) -> "Schema":
        """Write a schema."""
        return cls(
            schema_id=to_hex(schema.schema),
            vct=schema.vct,
            registered_at=schema.registered_at,
            deprecated_at=schema.deprecated_at,
        )


class Schemas(Out):
    """Give one page of schemas."""

    items: list[Schema]
    next_cursor: str | None


class Key(Out):
    """Show a member's public key as the ledger names it, and how it stands now."""

    member_id: str
    thumbprint: str
    purpose: str
    state: KeyState
    registered_at: int
    not_before: int
    not_after: int
    revoked_at: int | None
    compromised_since: int | None

    @classmethod
    def of(cls, key: registrations.RegisteredKey, now: int) -> "Key":
        """Write a key as of a time."""
        return cls(
            member_id=to_hex(key.member),
            thumbprint=to_hex(key.thumbprint),
            purpose=key.purpose.name.lower(),
            state=key.state_at(now),
            registered_at=key.registered_at,
            not_before=key.not_before,
            not_after=key.not_after,
            revoked_at=key.revoked_at,
            compromised_since=key.compromised_since,
        )


class Keys(Out):
    """Give one page of keys."""

    items: list[Key]
    next_cursor: str | None


class RelyingParty(Out):
    """Show what a relying party's service may ask for."""

    member_id: str
    service_id: str
    name: str
    profile_digest: str
    schemas: list[str]
    claims: list[str]
    required: list[str] = Field(description="claims without which a presentation is refused")
    purpose: str
    assurance_level: str
    key_storage: str
    registered_at: int
    withdrawn_at: int | None

    @classmethod
    def of(cls, profile: registrations.RequestProfile) -> "RelyingParty":
        """Write a request profile."""
        return cls(
            member_id=to_hex(profile.member),
            service_id=to_hex(profile.service),
            name=profile.name,
            profile_digest=to_hex(profile.digest),
            schemas=[to_hex(schema) for schema in profile.schemas],
            claims=sorted(profile.claims),
            required=sorted(profile.required),
            purpose=profile.purpose,
            assurance_level=profile.assurance_level,
            key_storage=profile.key_storage,
            registered_at=profile.registered_at,
            withdrawn_at=profile.withdrawn_at,
        )


class RelyingParties(Out):
    """Give one page of relying parties' services."""

    items: list[RelyingParty]
    next_cursor: str | None
