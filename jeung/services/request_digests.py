"""Digest the bodies of repeatable requests under a key, so that a stolen database confirms no guess.

A body may name a person, and whoever can guess it can hash the guess; a bare digest would confirm it for the day that
it is kept. The key is a data key of the node, wrapped by its keystore as all others are.
"""

from typing import Final

from jeung.ports.custody import DigestVault
from jeung.ports.store import Store
from jeung.ports.world import Clock

KEY_OWNER: Final = "requests"

_CONTEXT: Final = "request body"


class RequestDigests:
    """Tell whether two requests have the same body, without keeping what tells it of a body that is guessed."""

    def __init__(self, *, store: Store, vault: DigestVault, clock: Clock) -> None:
        self._store = store
        self._vault = vault
        self._clock = clock

    def of(self, body: bytes) -> bytes:
        """Give the 32 bytes by which a repeated body is known again; only the first of a node writes, the key.

        Raises:
            SealBroken: the key of these digests was changed.
            StoreBusy, StoreUnavailable: the key cannot be read, or is not there yet and cannot be written.
        """
        return self._vault.digest(self._wrapped_key(), KEY_OWNER, _CONTEXT, body)

    def _wrapped_key(self) -> bytes:
        # Read each time: a rotation of the wrapping key wraps it anew.
        with self._store.read() as tx:
            wrapped = tx.data_keys.get(KEY_OWNER)
        return wrapped if wrapped is not None else self._made_once()

    def _made_once(self) -> bytes:
        with self._store.write() as tx:
            # Another process may have been first.
            wrapped = tx.data_keys.get(KEY_OWNER)
            if wrapped is None:
                wrapped = self._vault.new_data_key(KEY_OWNER)
                tx.data_keys.add(KEY_OWNER, wrapped, self._clock.now())
        return wrapped
