"""Give the played chain what a real one has: storage, a state under a hash, proofs of it, and a cosigned log."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import rlp

from audit.evidence import Trust
from jeung.crypto.hashing import keccak256
from jeung.crypto.tlog.notes import KeyType, cosignature, cosigned_message, parse_note
from jeung.crypto.trie import EMPTY_TRIE, TrieNodes
from jeung.domain.chain import BlockHeader, RegistryEvent
from jeung.domain.contract_storage import (
    ACCOUNT_OWNERS,
    BATCHES,
    GRANTS,
    KEY_RECORDS,
    MEMBER_RECORDS,
    NAMES_HISTORY,
    OPERATORS,
    PROFILES,
    SCHEMA_RECORDS,
    SCHEMAS_BY_VCT,
    STATUS_WORDS,
    URL_OWNERS,
    behind,
    element,
    under,
)
from jeung.domain.members import Member, MemberStatus
from jeung.domain.registrations import KeyPurpose
from jeung.domain.registry import Registry
from jeung.domain.transparency import witness_name
from jeung.ports.log import Cosignature
from jeung.services.evidence.exporting import EvidenceExporter
from jeung.services.evidence.gathering import ProofGatherer
from jeung.services.evidence.package import DeploymentFacts
from jeung.services.evidence.proven import CONTRACTS
from jeung.services.log import CheckpointService, LogReader
from jeung.services.log.checkpoints import note_key
from tests.common.memory.custody import MemorySigner
from tests.common.memory.log import MemoryTransparencyLog
from tests.common.parties import BANK, EXCHANGE, Parties
from tests.common.tries import Trie, header, storage_trie

CHAIN_ID = 31_337
SUCCESSOR = "StatusRegistry, second"
ADDRESSES = {name: (0xC0DE00 + place).to_bytes(20) for place, name in enumerate(("Directory", *CONTRACTS, SUCCESSOR))}
DEPLOYMENT = DeploymentFacts(CHAIN_ID, ADDRESSES["Directory"], keccak256(b"deployment"))
CODE = {name: keccak256(b"code of " + name.encode()) for name in ADDRESSES}
STATUS_NUMBERS = {MemberStatus.ACTIVE: 1, MemberStatus.SUSPENDED: 2, MemberStatus.REMOVED: 3}
Storage = dict[str, dict[int, int]]


def packed(*fields: tuple[int, int]) -> int:
    """Pack fields (value, bytes) from the low end of a word."""
    word, shift = 0, 0
    for value, size in fields:
        word |= value << shift
        shift += 8 * size
    return word


def storage_of(parties: Parties) -> Storage:
    """Write the played chain's present state as its contracts would store it."""
    tables = parties.bank.database.read()
    storage: Storage = {name: {} for name in ADDRESSES}
    _directory(storage["Directory"])
    now = tables.freshness.head_time if tables.freshness else 0
    registry = tables.registry
    for member in registry.members.values():
        _member(storage["Consortium"], member, now)
    for operator in registry.operators.values():
        raw = bytes.fromhex(operator.account[2:])
        storage["Consortium"][under(ACCOUNT_OWNERS, raw)] = int.from_bytes(operator.member)
        times = ((operator.authorized_at, 8), (operator.retired_at or 0, 8), (operator.compromised_since or 0, 8))
        storage["Consortium"][under(OPERATORS, raw)] = packed((int(operator.purpose), 1), *times)
    _registrations(storage, registry)
    _profiles(storage["RelyingPartyRegistry"], tables.registry_events)
    for batch in tables.batches:
        slot = under(BATCHES, batch.batch)
        word = packed((int(batch.operator, 16), 20), (len(batch.digests), 4), (batch.block_time, 8))
        storage["AttestationRegistry"].setdefault(slot, word)
    for (issuer, number, place), word in tables.words.items():
        storage["StatusRegistry"][behind(under(STATUS_WORDS, issuer, number.to_bytes(4)), place)] = word
    return storage


def _directory(slots: dict[int, int]) -> None:
    for name in CONTRACTS:
        history = under(NAMES_HISTORY, name.encode().ljust(32, b"\0"))
        slots[history] = 1
        slots[element(history, 0)] = packed((int.from_bytes(ADDRESSES[name]), 20), (1, 8))


