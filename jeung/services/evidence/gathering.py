"""Gather from the chain what proves a judgement's part of the ledger: in the worker, soon after the judgement.

Numbered as the code does it. Nothing waits in a queue of its own: what stands to be gathered is the evidence behind
the last of which proofs are kept, so a worker that was killed goes on where it stopped.

1. Take the oldest evidence without proofs, as much as one step bears, and open it. Evidence of which the log has not
   given an entry its place yet waits, and all behind it: the entry tells up to which block headers are wanted.
2. What rested on the same block is gathered together: most slots are the same for all.
3. Ask for the headers from the judgement's block to the one that the log names, and for the nodes that lead to the
   slots. Each answer may lead to further slots: a record's array, a successor's address. What was wanted of the last
   block is asked for at once, because it is mostly wanted again.
4. Where the chain does not have that block's state any more, or another block in its place, take the block that the
   log names, and let the proofs say so; where it offers no proofs at all, keep that.
5. Keep each judgement's own part, sealed under the key of its evidence: it goes when the evidence goes.
"""

import zlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from jeung.crypto import canonical_json
from jeung.crypto.hashing import sha256
from jeung.crypto.merkle import MerkleTree
from jeung.crypto.tlog.notes import parse_note_key
from jeung.crypto.tlog.tree import leaf_hash
from jeung.crypto.trie import Header, NotShownError, TrieNodes, parse_header
from jeung.domain.identifiers import CredentialDigest, SchemaId
from jeung.domain.key_storage import KeyStorage
from jeung.domain.ledger import Freshness
from jeung.domain.profiles import profile_document
from jeung.domain.proofing import AssuranceLevel
from jeung.domain.registrations import RequestProfile
from jeung.domain.transparency import parse_entry, verified_entry
from jeung.domain.verification import EvidenceRecord
from jeung.errors import InvalidProof
from jeung.ports.chain import ChainProofs
from jeung.ports.custody import Vault
from jeung.ports.ledger import Ledger, LedgerView
from jeung.ports.log import TransparencyLog
from jeung.ports.store import Store
from jeung.ports.world import Clock
from jeung.services.evidence.asked import Asked, read_asked
from jeung.services.evidence.package import MAX_HEADERS
from jeung.services.evidence.proven import Beside
from jeung.services.evidence.reading import read_state, wanted_slots
from jeung.services.evidence.rejudging import freshness_of
from jeung.services.verification.evidence import evidence_context

AT_ONCE: Final = 32
MAX_ROUNDS: Final = 16
MAX_REMEMBERED: Final = 512
LOG_PATIENCE_S: Final = 60
NO_BLOCK: Final = "no_block"
NOT_OFFERED: Final = "not_offered"
PROFILE_GONE: Final = "profile_gone"
_COMPRESSION: Final = 1


@dataclass(frozen=True, slots=True)
class GatheredProofs:
    """Hold what was gathered for one judgement: `missing` is the reason where nothing was."""

    headers: Sequence[bytes] = ()
    nodes: Sequence[bytes] = field(default=(), repr=False)
    path: Sequence[bytes] | None = field(default=None, repr=False)
    profile: str | None = None
    missing: str | None = None

    @property
    def encoded(self) -> bytes:
        """Write it as it is sealed."""
        body = {
            "headers": [header.hex() for header in self.headers],
            "nodes": [node.hex() for node in self.nodes],
            "path": None if self.path is None else [part.hex() for part in self.path],
            "profile": self.profile,
            "missing": self.missing,
        }
        return zlib.compress(orjson.dumps(body), _COMPRESSION)


def parse_gathered(data: bytes) -> GatheredProofs:
    """Read what `GatheredProofs.encoded` wrote."""
    body = orjson.loads(zlib.decompress(data))
    path = body["path"]
    return GatheredProofs(
        headers=[bytes.fromhex(header) for header in body["headers"]],
        nodes=[bytes.fromhex(node) for node in body["nodes"]],
        path=None if path is None else [bytes.fromhex(part) for part in path],
        profile=body["profile"],
        missing=body["missing"],
    )


