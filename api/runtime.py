"""State what the HTTP skin needs of a node; `node.runtime` satisfies it without knowing it."""

from collections.abc import Mapping
from typing import Protocol

from jeung.ports.store import RateLimiter
from jeung.ports.world import Clock, Entropy
from node.settings import Settings


class Health(Protocol):
    """Say how the node is; every call is bounded in time and raises nothing."""

    def checks(self) -> Mapping[str, bool]:
        """Tell which parts are fit for work, by name: the database, the worker's lease, the ledger's freshness."""
        ...

    def measurements(self) -> Mapping[str, float]:
        """Give what the metrics page shows beside the requests, by name with its unit (`ledger_head_age_seconds`)."""
        ...


class ApiRuntime(Protocol):
    """Offer the services of one node, wired to its parts."""

    @property
    def settings(self) -> Settings:
        """Give the node's settings."""
        ...

    @property
    def clock(self) -> Clock:
        """Give the time."""
        ...

    @property
    def entropy(self) -> Entropy:
        """Give unpredictable bytes, here for request ids."""
        ...

    @property
    def limiter(self) -> RateLimiter:
        """Give the counter of requests; it knows the names of `api.limits.Limit`."""
        ...

    @property
    def health(self) -> Health:
        """Give the node's state of health."""
        ...
