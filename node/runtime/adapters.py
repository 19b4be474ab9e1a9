"""Bring the real time, the real randomness and real timers; nothing else asks the machine for them."""

import os
import threading
import time
from collections.abc import Callable


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


class Timers:
    """Call what is to be done later (jeung.ports.world.Later)."""

    def call(self, delay_s: float, act: Callable[[], None]) -> None:
        """Start a timer that does not keep the process alive."""
        timer = threading.Timer(delay_s, act)
        timer.daemon = True
        timer.start()
