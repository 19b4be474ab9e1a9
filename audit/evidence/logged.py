"""Verify that a judgement, and a block, stand in a cosigned checkpoint of the relying party's log."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from audit.evidence.trust import Trust
from jeung.crypto.tlog.checkpoints import Checkpoint, parse_checkpoint
from jeung.crypto.tlog.notes import KeyType, NoteKey, VerifiedSignature, parse_note, parse_note_key, verify_note
from jeung.crypto.tlog.tree import leaf_hash, verify_inclusion
from jeung.domain.identifiers import KeyThumbprint
from jeung.domain.members import Member
from jeung.domain.registrations import KeyPurpose, KeyState
from jeung.domain.registry import Registry
from jeung.domain.transparency import verified_entry, witness_name
from jeung.errors import InvalidProof, InvalidSignature, MalformedNote
from jeung.services.evidence.package import EntryProof, LogProof
from jeung.services.evidence.vouched import proved_block

_EPOCH: Final = re.compile(r"/log/[1-9][0-9]{0,8}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Logged:
    """Hold what the log shows: its checkpoint, the block it names, and which trusted witnesses cosigned."""

    origin: str
    size: int
    key: NoteKey
    block: tuple[int, bytes] | None
    cosigned: int
    witnesses: tuple[str, ...]
    seen_at: int | None
    is_witnessed: bool
    judged_at: int

    @property
    def key_thumbprint(self) -> bytes:
        """Give the RFC 7638 thumbprint of the key that signed the checkpoint."""
        return self.key.verifier.thumbprint

    def is_key_good(self, registry: Registry, member: Member | None) -> bool:
        """Tell whether the chain holds the key good for this member's checkpoints at the time of the judgement."""
        if member is None:
            return False
        known = registry.keys.get((member.member, KeyThumbprint(self.key_thumbprint)))
        return (
            known is not None
            and known.purpose is KeyPurpose.LOG_CHECKPOINT_SIGNING
            and known.state_at(self.judged_at) is KeyState.ACTIVE
        )


def verify_logged(proof: LogProof, judgement: Mapping[str, Any], digest: bytes, trust: Trust) -> Logged:
    """Verify the log's part of a package.

    Args:
        proof: the part.
        judgement: as parsed; its relying party and its time are used.
        digest: SHA-256 of the judgement's bytes, which is what the log holds.
        trust: the genesis facts.

    Raises:
        MalformedNote, MalformedTile, InvalidSignature, InvalidProof: what is wrong with it.
    """
    raw = proof.note.encode()
    note = parse_note(raw)
    checkpoint = parse_checkpoint(note.text)
    url = judgement["relying_party"]
    prefix = url.partition("://")[2]
    if not checkpoint.origin.startswith(prefix) or not _EPOCH.fullmatch(checkpoint.origin.removeprefix(prefix)):
        raise InvalidProof("the checkpoint is of another log than the relying party's")
    keys = [parse_note_key(text) for text in proof.keys]
    signatures = verify_note(note, keys)
    lines = [(line.name, line.key_id) for line in note.signatures]
    if note.encoded != raw or lines != [(key.name, key.key_id) for key in keys] or len(signatures) != len(lines):
        raise MalformedNote("expected each line under the checkpoint to be signed by one of the keys")
    own = _own(signatures, checkpoint)
    cosigned = [said for said in signatures if said.key.type is KeyType.COSIGNATURE_V1]
    # Nobody is a witness of himself.
    trusted = [said for said in cosigned if said.key.text in trust.witnesses and said.key.name != witness_name(url)]
    # A witness that replaced its key is one witness still.
    names = tuple(sorted({said.key.name for said in trusted}))
    entry = verified_entry(digest, judgement["judged_at"]).encoded
    _require_included(entry, proof.judgement, checkpoint)
    return Logged(
        origin=checkpoint.origin,
        size=checkpoint.size,
        key=own,
        block=None if proof.block is None else proved_block(proof.block, checkpoint),
        cosigned=len(cosigned),
        witnesses=names,
        seen_at=min((said.timestamp or 0 for said in trusted), default=None),
        is_witnessed=bool(names) and len(names) >= trust.quorum,
        judged_at=judgement["judged_at"],
    )


def _own(signatures: tuple[VerifiedSignature, ...], checkpoint: Checkpoint) -> NoteKey:
    own = [said.key for said in signatures if said.key.type is KeyType.ED25519]
    if len(own) != 1 or own[0].name != checkpoint.origin:
        raise InvalidSignature("the log itself did not sign the checkpoint")
    return own[0]


def _require_included(entry: bytes, proof: EntryProof, checkpoint: Checkpoint) -> None:
    verify_inclusion(leaf_hash(entry), proof.index, checkpoint.size, proof.proof, checkpoint.root)
