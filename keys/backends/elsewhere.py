"""Say what holds keys beside the keystore's own file, and where a new key of a purpose goes: key by key."""

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from keys.backends.base import Backend, Held, Inventory
from keys.errors import BackendMissing, BackendRefused, KeyCustodyError
from keys.model import SOFTWARE, KeyRecord, State
from keys.purposes import Purpose


@dataclass(frozen=True, slots=True)
class NewKey:
    """Say what a new key is to be; `adopt` names one that its backend has already."""

    purpose: Purpose
    algorithm: str
    created_at: int
    not_before: int
    adopt: str | None = None


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Hold the backends by the names that stand in key records, and the places of purposes not kept in software."""

    backends: Mapping[str, Backend] = field(default_factory=dict, repr=False)
    placement: Mapping[Purpose, str] = field(default_factory=dict)

    def backend(self, name: str) -> Backend:
        """Give what holds keys under a name.

        Raises:
            BackendMissing: nothing does.
        """
        backend = self.backends.get(name)
        if backend is None:
            raise BackendMissing(f"no backend of the name {name} stands in the settings")
        return backend

    def place_of(self, purpose: Purpose) -> str:
        """Give where a new key of a purpose is made unless its maker says."""
        return self.placement.get(purpose, SOFTWARE)

    def place_of_successor(self, purpose: Purpose, records: Iterable[KeyRecord]) -> str:
        """Give where a purpose's next key is made: where the settings say, else where its last one is."""
        placed = self.placement.get(purpose)
        if placed is not None:
            return placed
        before = [record for record in records if record.purpose is purpose]
        if not before:
            return SOFTWARE
        return max(before, key=lambda record: (record.activated_at or 0, record.created_at)).backend

    def hold(self, inventory: Inventory, place: str, new: NewKey) -> KeyRecord:
        """Have a key made or found, and keep its record; what was made and cannot be recorded is undone.

        Raises:
            BackendMissing, BackendUnavailable, BackendRefused: the backend holds no such key for us.
            KeystoreBusy, KeystoreNotWritten: nothing was kept.
        """
        if place == SOFTWARE:
            if new.adopt is not None:
                raise BackendRefused("the software keystore adopts no keys")
            return inventory.generate(
                new.purpose, new.algorithm, created_at=new.created_at, not_before=new.not_before
            )
        backend = self.backend(place)
        if new.adopt is not None:
            record = _record_of(backend.adopt(new.purpose, new.algorithm, new.adopt), place, new)
            inventory.add(record)
            return record
        record = _record_of(backend.generate(new.purpose, new.algorithm), place, new)
        try:
            inventory.add(record)
        except KeyCustodyError:
            with contextlib.suppress(KeyCustodyError):
                backend.destroy(record)
            raise
        return record

    def close(self) -> None:
        """Let every backend go of its sessions and secrets."""
        for backend in self.backends.values():
            backend.close()


def _record_of(held: Held, place: str, new: NewKey) -> KeyRecord:
    return KeyRecord(
        key_id=held.public.key_id,
        purpose=new.purpose,
        algorithm=new.algorithm,
        state=State.PRE_ACTIVE,
        created_at=new.created_at,
        not_before=new.not_before,
        public_members=held.public.members,
        address=held.public.address,
        backend=place,
        handle=held.handle,
    )
