"""Read what the consortium has registered, as of this node's last block."""

from collections.abc import Sequence
from typing import TypeVar

from jeung.domain.identifiers import KeyThumbprint, MemberId, ProposalId, SchemaId
from jeung.domain.ledger import Freshness
from jeung.domain.members import Member
from jeung.domain.registrations import Grant, Proposal, RegisteredKey, RequestProfile, Schema
from jeung.domain.registry import Registry
from jeung.errors import NotFound
from jeung.ports.ledger import Ledger

T = TypeVar("T")


class RegistryService:
    """Answer questions about members, schemas, accreditations, keys, profiles and proposals."""

    def __init__(self, *, ledger: Ledger) -> None:
        self._ledger = ledger

    def freshness(self) -> Freshness:
        """Say how far this node has followed the chain.

        Raises:
            LedgerStale: the follower has never run.
        """
        with self._ledger.view() as view:
            return view.freshness

    def registry(self) -> Registry:
        """Give the whole registry, which is immutable.

        Raises:
            LedgerStale: the follower has never run.
        """
        with self._ledger.view() as view:
            return view.registry

    def members(self) -> Sequence[Member]:
        """Give every member there ever was, in order of admission."""
        return tuple(self.registry().members.values())

    def member(self, member: MemberId) -> Member:
        """Give a member.

        Raises:
            NotFound: no such member.
        """
        return _found(self.registry().members.get(member))

    def schemas(self) -> Sequence[Schema]:
        """Give every schema in order of registration."""
        return tuple(self.registry().schemas.values())

    def schema(self, schema: SchemaId) -> Schema:
        """Give a schema.

        Raises:
            NotFound: no such schema.
        """
        return _found(self.registry().schemas.get(schema))

    def accreditations(self, *, member: MemberId | None = None, schema: SchemaId | None = None) -> Sequence[Grant]:
        """Give grants, of one member or for one schema where asked, oldest first within each pair."""
        return tuple(
            grant
            for (holder, subject), grants in self.registry().grants.items()
            if member in (None, holder) and schema in (None, subject)
            for grant in grants
        )

    def keys(self, *, member: MemberId | None = None) -> Sequence[RegisteredKey]:
        """Give registered keys, of one member where asked, in order of registration."""
        return tuple(key for (holder, _), key in self.registry().keys.items() if member in (None, holder))

    def key(self, member: MemberId, thumbprint: KeyThumbprint) -> RegisteredKey:
        """Give a member's key.

        Raises:
            NotFound: no such key.
        """
        return _found(self.registry().keys.get((member, thumbprint)))

    def profiles(self, *, member: MemberId | None = None) -> Sequence[RequestProfile]:
        """Give request profiles, withdrawn ones included, of one member where asked."""
        return tuple(profile for (holder, _), profile in self.registry().profiles.items() if member in (None, holder))

    def proposals(self) -> Sequence[Proposal]:
        """Give every proposal, oldest first."""
        return tuple(self.registry().proposals.values())

    def proposal(self, proposal: ProposalId) -> Proposal:
        """Give a proposal.

        Raises:
            NotFound: no such proposal.
        """
        return _found(self.registry().proposals.get(proposal))


def _found(thing: T | None) -> T:
    if thing is None:
        raise NotFound
    return thing
