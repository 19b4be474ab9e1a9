"""Put waiting digests and status changes together into transactions.

Digests of one schema share a batch: once there are enough of them, or once the oldest has waited long enough. Copies
of one family must not be recognisable as siblings by standing in the same small batch, so each copy waits for a
random time of its own, and a batch of fewer families than a crowd takes only one copy of each. In a crowd, or with
no spread configured, nothing is held back.
"""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from jeung.crypto.merkle import MAX_BATCH, order_digests
from jeung.domain.identifiers import SchemaId
from jeung.domain.ledger import CredentialStatus
from jeung.ports.chain import AttestWork, StatusWork
from node.settings import AnchoringSettings

_Work = TypeVar("_Work")

CROWD = 32
"""Families in one batch among which copies of one family are not recognised any more."""
MAX_WORDS = 512
MAX_INDEXES = 2_048
"""Words, and indexes, in one change of statuses.

StatusRegistry takes more, but each word that was never written costs about 22,500 gas, and a transaction may have
16,777,216 (EIP-7825); each further index of a word, some 500. A mass revocation in larger pieces would be refused for
ever. A word is never divided between two transactions: it would be paid for twice.
"""
_INDEXES_PER_WORD = 128


@dataclass(frozen=True, slots=True)
class AttestBatch:
    """Hold one batch to be attested: digests ascending by leaf hash, and the works they are of in any order."""

    schema: SchemaId
    digests: tuple[bytes, ...]
    credential_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StatusBatch:
    """Hold one change of statuses: indexes ascending, and for each the work it is of."""

    list_number: int
    status: CredentialStatus
    changes: tuple[StatusWork, ...]

    @property
    def indexes(self) -> tuple[int, ...]:
        """Give the indexes, strictly ascending."""
        return tuple(change.index for change in self.changes)


class Anchorer:
    """Decide what is attested together, and when."""

    def __init__(self, settings: AnchoringSettings, draw: Callable[[int], int] = secrets.randbelow) -> None:
        """Remember nothing but the waiting times drawn; they are drawn anew after a restart.

        They must not follow from anything public: whoever knew the delay of a digest could compute when it was made.
        """
        self._settings = settings
        self._draw = draw
        self._ready_at: dict[str, int] = {}

    def batches(self, waiting: Sequence[AttestWork], now: int) -> list[AttestBatch]:
        """Give the batches that are due at a time, seconds UTC."""
        by_schema: dict[SchemaId, list[AttestWork]] = {}
        for work in waiting:
            by_schema.setdefault(work.schema, []).append(work)
        self._ready_at = {work.credential_id: self._ready(work) for work in waiting}
        found = []
        for schema, works in by_schema.items():
            ready = [work for work in works if self._ready_at[work.credential_id] <= now]
            for group in _chunks(self._apart(ready, now), min(self._settings.max_batch, MAX_BATCH)):
                if len(group) >= self._settings.max_batch or self._is_old_enough(group, now):
                    found.append(_attest_batch(schema, group))
        return found

    def _ready(self, work: AttestWork) -> int:
        spread_s = self._settings.copy_spread_s
        if work.credential_id in self._ready_at:
            return self._ready_at[work.credential_id]
        return work.created_at + (self._draw(spread_s + 1) if spread_s else 0)

    def _apart(self, ready: list[AttestWork], now: int) -> list[AttestWork]:
        """Keep one copy of each family where the batch is no crowd; the others wait for another draw."""
        families = {work.family_id for work in ready}
        spread_s = self._settings.copy_spread_s
        if spread_s == 0 or len(families) >= CROWD:
            return ready
        kept: dict[str, AttestWork] = {}
        for work in ready:
            if kept.setdefault(work.family_id, work) is not work:
                self._ready_at[work.credential_id] = now + 1 + self._draw(spread_s + 1)
        return list(kept.values())

    def _is_old_enough(self, group: Iterable[AttestWork], now: int) -> bool:
        oldest = min(self._ready_at[work.credential_id] for work in group)
        return (now - oldest) * 1000 >= self._settings.max_age_ms


def status_batches(waiting: Iterable[StatusWork]) -> list[StatusBatch]:
    """Group waiting changes by list and status; revocations go first, for they protect somebody."""
    groups: dict[tuple[int, CredentialStatus], list[StatusWork]] = {}
    for work in waiting:
        groups.setdefault((work.list_number, work.status), []).append(work)
    found = []
    for (list_number, status), works in sorted(groups.items(), key=_urgency):
        ascending = sorted(works, key=lambda work: work.index)
        found += [StatusBatch(list_number, status, tuple(group)) for group in _by_words(ascending)]
    return found


def _urgency(group: tuple[tuple[int, CredentialStatus], list[StatusWork]]) -> tuple[bool, bool, int]:
    list_number, status = group[0]
    return status is not CredentialStatus.REVOKED, status is CredentialStatus.VALID, list_number


def _attest_batch(schema: SchemaId, works: Sequence[AttestWork]) -> AttestBatch:
    digests = order_digests({work.digest for work in works})
    return AttestBatch(schema, tuple(digests), tuple(work.credential_id for work in works))


def _by_words(ascending: Sequence[StatusWork]) -> Iterator[Sequence[StatusWork]]:
    """Divide changes of one list where a word ends, before the words or the indexes exceed their bound."""
    group: list[StatusWork] = []
    words = 0
    for _, members in itertools.groupby(ascending, key=lambda work: work.index // _INDEXES_PER_WORD):
        of_word = list(members)
        if words == MAX_WORDS or len(group) + len(of_word) > MAX_INDEXES:
            yield group
            group, words = [], 0
        group += of_word
        words += 1
    if group:
        yield group


def _chunks(works: Sequence[_Work], size: int) -> list[Sequence[_Work]]:
    return [works[at : at + size] for at in range(0, len(works), size)]
