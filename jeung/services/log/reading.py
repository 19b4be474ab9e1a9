"""Hand out the log to whoever wants it, and prove where an entry stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from jeung.crypto.tlog.tiles import parse_tile_path
from jeung.crypto.tlog.tree import inclusion_proof, leaf_hash
from jeung.domain.transparency import log_origin
from jeung.errors import MalformedTile, NotFound
from jeung.ports.log import Cosignature, Place, SignedCheckpoint, TransparencyLog
from jeung.services.log.checkpoints import tiles_reader

MAX_CHECKPOINTS: Final = 256


@dataclass(frozen=True, slots=True)
class LoggedEntry:
    """Prove that an entry stands in the log: `note` is the checkpoint of `size` entries with its cosignatures.

    `key` is the text of the key that signed the checkpoint (a vkey of C2SP signed-note).
    """

    epoch: int
    index: int
    size: int
    proof: tuple[bytes, ...]
    note: bytes
    key: str


class LogReader:
    """Read one member's log."""

    def __init__(self, *, log: TransparencyLog, url: str) -> None:
        self._log = log
        self._url = url

    def origins(self) -> Sequence[str]:
        """Give the origin of every epoch, the present one last."""
        return [log_origin(self._url, epoch) for epoch in self._log.epochs()]

    def keys(self) -> Sequence[str]:
        """Give the text of every key that signed or cosigned a checkpoint here (vkeys of C2SP signed-note).

        Whoever reads them compares their thumbprints with the chain's KeyRegistry, which is what makes them ours.
        """
        return self._log.keys()

    def checkpoint(self, epoch: int) -> bytes:
        """Give the newest published checkpoint with its cosignatures.

        Raises:
            NotFound: nothing was published in this epoch yet.
        """
        published = self._log.published(epoch)
        if published is None:
            raise NotFound("no checkpoint of this log was published yet")
        return _note(*published)

    def tile(self, epoch: int, path: str) -> bytes:
        """Give a tile or a bundle of entries by its path, such as `tile/0/000.p/7`.

        Raises:
            NotFound: there is no such tile, or not so wide yet.
        """
        try:
            found = self._log.tile(epoch, parse_tile_path(path))
        except MalformedTile:
            found = None
        if found is None:
            raise NotFound("no such tile")
        return found

    def prove(self, entry: bytes) -> LoggedEntry | None:
        """Prove that an entry stands in the log by the newest published checkpoint; None where it does not yet.

        Args:
            entry: the bytes as published, such as `jeung.domain.transparency.verified_entry` gives.
        """
        place = self._log.place_of(leaf_hash(entry))
        published = None if place is None else self._log.published(place.epoch)
        if place is None or published is None or place.index >= published[0].size:
            return None
        size, path = published[0].size, self._path(place, published[0].size)
        return LoggedEntry(place.epoch, place.index, size, path, _note(*published), published[0].key)

    def prove_block(self, judged: LoggedEntry) -> tuple[int, tuple[bytes, ...], bytes] | None:
        """Prove the entry that names the block an entry was sequenced behind, under the same checkpoint.

        Gives its index, its proof and its bytes; None where no entry before it names a block.
        """
        found = self._log.block_before(Place(judged.epoch, judged.index))
        if found is None:
            return None
        return found[0], self._path(Place(judged.epoch, found[0]), judged.size), found[1]

    def _path(self, place: Place, size: int) -> tuple[bytes, ...]:
        return inclusion_proof(place.index, size, tiles_reader(self._log, place.epoch, size))


def _note(checkpoint: SignedCheckpoint, cosignatures: Sequence[Cosignature]) -> bytes:
    return checkpoint.note + "".join(said.line for said in cosignatures).encode()
