"""A remembered request tells a thief of the database nothing about a body that he guesses."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from jeung.domain.identifiers import MemberId
from jeung.errors import SealBroken
from jeung.services.request_digests import KEY_OWNER, RequestDigests
from tests.common.memory.custody import MemoryVault
from tests.common.memory.database import MemoryDatabase
from tests.common.memory.store import MemoryStore, MemoryTransaction
from tests.common.memory.world import SetClock

OWN = MemberId(b"\x01" * 32)
BODY = b'{"person":{"family_name":"Hong"}}'


class LateStore(MemoryStore):
    """Read as one did who looked before anybody wrote."""

    @contextmanager
    def read(self) -> Iterator[MemoryTransaction]:
        yield MemoryTransaction(MemoryDatabase().read(), OWN)


def node() -> tuple[MemoryDatabase, MemoryVault, RequestDigests]:
    database, vault = MemoryDatabase(), MemoryVault()
    return database, vault, RequestDigests(store=MemoryStore(database, OWN), vault=vault, clock=SetClock())


def test_body_is_known_again_by_every_process_of_the_node() -> None:
    database, vault, digests = node()
    first = digests.of(BODY)
    assert len(first) == 32
    assert RequestDigests(store=MemoryStore(database, OWN), vault=vault, clock=SetClock()).of(BODY) == first


def test_process_that_comes_second_to_the_key_takes_the_first_ones() -> None:
    database, vault, digests = node()
    first = digests.of(BODY)
    assert RequestDigests(store=LateStore(database, OWN), vault=vault, clock=SetClock()).of(BODY) == first


@pytest.mark.parametrize(
    "other",
    [b"", BODY + b" ", BODY[:-1], hashlib.sha256(BODY).digest()],
    ids=["none", "longer", "shorter", "bare digest"],
)
def test_another_body_has_another_digest(other: bytes) -> None:
    _, _, digests = node()
    assert digests.of(other) != digests.of(BODY)


def test_digest_is_not_one_that_whoever_guesses_the_body_can_make() -> None:
    database, _, digests = node()
    kept = digests.of(BODY)
    assert kept != hashlib.sha256(BODY).digest()
    assert node()[2].of(BODY) != kept
    with pytest.raises(SealBroken):
        RequestDigests(store=MemoryStore(database, OWN), vault=MemoryVault(), clock=SetClock()).of(BODY)
    assert KEY_OWNER in database.read().data_keys
