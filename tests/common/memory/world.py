"""A clock that a test sets, real randomness, and waits that tests need not sit out."""

import secrets
from collections.abc import Callable


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


class AtOnce:
    """Do at once what may wait."""

    def call(self, delay_s: float, act: Callable[[], None]) -> None:
        assert delay_s > 0
        act()


class WhenTold:
    """Keep what is to be done later until a test says that its time has come."""

    def __init__(self) -> None:
        self.acts: list[Callable[[], None]] = []

    def call(self, delay_s: float, act: Callable[[], None]) -> None:
        assert delay_s > 0
        self.acts.append(act)

    def pass_by(self) -> int:
        """Do everything, and tell how many acts that were."""
        acts, self.acts = self.acts, []
        for act in acts:
            act()
        return len(acts)
