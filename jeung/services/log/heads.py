"""Ask the other members which checkpoint of this member's log they cosigned last.

Only what this member signed counts, by a key that the chain holds as its own for checkpoints, be it ended since: so
nobody invents a checkpoint for us, and nobody hides one that another witness shows.
"""

from collections.abc import Callable, Sequence
from typing import Final

from jeung.crypto.tlog.checkpoints import Checkpoint, parse_checkpoint
from jeung.crypto.tlog.notes import KeyType, parse_note, parse_note_key, verify_note
from jeung.domain.identifiers import KeyThumbprint
from jeung.domain.registrations import KeyPurpose
from jeung.domain.registry import Registry
from jeung.domain.transparency import log_origin
from jeung.errors import InvalidSignature, MalformedNote
from jeung.ports.ledger import Ledger
from jeung.ports.log import WitnessAnswer, WitnessCalls
from jeung.services.log.cosigning import Witness

HEADS_PATH: Final = "/witness/heads/"
_OK, _NOT_FOUND = 200, 404


class HeadReader:
    """Read what the others hold of one member's log."""

    def __init__(
        self, *, witnesses: Callable[[], Sequence[Witness]], ledger: Ledger, calls: WitnessCalls, url: str
    ) -> None:
        self._witnesses = witnesses
        self._ledger = ledger
        self._calls = calls
        self._url = url

    def heads(self, epoch: int) -> Sequence[Checkpoint] | None:
        """Give what each witness cosigned last of an epoch, where it did; None where too few answered to tell.

        Most of the others must answer. Who knows of no such log has answered, too.

        Raises:
            LedgerStale: the follower has never run.
        """
        witnesses = self._witnesses()
        found: list[Checkpoint] = []
        heard = 0
        for witness in witnesses:
            url = witness.url + HEADS_PATH + log_origin(self._url, epoch)
            answer = self._calls.call("GET", url, b"", "")
            if answer is None or answer.status not in (_OK, _NOT_FOUND):
                continue
            heard += 1
            checkpoint = self._ours(answer, epoch) if answer.status == _OK else None
            if checkpoint is not None:
                found.append(checkpoint)
        return found if 2 * heard > len(witnesses) or not witnesses else None

    def _ours(self, answer: WitnessAnswer, epoch: int) -> Checkpoint | None:
        try:
            note, key = parse_note(answer.body), parse_note_key(answer.key)
            verify_note(note, [key])
            seen = parse_checkpoint(note.text)
        except (MalformedNote, InvalidSignature):
            # Not signed by us: nobody may hold our log up, or lead it on, with something of his own.
            return None
        with self._ledger.view() as view:
            ours = _origins(view.registry, self._url, KeyThumbprint(key.verifier.thumbprint), epoch)
        return seen if seen.origin in ours and key.name == seen.origin and key.type is KeyType.ED25519 else None


def _origins(registry: Registry, url: str, thumbprint: KeyThumbprint, epoch: int) -> set[str]:
    """Give the origins of our log, one for each of our addresses; none where the key is not ours for checkpoints."""
    member = registry.member_at(url)
    known = None if member is None else registry.keys.get((member.member, thumbprint))
    if member is None or known is None or known.purpose is not KeyPurpose.LOG_CHECKPOINT_SIGNING:
        return set()
    return {log_origin(one, epoch) for one in member.urls}
