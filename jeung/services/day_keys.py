"""Give the data key of a day: what is sealed on one day shares a key, so that the day can be forgotten whole."""

import datetime
import threading
from typing import Final

from jeung.ports.custody import Vault
from jeung.ports.store import Store

_DAY_S: Final = 86_400


class DayKeys:
    """Make and remember the wrapped data key of the present day; safe to share between threads.

    `prefix` begins the owner's name, for example `evidence/` of `evidence/2027-01-31`. With `ahead_s` the key is that
    of the day so many seconds later: the day on which what it seals goes.
    """

    def __init__(self, *, store: Store, vault: Vault, prefix: str, ahead_s: int = 0) -> None:
        self._store = store
        self._vault = vault
        self._prefix = prefix
        self._ahead_s = ahead_s
        self._lock = threading.Lock()
        self._day: tuple[int, str, bytes] | None = None

    def at(self, now: int) -> tuple[str, bytes]:
        """Give owner and wrapped data key of the day of `now` (seconds UTC), made at its first use.

        Not to be called inside a transaction: the key is written in one of its own.

        Raises:
            StoreBusy: the day's data key could not be made.
        """
        named = now + self._ahead_s
        day = named // _DAY_S
        with self._lock:
            if self._day is not None and self._day[0] == day:
                return self._day[1:]
        owner = f"{self._prefix}{datetime.datetime.fromtimestamp(named, datetime.UTC).date().isoformat()}"
        with self._store.write() as tx:
            wrapped = tx.data_keys.get(owner)
            if wrapped is None:
                wrapped = self._vault.new_data_key(owner)
                tx.data_keys.add(owner, wrapped, now)
        with self._lock:
            # Only now: had the transaction failed, the key would not exist.
            self._day = day, owner, wrapped
        return owner, wrapped
