"""Play worker and chain for a node in memory: what waits in its outbox stands on the ledger after the next block."""

import json
from collections.abc import Collection, Mapping
from typing import Any

from jeung.crypto.hashing import keccak256
from jeung.crypto.merkle import merkle_root, order_digests
from jeung.domain.chain import AttestedBatch, BlockHeader, BlockRange, RegistryEvent, StatusChange
from jeung.domain.identifiers import BatchId, CredentialDigest, to_hex
from jeung.domain.ledger import CredentialStatus
from jeung.domain.profiles import profile_document, service_id
from jeung.domain.proofing import AssuranceLevel
from jeung.domain.registrations import KeyPurpose
from tests.common.memory.chain import MemoryIndex
from tests.common.memory.custody import MemorySigner
from tests.common.memory.database import MemoryDatabase
from tests.common.memory.words import status_in
from tests.common.memory.world import SetClock
from tests.unit.api.parts import (
    ATTEST,
    CONSORTIUM,
    GOVERNANCE,
    MEMBER,
    PROFILE,
    PROPOSAL,
    SCHEMA,
    STATUS,
    TARGET,
    TYPE,
    URL,
    VCT,
    YEAR_S,
)


class Chain:
    """Make blocks when asked."""

    def __init__(self, database: MemoryDatabase, clock: SetClock, signer: MemorySigner) -> None:
        self._database = database
        self._index = MemoryIndex(database, MEMBER)
        self._clock = clock
        self._signer = signer
        self.block = 0
        self._log_index = 0

    def mine(self) -> None:
        """Make a block with everything that waits in the outbox."""
        tables = self._database.read()
        known = {digest for _, _, digest in tables.attested}
        waiting = [record.digest for record in tables.credentials.values() if record.digest not in known]
        changes: dict[tuple[int, CredentialStatus], list[int]] = {}
        for record in tables.credentials.values():
            number, index = record.status.list_number, record.status.index
            if status_in(tables.words, MEMBER, number, index) is not record.wanted_status:
                changes.setdefault((number, record.wanted_status), []).append(index)
        self._apply(batch=waiting, changes=changes)

    def emit(self, name: str, args: Mapping[str, Any]) -> None:
        """Append a block with one registry event."""
        self._apply([(name, args)])

    def heard(self) -> None:
        """Let the follower have heard from the chain just now."""
        self._apply()

    def _apply(
        self,
        events: Collection[tuple[str, Mapping[str, Any]]] = (),
        batch: Collection[CredentialDigest] = (),
        changes: Mapping[tuple[int, CredentialStatus], list[int]] | None = None,
    ) -> None:
        self.block += 1
        now = self._clock.now()
        header = BlockHeader(self.block, keccak256(b"%d" % self.block), keccak256(b"%d" % (self.block - 1)), now)
        self._index.apply(
            BlockRange(
                headers=(header,),
                registry_events=tuple(
                    RegistryEvent("", name, args, self.block, now, self._next_log(), b"\1" * 32)
                    for name, args in events
                ),
                batches=(self._batch(batch, now),) if batch else (),
                status_changes=tuple(
                    StatusChange(
                        MEMBER, number, status, tuple(sorted(found)), self.block, now, self._next_log(), b"\2" * 32
                    )
                    for (number, status), found in (changes or {}).items()
                ),
                chain_head=header,
            ),
            fence=0,
            polled_at=now,
        )

    def _batch(self, digests: Collection[CredentialDigest], now: int) -> AttestedBatch:
        ordered = tuple(CredentialDigest(digest) for digest in order_digests(digests))
        root = merkle_root(ordered)
        batch = BatchId(keccak256(MEMBER + SCHEMA + root))
        return AttestedBatch(
            batch, MEMBER, SCHEMA, ATTEST, root, ordered, self.block, now, self._next_log(), b"\3" * 32
        )

    def _next_log(self) -> int:
        self._log_index += 1
        return self._log_index

    def found(self) -> None:
        """Write the consortium's first facts: the bank, its schema, accreditation, keys, operators and profile."""
        now, member, schema = self._clock.now(), to_hex(MEMBER), to_hex(SCHEMA)
        profile = profile_document(
            name=PROFILE,
            schemas=(SCHEMA,),
            claims=frozenset({"family_name", "given_name", "proofing"}),
            required=frozenset({"family_name"}),
            purpose="opening an account",
            assurance_level=AssuranceLevel.SUBSTANTIAL,
        )
        keys = [(purpose, self._signer.keys[purpose].key.thumbprint) for purpose in KeyPurpose]
        self._apply(
            [
                ("MemberAdmitted", {"member": member, "url": URL, "governance": GOVERNANCE, "roles": 3}),
                ("OperatorAuthorized", {"member": member, "purpose": 1, "account": ATTEST}),
                ("OperatorAuthorized", {"member": member, "purpose": 2, "account": STATUS}),
                ("SchemaRegistered", {"schema": schema, "vct": VCT, "metadata": "0x" + TYPE.hex()}),
                (
                    "AccreditationGranted",
                    {
                        "member": member,
                        "schema": schema,
                        "grantIndex": 0,
                        "validFrom": now,
                        "validUntil": now + YEAR_S,
                    },
                ),
                *(
                    (
                        "KeyRegistered",
                        {
                            "member": member,
                            "thumbprint": to_hex(thumbprint),
                            "purpose": purpose.value,
                            "notBefore": now,
                            "notAfter": now + YEAR_S,
                        },
                    )
                    for purpose, thumbprint in keys
                ),
                (
                    "ProfileRegistered",
                    {
                        "member": member,
                        "service": to_hex(service_id(PROFILE)),
                        "digest": "0x" + "00" * 32,
                        "profile": "0x" + json.dumps(profile).encode().hex(),
                    },
                ),
                ("ContractNamed", {"name": to_hex(b"Consortium".ljust(32, b"\0")), "contractAddress": CONSORTIUM}),
                ("ContractNamed", {"name": to_hex(b"SchemaRegistry".ljust(32, b"\0")), "contractAddress": TARGET}),
                (
                    "ProposalCreated",
                    {
                        "proposal": PROPOSAL,
                        "proposer": member,
                        "target": TARGET,
                        "data": "0x01020304",
                        "salt": "0x" + "05" * 32,
                        "expiresAt": now + YEAR_S,
                        "quorum": 2,
                    },
                ),
                ("ProposalApproved", {"proposal": PROPOSAL, "member": member, "ripeAt": now + 2}),
            ]
        )
