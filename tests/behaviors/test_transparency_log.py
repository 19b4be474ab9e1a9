"""What every transparency log must do with the entries of acts, and every witness's memory with what it is shown."""

import json
from collections.abc import Callable

import pytest

from jeung.crypto.tlog.tiles import Tile, bundles_of, parse_bundle, tiles_of
from jeung.crypto.tlog.tree import leaf_hash, tree_root
from jeung.domain.transparency import parse_entry
from jeung.domain.verification import LogEntry
from jeung.errors import CheckpointForked, CheckpointNotConsistent, Conflict, FenceLost, WitnessedOtherSize
from jeung.ports.log import Cosignature, Place, SignedCheckpoint, WitnessedHead
from jeung.services.log.checkpoints import tiles_reader
from tests.common import naive_log, rows
from tests.common.rows import blocks
from tests.common.stores import Subject

ORIGIN = "bank.example/log/1"


def act(kept: Subject, count: int = 1, kind: str = "credential_issued") -> None:
    with kept.store.write() as tx:
        for number in range(count):
            tx.events.append(LogEntry(kind, b'{"number":%d}' % number, rows.NOW))


def sequence(kept: Subject, limit: int = 10_000) -> int:
    return kept.log.sequence(limit=limit, now=rows.NOW + 1, fence=kept.fence)


def entries(kept: Subject) -> list[bytes]:
    found: list[bytes] = []
    for tile in bundles_of(kept.log.head().size):
        data = kept.log.tile(1, tile)
        assert data is not None
        found += parse_bundle(data, tile.width)
    return found


def signed(size: int, root: bytes = b"\x01" * 32) -> SignedCheckpoint:
    return SignedCheckpoint(1, size, root, b"note %d" % size, "log-key", rows.NOW)


def test_a_log_begins_empty_in_its_first_epoch(kept: Subject) -> None:
    assert (kept.log.head().epoch, kept.log.head().size, kept.log.head().is_guarded) == (1, 0, False)
    assert list(kept.log.epochs()) == [1]
    assert kept.log.last_checkpoint(1) is None
    assert kept.log.published(1) is None
    assert kept.log.tile(1, Tile(0, 0, 1)) is None
    assert list(kept.log.keys()) == []


def test_an_act_that_was_rolled_back_has_no_entry(kept: Subject) -> None:
    def fail() -> None:
        with kept.store.write() as tx:
            tx.events.append(LogEntry("credential_issued", b"{}", rows.NOW))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert sequence(kept) == 0


def test_entries_get_their_places_in_the_order_of_the_acts(kept: Subject) -> None:
    act(kept, kind="proofing_completed")
    act(kept, kind="credential_issued")
    assert sequence(kept) == 2
    assert sequence(kept) == 0
    act(kept, kind="person_read")
    assert sequence(kept) == 1
    kinds = [parse_entry(entry).kind for entry in entries(kept)]
    assert kinds == ["proofing_completed", "issued", "personal_data_read"]


def test_equal_acts_have_different_entries(kept: Subject) -> None:
    act(kept)
    act(kept)
    sequence(kept)
    first, second = entries(kept)
    assert first != second


def test_no_more_is_sequenced_at_once_than_allowed(kept: Subject) -> None:
    act(kept, 5)
    assert [sequence(kept, 2) for _ in range(4)] == [2, 2, 1, 0]
    assert kept.log.head().size == 5


def test_a_worker_that_lost_its_lease_sequences_and_signs_nothing(kept: Subject) -> None:
    act(kept)
    for write in (
        lambda: kept.log.sequence(limit=1, now=rows.NOW, fence=kept.fence + 1),
        lambda: kept.log.record_checkpoint(signed(1), fence=kept.fence + 1),
        lambda: kept.log.publish(1, 1, [], fence=kept.fence + 1),
        lambda: kept.log.guard(fence=kept.fence + 1),
        lambda: kept.log.unguard(fence=kept.fence + 1),
    ):
        with pytest.raises(FenceLost):
            write()
    assert kept.log.head().size == 0
    assert kept.log.last_checkpoint(1) is None


