"""Count requests in fixed windows."""

from jeung.ports.world import Clock


class MemoryRateLimiter:
    """Allow each caller so many hits of a named limit in a window of seconds; an unnamed limit allows everything."""

    def __init__(self, clock: Clock, limits: dict[str, tuple[int, int]] | None = None) -> None:
        self._clock = clock
        self._limits = limits or {}
        self._counts: dict[tuple[str, str, int], int] = {}

    def hit(self, limit: str, caller: str, cost: int = 1) -> int | None:
        if limit not in self._limits:
            return None
        allowed, window_s = self._limits[limit]
        now = self._clock.now()
        key = limit, caller, now // window_s
        if self._counts.get(key, 0) + cost > allowed:
            return window_s - now % window_s
        self._counts[key] = self._counts.get(key, 0) + cost
        return None
