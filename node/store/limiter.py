"""Count what callers do against named limits (jeung.ports.store.RateLimiter)."""

from collections.abc import Mapping
from math import floor

from limits import RateLimitItem, parse
from limits.strategies import SlidingWindowCounterRateLimiter

from node.store.faults import faults_translated
from node.store.limits_storage import SqliteCounters


class SqliteRateLimiter:
    """Count requests in sliding windows, over all processes of a node and over restarts."""

    def __init__(self, counters: SqliteCounters, limits: Mapping[str, str]) -> None:
        """Take the limits by name, each as the `limits` library writes them, for example "120/minute".

        Raises:
            ValueError: a limit is not written so.
        """
        self._counters = counters
        self._limits = {name: _parsed(name, rate) for name, rate in limits.items()}
        self._strategy = SlidingWindowCounterRateLimiter(counters)

    def hit(self, limit: str, caller: str, cost: int = 1) -> int | None:
        """Count a request against a named limit; give the seconds to wait when it is exceeded, else None.

        Raises:
            StoreBusy: the other processes of the node held the counters for too long.
            StoreUnavailable: the counters cannot be written.
            KeyError: there is no such limit.
        """
        item = self._limits[limit]
        with faults_translated():
            if self._strategy.hit(item, limit, caller, cost=cost):
                return None
            return self._wait_s(item, limit, caller, cost)

    def close(self) -> None:
        """Close the counters."""
        self._counters.close()

    def _wait_s(self, item: RateLimitItem, limit: str, caller: str, cost: int) -> int:
        """Give after how many seconds the weighted sum leaves room for the cost, if nobody adds to it meanwhile.

        The weight of the last window sinks evenly to nothing; then the current one takes its place. Room is there
        once the sum lies below `room + 1`, for the strategy leaves its fraction out.
        """
        window_s, room = item.get_expiry(), item.amount - cost
        previous, left, current, _ = self._counters.get_sliding_window(item.key_for(limit, caller), window_s)
        if room < 0:
            return window_s
        if current <= room:
            return floor(left - (room + 1 - current) * window_s / previous) + 1
        return floor(left + window_s - (room + 1) * window_s / current) + 1


def _parsed(name: str, rate: str) -> RateLimitItem:
    try:
        return parse(rate)
    except ValueError as error:
        raise ValueError(f"expected the limit {name!r} to be written like 120/minute") from error
