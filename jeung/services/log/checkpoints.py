"""Give entries their places and sign what has grown, in the worker.

Numbered as the code does it; a log that would contradict itself is never signed:

1. Entries that acts left behind get their places, and the tiles grow; after a restore they wait.
2. After a restore nothing is signed: others may hold more of this log than the backup did (`recovery` compares, and
   lets go). Nor is an epoch that the consortium closed, or did not open.
3. What was signed before is still in the tiles: its root is computed anew from them.
4. What stands anchored on the chain is, too. A log of fewer entries than the chain names has lost some.
5. The checkpoint is signed, and kept before anybody sees it.
"""

from collections.abc import Callable
from typing import Final

from jeung.crypto import base64url
from jeung.crypto.tlog.checkpoints import Checkpoint
from jeung.crypto.tlog.notes import KeyType, NoteKey, NoteSignature, encode_note
from jeung.crypto.tlog.tiles import Tile, hash_reader
from jeung.crypto.tlog.tree import HashReader, consistency_proof, tree_root
from jeung.domain.registrations import KeyPurpose
from jeung.domain.transparency import log_origin
from jeung.errors import LogBehind, LogForked, NotFound
from jeung.ports.custody import Signer, SigningKey
from jeung.ports.log import LogHead, SignedCheckpoint, TransparencyLog
from jeung.ports.world import Clock

SEQUENCED_AT_ONCE: Final = 4_096

Anchored = Callable[[int], tuple[int, bytes] | None]
"""Gives the size and root that stand anchored of an epoch of our log, None where nothing does."""
Opened = Callable[[], int]
"""Gives the epoch of our log that the consortium opened last."""


def note_key(name: str, type_: KeyType, key: SigningKey) -> NoteKey:
    """Name an Ed25519 key as notes do."""
    return NoteKey(name, type_, base64url.decode(str(key.jwk["x"])))


def tiles_reader(log: TransparencyLog, epoch: int, size: int) -> HashReader:
    """Read hashes of a tree of some size from the log's own tiles.

    Raises (when reading):
        NotFound: the log has not come so far.
    """

    def tile(wanted: Tile) -> bytes:
        found = log.tile(epoch, wanted)
        if found is None:
            raise NotFound("the log has no such tile")
        return found

    return hash_reader(size, tile)


class CheckpointService:
    """Sequence entries and sign checkpoints of one member's log."""

    def __init__(
        self,
        *,
        log: TransparencyLog,
        signer: Signer,
        clock: Clock,
        url: str,
        anchored: Anchored = lambda _epoch: None,
        opened: Opened = lambda: 1,
    ) -> None:
        self._log = log
        self._signer = signer
        self._clock = clock
        self._url = url
        self._anchored = anchored
        self._opened = opened

    def sequence(self, fence: int) -> bool:
        """Give waiting entries their places (1); tell whether more may wait.

        Raises:
            FenceLost: another worker holds the lease now.
            StoreBusy, StoreUnavailable: nothing was sequenced.
        """
        done = self._log.sequence(limit=SEQUENCED_AT_ONCE, now=self._clock.now(), fence=fence)
        return done == SEQUENCED_AT_ONCE

    def sign(self, fence: int) -> SignedCheckpoint | None:
        """Sign the log as it stands (2 to 5); None where nothing is new since the last checkpoint.

        Raises:
            LogBehind: others hold, or may hold, more of this log than this node, or its epoch is not the present one.
            LogForked: the tiles contradict what was signed or anchored.
            KeyUnavailable: no key for checkpoints is active.
            FenceLost: another worker holds the lease now.
        """
        head = self._log.head()
        if head.is_guarded:  # 2
            raise LogBehind("the log was restored, and was not compared yet with what the other members hold of it")
        if head.epoch != self._opened():  # 2
            raise LogBehind("the log is in another epoch than the one that the consortium opened")
        last = self._log.last_checkpoint(head.epoch)
        anchored = self._anchored(head.epoch)
        if anchored is not None and anchored[0] > head.size:  # 4
            raise LogBehind("the chain names a checkpoint of more entries than this log has")
        if head.size == (0 if last is None else last.size):
            return None
        if last is not None:
            self._require_same(head, last.size, last.root)  # 3
        if anchored is not None:
            self._require_same(head, *anchored)  # 4
        return self._signed(head, fence)  # 5

    def proof_between(self, epoch: int, old: int, new: int) -> tuple[bytes, ...]:
        """Prove to a witness that the log of size `new` begins with what it saw (C2SP tlog-witness).

        Raises:
            NotFound: the log has not come so far.
        """
        return consistency_proof(old, new, tiles_reader(self._log, epoch, new))

    def root_at(self, epoch: int, size: int) -> bytes:
        """Compute the root over the first `size` entries.

        Raises:
            NotFound: the log has not come so far.
        """
        return tree_root(size, tiles_reader(self._log, epoch, size))

    def _require_same(self, head: LogHead, size: int, root: bytes) -> None:
        if self.root_at(head.epoch, size) != root:
            raise LogForked(f"the first {size} entries are not those that were signed or anchored")

    def _signed(self, head: LogHead, fence: int) -> SignedCheckpoint:
        origin = log_origin(self._url, head.epoch)
        checkpoint = Checkpoint(origin, head.size, self.root_at(head.epoch, head.size))
        key = self._signer.active_key(KeyPurpose.LOG_CHECKPOINT_SIGNING)
        named = note_key(origin, KeyType.ED25519, key)
        signature = self._signer.sign(key.key_id, key.purpose, checkpoint.text.encode())
        note = encode_note(checkpoint.text, [NoteSignature(named.name, named.key_id, signature)])
        signed = SignedCheckpoint(head.epoch, head.size, checkpoint.root, note, named.text, self._clock.now())
        self._log.record_checkpoint(signed, fence=fence)
        return signed
