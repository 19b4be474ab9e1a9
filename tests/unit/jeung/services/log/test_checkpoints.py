import pytest

from jeung.crypto.tlog.checkpoints import parse_checkpoint
from jeung.crypto.tlog.notes import parse_note, parse_note_key, verify_note
from jeung.crypto.tlog.tree import leaf_hash, verify_consistency, verify_inclusion
from jeung.domain.registrations import KeyPurpose
from jeung.domain.verification import LogEntry
from jeung.errors import KeyUnavailable, LogBehind, LogForked, NotFound
from jeung.services.log import CheckpointService, LogReader
from jeung.services.log.checkpoints import SEQUENCED_AT_ONCE
from tests.common import naive_log
from tests.common.memory.custody import MemorySigner
from tests.common.memory.database import MemoryDatabase
from tests.common.memory.log import MemoryTransparencyLog
from tests.common.memory.world import SetClock

URL = "https://bank.example"


class Stage:
    """One member's log in memory."""

    def __init__(self) -> None:
        self.database = MemoryDatabase()
        self.log = MemoryTransparencyLog(self.database)
        self.signer = MemorySigner(*KeyPurpose)
        self.anchored: tuple[int, bytes] | None = None
        self.service = CheckpointService(
            log=self.log, signer=self.signer, clock=SetClock(), url=URL, anchored=lambda _: self.anchored
        )
        self.reader = LogReader(log=self.log, url=URL)

    def act(self, count: int = 1) -> None:
        with self.database.write() as tables:
            tables.events.extend(LogEntry("credential_issued", b"{}", 1) for _ in range(count))
        self.service.sequence(0)

    def publish(self) -> None:
        signed = self.service.sign(0)
        assert signed is not None
        self.log.publish(1, signed.size, [], fence=0)


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_a_checkpoint_names_size_and_root_under_the_logs_own_key(stage: Stage) -> None:
    stage.act(3)
    signed = stage.service.sign(0)
    assert signed is not None
    note = parse_note(signed.note)
    key = parse_note_key(signed.key)
    verify_note(note, [key])
    checkpoint = parse_checkpoint(note.text)
    assert (checkpoint.origin, checkpoint.size) == ("bank.example/log/1", 3)
    assert checkpoint.root == signed.root == naive_log.mth(stage.log.entries)
    assert key.name == checkpoint.origin
    assert stage.log.last_checkpoint(1) == signed


def test_nothing_is_signed_where_nothing_is_new(stage: Stage) -> None:
    assert stage.service.sign(0) is None
    stage.act()
    assert stage.service.sign(0) is not None
    assert stage.service.sign(0) is None


def test_more_waits_only_after_a_full_turn(stage: Stage) -> None:
    with stage.database.write() as tables:
        tables.events.extend(LogEntry("staff_acted", b"{}", 1) for _ in range(SEQUENCED_AT_ONCE))
    assert stage.service.sequence(0) is True
    assert stage.service.sequence(0) is False


def test_a_log_whose_signed_entries_were_changed_is_never_signed_again(stage: Stage) -> None:
    stage.act(3)
    stage.service.sign(0)
    stage.log.entries[1] = b"forged"
    stage.act()
    with pytest.raises(LogForked, match="first 3 entries"):
        stage.service.sign(0)


def test_a_log_that_contradicts_its_anchor_is_never_signed(stage: Stage) -> None:
    stage.act(3)
    stage.anchored = 2, b"\x07" * 32
    with pytest.raises(LogForked, match="first 2 entries"):
        stage.service.sign(0)
    stage.anchored = 2, naive_log.mth(stage.log.entries[:2])
    assert stage.service.sign(0) is not None


def test_a_log_of_fewer_entries_than_the_chain_names_is_never_signed(stage: Stage) -> None:
    stage.act(3)
    stage.anchored = 4, b"\x07" * 32
    with pytest.raises(LogBehind, match="more entries"):
        stage.service.sign(0)
    assert stage.log.last_checkpoint(1) is None


def test_a_restored_log_is_not_signed_before_it_was_compared(stage: Stage) -> None:
    stage.act()
    stage.log.is_guarded = True
    with pytest.raises(LogBehind, match="restored"):
        stage.service.sign(0)
    stage.log.unguard(fence=0)
    assert stage.service.sign(0) is not None


def test_without_a_key_nothing_is_signed(stage: Stage) -> None:
    stage.act()
    service = CheckpointService(log=stage.log, signer=MemorySigner(), clock=SetClock(), url=URL)
    with pytest.raises(KeyUnavailable):
        service.sign(0)


def test_a_witness_is_given_the_proof_it_asks_for(stage: Stage) -> None:
    stage.act(7)
    old, new = stage.service.root_at(1, 3), stage.service.root_at(1, 7)
    verify_consistency(3, old, 7, new, stage.service.proof_between(1, 3, 7))
    with pytest.raises(NotFound):
        stage.service.root_at(1, 8)


def test_an_entry_is_proved_by_the_published_checkpoint(stage: Stage) -> None:
    stage.act(5)
    stage.publish()
    stage.act(3)
    entry = stage.log.entries[2]
    proved = stage.reader.prove(entry)
    assert proved is not None
    assert (proved.epoch, proved.index, proved.size) == (1, 2, 5)
    checkpoint = parse_checkpoint(parse_note(proved.note).text)
    verify_inclusion(leaf_hash(entry), proved.index, proved.size, proved.proof, checkpoint.root)


def test_no_block_is_proved_where_none_was_named_before_the_entry(stage: Stage) -> None:
    stage.act()
    stage.publish()
    proved = stage.reader.prove(stage.log.entries[0])
    assert proved is not None
    assert stage.reader.prove_block(proved) is None


def test_an_entry_is_not_proved_before_its_checkpoint_is_published(stage: Stage) -> None:
    stage.act()
    assert stage.reader.prove(stage.log.entries[0]) is None
    stage.publish()
    stage.act()
    assert stage.reader.prove(stage.log.entries[0]) is not None
    assert stage.reader.prove(stage.log.entries[1]) is None
    assert stage.reader.prove(b"never logged") is None
