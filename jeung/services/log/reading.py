"""Hand out the log to whoever wants it, and prove where an entry stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from jeung.crypto.tlog.tiles import parse_tile_path
from jeung.crypto.tlog.tree import inclusion_proof, leaf_hash
from jeung.domain.transparency import log_origin
from jeung.errors import MalformedTile, NotFound
from jeung.ports.log import TransparencyLog
from jeung.services.log.checkpoints import tiles_reader

MAX_CHECKPOINTS: Final = 256


@dataclass(frozen=True, slots=True)
class LoggedEntry:
    """Prove that an entry stands in the log: `note` is the checkpoint of `size` entries with its cosignatures."""

    epoch: int
    index: int
    size: int
    proof: tuple[bytes, ...]
    note: bytes


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
        checkpoint, cosignatures = published
        return checkpoint.note + "".join(said.line for said in cosignatures).encode()

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
        size = published[0].size
        proof = inclusion_proof(place.index, size, tiles_reader(self._log, place.epoch, size))
        return LoggedEntry(place.epoch, place.index, size, proof, self.checkpoint(place.epoch))
