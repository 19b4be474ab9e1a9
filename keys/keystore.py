"""The door to the keys: what may be done with which key, when, and how often it was.

A key does one thing (its purpose), while it is active, on messages of the shape its purpose signs; everything else is
refused here, before any backend touches material. There is no export, and no way to have a bare digest signed: who
can get a digest signed can get anything signed.

Uses are counted in memory and written every `FLUSH_EVERY` uses, on `flush` and on `close`, because a durable write
for each signature would cost a hundred times the signature. A process that is killed forgets at most the uses since
its last flush; counters are for noticing misuse and planning rotation, never for deciding whether to sign.
"""

import logging
import threading
from collections import Counter
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from jeung.ports.world import Clock
from keys.algorithms import algorithms_of
from keys.backends.base import Backend, Change, Inventory
from keys.backends.elsewhere import Elsewhere, NewKey
from keys.backends.software import SoftwareBackend
from keys.errors import KeystoreBusy, KeystoreNotWritten, UnknownKey, WrongPurpose, WrongState
from keys.guarded import Guarded
from keys.model import SOFTWARE, KeyRecord, State
from keys.passphrase import Passphrase
from keys.purposes import Purpose, require_message_for

FLUSH_EVERY = 4096

_log = logging.getLogger(__name__)

# What a wrapping key protected must be readable after its time, to be wrapped again under the next one.
_UNWRAPPING_STATES = frozenset({State.ACTIVE, State.RETIRED, State.COMPROMISED})


