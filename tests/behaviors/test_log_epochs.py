"""What every transparency log must do with entries that others kept of it, and where an epoch begins."""

from collections.abc import Sequence

import pytest

from jeung.crypto.tlog.checkpoints import Checkpoint
from jeung.crypto.tlog.tiles import Tile, bundles_of, parse_bundle, tiles_of
from jeung.crypto.tlog.tree import leaf_hash, tree_root
from jeung.domain.transparency import EntryKind, PublishedEntry, parse_entry
from jeung.domain.verification import LogEntry
from jeung.errors import Conflict, FenceLost, LogForked
from jeung.ports.log import LogCopy, LogHead, Opening, Place, SignedCheckpoint
from jeung.services.log.checkpoints import tiles_reader
from tests.common import naive_log, rows
from tests.common.rows import blocks
from tests.common.stores import Subject

LAST = Checkpoint("bank.example/log/1", 2, b"\x05" * 32)


def act(kept: Subject, count: int) -> None:
    with kept.store.write() as tx:
        for number in range(count):
            tx.events.append(LogEntry("credential_issued", b'{"number":%d}' % number, rows.NOW))


def sequence(kept: Subject) -> int:
    return kept.log.sequence(limit=10_000, now=rows.NOW + 1, fence=kept.fence)


def entries(kept: Subject, epoch: int = 1) -> list[bytes]:
    found: list[bytes] = []
    while bundle := _widest(kept, epoch, len(found) // 256):
        found += bundle
        if len(found) % 256:
            break
    return found


def _widest(kept: Subject, epoch: int, index: int) -> tuple[bytes, ...]:
    for width in range(256, 0, -1):
        data = kept.log.tile(epoch, Tile(None, index, width))
        if data is not None:
            return parse_bundle(data, width)
    return ()


def copy_of(kept: Subject, lost: Sequence[bytes], epoch: int = 1, begin: int | None = None) -> LogCopy:
    standing = entries(kept, epoch)
    root = naive_log.mth([*standing, *lost])
    return LogCopy(epoch, len(standing) if begin is None else begin, tuple(lost), root)


def lost(count: int) -> list[bytes]:
    return [
        PublishedEntry(EntryKind.ISSUED, number, commitment=number.to_bytes(32)).encoded for number in range(count)
    ]


@pytest.mark.parametrize(("standing", "count"), [(0, 3), (3, 1), (3, 253), (255, 2), (256, 300), (700, 600)])
def test_what_others_kept_is_taken_back_with_its_tiles(kept: Subject, standing: int, count: int) -> None:
    act(kept, standing)
    sequence(kept)
    before = entries(kept)
    kept.log.guard(fence=kept.fence)
    kept.log.adopt(copy_of(kept, lost(count)), fence=kept.fence)
    whole = [*before, *lost(count)]
    assert kept.log.head() == LogHead(1, len(whole), True)
    for tile in (*tiles_of(len(whole)), *bundles_of(len(whole))):
        found = kept.log.tile(1, tile)
        assert found is not None
        if tile.level is None:
            assert list(parse_bundle(found, tile.width)) == whole[tile.index * 256 :][: tile.width]
        else:
            assert found == naive_log.tile(whole, tile.level, tile.index, tile.width)
    assert kept.log.place_of(leaf_hash(lost(count)[-1])) == Place(1, len(whole) - 1)


def test_later_entries_follow_what_was_taken_back(kept: Subject) -> None:
    act(kept, 2)
    kept.log.adopt(copy_of(kept, lost(3)), fence=kept.fence)
    kept.log.unguard(fence=kept.fence)
    assert sequence(kept) == 2
    assert entries(kept)[:3] == lost(3)
    assert kept.log.head().size == 5
    assert tree_root(5, tiles_reader(kept.log, 1, 5)) == naive_log.mth(entries(kept))


@pytest.mark.parametrize("begin", [0, 1, 3, 99])
def test_nothing_is_taken_back_into_another_place(kept: Subject, begin: int) -> None:
    act(kept, 2)
    sequence(kept)
    with pytest.raises(Conflict):
        kept.log.adopt(copy_of(kept, lost(3), begin=begin), fence=kept.fence)
    assert kept.log.head().size == 2


def test_nothing_is_taken_back_that_leads_to_another_root(kept: Subject) -> None:
    act(kept, 2)
    sequence(kept)
    before = entries(kept)
    good = copy_of(kept, lost(300))
    for wrong in (good.entries[:-1], (*good.entries, b"one more"), (b"another", *good.entries[1:])):
        with pytest.raises(LogForked):
            kept.log.adopt(LogCopy(1, 2, wrong, good.root), fence=kept.fence)
        assert entries(kept) == before
        assert kept.log.tile(1, Tile(0, 0, 3)) is None
    kept.log.adopt(good, fence=kept.fence)


def test_a_copy_of_nothing_is_none(kept: Subject) -> None:
    with pytest.raises(Conflict):
        kept.log.adopt(copy_of(kept, ()), fence=kept.fence)


def test_a_block_that_was_named_in_what_was_taken_back_is_not_named_again(kept: Subject) -> None:
    kept.index.apply(blocks(1, 4), fence=kept.fence, polled_at=rows.NOW)
    named = [
        PublishedEntry(EntryKind.BLOCK, 1, facts={"hash": "0x" + "07" * 32, "number": number}).encoded
        for number in (2, 4)
    ]
    kept.log.adopt(copy_of(kept, named), fence=kept.fence)
    kept.log.unguard(fence=kept.fence)
    act(kept, 1)
    sequence(kept)
    assert [parse_entry(entry).kind for entry in entries(kept)] == ["block", "block", "issued"]


def test_of_what_was_taken_back_only_blocks_are_blocks(kept: Subject) -> None:
    block = PublishedEntry(EntryKind.BLOCK, 1, facts={"hash": "0x" + "07" * 32, "number": 2}).encoded
    kept.log.adopt(copy_of(kept, [block, *lost(4)]), fence=kept.fence)
    assert kept.log.block_before(Place(1, 4)) == (0, block)


def test_while_it_is_guarded_no_entry_gets_a_place(kept: Subject) -> None:
    act(kept, 3)
    kept.log.guard(fence=kept.fence)
    assert sequence(kept) == 0
    assert kept.log.head() == LogHead(1, 0, True)
    kept.log.unguard(fence=kept.fence)
    assert sequence(kept) == 3


def begin(kept: Subject, epoch: int = 2, carry_from: int = 0) -> None:
    kept.log.begin_epoch(Opening(epoch, LAST, carry_from), now=rows.NOW + 2, fence=kept.fence)


def test_an_epoch_begins_with_the_last_checkpoint_of_the_one_before(kept: Subject) -> None:
    act(kept, 2)
    sequence(kept)
    kept.log.guard(fence=kept.fence)
    begin(kept, carry_from=2)
    assert kept.log.head() == LogHead(2, 1, False)
    assert list(kept.log.epochs()) == [1, 2]
    (entry,) = entries(kept, 2)
    facts = b'{"origin":"bank.example/log/1","root":"BQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU","size":2}'
    assert entry == b'{"facts":%s,"kind":"epoch_opened","time":%d,"v":1}' % (facts, rows.NOW + 2)


def test_the_closed_epoch_is_given_as_it_was_and_takes_nothing_more(kept: Subject) -> None:
    act(kept, 2)
    sequence(kept)
    signed = SignedCheckpoint(1, 2, b"\x01" * 32, b"note", "key", rows.NOW)
    kept.log.record_checkpoint(signed, fence=kept.fence)
    kept.log.publish(1, 2, [], fence=kept.fence)
    before = entries(kept)
    begin(kept)
    act(kept, 2)
    assert sequence(kept) == 2
    assert entries(kept) == before
    assert kept.log.published(1) == (signed, [])
    assert kept.log.published(2) is None
    assert kept.log.last_checkpoint(2) is None
    with pytest.raises(Conflict):
        kept.log.adopt(copy_of(kept, lost(2)), fence=kept.fence)
    second = SignedCheckpoint(2, 1, b"\x01" * 32, b"note", "key", rows.NOW)
    kept.log.record_checkpoint(second, fence=kept.fence)
    assert (kept.log.last_checkpoint(1), kept.log.last_checkpoint(2)) == (signed, second)


def test_each_epoch_has_its_own_tiles(kept: Subject) -> None:
    act(kept, 300)
    sequence(kept)
    begin(kept, carry_from=20)
    act(kept, 40)
    sequence(kept)
    for epoch, size in ((1, 300), (2, 1 + 280 + 40)):
        assert tree_root(size, tiles_reader(kept.log, epoch, size)) == naive_log.mth(entries(kept, epoch))


def test_what_was_not_covered_is_carried_over_and_found_there(kept: Subject) -> None:
    act(kept, 4)
    sequence(kept)
    before = entries(kept)
    begin(kept, carry_from=2)
    assert entries(kept, 2)[1:] == before[2:]
    assert kept.log.place_of(leaf_hash(before[1])) == Place(1, 1)
    assert kept.log.place_of(leaf_hash(before[3])) == Place(2, 2)


def test_blocks_are_named_anew_in_an_epoch_and_not_carried_over(kept: Subject) -> None:
    kept.index.apply(blocks(1, 4), fence=kept.fence, polled_at=rows.NOW)
    act(kept, 1)
    sequence(kept)
    begin(kept)
    act(kept, 1)
    sequence(kept)
    assert [parse_entry(entry).kind for entry in entries(kept, 2)] == ["epoch_opened", "block", "issued", "issued"]
    found = kept.log.block_before(Place(2, 3))
    assert found is not None
    assert found[0] == 1
    assert kept.log.block_before(Place(2, 1)) is None


@pytest.mark.parametrize("epoch", [0, 1, 2, 3])
def test_an_epoch_begins_once_and_never_behind_a_later_one(kept: Subject, epoch: int) -> None:
    begin(kept, 3)
    with pytest.raises(Conflict):
        begin(kept, epoch)
    assert list(kept.log.epochs()) == [1, 3]
    assert kept.log.head().size == 1


def test_an_epoch_that_was_lost_is_taken_back_as_a_whole_and_stays_guarded(kept: Subject) -> None:
    act(kept, 2)
    sequence(kept)
    with pytest.raises(Conflict):
        kept.log.adopt(copy_of(kept, lost(3), epoch=2, begin=1), fence=kept.fence)
    with pytest.raises(LogForked):
        kept.log.adopt(LogCopy(2, 0, tuple(lost(3)), bytes(32)), fence=kept.fence)
    assert list(kept.log.epochs()) == [1]
    kept.log.adopt(copy_of(kept, lost(3), epoch=2), fence=kept.fence)
    assert kept.log.head() == LogHead(2, 3, True)
    assert entries(kept, 2) == lost(3)


def test_a_worker_that_lost_its_lease_takes_nothing_back_and_begins_nothing(kept: Subject) -> None:
    with pytest.raises(FenceLost):
        kept.log.adopt(copy_of(kept, lost(1)), fence=kept.fence + 1)
    with pytest.raises(FenceLost):
        kept.log.begin_epoch(Opening(2, LAST, 0), now=rows.NOW, fence=kept.fence + 1)
    assert kept.log.head() == LogHead(1, 0, False)


def test_the_newest_checkpoint_of_at_most_a_size_is_given(kept: Subject) -> None:
    signed = [SignedCheckpoint(1, size, b"\x01" * 32, b"note", "key", rows.NOW) for size in (2, 5)]
    for one in signed:
        kept.log.record_checkpoint(one, fence=kept.fence)
    found = [kept.log.last_checkpoint(1, at_most=size) for size in (1, 2, 4, 5)]
    assert found == [None, signed[0], signed[0], signed[1]]
