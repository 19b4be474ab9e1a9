"""Put everything together that proves one judgement, in one file that needs nothing else to be verified."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from jeung.crypto.tlog.notes import KeyType, parse_note, parse_note_key
from jeung.crypto.trie import TrieNodes, parse_header
from jeung.domain.identifiers import id_from_hex
from jeung.domain.transparency import parse_entry, verified_entry
from jeung.ports.custody import Vault
from jeung.ports.store import Store
from jeung.services.evidence.asked import read_asked
from jeung.services.evidence.gathering import DROPPED, GatheredProofs, parse_gathered, proofs_context
from jeung.services.evidence.package import (
    ChainProof,
    DeploymentFacts,
    EntryProof,
    EvidencePackage,
    LogProof,
    VouchProof,
    encode_package,
)
from jeung.services.evidence.proven import Beside
from jeung.services.evidence.reading import read_with_log_key
from jeung.services.evidence.rejudging import freshness_of
from jeung.services.evidence.vouching import fitting, parse_vouches
from jeung.services.log import LoggedEntry, LogReader
from jeung.services.verification.evidence import EvidenceService, OpenedEvidence

_Block = tuple[int, bytes]

NOT_LOGGED: Final = "not_logged"
NOT_GATHERED: Final = "not_gathered"
NOT_BOUND: Final = "not_bound"


class EvidenceExporter:
    """Export the evidence of one node."""

    def __init__(
        self,
        *,
        evidence: EvidenceService,
        store: Store,
        vault: Vault,
        log: LogReader,
        deployment: Callable[[], DeploymentFacts],
    ) -> None:
        self._evidence = evidence
        self._store = store
        self._vault = vault
        self._log = log
        self._deployment = deployment

    def export(self, evidence_id: str, *, reader: str) -> bytes:
        """Write the package of a judgement; the reading is logged, as every opening of evidence.

        What was not gathered or published yet is named as missing: asked again a few seconds later, it is there.

        Raises:
            NotFound, SubjectErased, SealBroken, StoreBusy, StoreUnavailable: as `EvidenceService.get`.
        """
        opened = self._evidence.get(evidence_id, reader=reader)
        log, block = self._logged(opened)
        chain, vouches = self._vouched(self._chain(opened, log, block), block)
        return encode_package(
            EvidencePackage(
                deployment=self._deployment(), judgement=opened.raw.decode(), chain=chain, log=log, vouches=vouches
            )
        )

    def _logged(self, opened: OpenedEvidence) -> tuple[LogProof | str, _Block | None]:
        proved = self._log.prove(verified_entry(opened.commitment, opened.record.recorded_at).encoded)
        if proved is None:
            return NOT_LOGGED, None
        found = self._log.prove_block(proved)
        proof = LogProof(
            note=proved.note.decode(),
            keys=self._keys(proved),
            judgement=EntryProof(proved.index, proved.proof),
            block=None if found is None else EntryProof(found[0], found[1], found[2].decode()),
        )
        facts = None if found is None else parse_entry(found[2]).facts
        return proof, None if facts is None else (int(facts["number"]), id_from_hex(facts["hash"]))

    def _keys(self, proved: LoggedEntry) -> list[str]:
        names = self._log.keys()
        known = {(key.name, key.key_id): key.text for key in map(parse_note_key, names)}
        return [known[line.name, line.key_id] for line in parse_note(proved.note).signatures]

    def _chain(self, opened: OpenedEvidence, log: LogProof | str, block: _Block | None) -> ChainProof | str:
        if opened.is_dropped:
            return DROPPED
        with self._store.read() as tx:
            sealed = tx.evidence_proofs.get(opened.record.evidence_id)
        if sealed is None:
            return NOT_GATHERED
        owner, wrapped = opened.kept.proofs_key
        context = proofs_context(opened.record.evidence_id)
        gathered = parse_gathered(self._vault.open(wrapped, owner, context, sealed))
        if gathered.missing is not None:
            return gathered.missing
        return self._pruned(opened, gathered, log, block)

    def _vouched(
        self, chain: ChainProof | str, block: _Block | None
    ) -> tuple[ChainProof | str, Sequence[VouchProof]]:
        """Add what other members' logs say of the block, and the headers that lead there."""
        if isinstance(chain, str):
            return chain, ()
        first = parse_header(chain.headers[0]).number
        with self._store.read() as tx:
            gathered = parse_vouches(tx.block_vouches.get(first))
        longer, shorter = sorted((gathered.headers, chain.headers), key=len, reverse=True)
        # A fork may have put another block in its place between the two.
        found = fitting(longer, gathered.vouches) if list(longer[: len(shorter)]) == list(shorter) else []
        if not found:
            return chain, ()
        last = max(first if block is None else block[0], *(vouch.number for vouch, _ in found))
        return replace(chain, headers=longer[: last - first + 1]), [proof for _, proof in found]

    def _pruned(
        self, opened: OpenedEvidence, gathered: GatheredProofs, log: LogProof | str, block: _Block | None
    ) -> ChainProof | str:
        """Keep what binds the headers, and the nodes that the verification will go through: no more, no less."""
        headers = [parse_header(raw) for raw in gathered.headers]
        freshness = freshness_of(opened.package)
        if block is None:
            kept, is_bound = gathered.headers[:1], headers[0].hash == freshness.indexed_hash
        else:
            kept, is_bound = gathered.headers, (headers[-1].number, headers[-1].hash) == block
        if not is_bound:
            return NOT_BOUND
        keys = [parse_note_key(text) for text in log.keys] if isinstance(log, LogProof) else []
        own = [key.verifier.thumbprint for key in keys if key.type is KeyType.ED25519]
        profile = None if gathered.profile is None else gathered.profile.encode()
        directory = self._deployment().directory
        asked = read_asked(opened.package)
        nodes, beside = TrieNodes(gathered.nodes), Beside(gathered.path, profile, own)
        read = read_with_log_key(nodes, headers[0], directory, asked, beside, freshness)
        return ChainProof(kept, read.nodes, gathered.path, gathered.profile)