@pytest.mark.parametrize("batches", [(1, 2, 253, 1, 600), (256, 256), (700, 43)], ids=["small", "full", "large"])
def test_the_tiles_are_those_of_the_naive_implementation(kept: Subject, batches: tuple[int, ...]) -> None:
    for count in batches:
        act(kept, count)
        sequence(kept)
    size, logged = sum(batches), entries(kept)
    assert kept.log.head().size == size == len(logged)
    for tile in tiles_of(size):
        assert tile.level is not None
        expected = naive_log.tile(logged, tile.level, tile.index, tile.width)
        assert kept.log.tile(1, tile) == expected
        assert kept.log.tile(1, Tile(tile.level, tile.index, 1)) == expected[:32]
    assert tree_root(size, tiles_reader(kept.log, 1, size)) == naive_log.mth(logged)


@pytest.mark.parametrize(
    "tile", [Tile(0, 0, 4), Tile(None, 0, 4), Tile(0, 1, 1), Tile(1, 0, 1), Tile(None, 1, 1)], ids=lambda t: t.path
)
def test_nothing_is_given_beyond_the_end(kept: Subject, tile: Tile) -> None:
    act(kept, 3)
    sequence(kept)
    assert kept.log.tile(1, tile) is None
    assert kept.log.tile(2, Tile(0, 0, 1)) is None


def test_a_log_at_rest_names_a_block_after_each_64th(kept: Subject) -> None:
    def named(first: int, last: int) -> list[int]:
        kept.index.apply(blocks(first, last), fence=kept.fence, polled_at=rows.NOW)
        assert sequence(kept) == 0
        facts = [parse_entry(entry).facts for entry in entries(kept)]
        return [one["number"] for one in facts if one is not None]

    assert named(1, 63) == []
    assert named(64, 66) == [66]
    assert named(67, 127) == [66]
    act(kept)
    sequence(kept)
    assert named(128, 128) == [66, 127, 128]
    assert [parse_entry(entry).kind for entry in entries(kept)] == ["block", "block", "issued", "block"]
    assert named(129, 191) == [66, 127, 128]
    kept.log.guard(fence=kept.fence)
    assert named(192, 192) == [66, 127, 128]
    kept.log.unguard(fence=kept.fence)
    assert named(193, 193) == [66, 127, 128, 193]


def test_the_newest_block_is_named_before_new_entries_and_once(kept: Subject) -> None:
    kept.index.apply(blocks(1, 4), fence=kept.fence, polled_at=rows.NOW)
    assert sequence(kept) == 0
    act(kept)
    sequence(kept)
    act(kept)
    sequence(kept)
    kinds = [parse_entry(entry).kind for entry in entries(kept)]
    assert kinds == ["block", "issued", "issued"]
    facts = parse_entry(entries(kept)[0]).facts
    head = kept.index.head()
    assert head is not None
    assert facts == {"number": head.number, "hash": "0x" + head.hash.hex()}


def test_an_entry_is_found_by_its_hash(kept: Subject) -> None:
    act(kept, 3)
    sequence(kept)
    for index, entry in enumerate(entries(kept)):
        place = kept.log.place_of(leaf_hash(entry))
        assert place is not None
        assert (place.epoch, place.index) == (1, index)
    assert kept.log.place_of(leaf_hash(b"another")) is None


def test_a_checkpoint_is_kept_and_published_with_its_cosignatures(kept: Subject) -> None:
    kept.log.record_checkpoint(signed(3), fence=kept.fence)
    assert kept.log.published(1) is None
    said = [Cosignature("b-key", "line b\n", 2), Cosignature("a-key", "line a\n", 1)]
    kept.log.publish(1, 3, said, fence=kept.fence)
    kept.log.record_checkpoint(signed(5), fence=kept.fence)
    assert kept.log.published(1) == (signed(3), said[::-1])
    assert kept.log.last_checkpoint(1) == signed(5)
    assert list(kept.log.checkpoints(1, since=0, limit=10)) == [signed(3), signed(5)]
    assert list(kept.log.checkpoints(1, since=3, limit=1)) == [signed(5)]
    assert list(kept.log.keys()) == ["a-key", "b-key", "log-key"]


