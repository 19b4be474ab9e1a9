"""Count answers for Prometheus, over all workers of a node.

`prometheus_client` keeps its numbers in files that all workers share when PROMETHEUS_MULTIPROC_DIR names a folder
before the interpreter starts (see `api.gunicorn`); a page then adds up what every worker wrote. Without it, in
tests and with one process, the numbers live in memory.
"""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, values
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from api.runtime import Health

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """Hold one application's numbers."""

    def __init__(self, health: Health) -> None:
        """Begin at zero."""
        self._registry = CollectorRegistry()
        self._health = health
        labels = ("method", "route", "status")
        self._answers = Counter("jeung_http_responses", "Answers given", labels, registry=self._registry)
        self._durations = Histogram(
            "jeung_http_response_seconds", "Time to answer", ("route",), registry=self._registry, buckets=_BUCKETS_S
        )
        self._judgements = Counter(
            "jeung_verifications", "Finished judgements", ("result", "code"), registry=self._registry
        )

    def answered(self, method: str, route: str, status: int, duration_s: float) -> None:
        """Count one answer; `route` is a rule of ours, so that the number of series is bounded."""
        self._answers.labels(method, route, str(status)).inc()
        self._durations.labels(route).observe(duration_s)

    def judged(self, result: str, code: str | None) -> None:
        """Count one finished judgement."""
        self._judgements.labels(result, code or "").inc()

    def page(self) -> bytes:
        """Write the numbers of all workers, and the node's own measurements, in Prometheus's text format."""
        registry = CollectorRegistry()
        if getattr(values.ValueClass, "_multiprocess", False):
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        else:
            registry = self._registry
        return generate_latest(registry) + generate_latest(_only(_Measurements(self._health)))


class _Measurements(Collector):
    """Ask the node for its measurements when the page is read."""

    def __init__(self, health: Health) -> None:
        self._health = health

    def collect(self) -> Iterator[Metric]:
        for name, value in sorted(self._health.measurements().items()):
            yield GaugeMetricFamily(f"jeung_{name}", f"The node's {name.replace('_', ' ')}", value)


def _only(collector: Collector) -> CollectorRegistry:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(collector)
    return registry
