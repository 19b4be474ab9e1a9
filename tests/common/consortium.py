"""Play the chain: write the events the contracts would emit, block by block, into any index."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jeung.crypto import canonical_json
from jeung.crypto.hashing import keccak256, sha256
from jeung.crypto.merkle import merkle_root, order_digests
from jeung.domain.chain import AttestedBatch, BlockHeader, BlockRange, RegistryEvent, StatusChange
from jeung.domain.identifiers import (
    Address,
    BatchId,
    CredentialDigest,
    KeyThumbprint,
    MemberId,
    SchemaId,
    to_hex,
)
from jeung.domain.key_storage import KeyStorage
from jeung.domain.ledger import CredentialStatus
from jeung.domain.members import OperatorPurpose, Role
from jeung.domain.profiles import profile_document, service_id
from jeung.domain.proofing import AssuranceLevel
from jeung.domain.registrations import KeyPurpose
from jeung.ports.chain import IndexStore
from tests.common.memory.world import SetClock

FAR = 1 << 40


def member_id(url: str) -> MemberId:
    """Compute a member's id, as the Consortium contract does."""
    return MemberId(keccak256(url.encode("ascii")))


def account(number: int) -> Address:
    """Make up an account."""
    return Address(f"0x{number:040x}")


@dataclass
class _Block:
    events: list[RegistryEvent] = field(default_factory=list)
    batches: list[AttestedBatch] = field(default_factory=list)
    changes: list[StatusChange] = field(default_factory=list)


