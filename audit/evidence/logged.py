"""Verify that a judgement, and a block, stand in a cosigned checkpoint of the relying party's log."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from audit.evidence.members import TrustedMember
from audit.evidence.trust import Trust
from audit.evidence.verdict import Fact, Standing
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

_KEY: Final = "log_key"
_EPOCH: Final = re.compile(r"/log/[1-9][0-9]{0,8}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Logged:
    """Hold what the log shows: its checkpoint, the block it names, and which trusted witnesses cosigned.

    `is_known` tells whether the genesis facts themselves name the key that signed it as the relying party's log's.
    """

    origin: str
    size: int
    key: NoteKey
    block: tuple[int, bytes] | None
    cosigned: int
    witnesses: tuple[str, ...]
    seen_at: int | None
    is_witnessed: bool
    judged_at: int
    is_known: bool

    @property
    def key_thumbprint(self) -> bytes:
        """Give the RFC 7638 thumbprint of the key that signed the checkpoint."""
        return self.key.verifier.thumbprint

    def key_fact(self, registry: Registry, url: str) -> Fact:
        """Say whether the key that signed the checkpoint was good for the relying party's log.

        The chain says it as of the judgement's block; of a key that the log took up later, the genesis facts do.
        """
        state = self._key_state(registry, registry.member_at(url))
        if state in (KeyState.REVOKED, KeyState.COMPROMISED, KeyState.EXPIRED):
            said = "The chain holds the key that signed the checkpoint, and not good for the relying party's log."
            return Fact(_KEY, Standing.REFUTED, said, "KeyRegistry")
        if state is not KeyState.ACTIVE and not self.is_known:
            said = "Neither the chain at that block nor the genesis facts name the key that signed the checkpoint."
            return Fact(_KEY, Standing.MISSING, said, "a key registered later, or nobody's")
        said = "The key that signed the checkpoint is the relying party's."
        return Fact(_KEY, Standing.PROVED, said, "KeyRegistry" if state is KeyState.ACTIVE else "genesis facts")

    def _key_state(self, registry: Registry, member: Member | None) -> KeyState:
        """Say how the chain holds the key at the time of the judgement: one for another purpose as if revoked."""
        found = None if member is None else (member.member, KeyThumbprint(self.key_thumbprint))
        known = None if found is None else registry.keys.get(found)
        if known is None:
            return KeyState.UNKNOWN
        is_its = known.purpose is KeyPurpose.LOG_CHECKPOINT_SIGNING
        return known.state_at(self.judged_at) if is_its else KeyState.REVOKED


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
    trusted = _witnesses(cosigned, url, own, trust)
    names = tuple(sorted(said.key.name for said in trusted))
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
        is_known=any(url in member.urls and member.signs_log(own) for member in trust.members),
    )


def _witnesses(
    cosigned: Sequence[VerifiedSignature], url: str, own: NoteKey, trust: Trust
) -> list[VerifiedSignature]:
    """Give the first cosignature of each trusted witness: once, whichever of its keys, names or addresses signed.

    Nobody is a witness of himself, at whichever of his addresses.
    """
    counted: dict[TrustedMember | str, VerifiedSignature] = {}
    keys: set[bytes] = set()
    for said in sorted(cosigned, key=lambda said: said.timestamp or 0):
        key = said.key
        member = next((member for member in trust.members if member.cosigns(key)), None)
        if member is None and key.text in trust.witnesses:
            member = next((member for member in trust.members if member.is_witness(key.name)), None)
            who: TrustedMember | str | None = member or key.name
        else:
            who = member
        is_own = key.name == witness_name(url) or (member is not None and member.is_party(url, own))
        if who is not None and not is_own and who not in counted and key.public not in keys:
            counted[who] = said
            keys.add(key.public)
    return list(counted.values())


def _own(signatures: tuple[VerifiedSignature, ...], checkpoint: Checkpoint) -> NoteKey:
    own = [said.key for said in signatures if said.key.type is KeyType.ED25519]
    if len(own) != 1 or own[0].name != checkpoint.origin:
        raise InvalidSignature("the log itself did not sign the checkpoint")
    return own[0]


def _require_included(entry: bytes, proof: EntryProof, checkpoint: Checkpoint) -> None:
    verify_inclusion(leaf_hash(entry), proof.index, checkpoint.size, proof.proof, checkpoint.root)
