"""Be a witness of the other members' logs: cosign what extends what was seen, refuse and keep what does not.

The rules are those of C2SP tlog-witness, `add-checkpoint`, in its order:

1. The request is an old size, lines of a proof, an empty line and a checkpoint.
2. The origin is that of a member's log, in its present epoch: only the consortium opens another (`LogAnchor`), and
   one that was closed takes nothing more. Whichever of the member's URLs the origin names, it is the same log.
3. The checkpoint is signed by a key that the chain's KeyRegistry holds good for the member's checkpoints now. The
   chain holds thumbprints, so the caller brings the key, and the chain says whether it is the member's.
4. The old size is at most the new one, and that of what was cosigned last.
5. Of the same size only the same root is cosigned again.
6. The proof leads from the old root to the new one.
7. What is cosigned is kept first. A contradiction is kept as well: it is signed, and proves what its log did.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from jeung.crypto.tlog.checkpoints import Checkpoint, parse_checkpoint, parse_hash
from jeung.crypto.tlog.notes import (
    KeyType,
    NoteKey,
    UnverifiedNote,
    cosignature,
    cosigned_message,
    parse_note,
    parse_note_key,
    verify_note,
)
from jeung.crypto.tlog.tree import verify_consistency
from jeung.domain.identifiers import KeyThumbprint, MemberId
from jeung.domain.members import Member
from jeung.domain.registrations import KeyPurpose, KeyState
from jeung.domain.transparency import witness_name, witnessed_origin
from jeung.errors import (
    CheckpointForked,
    CheckpointNotConsistent,
    CheckpointNotSigned,
    InvalidProof,
    InvalidSignature,
    MalformedNote,
    NotFound,
    WitnessedOtherSize,
)
from jeung.ports.custody import Signer
from jeung.ports.ledger import Ledger, LedgerView
from jeung.ports.log import WitnessedHead, WitnessMemory
from jeung.ports.world import Clock
from jeung.services.log.checkpoints import note_key

MAX_REQUEST_BYTES: Final = 64 * 1024
MAX_PROOF_LINES: Final = 63
MAX_REFUSED_BYTES: Final = 128 * 1024
_OLD: Final = re.compile(r"old (0|[1-9][0-9]{0,18})", re.ASCII)
_EPOCH: Final = re.compile(r"(?P<base>.+)/log/(?P<epoch>[1-9][0-9]{0,8})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Cosigned:
    """Hold what a log gets for a good checkpoint: our line under it, and the text of the key that made it."""

    line: str
    key: str


@dataclass(frozen=True, slots=True)
class _Request:
    old: int
    proof: tuple[bytes, ...]
    note: UnverifiedNote
    checkpoint: Checkpoint


class WitnessService:
    """Cosign for one member what the others show it."""

    def __init__(self, *, memory: WitnessMemory, ledger: Ledger, signer: Signer, clock: Clock, url: str) -> None:
        self._memory = memory
        self._ledger = ledger
        self._signer = signer
        self._clock = clock
        self._url = url

    def add_checkpoint(self, body: bytes, key_text: str) -> Cosigned:
        """Judge a checkpoint and cosign it.

        Args:
            body: the request, as C2SP tlog-witness writes it.
            key_text: the key that signed the checkpoint, as a vkey of C2SP signed-note.

        Raises:
            MalformedNote: the request or the key has not its form, or the old size is above the new one.
            NotFound: the origin is no member's log, or not its present epoch.
            CheckpointNotSigned: it is not signed by a key the chain holds good for this log now.
            WitnessedOtherSize: something else was cosigned last; the error names its size.
            CheckpointForked: another root of the same size was cosigned.
            CheckpointNotConsistent: the proof does not lead from what was cosigned to this.
            KeyUnavailable: no key for cosigning is active.
            LedgerStale: the follower has never run.
            StoreBusy, StoreUnavailable: it was not kept, so it is not cosigned.
        """
        request = _parse(body)  # 1
        key = parse_note_key(key_text)
        with self._ledger.view() as view:
            member, epoch = _log_of(view, request.checkpoint.origin)  # 2
            if epoch != view.registry.log_epochs.get(member.member, 1) or member.removal is not None:
                raise NotFound("no member keeps a log of this origin now")
            self._require_signed(view, member.member, key, request)  # 3
        if request.old > request.checkpoint.size:  # 4
            raise MalformedNote("the old size is larger than the checkpoint's")
        now = self._clock.now()
        head = WitnessedHead(
            witnessed_origin(member.urls, epoch),
            request.checkpoint.size,
            request.checkpoint.root,
            request.note.encoded,
            key.text,
            now,
        )
        self._memory.advance(head, lambda last: _judge(request, last))  # 4 to 7
        own = self._signer.active_key(KeyPurpose.WITNESS_COSIGNING)
        name = note_key(witness_name(self._url), KeyType.COSIGNATURE_V1, own)
        signed = self._signer.sign(own.key_id, own.purpose, cosigned_message(request.note.text, now))
        return Cosigned(cosignature(name, now, signed).line, name.text)

    def head(self, origin: str) -> WitnessedHead:
        """Give what was cosigned last of a log: what it must never go behind.

        Raises:
            NotFound: nothing of this log was cosigned.
            LedgerStale: the follower has never run.
        """
        head = self._memory.head(self._witnessed(origin))
        if head is None:
            raise NotFound("nothing of such a log was cosigned here")
        return head

    def refused(self, origin: str) -> Sequence[WitnessedHead]:
        """Give what a log signed and this member did not cosign, for it was not shown to extend what it had cosigned.

        The oldest come first, as many as there is room for in `MAX_REFUSED_BYTES`: one contradiction is proof enough.

        Raises:
            NotFound: there is no such log.
            LedgerStale: the follower has never run.
        """
        shown: list[WitnessedHead] = []
        room = MAX_REFUSED_BYTES
        for head in self._memory.forks(self._witnessed(origin)):
            room -= len(head.note) + len(head.key)
            if room < 0:
                break
            shown.append(head)
        return shown

    def _witnessed(self, origin: str) -> str:
        with self._ledger.view() as view:
            member, epoch = _log_of(view, origin)
        return witnessed_origin(member.urls, epoch)

    def _require_signed(self, view: LedgerView, member: MemberId, key: NoteKey, request: _Request) -> None:
        known = view.registry.keys.get((member, KeyThumbprint(key.verifier.thumbprint)))
        now = self._clock.now()
        is_good = (
            known is not None
            and known.purpose is KeyPurpose.LOG_CHECKPOINT_SIGNING
            and known.state_at(now) is KeyState.ACTIVE
            and key.type is KeyType.ED25519
            and key.name == request.checkpoint.origin
        )
        try:
            if is_good:
                verify_note(request.note, [key])
                return
        except InvalidSignature:
            pass
        raise CheckpointNotSigned


def _judge(request: _Request, last: WitnessedHead | None) -> None:
    """Hold a checkpoint against what was cosigned last (4 to 6)."""
    size, root = (0, b"") if last is None else (last.size, last.root)
    if request.old != size:
        raise WitnessedOtherSize(size=size)
    if size == 0:
        if request.proof:
            raise CheckpointNotConsistent
        return
    if request.checkpoint.size == size:
        if request.checkpoint.root != root:
            raise CheckpointForked
        if request.proof:
            raise CheckpointNotConsistent
        return
    try:
        verify_consistency(size, root, request.checkpoint.size, request.checkpoint.root, request.proof)
    except InvalidProof:
        raise CheckpointNotConsistent from None


def _parse(body: bytes) -> _Request:
    head, separator, rest = body.partition(b"\n\n")
    if len(body) > MAX_REQUEST_BYTES or not separator:
        raise MalformedNote("expected an old size, a proof, an empty line and a checkpoint")
    lines = head.decode("ascii", "replace").split("\n")
    match = _OLD.fullmatch(lines[0])
    if match is None or len(lines) > 1 + MAX_PROOF_LINES:
        raise MalformedNote("expected an old size and at most 63 lines of a proof")
    note = parse_note(rest)
    proof = tuple(parse_hash(line) for line in lines[1:])
    return _Request(int(match[1]), proof, note, parse_checkpoint(note.text))


def _log_of(view: LedgerView, origin: str) -> tuple[Member, int]:
    match = _EPOCH.fullmatch(origin)
    base, epoch = ("", "0") if match is None else (match["base"], match["epoch"])
    for scheme in ("https", "http"):
        member = view.registry.member_at(f"{scheme}://{base}")
        if member is not None:
            return member, int(epoch)
    raise NotFound("no member keeps a log of this origin")
