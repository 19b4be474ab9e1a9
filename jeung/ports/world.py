"""State the small needs: the time, randomness, identifiers."""

from collections.abc import Callable
from typing import Protocol


class Clock(Protocol):
    """Tell the time."""

    def now(self) -> int:
        """Give seconds since 1970-01-01 UTC."""
        ...


class Entropy(Protocol):
    """Give unpredictable bytes; the only source of salts, nonces and identifiers."""

    def token(self, length: int) -> bytes:
        """Give `length` bytes from the operating system's generator."""
        ...


class Later(Protocol):
    """Do something after a while, beside what runs meanwhile."""

    def call(self, delay_s: float, act: Callable[[], None]) -> None:
        """Call `act` once after `delay_s` seconds, in a thread of its own; not at all if the process ends before."""
        ...