def proofs_context(evidence_id: str) -> str:
    """Give the context that proofs are sealed for."""
    return f"evidence-proofs/{evidence_id}"


@dataclass(frozen=True, slots=True)
class _Task:
    """Hold one judgement that proofs are wanted of; `last` is the block the log names, None where it names none."""

    record: EvidenceRecord
    wrapped: bytes
    asked: Asked
    beside: Beside
    freshness: Freshness
    last: int | None


class ProofGatherer:
    """Gather proofs for one node's evidence."""

    def __init__(
        self,
        *,
        store: Store,
        ledger: Ledger,
        log: TransparencyLog,
        vault: Vault,
        chain: ChainProofs,
        clock: Clock,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._log = log
        self._vault = vault
        self._chain = chain
        self._clock = clock
        self._remembered: set[tuple[bytes, int]] = set()

    def step(self, _fence: int) -> bool:
        """Gather for the oldest evidence without proofs; tell whether more may wait.

        Raises:
            LedgerStale: the follower has never run.
            StoreBusy, StoreUnavailable, RpcError: it is tried again.
        """
        with self._store.read() as tx:
            waiting = [
                (record, wrapped)
                for record in tx.evidence_proofs.waiting(AT_ONCE)
                if (wrapped := tx.data_keys.get(record.data_key_id)) is not None
            ]
        done: dict[str, GatheredProofs] = {}
        tasks: list[_Task] = []
        with self._ledger.view() as view:  # 1
            for record, wrapped in waiting:
                task = self._task(record, wrapped, view)
                if task is None:
                    break
                if isinstance(task, GatheredProofs):
                    done[record.evidence_id] = task
                else:
                    tasks.append(task)
        blocks: dict[int, list[_Task]] = defaultdict(list)
        for task in tasks:  # 2
            blocks[task.freshness.indexed_number].append(task)
        for number, together in blocks.items():
            done.update(self._gather(number, together))
        self._keep([pair for pair in waiting if pair[0].evidence_id in done], done)
        return len(done) == AT_ONCE

    def _task(self, record: EvidenceRecord, wrapped: bytes, view: LedgerView) -> _Task | GatheredProofs | None:
        context = evidence_context(record.evidence_id)
        raw = self._vault.open(wrapped, record.data_key_id, context, record.sealed)
        judgement = canonical_json.parse_object(raw)
        if judgement.get("block") is None:
            # Steps 1 and 2 refused, or an older release judged.
            return GatheredProofs(missing=NO_BLOCK)
        entry = verified_entry(sha256(raw), judgement["judged_at"]).encoded
        place = self._log.place_of(leaf_hash(entry))
        if place is None and self._clock.now() < record.recorded_at + LOG_PATIENCE_S:
            return None
        named = None if place is None else self._log.block_before(place)
        facts = None if named is None else parse_entry(named[1]).facts
        asked = read_asked(judgement)
        return _Task(
            record=record,
            wrapped=wrapped,
            asked=asked,
            beside=self._beside(judgement, asked, view),
            freshness=freshness_of(judgement),
            last=None if facts is None else int(facts["number"]),
        )

    def _beside(self, judgement: Mapping[str, Any], asked: Asked, view: LedgerView) -> Beside:
        registry = view.registry
        ourselves = registry.member_at(asked.relying_party)
        profile = None if ourselves is None else registry.profile_named(ourselves.member, asked.profile)
        checkpoint = self._log.last_checkpoint(self._log.head().epoch)
        keys = () if checkpoint is None else (parse_note_key(checkpoint.key).verifier.thumbprint,)
        attested = any(step["number"] == 4 and step["passed"] for step in judgement["steps"])
        return Beside(
            path=_path(asked, view) if attested else None,
            profile=None if profile is None else document_of(profile),
            keys=keys,
        )

    def _gather(self, number: int, tasks: Sequence[_Task]) -> dict[str, GatheredProofs]:
        named = max((task.last for task in tasks if task.last is not None), default=number)
        within = number <= named < number + MAX_HEADERS
        found = self._gather_at(number, named if within else number, tasks)
        if found is None and named > number:  # 4
            found = self._gather_at(named, named, tasks)
        return found or {task.record.evidence_id: GatheredProofs(missing=NOT_OFFERED) for task in tasks}

    def _gather_at(self, number: int, last: int, tasks: Sequence[_Task]) -> dict[str, GatheredProofs] | None:
        raw = self._chain.headers(number, last)  # 3
        if raw is None:
            return None
        header = parse_header(raw[0])
        stated = tasks[0].freshness
        if number == stated.indexed_number and header.hash != stated.indexed_hash:
            return None
        nodes = self._nodes(header, tasks)
        if nodes is None:
            return None
        directory = self._chain.deployment[1]
        done = {}
        for task in tasks:
            try:
                read = read_state(nodes, header, directory, task.asked, task.beside, task.freshness)
            except (NotShownError, InvalidProof):
                # The profile is not the one that was registered then: what it was does not show any more.
                done[task.record.evidence_id] = GatheredProofs(missing=PROFILE_GONE)
                continue
            done[task.record.evidence_id] = GatheredProofs(
                headers=raw[: max(0, (task.last or number) - number) + 1],
                nodes=read.nodes,
                path=task.beside.path,
                profile=None if task.beside.profile is None else task.beside.profile.decode(),
            )
        return done

    def _nodes(self, header: Header, tasks: Sequence[_Task]) -> TrieNodes | None:
        directory = self._chain.deployment[1]
        nodes, asked_for = TrieNodes(), set[tuple[bytes, int]]()
        wanted = set(self._remembered)
        for _ in range(MAX_ROUNDS):
            if wanted:
                found = self._chain.nodes(header.number, wanted)
                if found is None:
                    return None
                nodes.add(found)
                asked_for |= wanted
            try:
                slots = [
                    wanted_slots(nodes, header, directory, task.asked, task.beside, task.freshness) for task in tasks
                ]
            except InvalidProof:
                # The chain answers what is no state of such contracts.
                return None
            wanted = set[tuple[bytes, int]]().union(*slots)
            if not wanted:
                self._remembered = asked_for if len(asked_for) <= MAX_REMEMBERED else set()
                return nodes
            if wanted & asked_for:
                # What was asked for does not come.
                return None
        return None

    def _keep(self, waiting: Sequence[tuple[EvidenceRecord, bytes]], done: Mapping[str, GatheredProofs]) -> None:
        if not waiting:
            return
        sealed = [
            (
                record.evidence_id,
                self._vault.seal(
                    wrapped, record.data_key_id, proofs_context(record.evidence_id), done[record.evidence_id].encoded
                ),
            )
            for record, wrapped in waiting
        ]
        with self._store.write() as tx:  # 5
            for evidence_id, proofs in sealed:
                tx.evidence_proofs.add(evidence_id, proofs, self._clock.now())


def document_of(profile: RequestProfile) -> bytes | None:
    """Write a registered profile's document again; None where it was registered in another spelling."""
    document = canonical_json.canonical(
        profile_document(
            name=profile.name,
            schemas=profile.schemas,
            claims=profile.claims,
            required=profile.required,
            purpose=profile.purpose,
            assurance_level=AssuranceLevel(profile.assurance_level),
            key_storage=KeyStorage(profile.key_storage),
        )
    )
    return document if sha256(document) == profile.digest else None


def _path(asked: Asked, view: LedgerView) -> Sequence[bytes] | None:
    issuer = None if asked.issuer is None else view.registry.member_at(asked.issuer)
    digest = CredentialDigest(asked.digest or b"")
    found = None if issuer is None else view.attestation(issuer.member, SchemaId(asked.schema or b""), digest)
    # It was attested when it was judged; a fork may have taken that back.
    if found is None:
        return None
    return MerkleTree(view.batch_digests(found.batch)).proof(digest)