def name_successor(storage: Storage) -> None:
    """Let the Directory name a second registry of statuses, which is empty."""
    history = under(NAMES_HISTORY, b"StatusRegistry".ljust(32, b"\0"))
    storage["Directory"][history] = 2
    storage["Directory"][element(history, 1)] = packed((int.from_bytes(ADDRESSES[SUCCESSOR]), 20), (9, 8))


def _member(slots: dict[int, int], member: Member, now: int) -> None:
    status = member.status_at(now)
    suspended_until = next((one.until or 0 for one in member.suspensions if one.covers(now)), 0)
    removal = member.removal
    slots[under(MEMBER_RECORDS, member.member)] = packed(
        (STATUS_NUMBERS[status], 1),
        (int(member.roles_at(now)), 1),
        (int(removal is not None and removal.for_cause), 1),
        (member.admitted_at, 8),
        (suspended_until, 8),
        (0 if removal is None else removal.effective_since, 8),
    )
    for url in member.urls:
        slots[under(URL_OWNERS, keccak256(url.encode()))] = int.from_bytes(member.member)


def _registrations(storage: Storage, registry: Registry) -> None:
    for key in registry.keys.values():
        slot = under(KEY_RECORDS, key.member, key.thumbprint)
        fields = ((int(key.purpose), 1), (key.not_before, 8), (key.not_after, 8), (1, 8))
        storage["KeyRegistry"][slot] = packed(*fields)
        for offset, time in ((1, key.revoked_at), (2, key.compromised_since)):
            if time is not None:
                # An earlier declaration, and the one that counts.
                storage["KeyRegistry"][slot + offset] = 2
                storage["KeyRegistry"][element(slot + offset, 0)] = packed((1, 6), (time + 9, 26))
                storage["KeyRegistry"][element(slot + offset, 1)] = packed((2, 6), (time, 26))
    for (member, schema), grants in registry.grants.items():
        slot = under(GRANTS, member, schema)
        storage["AccreditationRegistry"][slot] = len(grants)
        for grant in grants:
            spans = (grant.valid_from, grant.valid_until, grant.effective_since or 0, grant.withdrawn_at or 0)
            storage["AccreditationRegistry"][element(slot, grant.index)] = packed(*((time, 8) for time in spans))
    for found in registry.schemas.values():
        storage["SchemaRegistry"][under(SCHEMA_RECORDS, found.schema)] = packed((found.registered_at, 8))
        storage["SchemaRegistry"][under(SCHEMAS_BY_VCT, keccak256(found.vct.encode()))] = int.from_bytes(found.schema)


def _profiles(slots: dict[int, int], events: Iterable[RegistryEvent]) -> None:
    """Write every version of every profile, each ended by the next or by its withdrawal."""
    for event in events:
        if event.name not in ("ProfileRegistered", "ProfileWithdrawn"):
            continue
        slot = under(PROFILES, *(bytes.fromhex(event.args[name][2:]) for name in ("member", "service")))
        count = slots.get(slot, 0)
        ends = behind(element(slot, count - 1, 2), 1)
        if count and not slots[ends] >> 64:
            slots[ends] |= event.block_time << 64
        if event.name == "ProfileRegistered":
            slots[slot] = count + 1
            slots[element(slot, count, 2)] = int(event.args["digest"], 16)
            slots[behind(element(slot, count, 2), 1)] = event.block_time


class PlayedProofs:
    """Answer for proofs as a chain does (jeung.ports.chain.ChainProofs); `gone` holds blocks whose state it lost."""

    def __init__(self) -> None:
        self.raw: dict[int, bytes] = {}
        self.tries: dict[int, list[Trie]] = {}
        self.gone: set[int] = set()
        self.asked = 0

    @property
    def deployment(self) -> tuple[int, bytes, bytes]:
        return DEPLOYMENT.chain_id, DEPLOYMENT.directory, DEPLOYMENT.block_hash

    def headers(self, first: int, last: int) -> Sequence[bytes] | None:
        wanted = [self.raw.get(number) for number in range(first, last + 1)]
        return None if None in wanted else [raw for raw in wanted if raw is not None]

    def nodes(self, number: int, slots: Iterable[tuple[bytes, int]]) -> Sequence[bytes] | None:
        self.asked += 1
        if number in self.gone:
            return None
        all_of_it = TrieNodes(node for trie in self.tries[number] for node in trie.nodes.values())
        shown = all_of_it.afresh()
        for contract, slot in slots:
            account = shown.account(self.tries[number][0].root, contract)
            shown.storage(account.storage_root, slot)
        return shown.used

    def make_block(self, number: int, time: int, parent: bytes, storage: Storage) -> BlockHeader:
        """Put a state under a header."""
        tries = {name: storage_trie(slots) for name, slots in storage.items()}
        accounts = {
            ADDRESSES[name]: bytes(rlp.encode([1, 0, trie.root if trie.nodes else EMPTY_TRIE, CODE[name]]))
            for name, trie in tries.items()
        }
        state = Trie(accounts)
        self.raw[number] = header(number, time, state.root, parent)
        self.tries[number] = [state, *tries.values()]
        return BlockHeader(number, keccak256(self.raw[number]), parent, time)


