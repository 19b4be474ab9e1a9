"""Messages are carried beside the worker's loop, a few at a time, and a failure of one is nobody else's."""

import threading
from collections.abc import Iterator, Sequence
from typing import Any, cast

import pytest

from jeung.domain.presentations import Delivery
from jeung.errors import KeyUnavailable
from jeung.services.presentations import WebhookDelivery
from node.runtime.courier import Courier


class Deliveries:
    """Hand out numbers for messages, and hold each delivery until it is let go."""

    def __init__(self) -> None:
        self.waiting = 10
        self.begun = threading.Semaphore(0)
        self.go_on = threading.Event()
        self.error: Exception | None = None

    def claim(self, limit: int) -> Sequence[Any]:
        taken = min(limit, self.waiting)
        self.waiting -= taken
        return range(taken)

    def deliver(self, _: Delivery) -> None:
        self.begun.release()
        self.go_on.wait(10)
        if self.error is not None:
            raise self.error


@pytest.fixture
def deliveries() -> Deliveries:
    return Deliveries()


@pytest.fixture
def courier(deliveries: Deliveries) -> Iterator[Courier]:
    made = Courier(cast("WebhookDelivery", deliveries), threads=3)
    yield made
    deliveries.go_on.set()
    made.close()


def test_no_more_is_taken_up_than_there_are_threads(courier: Courier, deliveries: Deliveries) -> None:
    assert courier.step() is False
    for _ in range(3):
        assert deliveries.begun.acquire(timeout=10)
    courier.step()
    assert deliveries.waiting == 7


@pytest.mark.parametrize("error", [KeyUnavailable(), RuntimeError("a person's name")])
def test_a_failure_is_logged_by_its_kind_and_the_rest_goes_on(
    courier: Courier, deliveries: Deliveries, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    deliveries.error = error
    deliveries.go_on.set()
    courier.step()
    for _ in range(3):
        assert deliveries.begun.acquire(timeout=10)
    courier.close()
    assert len(caplog.records) == 3
    assert all("a person's name" not in record.getMessage() for record in caplog.records)
