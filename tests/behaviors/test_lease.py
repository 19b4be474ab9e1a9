"""What every lease must do: one worker at a time, and no token twice."""

import pytest

from jeung.ports.chain import Lease
from tests.common.stores import Subject


@pytest.fixture
def lease(kept: Subject) -> Lease:
    """Give the lease as a stopped worker left it."""
    kept.lease.release("the worker of this test")
    return kept.lease


def test_second_worker_waits_while_the_first_renews(lease: Lease) -> None:
    first = lease.acquire("a", now=100, ttl_s=10)
    assert first is not None
    assert lease.acquire("b", now=109, ttl_s=10) is None
    assert lease.acquire("a", now=109, ttl_s=10) == first
    assert lease.acquire("b", now=118, ttl_s=10) is None


def test_lease_that_ran_out_goes_to_the_next_with_a_higher_token(lease: Lease) -> None:
    first = lease.acquire("a", now=100, ttl_s=10)
    second = lease.acquire("b", now=110, ttl_s=10)
    assert first is not None
    assert second is not None
    assert second > first
    assert lease.acquire("a", now=111, ttl_s=10) is None


def test_released_lease_is_free_and_its_token_never_comes_back(lease: Lease) -> None:
    first = lease.acquire("a", now=100, ttl_s=10)
    lease.release("a")
    again = lease.acquire("a", now=101, ttl_s=10)
    assert first is not None
    assert again is not None
    assert again > first


def test_worker_cannot_release_the_lease_of_another(lease: Lease) -> None:
    lease.acquire("a", now=100, ttl_s=10)
    lease.release("b")
    assert lease.acquire("b", now=101, ttl_s=10) is None


def test_worker_that_lost_its_lease_cannot_release_the_next_ones(lease: Lease) -> None:
    lease.acquire("a", now=100, ttl_s=10)
    held = lease.acquire("b", now=110, ttl_s=10)
    lease.release("a")
    assert lease.acquire("c", now=111, ttl_s=10) is None
    assert lease.acquire("b", now=111, ttl_s=10) == held
