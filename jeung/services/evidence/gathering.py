"""Gather from the chain what proves a judgement's part of the ledger: in the worker, soon after the judgement.

Numbered as the code does it. Nothing waits in a queue of its own: what stands to be gathered is the evidence behind
the last of which proofs are kept, so a worker that was killed goes on where it stopped.

1. Take the oldest evidence without proofs, as much as one step bears, and open it. Evidence of which the log has not
   given an entry its place yet waits, and all behind it: the entry tells up to which block headers are wanted.
   Evidence that cannot be read (somebody edited it) is said to be so: it holds up nothing behind it.
2. What rested on the same block is gathered together: most slots are the same for all.
3. Ask for the headers from the judgement's block to the one that the log names, and for the nodes that lead to the
   slots. Each answer may lead to further slots: a record's array, a successor's address. What was wanted of the last
   block is asked for at once, because it is mostly wanted again.
4. Where the chain does not have that block's state any more, or another block in its place, take the block that the
   log names, and let the proofs say so; where it offers no proofs at all, keep that.
5. Keep each judgement's own part, sealed under the key of its presentation: it goes when that goes. Say that other
   members' word for the block is wanted (`jeung.services.evidence.vouching`).
"""

import zlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from jeung.crypto.hashing import sha256
from jeung.crypto.merkle import MerkleTree
from jeung.crypto.tlog.notes import parse_note_key
from jeung.crypto.tlog.tree import leaf_hash
from jeung.crypto.trie import Header, NotShownError, TrieNodes, parse_header
from jeung.domain.identifiers import BatchId, CredentialDigest, SchemaId
from jeung.domain.ledger import Freshness
from jeung.domain.transparency import parse_entry, verified_entry
from jeung.domain.verification import EvidenceRecord
from jeung.errors import InvalidProof, MalformedInput, NotFound, SealBroken
from jeung.ports.chain import ChainProofs
from jeung.ports.custody import Vault
from jeung.ports.ledger import Ledger, LedgerView
from jeung.ports.log import TransparencyLog
from jeung.ports.store import Store
from jeung.ports.world import Clock
from jeung.services.evidence.asked import Asked, read_asked
from jeung.services.evidence.package import MAX_HEADERS, MAX_NODES, MAX_PACKAGE_BYTES
from jeung.services.evidence.proven import Beside
from jeung.services.evidence.reading import read_state, wanted_slots
from jeung.services.evidence.rejudging import freshness_of
from jeung.services.verification.shown import KeptJudgement, committed, is_dropped, open_judgement, read_kept

AT_ONCE: Final = 32
BLOCKS_AT_ONCE: Final = 8
DIGESTS_AT_ONCE: Final = 1 << 16
"""Of batches whose trees are built in one step: eight of the largest, about half a second."""
MAX_ROUNDS: Final = 16
MAX_REMEMBERED: Final = 512
LOG_PATIENCE_S: Final = 60
NO_BLOCK: Final = "no_block"
NOT_OFFERED: Final = "not_offered"
PROFILE_GONE: Final = "profile_gone"
UNREADABLE: Final = "unreadable"
DROPPED: Final = "presentation_dropped"
TOO_LARGE: Final = "too_large"
_MALFORMED: Final = (SealBroken, MalformedInput, KeyError, TypeError, ValueError, AttributeError, RecursionError)
_COMPRESSION: Final = 1
_ATTESTATION_STEP: Final = 4
# They are written as hexadecimal, beside a presentation of at most 64 KiB, log proofs and vouches.
_MOST_BYTES: Final = MAX_PACKAGE_BYTES // 4


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
    asked: Asked
    beside: Beside
    freshness: Freshness
    last: int | None


