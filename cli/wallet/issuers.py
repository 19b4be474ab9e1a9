"""Keep what issuers publish about themselves for as long as they say it may be kept."""

import threading

from cli.wallet.http import WalletHttp
from cli.wallet.metadata import Issuer, discover
from jeung.ports.world import Clock

_KEPT_S = 300


class Issuers:
    """Discover issuers, each at most once in five minutes; safe to share between threads."""

    def __init__(self, http: WalletHttp, clock: Clock) -> None:
        """Know none yet."""
        self._http = http
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[str, tuple[int, Issuer]] = {}

    def at(self, url: str) -> Issuer:
        """Give an issuer's metadata; raises as `metadata.discover`."""
        now = self._clock.now()
        with self._lock:
            kept = self._known.get(url)
            if kept is None or kept[0] <= now:
                kept = self._known[url] = (now + _KEPT_S, discover(self._http, url))
            return kept[1]