def test_a_published_checkpoint_gains_cosignatures(kept: Subject) -> None:
    kept.log.record_checkpoint(signed(3), fence=kept.fence)
    first, later = Cosignature("b-key", "line b\n", 2), Cosignature("a-key", "line a\n", 9)
    kept.log.publish(1, 3, [first], fence=kept.fence)
    kept.log.publish(1, 3, [], fence=kept.fence)
    kept.log.publish(1, 3, [later], fence=kept.fence)
    assert kept.log.published(1) == (signed(3), [later, first])


@pytest.mark.parametrize("size", [3, 2])
def test_no_checkpoint_is_kept_behind_a_later_one(kept: Subject, size: int) -> None:
    kept.log.record_checkpoint(signed(3), fence=kept.fence)
    with pytest.raises(Conflict):
        kept.log.record_checkpoint(signed(size, b"\x02" * 32), fence=kept.fence)
    assert kept.log.last_checkpoint(1) == signed(3)


def test_a_log_is_guarded_until_it_is_let_go(kept: Subject) -> None:
    kept.log.guard(fence=kept.fence)
    assert kept.log.head().is_guarded
    kept.log.unguard(fence=kept.fence)
    assert not kept.log.head().is_guarded


def head(size: int, root: bytes = b"\x01" * 32) -> WitnessedHead:
    return WitnessedHead(ORIGIN, size, root, b"note", "key", rows.NOW + size)


def accept(_: WitnessedHead | None) -> None:
    return


def refuse(error: Exception) -> Callable[[WitnessedHead | None], None]:
    def judge(_: WitnessedHead | None) -> None:
        raise error

    return judge


def test_a_witness_remembers_the_newest_head_of_each_log(kept: Subject) -> None:
    shown: list[WitnessedHead | None] = []
    for size in (3, 7):
        kept.witness.advance(head(size), shown.append)
    assert shown == [None, head(3)]
    assert kept.witness.head(ORIGIN) == head(7)
    assert kept.witness.head("other.example/log/1") is None


def test_a_witness_keeps_nothing_of_a_request_that_builds_upon_something_else(kept: Subject) -> None:
    kept.witness.advance(head(3), accept)
    with pytest.raises(WitnessedOtherSize):
        kept.witness.advance(head(9), refuse(WitnessedOtherSize(size=3)))
    assert kept.witness.head(ORIGIN) == head(3)
    assert list(kept.witness.forks(ORIGIN)) == []


@pytest.mark.parametrize("error", [CheckpointForked(), CheckpointNotConsistent()], ids=lambda error: error.code)
def test_a_witness_keeps_a_contradiction_once_as_proof(kept: Subject, error: Exception) -> None:
    kept.witness.advance(head(3), accept)
    for _ in range(2):
        with pytest.raises(type(error)):
            kept.witness.advance(head(4, b"\x02" * 32), refuse(error))
    assert kept.witness.head(ORIGIN) == head(3)
    assert list(kept.witness.forks(ORIGIN)) == [head(4, b"\x02" * 32)]


def test_a_log_that_forks_without_end_fills_no_disk(kept: Subject) -> None:
    for size in range(70):
        with pytest.raises(CheckpointForked):
            kept.witness.advance(head(size), refuse(CheckpointForked()))
    assert len(kept.witness.forks(ORIGIN)) == 64


def test_a_judged_presentation_is_published_by_its_own_commitment(kept: Subject) -> None:
    commitment = "A" * 43
    with kept.store.write() as tx:
        body = json.dumps({"commitment": commitment}, separators=(",", ":")).encode()
        tx.events.append(LogEntry("presentation_judged", body, rows.NOW))
    sequence(kept)
    (entry,) = map(parse_entry, entries(kept))
    assert entry.kind == "verified"
    assert entry.commitment == bytes(32)


def test_entry_knows_the_block_that_was_named_before_it(kept: Subject) -> None:
    act(kept)
    sequence(kept)
    assert kept.log.block_before(Place(1, 0)) is None
    kept.index.apply(blocks(1, 7), fence=kept.fence, polled_at=rows.NOW)
    act(kept, 2)
    sequence(kept)
    size = kept.log.head().size
    found = kept.log.block_before(Place(1, size - 1))
    assert found is not None
    assert found[0] == size - 3
    assert (parse_entry(found[1]).facts or {})["number"] == 7
