"""Have a checkpoint cosigned by the other members: bring it to each, with the proof from what it saw last.

A witness that is down, slow or confused costs its cosignature and nothing else. Its answer counts only under the key
that the chain's KeyRegistry holds good for that member's cosignatures now, and only over this very checkpoint. A
witness that has seen more of our log than we have is told of: then this node lost entries.
"""

import base64
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from jeung.crypto.tlog.notes import KeyType, UnverifiedNote, parse_note, parse_note_key, parse_signatures, verify_note
from jeung.domain.identifiers import KeyThumbprint, MemberId
from jeung.domain.registrations import KeyPurpose, KeyState
from jeung.domain.transparency import witness_name
from jeung.errors import InvalidSignature, JeungError, MalformedNote
from jeung.ports.ledger import Ledger
from jeung.ports.log import Cosignature, SignedCheckpoint, WitnessAnswer, WitnessCalls
from jeung.ports.world import Clock
from jeung.services.log.checkpoints import CheckpointService

ADD_PATH: Final = "/witness/add-checkpoint"
MAX_WITNESSES: Final = 64
_log = logging.getLogger(__name__)
_OK, _CONFLICT = 200, 409
_MAX_SIZE_DIGITS: Final = 19


@dataclass(frozen=True, slots=True)
class Witness:
    """Name another member that cosigns."""

    member: MemberId
    url: str


@dataclass(frozen=True, slots=True)
class Said:
    """Say what came of asking one witness; `ahead` where it has seen more of the log than this node has."""

    cosignature: Cosignature | None = None
    ahead: bool = False


class CosigningService:
    """Ask the other members about this member's log."""

    def __init__(
        self, *, checkpoints: CheckpointService, ledger: Ledger, calls: WitnessCalls, clock: Clock, url: str
    ) -> None:
        self._checkpoints = checkpoints
        self._ledger = ledger
        self._calls = calls
        self._clock = clock
        self._url = url
        # What each witness saw last, by its own word: a guess that its 409 puts right.
        self._seen: dict[tuple[str, int], int] = {}

    def witnesses(self) -> Sequence[Witness]:
        """Give the other members that are not removed, at the newest of their addresses; at most 64.

        Raises:
            LedgerStale: the follower has never run.
        """
        with self._ledger.view() as view:
            others = [member for member in view.registry.members.values() if self._url not in member.urls]
        present = [Witness(member.member, member.urls[-1]) for member in others if member.removal is None]
        return present[:MAX_WITNESSES]

    def ask(self, witness: Witness, checkpoint: SignedCheckpoint) -> Said:
        """Bring a checkpoint to one witness, a second time where it builds upon another size.

        It raises nothing: what a witness answers is its own affair.
        """
        try:
            return self._ask(witness, checkpoint)
        except JeungError as error:
            _log.info("a witness did not cosign: %s", error.code)
            return Said()

    def _ask(self, witness: Witness, checkpoint: SignedCheckpoint) -> Said:
        place = witness.url, checkpoint.epoch
        answer = self._bring(witness, checkpoint, min(self._seen.get(place, 0), checkpoint.size))
        if answer is not None and answer.status == _CONFLICT and answer.body.strip().isdigit():
            seen = int(answer.body[:_MAX_SIZE_DIGITS])
            if seen > checkpoint.size:
                return Said(ahead=True)
            answer = self._bring(witness, checkpoint, seen)
        if answer is None or answer.status != _OK:
            if answer is not None:
                _log.warning("a witness refused our checkpoint with HTTP %d", answer.status)
            return Said()
        said = self._verified(witness, checkpoint, answer)
        self._seen[place] = checkpoint.size
        return Said(said)

    def _bring(self, witness: Witness, checkpoint: SignedCheckpoint, old: int) -> WitnessAnswer | None:
        proof = self._checkpoints.proof_between(checkpoint.epoch, old, checkpoint.size)
        lines = "".join(base64.b64encode(hash_).decode() + "\n" for hash_ in proof)
        body = f"old {old}\n{lines}\n".encode() + checkpoint.note
        return self._calls.call("POST", witness.url + ADD_PATH, body, checkpoint.key)

    def _verified(self, witness: Witness, checkpoint: SignedCheckpoint, answer: WitnessAnswer) -> Cosignature:
        key = parse_note_key(answer.key)
        with self._ledger.view() as view:
            known = view.registry.keys.get((witness.member, KeyThumbprint(key.verifier.thumbprint)))
        is_good = (
            known is not None
            and known.purpose is KeyPurpose.WITNESS_COSIGNING
            and known.state_at(self._clock.now()) is KeyState.ACTIVE
            and key.type is KeyType.COSIGNATURE_V1
            and key.name == witness_name(witness.url)
        )
        if not is_good:
            raise InvalidSignature("the chain does not hold this key good for this witness")
        try:
            signatures = parse_signatures(answer.body.decode("utf-8"))
        except UnicodeDecodeError:
            raise MalformedNote("a line of signatures is UTF-8") from None
        note = UnverifiedNote(parse_note(checkpoint.note).text, signatures)
        (verified,) = verify_note(note, [key])
        return Cosignature(key.text, verified.signature.line, verified.timestamp or 0)
