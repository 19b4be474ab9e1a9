"""Describe one key as the keystore file holds it: its record, and its material encrypted and bound to that record.

Private bytes pass through the functions here from call to call; the frames that see them do nothing that can fail,
so that no traceback with local variables shows them.
"""

import base64
import json
from dataclasses import dataclass, field
from typing import Any

from keys.algorithms import SoftwareKey, software_kind
from keys.backends.container import FileKeys
from keys.errors import EnvelopeRefused, KeystoreTampered, WrongState
from keys.memory import wiped
from keys.model import KeyRecord, State, record_from_json
from keys.purposes import Purpose


@dataclass(frozen=True, slots=True)
class Entry:
    """Hold a record and its encrypted material: None once destroyed, and where another backend has it."""

    record: KeyRecord
    sealed: bytes | None = field(repr=False)


def entry_to_json(entry: Entry) -> dict[str, Any]:
    """Give an entry as JSON values."""
    sealed = None if entry.sealed is None else base64.b64encode(entry.sealed).decode()
    return {"record": entry.record.to_json(), "sealed": sealed}


def entries_from_json(body: bytes) -> dict[str, Entry]:
    """Read the body, whose authenticity stands: what is wrong in it now was written wrong.

    Raises:
        KeystoreTampered: it does not hold what a keystore holds.
    """
    try:
        entries = [
            Entry(
                record_from_json(item["record"]),
                None if item["sealed"] is None else base64.b64decode(item["sealed"], validate=True),
            )
            for item in json.loads(body)
        ]
    except (ValueError, TypeError, KeyError):
        raise KeystoreTampered("the keystore's body does not hold key records") from None
    by_id = {entry.record.key_id: entry for entry in entries}
    if len(by_id) != len(entries):
        raise KeystoreTampered("the keystore's body names a key twice")
    return by_id


def new_entry(
    keys: FileKeys, purpose: Purpose, algorithm: str, created_at: int, not_before: int
) -> tuple[SoftwareKey, Entry]:
    """Make a fresh key, and its entry in state pre-active."""
    kind = software_kind(algorithm)
    with wiped(kind.generate()) as private:
        key = kind.load("", private)
        record = KeyRecord(
            key_id=key.public.key_id,
            purpose=purpose,
            algorithm=algorithm,
            state=State.PRE_ACTIVE,
            created_at=created_at,
            not_before=not_before,
            public_members=key.public.members,
            address=key.public.address,
        )
        return key, Entry(record, keys.records.seal(private, _associated(record)))


def resealed(keys: FileKeys, entry: Entry, record: KeyRecord) -> bytes:
    """Encrypt the material anew, bound to the changed record.

    Raises:
        WrongState: the material was destroyed.
        KeystoreTampered: the material belongs to another record.
    """
    with wiped(_unsealed(keys, entry)) as private:
        return keys.records.seal(private, _associated(record))


def unwrapped(keys: FileKeys, entry: Entry) -> SoftwareKey:
    """Decrypt the material of an entry into a usable key.

    Raises:
        WrongState: the material was destroyed.
        KeystoreTampered: the material belongs to another record.
    """
    with wiped(_unsealed(keys, entry)) as private:
        return software_kind(entry.record.algorithm).load(entry.record.key_id, private)


def _unsealed(keys: FileKeys, entry: Entry) -> bytearray:
    if entry.sealed is None:
        raise WrongState("the key was destroyed")
    try:
        return keys.records.unseal(entry.sealed, _associated(entry.record))
    except EnvelopeRefused:
        raise KeystoreTampered("a key does not belong to its record") from None


def _associated(record: KeyRecord) -> bytes:
    """Bind material to all that is known of its key, but not to the counter, which changes without the key."""
    values = record.to_json()
    del values["uses"]
    return b"jeung keystore 1 key " + json.dumps(values, sort_keys=True, separators=(",", ":")).encode()