class Witnessed(Parties):
    """The stage, with a chain that proves and a log that is cosigned."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - those of Parties
        super().__init__(**options)
        self.proofs = PlayedProofs()
        self.log = MemoryTransparencyLog(self.exchange.database)
        self.exchange.signer.rotate(KeyPurpose.LOG_CHECKPOINT_SIGNING)
        self.log_key = self.exchange.signer.keys[KeyPurpose.LOG_CHECKPOINT_SIGNING].key.thumbprint
        self.chain.register_key(self.exchange.member, self.log_key, KeyPurpose.LOG_CHECKPOINT_SIGNING)
        self.witnesses = {url: MemorySigner(KeyPurpose.WITNESS_COSIGNING) for url in (BANK, EXCHANGE)}
        parts: dict[str, Any] = {"store": self.exchange.store, "vault": self.exchange.vault}
        self.gatherer = ProofGatherer(**parts, ledger=self.ledger, log=self.log, chain=self.proofs, clock=self.clock)
        self.exporter = EvidenceExporter(
            **parts,
            evidence=self.evidence,
            log=LogReader(log=self.log, url=EXCHANGE),
            deployment=lambda: DEPLOYMENT,
        )

    def seal_block(self, storage: Storage | None = None) -> BlockHeader:
        """Make the newest block one that proves the state; whatever was judged by it must come afterwards."""
        with self.bank.database.write() as tables:
            number = max(tables.headers)
            before = tables.headers.get(number - 1)
            parent = bytes(32) if before is None else before.hash
            time = tables.headers[number].time
            made = self.proofs.make_block(number, time, parent, storage or storage_of(self))
            tables.headers[number] = made
            if tables.freshness is not None:
                tables.freshness = replace(tables.freshness, indexed_hash=made.hash)
        with self.exchange.database.write() as tables:
            tables.headers[number] = made
        return made

    def next_block(self) -> BlockHeader:
        """Append an empty block that proves the state, too."""
        self.chain.idle()
        return self.seal_block()

    def publish(self, *, cosigners: Sequence[str] = (BANK,)) -> None:
        """Sequence, sign, have cosigned, publish."""
        signer = self.exchange.signer
        checkpoints = CheckpointService(log=self.log, signer=signer, clock=self.clock, url=EXCHANGE)
        checkpoints.sequence(self.exchange.fence)
        signed = checkpoints.sign(self.exchange.fence)
        assert signed is not None
        text, now, lines = parse_note(signed.note).text, self.clock.now(), []
        for url in cosigners:
            witness = self.witnesses[url]
            key = witness.active_key(KeyPurpose.WITNESS_COSIGNING)
            name = note_key(witness_name(url), KeyType.COSIGNATURE_V1, key)
            line = cosignature(name, now, witness.sign(key.key_id, key.purpose, cosigned_message(text, now))).line
            lines.append(Cosignature(name.text, line, now))
        self.log.publish(1, signed.size, lines, fence=self.exchange.fence)

    def witness_key(self, url: str = BANK) -> str:
        """Give the text of a witness's key."""
        key = self.witnesses[url].active_key(KeyPurpose.WITNESS_COSIGNING)
        return note_key(witness_name(url), KeyType.COSIGNATURE_V1, key).text

    def trust(self, *, witnesses: Sequence[str] = (BANK,), quorum: int = 1) -> Trust:
        """Give the genesis facts."""
        code = {name: CODE[name] for name in CONTRACTS}
        keys = frozenset(map(self.witness_key, witnesses))
        return Trust(CHAIN_ID, DEPLOYMENT.directory, DEPLOYMENT.block_hash, code, keys, quorum)

    def exported(self, evidence_id: str) -> bytes:
        """Gather, publish and export."""
        self.publish()
        while self.gatherer.step(0):
            pass
        return self.exporter.export(evidence_id, reader="auditor")
