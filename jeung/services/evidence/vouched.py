"""Read which block a member's own log names: the same reading gathers vouches and verifies them.

A cosignature covers a log's root, and whoever cosigned has looked at no entry. A member that follows the chain itself
logs the blocks it sees in its own log, under its own key: that is its word for the block, and binds it.
"""

from dataclasses import dataclass

from jeung.crypto.tlog.checkpoints import Checkpoint, parse_checkpoint
from jeung.crypto.tlog.notes import KeyType, NoteKey, parse_note, parse_note_key, verify_note
from jeung.crypto.tlog.tree import leaf_hash, verify_inclusion
from jeung.domain.identifiers import id_from_hex
from jeung.domain.transparency import EntryKind, PublishedEntry, parse_entry
from jeung.errors import InvalidProof, InvalidSignature, MalformedNote
from jeung.services.evidence.package import EntryProof, VouchProof


@dataclass(frozen=True, slots=True)
class Vouch:
    """Say which block a log names, and the key that signed its checkpoint; whose key it is, the reader must know."""

    origin: str
    key: NoteKey
    number: int
    hash: bytes


def read_vouch(proof: VouchProof) -> Vouch:
    """Verify that a log holds an entry that names a block.

    Raises:
        MalformedNote, MalformedTile, InvalidSignature, InvalidProof: what is wrong with it.
    """
    raw = proof.note.encode()
    note = parse_note(raw)
    checkpoint, key = parse_checkpoint(note.text), parse_note_key(proof.key)
    if len(note.signatures) != 1 or note.encoded != raw:
        raise MalformedNote("expected the log's own signature alone under the checkpoint")
    if not checkpoint.origin.isascii() or not checkpoint.origin.isprintable():
        # It is shown to people: whoever makes a log up writes none of the verdict himself.
        raise MalformedNote("not the name of a member's log")
    if key.type is not KeyType.ED25519 or key.name != checkpoint.origin:
        raise InvalidSignature("the log itself did not sign the checkpoint")
    verify_note(note, [key])
    number, name = proved_block(proof.block, checkpoint)
    return Vouch(checkpoint.origin, key, number, name)


def proved_block(proof: EntryProof, checkpoint: Checkpoint) -> tuple[int, bytes]:
    """Verify that an entry stands in a log and names a block; give its number and hash.

    Raises:
        MalformedTile, InvalidProof: it does not.
    """
    entry = (proof.entry or "").encode()
    verify_inclusion(leaf_hash(entry), proof.index, checkpoint.size, proof.proof, checkpoint.root)
    named = named_block(parse_entry(entry))
    if named is None:
        raise InvalidProof("the entry names no block")
    return named


def named_block(entry: PublishedEntry) -> tuple[int, bytes] | None:
    """Give number and hash of the block that an entry names; None where it names none."""
    facts = entry.facts or {}
    number, name = facts.get("number"), facts.get("hash")
    if entry.kind is not EntryKind.BLOCK or type(number) is not int or not isinstance(name, str):
        return None
    try:
        return number, id_from_hex(name)
    except ValueError:
        return None
