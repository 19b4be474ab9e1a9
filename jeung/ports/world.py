"""State the small needs: the time, randomness, identifiers."""

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
