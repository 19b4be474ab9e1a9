"""Ask another member's log which blocks it names: within bounds of time, size and count, believing nothing.

The published checkpoint, its newest entries, the tiles that prove one. The first entry that names a block or a later
one is taken, as far as headers may lead; what does not verify under a key that the chain holds good for that log is
no answer.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from jeung.crypto import canonical_json
from jeung.crypto.tlog.checkpoints import Checkpoint, parse_checkpoint
from jeung.crypto.tlog.notes import NoteKey, encode_note, parse_note, parse_note_key
from jeung.crypto.tlog.tiles import TILE_WIDTH, Tile, bundles_of, hash_reader, parse_bundle
from jeung.crypto.tlog.tree import inclusion_proof
from jeung.domain.transparency import EntryKind, log_origin, parse_entry
from jeung.errors import InvalidProof, InvalidSignature
from jeung.ports.log import WitnessCalls
from jeung.ports.world import Clock
from jeung.services.evidence.package import MAX_HEADERS, EntryProof, VouchProof
from jeung.services.evidence.vouched import named_block, read_vouch

MAX_BUNDLES: Final = 4
MAX_REQUESTS: Final = 24
PATIENCE_S: Final = 30
_OK: Final = 200
_BLOCK_KIND: Final = b'"kind":"%s"' % EntryKind.BLOCK.value.encode()


@dataclass(frozen=True, slots=True)
class OtherLog:
    """Name another member's log: where it is, and the thumbprints of the keys that the chain holds good for it."""

    url: str
    epoch: int
    keys: frozenset[bytes]

    @property
    def origin(self) -> str:
        """Give the origin of its present epoch."""
        return log_origin(self.url, self.epoch)

    @property
    def place(self) -> str:
        """Give where it is, without scheme and epoch: so the origin of every epoch begins."""
        return self.url.partition("://")[2]


class LogReading:
    """Read one log, of one size, once."""

    def __init__(self, calls: WitnessCalls, clock: Clock, log: OtherLog) -> None:
        self._calls = calls
        self._clock = clock
        self._log = log
        self._base = f"{log.url}/log/{log.epoch}"
        self._until = clock.now() + PATIENCE_S
        self._left = MAX_REQUESTS

    def vouches(self, numbers: Sequence[int]) -> Mapping[int, VouchProof]:
        """Give an entry for each block that the log names one for.

        Raises:
            JeungError: the log cannot be read, or does not verify.
        """
        signed = parse_note(self._get(f"{self._base}/checkpoint"))
        checkpoint = parse_checkpoint(signed.text)
        keys = {(key.name, key.key_id): key for key in self._keys()}
        own = [line for line in signed.signatures if (line.name, line.key_id) in keys]
        if checkpoint.origin != self._log.origin or not own:
            raise InvalidSignature("no key that the chain holds good for this log signed the checkpoint")
        alone = encode_note(signed.text, own[:1]).decode()
        key = keys[own[0].name, own[0].key_id].text
        entries = self._blocks(checkpoint, min(numbers))
        read = hash_reader(checkpoint.size, lambda tile: self._get(f"{self._base}/{tile.path}"))
        proofs: dict[int, VouchProof] = {}
        for wanted in numbers:
            reached = [number for number in entries if wanted <= number < wanted + MAX_HEADERS]
            if reached:
                index, entry = entries[min(reached)]
                block = EntryProof(index, inclusion_proof(index, checkpoint.size, read), entry)
                proofs[wanted] = VouchProof(alone, key, block)
                read_vouch(proofs[wanted])
        return proofs

    def _keys(self) -> Sequence[NoteKey]:
        """Give the keys of the log's own line that the chain holds good; which they are, the log says itself."""
        named = canonical_json.parse_object(self._get(f"{self._log.url}/log")).get("keys")
        if not isinstance(named, list):
            raise InvalidProof("the log names no keys")
        own = [parse_note_key(text) for text in named if str(text).startswith(f"{self._log.origin}+")]
        return [key for key in own if key.verifier.thumbprint in self._log.keys]

    def _blocks(self, checkpoint: Checkpoint, first: int) -> Mapping[int, tuple[int, str]]:
        """Give index and text of the newest entries that name blocks, by number, back to a block if it can be."""
        found: dict[int, tuple[int, str]] = {}
        bundles = list(bundles_of(checkpoint.size, since=max(0, checkpoint.size - MAX_BUNDLES * TILE_WIDTH)))
        for tile in reversed(bundles[-MAX_BUNDLES:]):
            for number, place in self._blocks_within(tile):
                found[number] = place
            if found and min(found) <= first:
                break
        return found

    def _blocks_within(self, tile: Tile) -> Iterable[tuple[int, tuple[int, str]]]:
        entries = parse_bundle(self._get(f"{self._base}/{tile.path}"), tile.width)
        for at, entry in enumerate(entries, start=TILE_WIDTH * tile.index):
            named = named_block(parse_entry(entry)) if _BLOCK_KIND in entry else None
            if named is not None:
                yield named[0], (at, entry.decode())

    def _get(self, url: str) -> bytes:
        self._left -= 1
        if self._left < 0 or self._clock.now() > self._until:
            raise InvalidProof("the log takes more requests, or more time, than are made")
        answer = self._calls.call("GET", url, b"", "")
        if answer is None or answer.status != _OK:
            raise InvalidProof("the log does not answer")
        return answer.body
