"""Hash staff passwords with Argon2id (RFC 9106), a bounded number at a time."""

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from jeung.errors import IntegrityFailure, Unavailable
from jeung.ports.world import Entropy

_SALT_BYTES = 16
_HASH_BYTES = 32
_AT_ONCE = 2
_WAIT_S = 5.0


class Argon2Hasher:
    """Hash and compare passwords (jeung.ports.staff.PasswordHasher).

    The work is RFC 9106's second recommendation: 3 passes over 64 MiB with 4 lanes. As strangers can ask for it, two
    at a time do it in a process; the others wait for five seconds at most.
    """

    def __init__(self, entropy: Entropy, *, unsafe_fast: bool = False) -> None:
        """Prepare; `unsafe_fast` spends next to nothing, for tests."""
        passes, memory_kib, lanes = (1, 8, 1) if unsafe_fast else (3, 65_536, 4)
        self._entropy = entropy
        self._hasher = PasswordHasher(
            time_cost=passes,
            memory_cost=memory_kib,
            parallelism=lanes,
            hash_len=_HASH_BYTES,
            salt_len=_SALT_BYTES,
            type=Type.ID,
        )
        # A hash of no password: to compare with it takes as long as with any other.
        salt, nobody = _unpadded(entropy.token(_SALT_BYTES)), _unpadded(entropy.token(_HASH_BYTES))
        self._nobodys = f"$argon2id$v=19$m={memory_kib},t={passes},p={lanes}${salt}${nobody}"
        self._slots = threading.BoundedSemaphore(_AT_ONCE)

    def hash(self, password: str) -> str:
        """Give the salted hash of a password as a PHC string.

        Raises:
            Unavailable: too many are being hashed already.
        """
        with self._slot():
            return self._hasher.hash(password, salt=self._entropy.token(_SALT_BYTES))

    def matches(self, encoded: str | None, password: str) -> bool:
        """Tell whether a password has this hash; with None spend the same work and tell False.

        Raises:
            Unavailable: too many are being hashed already.
            IntegrityFailure: what was kept is no hash.
        """
        try:
            with self._slot():
                self._hasher.verify(self._nobodys if encoded is None else encoded, password)
        except VerifyMismatchError:
            return False
        except (InvalidHashError, VerificationError) as error:
            raise IntegrityFailure("a kept password hash cannot be read") from error
        return encoded is not None

    @contextmanager
    def _slot(self) -> Iterator[None]:
        if not self._slots.acquire(timeout=_WAIT_S):
            raise Unavailable("too many log-ins at once", retry_after_s=1)
        try:
            yield
        finally:
            self._slots.release()


def _unpadded(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii").rstrip("=")
