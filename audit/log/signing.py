"""Tell whose signatures stand under a checkpoint, by the keys that the chain's KeyRegistry holds and by no others.

A key comes along with what it signed, and counts only where its thumbprint is registered for the member and the
purpose. Whether it was in good order is asked of a time: that of the witnesses' cosignatures, whose word about time
is not the log's own, else of the present. The last checkpoint of a key that was retired since stays a good one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from audit.state import FOREVER, KEY_ACTIVE, State
from jeung.crypto.tlog.checkpoints import Checkpoint, parse_checkpoint
from jeung.crypto.tlog.notes import KeyType, NoteKey, UnverifiedNote, parse_note, verify_note
from jeung.domain.transparency import log_origin, witness_name
from jeung.errors import InvalidSignature, MalformedNote

LOG_SIGNING: Final = 7
WITNESS_COSIGNING: Final = 8
_EVER: Final = FOREVER


@dataclass(frozen=True, slots=True)
class Signed:
    """Hold a checkpoint that a key of the member signed."""

    checkpoint: Checkpoint
    note: UnverifiedNote
    key: NoteKey


@dataclass(frozen=True, slots=True)
class Cosigners:
    """Say which other members cosigned, member -> time, and which of them stand there with a forged line."""

    times: Mapping[str, int]
    forged: tuple[str, ...]


class NotTheirs(Exception):
    """A checkpoint is not what it should be; the message says what, and `foreign` that it is of another log."""

    def __init__(self, message: str, *, foreign: bool = False) -> None:
        super().__init__(message)
        self.foreign = foreign


def origins_of(state: State, member: str, epoch: int) -> list[str]:
    """Give the origins a member's log may bear: one for each URL it ever had, the newest first."""
    return [log_origin(url, epoch) for url in reversed(state.members[member]["urls"])]


def keys_for(state: State, member: str, purpose: int) -> list[str]:
    """Give the names of the keys a member ever registered for a purpose."""
    own = f"{member}/"
    return [name for name, key in state.keys.items() if name.startswith(own) and key["purpose"] == purpose]


def verify_checkpoint(state: State, member: str, epoch: int, note: UnverifiedNote, keys: Iterable[NoteKey]) -> Signed:
    """Verify that a member's log signed a checkpoint, whenever that was.

    Raises:
        MalformedNote: the text is no checkpoint.
        NotTheirs: it is of another log, or no registered key of this one signed it.
    """
    checkpoint = parse_checkpoint(note.text)
    if checkpoint.origin not in origins_of(state, member, epoch):
        raise NotTheirs("it is a checkpoint of another log", foreign=True)
    registered = {name: state.keys[name] for name in keys_for(state, member, LOG_SIGNING)}
    fit = [
        key
        for key in keys
        if key.type is KeyType.ED25519 and key.name == checkpoint.origin and _name(member, key) in registered
    ]
    try:
        verified = verify_note(note, fit)
    except InvalidSignature:
        raise NotTheirs("no key that the chain knows for this log signed it") from None
    return Signed(checkpoint, note, verified[0].key)


def stood_at(state: State, member: str, key: NoteKey, time: int) -> bool:
    """Tell whether a member's key was in good order at a time, by all that is known now."""
    return state.key_state_at(_name(member, key), time, FOREVER) == KEY_ACTIVE


def cosigners(state: State, member: str, note: UnverifiedNote, keys: Iterable[NoteKey]) -> Cosigners:
    """Verify the lines of other members' witnesses under a checkpoint of a member's."""
    times: dict[str, int] = {}
    forged: list[str] = []
    for key in keys:
        witness = _witness(state, key)
        if witness is None or witness == member or not _signs(note, key):
            continue
        try:
            (said,) = verify_note(note, [key])
        except InvalidSignature:
            forged.append(witness)
            continue
        if stood_at(state, witness, key, said.timestamp or 0):
            times[witness] = said.timestamp or 0
    return Cosigners(times, tuple(forged))


def witnesses_of(state: State, member: str, now: int) -> list[str]:
    """Give the other members that are not removed and have a key in good order to cosign with."""
    return [
        other
        for other in state.members
        if other != member
        and state.status_at(other, now) != "removed"
        and any(
            state.key_state_at(name, now, FOREVER) == KEY_ACTIVE for name in keys_for(state, other, WITNESS_COSIGNING)
        )
    ]


def read_note(body: bytes) -> UnverifiedNote:
    """Read a note whose text is a checkpoint.

    Raises:
        MalformedNote: it is none.
    """
    note = parse_note(body)
    parse_checkpoint(note.text)
    return note


def read_or_none(body: bytes) -> UnverifiedNote | None:
    """Read a note that somebody else keeps; None where it is no checkpoint."""
    try:
        return read_note(body)
    except MalformedNote:
        return None


def _witness(state: State, key: NoteKey) -> str | None:
    if key.type is not KeyType.COSIGNATURE_V1:
        return None
    for member, record in state.members.items():
        name = _name(member, key)
        if any(key.name == witness_name(url) for url in record["urls"]):
            registered = state.keys.get(name)
            return member if registered is not None and registered["purpose"] == WITNESS_COSIGNING else None
    return None


def _signs(note: UnverifiedNote, key: NoteKey) -> bool:
    return any(line.name == key.name and line.key_id == key.key_id for line in note.signatures)


def _name(member: str, key: NoteKey) -> str:
    return f"{member}/0x{key.verifier.thumbprint.hex()}"
