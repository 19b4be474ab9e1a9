"""Wrap every data key anew once another wrapping key is at work, so that the one before can be destroyed.

The worker does it, a bounded number at a time: what is wrapped under another key than the present one is unwrapped
and wrapped again, outside of any transaction, and each row changes only if it still holds what was read. Which rows
are left is what the rows say, so a worker that is killed goes on where it stopped, and one that has nothing to do
looks again after a while: a process that was slow to notice the new key may have written one more row under the old.

A row that cannot be unwrapped is left alone, and said. What is sealed under a data key stays as it is: who had the
wrapping key and the database before has the data keys.
"""

import logging
from collections.abc import Sequence
from typing import Final

from sqlalchemy import bindparam, func, select, update

from jeung.ports.world import Clock
from keys.envelope import HEAD_BYTES, Vault, head_of
from keys.errors import EnvelopeRefused, UnknownKey, WrongState
from keys.keystore import Keystore
from keys.model import KeyRecord, State
from keys.purposes import Purpose
from node.store.engine import Database
from node.store.schema import data_keys

AT_ONCE: Final = 256
_LOOK_AGAIN_S: Final = 600
_log = logging.getLogger(__name__)

_LEFT = (
    select(data_keys.c.owner, data_keys.c.wrapped)
    .where(
        data_keys.c.owner > bindparam("after"), func.substr(data_keys.c.wrapped, 1, HEAD_BYTES) != bindparam("head")
    )
    .order_by(data_keys.c.owner)
    .limit(bindparam("most"))
)
_CHANGE = (
    update(data_keys)
    .where(data_keys.c.owner == bindparam("whose"), data_keys.c.wrapped == bindparam("before"))
    .values(wrapped=bindparam("now"))
)


class Rewrapper:
    """Drive the re-wrapping of one node's data keys."""

    def __init__(self, keystore: Keystore, database: Database, clock: Clock) -> None:
        """Know nothing of what was done before."""
        self._keystore = keystore
        self._vault = Vault(keystore)
        self._database = database
        self._clock = clock
        self._under = self._after = ""
        self._rest_until = self._done = self._unreadable = 0

    def turn(self, _fence: int) -> bool:
        """Do a step as the worker's parts do; tell whether more waits."""
        return self.step()

    def step(self) -> bool:
        """Wrap the next data keys anew; tell whether there may be more.

        Raises:
            BackendUnavailable, BackendRefused: what holds a wrapping key does not answer; it is tried again.
            StoreBusy, StoreUnavailable: likewise.
        """
        now = self._clock.now()
        current = self._needed()
        if current is None:
            return False
        if current.key_id != self._under:
            self._begin(current.key_id, 0)
        if now < self._rest_until:
            return False
        with self._database.read() as connection:
            values = {"after": self._after, "head": head_of(current.key_id), "most": AT_ONCE}
            rows = [(str(owner), bytes(wrapped)) for owner, wrapped in connection.execute(_LEFT, values)]
        if not rows:
            self._say()
            self._begin(current.key_id, now + _LOOK_AGAIN_S)
            return False
        self._keep(self._wrapped_anew(rows))
        self._after = rows[-1][0]
        return True

    def _needed(self) -> KeyRecord | None:
        """Give the wrapping key at work, where another one may have wrapped something."""
        made = [
            record
            for record in self._keystore.list(purpose=Purpose.DATA_WRAPPING)
            if record.state is not State.PRE_ACTIVE and record.destroyed_at is None
        ]
        if len(made) < 2 or all(record.state is not State.ACTIVE for record in made):
            return None
        return self._keystore.current(Purpose.DATA_WRAPPING)

    def _wrapped_anew(self, rows: Sequence[tuple[str, bytes]]) -> list[dict[str, object]]:
        changes: list[dict[str, object]] = []
        for owner, wrapped in rows:
            try:
                changes.append({"whose": owner, "before": wrapped, "now": self._vault.wrap_anew(wrapped, owner)})
            except (EnvelopeRefused, UnknownKey, WrongState):
                # One row that was tampered with, or whose key is gone, must not keep the others from being saved.
                self._unreadable += 1
        return changes

    def _keep(self, changes: Sequence[dict[str, object]]) -> None:
        with self._database.write() as connection:
            # One by one: a row that was erased or changed meanwhile stays as it is now.
            self._done += sum(connection.execute(_CHANGE, change).rowcount for change in changes)

    def _say(self) -> None:
        if self._done:
            _log.info("data keys wrapped anew: %d under %s", self._done, self._under)
        if self._unreadable:
            _log.warning("data keys that cannot be unwrapped: %d", self._unreadable)

    def _begin(self, key_id: str, rest_until: int) -> None:
        self._under, self._rest_until = key_id, rest_until
        self._after, self._done, self._unreadable = "", 0, 0