class Consortium:
    """Append blocks whose time is the clock's; every act below is one block."""

    def __init__(self, index: IndexStore, clock: SetClock, *, fence: int) -> None:
        self._index = index
        self._clock = clock
        self._fence = fence
        self._accounts = 1
        self._grants: dict[tuple[MemberId, SchemaId], int] = {}

    def emit(self, contract: str, name: str, args: Mapping[str, Any]) -> None:
        """Append a block with one registry event."""
        self._append(_Block(events=[self._event(contract, name, args)]))

    def idle(self) -> None:
        """Append an empty block."""
        self._append(_Block())

    def admit(self, url: str, roles: Role) -> MemberId:
        """Admit a member with a governance account and both operator accounts."""
        member = member_id(url)
        self.emit(
            "Consortium",
            "MemberAdmitted",
            {"member": to_hex(member), "url": url, "governance": self.new_account(), "roles": int(roles)},
        )
        for purpose in OperatorPurpose:
            self.authorize(member, purpose, self.new_account())
        return member

    def new_account(self) -> Address:
        """Make up an account nobody has."""
        self._accounts += 1
        return account(self._accounts)

    def authorize(self, member: MemberId, purpose: OperatorPurpose, operator: Address) -> None:
        """Authorise an operator account."""
        args = {"member": to_hex(member), "purpose": int(purpose), "account": operator}
        self.emit("Consortium", "OperatorAuthorized", args)

    def retire(self, member: MemberId, purpose: OperatorPurpose, operator: Address) -> None:
        """Retire an operator account."""
        args = {"member": to_hex(member), "purpose": int(purpose), "account": operator}
        self.emit("Consortium", "OperatorRetired", args)

    def name_contract(self, name: str, address: Address) -> None:
        """Name a contract in the Directory."""
        padded = "0x" + name.encode().ljust(32, b"\0").hex()
        args = {"name": padded, "contractAddress": address, "index": 0, "previous": account(0)}
        self.emit("Directory", "ContractNamed", args)

    def register_schema(self, vct: str, metadata: bytes | None = None) -> SchemaId:
        """Register a credential type."""
        metadata = canonical_json.canonical({"vct": vct}) if metadata is None else metadata
        schema = SchemaId(sha256(metadata))
        args = {"schema": to_hex(schema), "vct": vct, "metadata": "0x" + metadata.hex()}
        self.emit("SchemaRegistry", "SchemaRegistered", args)
        return schema

    def accredit(
        self, member: MemberId, schema: SchemaId, *, valid_from: int | None = None, valid_until: int = FAR
    ) -> int:
        """Grant an accreditation; give its index."""
        index = self._grants.get((member, schema), 0)
        self._grants[member, schema] = index + 1
        self.emit(
            "AccreditationRegistry",
            "AccreditationGranted",
            {
                "member": to_hex(member),
                "schema": to_hex(schema),
                "grantIndex": index,
                "validFrom": self._clock.now() if valid_from is None else valid_from,
                "validUntil": valid_until,
            },
        )
        return index

    def withdraw(self, member: MemberId, schema: SchemaId, effective_since: int, grant: int = 0) -> None:
        """Withdraw an accreditation."""
        args = {"grantIndex": grant, "effectiveSince": effective_since}
        ids = {"member": to_hex(member), "schema": to_hex(schema)}
        self.emit("AccreditationRegistry", "AccreditationWithdrawn", {**ids, **args})

    def register_key(
        self,
        member: MemberId,
        thumbprint: bytes,
        purpose: KeyPurpose,
        *,
        not_before: int | None = None,
        not_after: int = FAR,
    ) -> None:
        """Register a key."""
        self.emit(
            "KeyRegistry",
            "KeyRegistered",
            {
                "member": to_hex(member),
                "thumbprint": to_hex(thumbprint),
                "purpose": int(purpose),
                "notBefore": self._clock.now() if not_before is None else not_before,
                "notAfter": not_after,
            },
        )

    def revoke_key(self, member: MemberId, thumbprint: KeyThumbprint, revoked_at: int) -> None:
        """Revoke a key."""
        ids = {"member": to_hex(member), "thumbprint": to_hex(thumbprint)}
        self.emit("KeyRegistry", "KeyRevoked", {**ids, "revokedAt": revoked_at})

    def compromise_key(self, member: MemberId, thumbprint: KeyThumbprint, since: int) -> None:
        """Declare a key compromised."""
        ids = {"member": to_hex(member), "thumbprint": to_hex(thumbprint)}
        self.emit("KeyRegistry", "KeyCompromised", {**ids, "since": since})

    def about_member(self, name: str, member: MemberId, **args: object) -> None:
        """Append an event of the Consortium contract about a member."""
        self.emit("Consortium", name, {"member": to_hex(member), **args})

    def register_profile(
        self,
        member: MemberId,
        name: str,
        *,
        schemas: Sequence[SchemaId],
        claims: Sequence[str],
        required: Sequence[str] = (),
        assurance_level: AssuranceLevel = AssuranceLevel.LOW,
        key_storage: KeyStorage = KeyStorage.SOFTWARE,
        purpose: str = "Opening an account",
    ) -> None:
        """Register a request profile."""
        document = canonical_json.canonical(
            profile_document(
                name=name,
                schemas=tuple(schemas),
                claims=frozenset(claims),
                required=frozenset(required),
                purpose=purpose,
                assurance_level=assurance_level,
                key_storage=key_storage,
            )
        )
        self.register_profile_document(member, name, document)

    def register_profile_document(self, member: MemberId, name: str, document: bytes) -> None:
        """Register a request profile as it is spelled."""
        self.emit(
            "RelyingPartyRegistry",
            "ProfileRegistered",
            {
                "member": to_hex(member),
                "service": to_hex(service_id(name)),
                "digest": to_hex(sha256(document)),
                "profile": "0x" + document.hex(),
            },
        )

    def withdraw_profile(self, member: MemberId, name: str) -> None:
        """Withdraw a request profile."""
        args = {"member": to_hex(member), "service": to_hex(service_id(name))}
        self.emit("RelyingPartyRegistry", "ProfileWithdrawn", args)

    def attest(self, issuer: MemberId, schema: SchemaId, digests: Sequence[bytes], operator: Address) -> BatchId:
        """Attest a batch, as the contract would for this operator account."""
        ordered = order_digests(digests)
        root = merkle_root(ordered)
        number = self._next_number()
        batch = AttestedBatch(
            batch=BatchId(keccak256(issuer + schema + root)),
            issuer=issuer,
            schema=schema,
            operator=operator,
            root=root,
            digests=tuple(CredentialDigest(digest) for digest in ordered),
            block_number=number,
            block_time=self._clock.now(),
            log_index=0,
            transaction=_hash("transaction", number),
        )
        self._append(_Block(batches=[batch]))
        return batch.batch

    def set_statuses(self, issuer: MemberId, list_number: int, status: CredentialStatus, *indexes: int) -> None:
        """Set statuses."""
        number = self._next_number()
        change = StatusChange(
            issuer=issuer,
            list_number=list_number,
            status=status,
            indexes=tuple(sorted(indexes)),
            block_number=number,
            block_time=self._clock.now(),
            log_index=0,
            transaction=_hash("transaction", number),
        )
        self._append(_Block(changes=[change]))

    def _next_number(self) -> int:
        head = self._index.head()
        return 1 if head is None else head.number + 1

    def _event(self, contract: str, name: str, args: Mapping[str, Any]) -> RegistryEvent:
        number = self._next_number()
        return RegistryEvent(contract, name, args, number, self._clock.now(), 0, _hash("transaction", number))

    def _append(self, block: _Block) -> None:
        number, now = self._next_number(), self._clock.now()
        header = BlockHeader(number, _hash("block", number), _hash("block", number - 1), now)
        found = BlockRange(
            headers=(header,),
            registry_events=tuple(block.events),
            batches=tuple(block.batches),
            status_changes=tuple(block.changes),
            chain_head=header,
        )
        self._index.apply(found, fence=self._fence, polled_at=now)


def _hash(kind: str, number: int) -> bytes:
    return keccak256(f"{kind} {number}".encode())