class _Batches:
    """Build the trees of batches, each once and only so many in a step: a tree of 8,192 digests takes a while."""

    def __init__(self, view: LedgerView) -> None:
        self._view = view
        self._trees: dict[BatchId, MerkleTree] = {}
        self._digests = 0

    @property
    def is_spent(self) -> bool:
        """Tell whether no further tree should be built in this step."""
        return self._digests >= DIGESTS_AT_ONCE

    def path(self, asked: Asked) -> Sequence[bytes] | None:
        """Give the siblings from a digest to its batch's root; None where this node knows of no attestation.

        It was attested when it was judged: a fork may have taken that back, or somebody edited the index.
        """
        issuer = None if asked.issuer is None else self._view.registry.member_at(asked.issuer)
        digest = CredentialDigest(asked.digest or b"")
        schema = SchemaId(asked.schema or b"")
        found = None if issuer is None else self._view.attestation(issuer.member, schema, digest)
        try:
            return None if found is None else self._tree(found.batch).proof(digest)
        except (MalformedInput, NotFound):
            return None

    def _tree(self, batch: BatchId) -> MerkleTree:
        if batch not in self._trees:
            digests = self._view.batch_digests(batch)
            self._digests += len(digests)
            self._trees[batch] = MerkleTree(digests)
        return self._trees[batch]


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
            read = [read_kept(tx, record) for record in tx.evidence_proofs.waiting(AT_ONCE)]
        waiting = [kept for kept in read if kept is not None]
        done: dict[str, GatheredProofs] = {}
        blocks: dict[tuple[int, bytes], list[_Task]] = defaultdict(list)
        is_cut = len(waiting) == AT_ONCE
        with self._ledger.view() as view:  # 1
            batches = _Batches(view)
            for kept in waiting:
                if len(blocks) >= BLOCKS_AT_ONCE or batches.is_spent:
                    is_cut = True
                    break
                task = self._task(kept, view, batches)
                if task is None:
                    is_cut = False
                    break
                if isinstance(task, GatheredProofs):
                    done[kept.record.evidence_id] = task
                else:
                    # By its hash: two judgements may have rested on two blocks of one number.
                    blocks[task.freshness.indexed_number, task.freshness.indexed_hash].append(task)  # 2
        for (number, _), together in blocks.items():
            done.update(self._gather(number, together))
        self._keep([kept for kept in waiting if kept.record.evidence_id in done], done)
        return is_cut

    def _task(self, kept: KeptJudgement, view: LedgerView, batches: _Batches) -> _Task | GatheredProofs | None:
        try:
            raw, judgement = open_judgement(self._vault, kept)
            if judgement.get("block") is None:
                # Steps 1 and 2 refused, or an older release judged.
                return GatheredProofs(missing=NO_BLOCK)
            if is_dropped(judgement):
                return GatheredProofs(missing=DROPPED)
            entry = verified_entry(sha256(committed(raw, judgement)), judgement["judged_at"]).encoded
            asked, freshness = read_asked(judgement), freshness_of(judgement)
            attested = _is_attested(judgement)
        except _MALFORMED:
            return GatheredProofs(missing=UNREADABLE)
        place = self._log.place_of(leaf_hash(entry))
        if place is None and self._clock.now() < kept.record.recorded_at + LOG_PATIENCE_S:
            return None
        named = None if place is None else self._log.block_before(place)
        facts = None if named is None else parse_entry(named[1]).facts
        return _Task(
            record=kept.record,
            asked=asked,
            beside=Beside(
                path=batches.path(asked) if attested else None,
                profile=_profile(asked, freshness, view),
                keys=self._log_keys(),
            ),
            freshness=freshness,
            last=None if facts is None else int(facts["number"]),
        )

    def _log_keys(self) -> Sequence[bytes]:
        checkpoint = self._log.last_checkpoint(self._log.head().epoch)
        return () if checkpoint is None else (parse_note_key(checkpoint.key).verifier.thumbprint,)

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
                # This node does not know the profile any more: a fork took it back.
                done[task.record.evidence_id] = GatheredProofs(missing=PROFILE_GONE)
                continue
            if len(read.nodes) > MAX_NODES or sum(map(len, (*raw, *read.nodes))) > _MOST_BYTES:
                # Nobody could read the package: whoever verifies one takes no more.
                done[task.record.evidence_id] = GatheredProofs(missing=TOO_LARGE)
                continue
            done[task.record.evidence_id] = GatheredProofs(
                headers=raw[: max(0, (task.last or number) - number) + 1],
                nodes=read.nodes,
                # What proves nothing is left out: nobody could tell whether it was changed.
                path=task.beside.path if read.ledger.is_attested else None,
                profile=task.beside.profile.decode()
                if task.beside.profile and read.ledger.registry.profiles
                else None,
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

    def _keep(self, waiting: Sequence[KeptJudgement], done: Mapping[str, GatheredProofs]) -> None:
        if not waiting:
            return
        sealed = []
        for kept in waiting:
            evidence_id, (owner, wrapped) = kept.record.evidence_id, kept.proofs_key
            proofs = self._vault.seal(wrapped, owner, proofs_context(evidence_id), done[evidence_id].encoded)
            sealed.append((evidence_id, owner, proofs))
        with self._store.write() as tx:  # 5
            for evidence_id, owner, proofs in sealed:
                tx.evidence_proofs.add(evidence_id, owner, proofs, self._clock.now())
            for first in {proofs.headers[0] for proofs in done.values() if proofs.headers}:
                tx.block_vouches.want(parse_header(first).number, self._clock.now())


def _profile(asked: Asked, freshness: Freshness, view: LedgerView) -> bytes | None:
    """Give the profile as of the judgement: it may have been replaced, or withdrawn, since."""
    registry, at = view.registry, freshness.head_time
    ourselves = registry.member_at(asked.relying_party)
    return None if ourselves is None else registry.profile_document_at(ourselves.member, asked.profile, at)


def _is_attested(judgement: Mapping[str, Any]) -> bool:
    return any(step["number"] == _ATTESTATION_STEP and step["passed"] for step in judgement["steps"])
