"""Note which requests wallets have fetched, many in one transaction and some moments later.

That a wallet has a request is shown at the desk and decides nothing: the end of a request says it again. So a wallet
need not wait for the disk over it, and a busy relying party writes it down once for all who came meanwhile.
"""

import contextlib
import threading
from dataclasses import replace
from typing import Final

from jeung.errors import StoreBusy, StoreUnavailable
from jeung.ports.store import Store
from jeung.ports.world import Later

DELAY_S: Final = 0.2
MAX_NOTES: Final = 10_000


class FetchNotes:
    """Collect notes in this process; what it has not yet written when it dies stays unsaid."""

    def __init__(self, *, store: Store, later: Later) -> None:
        self._store = store
        self._later = later
        self._lock = threading.Lock()
        self._pending: dict[str, int] = {}

    def add(self, request_id: str, now: int) -> None:
        """Note that a wallet fetched a request at a time, seconds UTC; beyond the bound notes are dropped."""
        with self._lock:
            due = not self._pending
            if len(self._pending) < MAX_NOTES:
                self._pending.setdefault(request_id, now)
        if due:
            self._later.call(DELAY_S, self.write)

    def write(self) -> None:
        """Write down what is noted; a database that cannot take it now never will."""
        with self._lock:
            pending, self._pending = self._pending, {}
        with contextlib.suppress(StoreBusy, StoreUnavailable), self._store.write() as tx:
            for request_id, now in pending.items():
                request = tx.presentation_requests.get(request_id)
                if request is not None and request.fetched_at is None:
                    tx.presentation_requests.replace(replace(request, fetched_at=now))
