"""Carry messages to webhooks beside the worker's loop, which must not wait for other people's servers."""

import logging
from concurrent.futures import Future, ThreadPoolExecutor

from jeung.domain.presentations import Delivery
from jeung.errors import JeungError
from jeung.services.presentations import WebhookDelivery

THREADS = 4

_log = logging.getLogger(__name__)


class Courier:
    """Deliver in a few threads; the queue is the database, so what is cut off comes again."""

    def __init__(self, delivery: WebhookDelivery, *, threads: int = THREADS) -> None:
        self._delivery = delivery
        self._threads = threads
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="webhooks")
        self._running: set[Future[None]] = set()

    def step(self) -> bool:
        """Take up as many due messages as there are free threads; tell whether more may wait."""
        self._running = {future for future in self._running if not future.done()}
        free = self._threads - len(self._running)
        claimed = self._delivery.claim(free) if free > 0 else ()
        for delivery in claimed:
            self._running.add(self._executor.submit(self._deliver, delivery))
        return False

    def close(self) -> None:
        """Wait for what is on its way, which is bounded; take up nothing more."""
        self._executor.shutdown(wait=True, cancel_futures=True)

    def _deliver(self, delivery: Delivery) -> None:
        try:
            self._delivery.deliver(delivery)
        except JeungError as error:
            _log.warning("a message to a webhook could not be sent now: %s", error.code)
        except Exception as error:
            _log.error("a message to a webhook could not be sent: %s", type(error).__name__)