class Keystore(Guarded):
    """Use the keys of one member without ever seeing them.

    Safe to share between threads. Several processes may open the same keystore; each sees the others' changes of
    state at its next act. Open it after forking.
    """

    __slots__ = ("_clock", "_counting", "_elsewhere", "_inventory", "_pending", "_pending_total")

    def __init__(
        self,
        inventory: Inventory,
        clock: Clock,
        *,
        elsewhere: Elsewhere | None = None,
    ) -> None:
        """Stand before an inventory that is open.

        Args:
            inventory: keeps the records, and the keys of the backend `software`.
            clock: tells the time of a key's life.
            elsewhere: what else holds keys; without it, all are in software.
        """
        self._inventory = inventory
        self._clock = clock
        self._elsewhere = elsewhere or Elsewhere()
        self._counting = threading.Lock()
        self._pending: Counter[str] = Counter()
        self._pending_total = 0

    @classmethod
    def create_in(
        cls,
        folder: Path,
        passphrase: Passphrase,
        *,
        clock: Clock,
        unsafe_fast_kdf: bool = False,
        elsewhere: Elsewhere | None = None,
    ) -> Self:
        """Make an empty software keystore in a folder and open it.

        Raises:
            KeystoreExists, InsecureFile, KeystoreBusy, KeystoreNotWritten: see `SoftwareBackend.create`.
        """
        inventory = SoftwareBackend.create(folder, passphrase, unsafe_fast_kdf=unsafe_fast_kdf)
        return cls(inventory, clock, elsewhere=elsewhere)

    @classmethod
    def open_in(
        cls,
        folder: Path,
        passphrase: Passphrase,
        *,
        clock: Clock,
        unsafe_fast_kdf: bool = False,
        elsewhere: Elsewhere | None = None,
    ) -> Self:
        """Open the software keystore of a folder; takes 0.3 to 1 s, once for all keys.

        Raises:
            KeystoreMissing, InsecureFile, WrongPassphrase, KeystoreTampered, UnsupportedKeystoreVersion,
            KdfOutOfBounds: see `SoftwareBackend.open`.
        """
        inventory = SoftwareBackend.open(folder, passphrase, unsafe_fast_kdf=unsafe_fast_kdf)
        return cls(inventory, clock, elsewhere=elsewhere)

    def __enter__(self) -> Self:
        """Give the keystore, to be closed at the end of the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the keystore."""
        self.close()

    def create(
        self,
        purpose: Purpose,
        algorithm: str | None = None,
        *,
        not_before: int | None = None,
        backend: str | None = None,
        adopt: str | None = None,
    ) -> KeyRecord:
        """Make a key, pre-active: it does nothing until `activate`.

        Args:
            purpose: the one thing the key is for.
            algorithm: one that serves the purpose; the purpose's own unless given.
            not_before: seconds UTC before which the key cannot be activated; now unless given.
            backend: the name of what is to hold the key; the purpose's own place unless given.
            adopt: the name under which the backend has the key already; unless given, it makes a new one.

        Raises:
            WrongPurpose: the algorithm does not serve the purpose.
            BackendMissing, BackendUnavailable, BackendRefused: the backend holds no such key for us.
            KeystoreBusy, KeystoreNotWritten: nothing was made.
        """
        serving = algorithms_of(purpose)
        chosen = serving[0] if algorithm is None else algorithm
        if chosen not in serving:
            raise WrongPurpose(f"{chosen} does not serve {purpose}")
        now = self._clock.now()
        start = now if not_before is None else not_before
        place = self._elsewhere.place_of(purpose) if backend is None else backend
        record = self._elsewhere.hold(self._inventory, place, NewKey(purpose, chosen, now, start, adopt))
        _log.info("key created: %s %s %s", record.purpose, record.algorithm, record.key_id)
        return record

    def place_of_successor(self, purpose: Purpose) -> str:
        """Give the backend a purpose's next key is made in: the one the settings say, else that of its last key."""
        return self._elsewhere.place_of_successor(purpose, self._inventory.records().values())

    def list(self, *, purpose: Purpose | None = None, state: State | None = None) -> list[KeyRecord]:
        """Give the records of all keys, or of those with a purpose or a state, oldest first."""
        records = [self._with_pending(record) for record in self._inventory.records().values()]
        chosen = [
            record
            for record in records
            if (purpose is None or record.purpose == purpose) and (state is None or record.state == state)
        ]
        return sorted(chosen, key=lambda record: (record.created_at, record.key_id))

    def get(self, key_id: str) -> KeyRecord:
        """Give the record of a key.

        Raises:
            UnknownKey: there is no such key.
        """
        return self._with_pending(self._record(key_id))

    def current(self, purpose: Purpose) -> KeyRecord:
        """Give the key that serves a purpose now: of the active ones, the one activated last.

        Raises:
            UnknownKey: no active key serves the purpose.
        """
        active = [
            record
            for record in self._inventory.records().values()
            if record.purpose is purpose and record.state is State.ACTIVE
        ]
        if not active:
            raise UnknownKey(f"no active key serves {purpose}")
        return self._with_pending(max(active, key=lambda record: (record.activated_at or 0, record.key_id)))

    def activate(self, key_id: str) -> KeyRecord:
        """Let a pre-active key do its work.

        Raises:
            UnknownKey: there is no such key.
            WrongState: it is not pre-active, or its not-before lies ahead.
        """
        now = self._clock.now()

        def change(record: KeyRecord) -> KeyRecord:
            if now < record.not_before:
                raise WrongState(f"the key must not be activated before {record.not_before}, now is {now}")
            # Which key is current shows in these times: a clock that was set back, or two keys of one second, must
            # not leave the older one at work.
            before = [
                other.activated_at or 0
                for other in self._inventory.records().values()
                if other.purpose is record.purpose and other.state is State.ACTIVE
            ]
            return replace(record.moved_to(State.ACTIVE), activated_at=max([now, *(time + 1 for time in before)]))

        return self._changed(key_id, change)

    def retire(self, key_id: str) -> KeyRecord:
        """End an active key's work: it signs and wraps no more; a wrapping key still unwraps.

        Raises:
            UnknownKey: there is no such key.
            WrongState: it is not active.
        """
        now = self._clock.now()
        return self._changed(key_id, lambda record: replace(record.moved_to(State.RETIRED), retired_at=now))

    def destroy(self, key_id: str) -> KeyRecord:
        """Erase a key's material; its record stays. A compromised key stays marked as compromised.

        Copies of the file that were made before, and the passphrase, still hold the key: see the format's page.

        Raises:
            UnknownKey: there is no such key.
            WrongState: it is active (retire it first), or destroyed already.
        """
        now = self._clock.now()

        def change(record: KeyRecord) -> KeyRecord:
            is_marked = record.state == State.COMPROMISED and record.destroyed_at is None
            ended = replace(record if is_marked else record.moved_to(State.DESTROYED), destroyed_at=now)
            if record.backend != SOFTWARE:
                # First the material, then the record: what cannot be written down is done again, and finds it gone.
                self._elsewhere.backend(record.backend).destroy(record)
            return ended

        return self._changed(key_id, change)

    def mark_compromised(self, key_id: str, since: int) -> KeyRecord:
        """Declare that a key has been in other hands since a time; said again, the time only moves earlier.

        Raises:
            UnknownKey: there is no such key.
            WrongState: `since` lies in the future, or after the time declared before.
        """
        now = self._clock.now()

        def change(record: KeyRecord) -> KeyRecord:
            if not 0 <= since <= now:
                raise WrongState(f"a compromise is declared since a time up to now ({now}), got {since}")
            if record.compromised_since is None:
                return replace(record.moved_to(State.COMPROMISED), compromised_at=now, compromised_since=since)
            if since > record.compromised_since:
                raise WrongState(f"compromised since {record.compromised_since}: this only moves earlier")
            return replace(record, compromised_since=since)

        return self._changed(key_id, change)

    def sign(self, key_id: str, purpose: Purpose, message: bytes) -> bytes:
        """Sign a message.

        Args:
            key_id: an active key.
            purpose: what the caller signs for; must be the key's own.
            message: the message itself, of the shape the purpose signs (`keys.purposes.require_message_for`).

        Returns:
            ES256: 64 bytes r and s over SHA-256. Chain accounts: 65 bytes r, s and yParity (0 or 1) over keccak-256,
            s low. Ed25519: 64 bytes.

        Raises:
            UnknownKey: there is no such key.
            WrongPurpose: the key serves another purpose, or does not sign.
            WrongState: the key is not active.
            MessageRefused: the message does not have the purpose's shape.
            KeystoreLocked, KeystoreMissing, KeystoreTampered, InsecureFile: the keystore cannot be trusted now.
        """
        record = self._record(key_id)
        if record.purpose is not purpose:
            raise WrongPurpose(f"the key serves {record.purpose}, not {purpose}")
        if record.state is not State.ACTIVE:
            raise WrongState(f"a {record.state} key does not sign")
        require_message_for(purpose, message)
        signature = self._holder(record).sign(record, message)
        self._count(key_id)
        return signature

    def wrap_data_key(self, key_id: str, data_key: bytes | bytearray, context: bytes) -> bytes:
        """Encrypt a data key under a wrapping key, bound to a context.

        Returns:
            `seal`ed bytes: 12 bytes nonce, ciphertext, 16 bytes tag.

        Raises:
            UnknownKey, WrongPurpose: no such key, or not a wrapping key.
            WrongState: the key is not active.
        """
        record = self._require_wrapping(key_id, frozenset({State.ACTIVE}))
        wrapped = self._holder(record).seal(record, data_key, context)
        self._count(key_id)
        return wrapped

    def unwrap_data_key(self, key_id: str, wrapped: bytes, context: bytes) -> bytearray:
        """Undo `wrap_data_key`; also under a retired or compromised key, so that data can be wrapped anew.

        The caller wipes what it gets (`keys.memory.wiped`).

        Raises:
            UnknownKey, WrongPurpose: no such key, or not a wrapping key.
            WrongState: the key was destroyed or never activated.
            EnvelopeRefused: changed, bound to another context, or wrapped under another key.
        """
        record = self._require_wrapping(key_id, _UNWRAPPING_STATES)
        data_key = self._holder(record).unseal(record, wrapped, context)
        self._count(key_id)
        return data_key

    def require_unwrapping(self, key_id: str) -> None:
        """Refuse where `unwrap_data_key` would refuse to work with the key; counts no use.

        Raises:
            UnknownKey, WrongPurpose: no such key, or not a wrapping key.
            WrongState: the key was destroyed or never activated.
        """
        self._require_wrapping(key_id, _UNWRAPPING_STATES)

    def flush(self, *, wait: bool = True) -> None:
        """Write the use counters.

        Args:
            wait: False gives up at once when another process is writing.

        Raises:
            KeystoreBusy, KeystoreNotWritten: they were not written, and are kept for the next time.
        """
        with self._counting:
            taken, self._pending, self._pending_total = self._pending, Counter(), 0
        if not taken:
            return
        try:
            self._inventory.add_uses(taken, wait=wait)
        except BaseException:
            with self._counting:
                self._pending.update(taken)
            raise
        for key_id, count in taken.items():
            _log.info("key used: %s, %d times since last written", key_id, count)

    def close(self) -> None:
        """Write the use counters and forget the keys, in any case the latter. Closing twice is harmless."""
        try:
            self.flush()
        finally:
            self._elsewhere.close()
            self._inventory.close()

    def _record(self, key_id: str) -> KeyRecord:
        record = self._inventory.records().get(key_id)
        if record is None:
            raise UnknownKey
        return record

    def _with_pending(self, record: KeyRecord) -> KeyRecord:
        pending = self._pending.get(record.key_id, 0)
        return replace(record, uses=record.uses + pending) if pending else record

    def _changed(self, key_id: str, change: Change) -> KeyRecord:
        record = self._inventory.update(key_id, change)
        _log.info("key %s: %s %s", record.state, record.purpose, record.key_id)
        return self._with_pending(record)

    def _require_wrapping(self, key_id: str, states: frozenset[State]) -> KeyRecord:
        record = self._record(key_id)
        if record.purpose is not Purpose.DATA_WRAPPING:
            raise WrongPurpose(f"the key serves {record.purpose}, not {Purpose.DATA_WRAPPING}")
        if record.state not in states:
            raise WrongState(f"a {record.state} key does not do this")
        # A compromised key stays marked as such when it is destroyed.
        if record.destroyed_at is not None:
            raise WrongState("the key was destroyed")
        return record

    def _holder(self, record: KeyRecord) -> Backend | Inventory:
        return self._inventory if record.backend == SOFTWARE else self._elsewhere.backend(record.backend)

    def _count(self, key_id: str) -> None:
        with self._counting:
            self._pending[key_id] += 1
            self._pending_total += 1
            is_due = self._pending_total >= FLUSH_EVERY
        if is_due:
            try:
                self.flush(wait=False)
            except (KeystoreBusy, KeystoreNotWritten) as problem:
                # The signature is made; whether it could be counted on disk must not decide over it.
                _log.warning("use counters not written, kept for the next time: %s", problem.code)
