"""Passwords are hashed with Argon2id, salted, a bounded number at a time."""

import threading

import pytest
from argon2 import extract_parameters
from argon2.low_level import Type

from jeung.errors import IntegrityFailure, Unavailable
from node.runtime import passwords
from node.runtime.passwords import Argon2Hasher
from tests.common.memory.world import SystemEntropy

PASSWORD = "grey owls count nine stairs"


@pytest.fixture
def hasher() -> Argon2Hasher:
    return Argon2Hasher(SystemEntropy(), unsafe_fast=True)


def test_password_matches_its_own_hash_only(hasher: Argon2Hasher) -> None:
    encoded = hasher.hash(PASSWORD)
    assert hasher.matches(encoded, PASSWORD)
    assert not hasher.matches(encoded, PASSWORD + " ")
    assert PASSWORD not in encoded


def test_two_hashes_of_a_password_differ(hasher: Argon2Hasher) -> None:
    assert hasher.hash(PASSWORD) != hasher.hash(PASSWORD)


def test_work_is_rfc_9106s_second_recommendation() -> None:
    found = extract_parameters(Argon2Hasher(SystemEntropy()).hash(PASSWORD))
    assert (found.type, found.time_cost, found.memory_cost, found.parallelism) == (Type.ID, 3, 65_536, 4)


def test_nobodys_hash_asks_for_the_same_work_and_matches_nothing(hasher: Argon2Hasher) -> None:
    for made in (hasher, Argon2Hasher(SystemEntropy())):
        assert extract_parameters(made._nobodys) == extract_parameters(made.hash(PASSWORD))
        assert not made.matches(None, PASSWORD)
        assert not made.matches(None, "")


def test_broken_hash_is_said_to_be_broken(hasher: Argon2Hasher) -> None:
    with pytest.raises(IntegrityFailure):
        hasher.matches("$argon2id$", PASSWORD)


def test_more_at_once_than_the_bound_are_sent_away(hasher: Argon2Hasher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_WAIT_S", 0.01)
    begun, end = threading.Barrier(passwords._AT_ONCE + 1), threading.Event()

    def occupy() -> None:
        with hasher._slot():
            begun.wait()
            end.wait()

    threads = [threading.Thread(target=occupy) for _ in range(passwords._AT_ONCE)]
    for thread in threads:
        thread.start()
    begun.wait()
    with pytest.raises(Unavailable):
        hasher.hash(PASSWORD)
    end.set()
    for thread in threads:
        thread.join()
    assert hasher.hash(PASSWORD)
