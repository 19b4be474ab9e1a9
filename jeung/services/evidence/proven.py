"""Build the part of the ledger that one judgement rested on out of the contracts' storage in one block.

Storage says how things stand at that block. What it leaves out, the contracts' code makes up for: a batch stands in
the AttestationRegistry only if its issuer was active, had the role and was accredited when it attested, and neither
a grant nor a key begins before the block that made it. So a member that is suspended or removed became so after its
attestation. Evidence rests on that code; its hash is proved with the storage.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from jeung.crypto.hashing import keccak256
from jeung.crypto.merkle import MAX_PROOF_LENGTH, leaf_hash
from jeung.crypto.trie import NotShownError
from jeung.domain import contract_storage as at
from jeung.domain.contract_storage import bits, element, under
from jeung.domain.identifiers import Address, BatchId, CredentialDigest, KeyThumbprint, MemberId, SchemaId
from jeung.domain.ledger import Attestation, CredentialStatus, Freshness, PastStatuses
from jeung.domain.members import Member, OperatorAccount, OperatorPurpose, Removal, Role, Suspension
from jeung.domain.profiles import parse_profile, service_id
from jeung.domain.registrations import Grant, KeyPurpose, RegisteredKey, RequestProfile, Schema
from jeung.domain.registry import Registry
from jeung.errors import InvalidProof
from jeung.services.evidence.asked import Asked
from jeung.services.evidence.state import ADDRESS_BYTES, ContractState

CONTRACTS: Final = (
    "Consortium",
    "SchemaRegistry",
    "AccreditationRegistry",
    "KeyRegistry",
    "AttestationRegistry",
    "StatusRegistry",
    "RelyingPartyRegistry",
)
"""What a verification rests on."""
MAX_GRANTS: Final = 128
"""As in AccreditationRegistry."""
MAX_VERSIONS: Final = 1 << 32
MAX_LATER_VERSIONS: Final = 8
"""Versions of a profile that a later block may hold beside the one that was judged by."""
_SUSPENDED: Final = 2
_REMOVED: Final = 3
_TIME: Final = 8


@dataclass(frozen=True, slots=True)
class Beside:
    """Hold what a judgement's proofs need beside the storage.

    Attributes:
        path: siblings from the digest's leaf to its batch's root; None where the digest was not attested.
        profile: the document of the profile that was judged by; None where there was none.
        keys: thumbprints of further keys of the relying party that shall be read.
    """

    path: Sequence[bytes] | None = None
    profile: bytes | None = None
    keys: Sequence[bytes] = ()


class ProvenLedger:
    """Answer as a ledger's snapshot does (jeung.ports.ledger.LedgerView), about one judgement only."""

    def __init__(self, state: ContractState, asked: Asked, beside: Beside, freshness: Freshness) -> None:
        """Read everything at once.

        Raises:
            NotShownError: the proofs lack something.
            InvalidProof: they contradict themselves.
        """
        self._state = state
        self._asked = asked
        self._freshness = freshness
        issuer = self._owner_of(asked.issuer)
        relying = self._owner_of(asked.relying_party)
        self._attestation = self._read_attestation(issuer, beside.path)
        self._status = self._read_status(issuer)
        self._registry = self._read_registry(issuer, relying, beside)

    @property
    def freshness(self) -> Freshness:
        """Say of which block this is."""
        return self._freshness

    @property
    def registry(self) -> Registry:
        """Give issuer and relying party with their keys, the schema, the accreditations and the profile."""
        return self._registry

    @property
    def is_attested(self) -> bool:
        """Tell whether the proofs show an attestation of the credential's digest."""
        return self._attestation is not None

    def attestation(self, issuer: MemberId, schema: SchemaId, digest: CredentialDigest) -> Attestation | None:
        """Give the attestation the proofs show, or None."""
        found = self._attestation
        same = found is not None and (found.issuer, found.schema, found.digest) == (issuer, schema, digest)
        return found if same else None

    def status(self, issuer: MemberId, list_number: int, index: int) -> CredentialStatus:
        """Give the credential's status.

        Raises:
            NotShownError: of another place than the credential's own, or the storage does not tell.
        """
        if self._status is None or (list_number, index) != self._asked.status:
            raise NotShownError
        return self._status

    def status_words(self, issuer: MemberId, list_number: int) -> dict[int, int]:
        """Refuse: proofs are about one credential."""
        raise NotShownError

    def past_statuses(self, issuer: MemberId, list_number: int, time: int) -> PastStatuses:
        """Refuse: proofs are about one block."""
        raise NotShownError

    def batch_digests(self, batch: BatchId) -> tuple[CredentialDigest, ...]:
        """Refuse: proofs are about one digest."""
        raise NotShownError

    def _owner_of(self, url: str | None) -> MemberId | None:
        owner = 0 if url is None else self._state.word("Consortium", under(at.URL_OWNERS, keccak256(url.encode())))
        return MemberId(owner.to_bytes(32)) if owner else None

    def _read_attestation(self, issuer: MemberId | None, path: Sequence[bytes] | None) -> Attestation | None:
        asked = self._asked
        if issuer is None or path is None or asked.schema is None or asked.digest is None:
            return None
        batch = BatchId(keccak256(issuer + asked.schema + _root(asked.digest, path)))
        for generation in range(len(self._state.addresses("AttestationRegistry"))):
            word = self._state.word("AttestationRegistry", under(at.BATCHES, batch), generation)
            if word:
                operator = Address("0x" + bits(word, 0, ADDRESS_BYTES).to_bytes(ADDRESS_BYTES).hex())
                time = bits(word, 24, _TIME)
                digest = CredentialDigest(asked.digest)
                return Attestation(batch, issuer, SchemaId(asked.schema), digest, operator, 0, time)
        return None

    def _read_status(self, issuer: MemberId | None) -> CredentialStatus | None:
        if issuer is None or self._asked.status is None:
            return None
        number, index = self._asked.status
        word = self._read_status_word((issuer, number.to_bytes(4)), index // at.INDEXES_PER_WORD)
        return None if word is None else CredentialStatus((word >> 2 * (index % at.INDEXES_PER_WORD)) & 3)

    def _read_status_word(self, keys: tuple[bytes, bytes], place: int) -> int | None:
        """Read a word where it stands: in the newest registry that took it over, else in the first.

        A successor's predecessor stands in its code. Every node takes it for the one that the Directory named before,
        as here; a registry that holds a word it never took over has none, and what it says is not known.
        """
        flags = under(at.STATUS_INHERITED, *keys, (place // at.FLAGS_PER_WORD).to_bytes(32))
        for generation in reversed(range(len(self._state.addresses("StatusRegistry")))):
            slot = at.behind(under(at.STATUS_WORDS, *keys), place)
            word = self._state.word("StatusRegistry", slot, generation)
            if generation == 0:
                return word
            if self._state.word("StatusRegistry", flags, generation) >> place % at.FLAGS_PER_WORD & 1:
                return word
            if word:
                return None
        return None

    def _read_registry(self, issuer: MemberId | None, relying: MemberId | None, beside: Beside) -> Registry:
        asked = self._asked
        members: dict[MemberId, Member] = {}
        if relying is not None:
            members[relying] = self._read_member(relying, asked.relying_party)
        if issuer is not None and asked.issuer is not None:
            members[issuer] = self._read_member(issuer, asked.issuer)
        urls = {
            url: member for url, member in ((asked.relying_party, relying), (asked.issuer, issuer)) if url and member
        }
        keys = [self._read_key(relying, thumbprint) for thumbprint in beside.keys]
        if asked.thumbprint is not None:
            keys.append(self._read_key(issuer, asked.thumbprint))
        schema, grants = self._read_schema(), self._read_grants(issuer)
        profile = self._read_profile(relying, beside.profile)
        operator = self._read_operator()
        return Registry(
            members=members,
            member_by_url=urls,
            operators={} if operator is None else {operator.account: operator},
            schemas={} if schema is None else {schema.schema: schema},
            grants={(grants[0].member, grants[0].schema): grants} if grants else {},
            keys={(key.member, key.thumbprint): key for key in keys if key is not None},
            profiles={} if profile is None else {(profile.member, profile.service): profile},
        )

    def _read_member(self, member: MemberId, url: str) -> Member:
        word = self._state.word("Consortium", under(at.MEMBER_RECORDS, member))
        status, roles, admitted_at = bits(word, 0, 1), Role(bits(word, 1, 1) & 7), bits(word, 3, _TIME)
        found = Member(member, (url,), Address(""), ((admitted_at, roles),), admitted_at)
        attested = self._attestation
        if attested is not None and attested.issuer == member:
            # It had the role then, whatever it has now.
            found = replace(found, roles=((admitted_at, roles | Role.ISSUER),))
            since = attested.block_time + 1
        else:
            since = admitted_at + 1
        if status == _SUSPENDED:
            found = replace(found, suspensions=(Suspension(since, bits(word, 11, _TIME) or None),))
        if status == _REMOVED:
            removal = Removal(since, bits(word, 19, _TIME), for_cause=bool(bits(word, 2, 1)))
            found = replace(found, removal=removal)
        return found

    def _read_key(self, member: MemberId | None, thumbprint: bytes) -> RegisteredKey | None:
        if member is None:
            return None
        slot = under(at.KEY_RECORDS, member, thumbprint)
        word = self._state.word("KeyRegistry", slot)
        purpose = bits(word, 0, 1)
        revoked_at = self._read_latest(at.behind(slot, at.KEY_REVOCATIONS))
        compromised_since = self._read_latest(at.behind(slot, at.KEY_COMPROMISES))
        if purpose not in tuple(KeyPurpose):
            return None
        return RegisteredKey(
            member=member,
            thumbprint=KeyThumbprint(thumbprint),
            purpose=KeyPurpose(purpose),
            registered_at=bits(word, 1, _TIME),
            not_before=bits(word, 1, _TIME),
            not_after=bits(word, 9, _TIME),
            revoked_at=revoked_at,
            compromised_since=compromised_since,
        )

    def _read_latest(self, slot: int) -> int | None:
        """Read the last of a key's revocations or compromises: each later one lies earlier in time."""
        count = self._state.word("KeyRegistry", slot)
        return bits(self._state.word("KeyRegistry", element(slot, count - 1)), 6, 26) if count else None

    def _read_operator(self) -> OperatorAccount | None:
        if self._attestation is None:
            return None
        account = self._attestation.operator
        raw = bytes.fromhex(account[2:])
        owner = self._state.word("Consortium", under(at.ACCOUNT_OWNERS, raw))
        word = self._state.word("Consortium", under(at.OPERATORS, raw))
        purpose = bits(word, 0, 1)
        if purpose not in tuple(OperatorPurpose):
            return None
        return OperatorAccount(
            member=MemberId(owner.to_bytes(32)),
            purpose=OperatorPurpose(purpose),
            account=account,
            authorized_at=bits(word, 1, _TIME),
            retired_at=bits(word, 9, _TIME) or None,
            compromised_since=bits(word, 17, _TIME) or None,
        )

    def _read_schema(self) -> Schema | None:
        asked = self._asked
        if asked.schema is None or asked.vct is None:
            return None
        named = self._state.word("SchemaRegistry", under(at.SCHEMAS_BY_VCT, keccak256(asked.vct.encode())))
        registered_at = bits(self._state.word("SchemaRegistry", under(at.SCHEMA_RECORDS, asked.schema)), 0, _TIME)
        if not registered_at:
            return None
        vct = asked.vct if named.to_bytes(32) == asked.schema else ""
        return Schema(SchemaId(asked.schema), vct, b"", registered_at)

    def _read_grants(self, issuer: MemberId | None) -> tuple[Grant, ...]:
        schema = self._asked.schema
        if issuer is None or schema is None:
            return ()
        slot = under(at.GRANTS, issuer, schema)
        count = self._state.word("AccreditationRegistry", slot)
        if count > MAX_GRANTS:
            raise InvalidProof("more accreditations than the contract allows")
        words = [self._state.word("AccreditationRegistry", element(slot, index)) for index in range(count)]
        return tuple(
            Grant(
                member=issuer,
                schema=SchemaId(schema),
                index=index,
                granted_at=bits(word, 0, _TIME),
                valid_from=bits(word, 0, _TIME),
                valid_until=bits(word, 8, _TIME),
                effective_since=bits(word, 16, _TIME) or None,
                withdrawn_at=bits(word, 24, _TIME) or None,
            )
            for index, word in enumerate(words)
        )

    def _read_profile(self, relying: MemberId | None, document: bytes | None) -> RequestProfile | None:
        service = service_id(self._asked.profile)
        if relying is None or not self._asked.profile:
            return None
        slot = under(at.PROFILES, relying, service)
        count = self._state.word("RelyingPartyRegistry", slot)
        if not 0 < count < MAX_VERSIONS:
            return None
        judged_by = self._freshness.head_time
        # In the judgement's own block no version is newer than it; in a later one some may be.
        for version in range(count - 1, max(-1, count - 1 - MAX_LATER_VERSIONS), -1):
            place = element(slot, version, at.PROFILE_SLOTS)
            digest = self._state.word("RelyingPartyRegistry", place)
            word = self._state.word("RelyingPartyRegistry", at.behind(place, 1))
            registered_at, ended_at = bits(word, 0, _TIME), bits(word, 8, _TIME)
            if registered_at > judged_by:
                continue
            if 0 < ended_at <= judged_by:
                return None
            found = None if document is None else parse_profile(relying, service, document, registered_at)
            if found is None or int.from_bytes(found.digest) != digest:
                raise NotShownError
            return found
        if count <= MAX_LATER_VERSIONS:
            return None
        raise NotShownError


def _root(digest: bytes, path: Sequence[bytes]) -> bytes:
    """Climb from a digest's leaf to the root of its batch (OpenZeppelin's tree).

    Raises:
        InvalidProof: the path is longer than any batch is deep, or has parts that are no hashes.
    """
    if len(path) > MAX_PROOF_LENGTH or any(len(part) != 32 for part in path):
        raise InvalidProof("a path that no batch has")
    node = leaf_hash(digest)
    for sibling in path:
        node = keccak256(node + sibling if node < sibling else sibling + node)
    return node
