"""Bring the real time and the real randomness; nothing else asks the machine for either."""

import os
import time


class SystemClock:
    """Tell the machine's time."""

    def now(self) -> int:
        """Give seconds since 1970-01-01 UTC."""
        return int(time.time())  # noqa: TID251 - this is the Clock port's one adapter


class OsEntropy:
    """Draw from the operating system's generator."""

    def token(self, length: int) -> bytes:
        """Give `length` unpredictable bytes."""
        return os.urandom(length)
