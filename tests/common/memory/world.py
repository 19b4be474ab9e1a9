"""A clock that a test sets, and real randomness."""

import secrets


class SetClock:
    """Tell the time a test has set."""

    def __init__(self, now: int = 1_800_000_000) -> None:
        self.time = now

    def now(self) -> int:
        return self.time

    def advance(self, seconds: int) -> int:
        """Move on, or back, and give the new time."""
        self.time += seconds
        return self.time


class SystemEntropy:
    """Give bytes of the operating system's generator."""

    def token(self, length: int) -> bytes:
        return secrets.token_bytes(length)
