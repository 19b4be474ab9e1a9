"""A witness cosigns what extends what it saw, and nothing else: C2SP tlog-witness, rule by rule."""

import base64
from dataclasses import dataclass, field

import pytest

from jeung.crypto.tlog.checkpoints import Checkpoint
from jeung.crypto.tlog.notes import (
    KeyType,
    NoteKey,
    NoteSignature,
    encode_note,
    parse_note,
    parse_note_key,
    verify_note,
)
from jeung.crypto.tlog.tree import consistency_proof, tree_root
from jeung.domain.identifiers import to_hex
from jeung.domain.registrations import KeyPurpose
from jeung.domain.transparency import log_origin
from jeung.errors import (
    CheckpointForked,
    CheckpointNotConsistent,
    CheckpointNotSigned,
    KeyUnavailable,
    MalformedNote,
    NotFound,
    WitnessedOtherSize,
)
from jeung.services.log import WitnessService, witness
from jeung.services.log.witness import Cosigned
from tests.common import naive_log
from tests.common.jose import Ed25519Signer
from tests.common.memory.custody import MemorySigner
from tests.common.memory.log import MemoryWitnessMemory
from tests.unit.api.parts import MEMBER, URL
from tests.unit.api.world import World

ORIGIN = log_origin(URL, 1)
ENTRIES = [bytes([number]) for number in range(20)]
OTHERS = [bytes([number, 1]) for number in range(20)]
LOG = KeyPurpose.LOG_CHECKPOINT_SIGNING


@dataclass
class Stage:
    """A log of a member, and a witness that reads the same ledger."""

    world: World = field(default_factory=World)

    def __post_init__(self) -> None:
        node = self.world.node
        self.memory = MemoryWitnessMemory()
        self.signer = MemorySigner(*KeyPurpose)
        ledger = node.witness._ledger
        self.witness = WitnessService(
            memory=self.memory, ledger=ledger, signer=self.signer, clock=node.clock, url="https://witness.example"
        )
        key = node.signer.keys[LOG]
        assert isinstance(key, Ed25519Signer)
        self.key = key

    def show(
        self,
        old: int,
        new: int,
        *,
        entries: list[bytes] = ENTRIES,
        proof: list[bytes] | None = None,
        origin: str = ORIGIN,
        key: Ed25519Signer | None = None,
        key_text: str | None = None,
    ) -> Cosigned:
        """Ask for a cosignature as the log would, or as somebody else."""
        signer = key or self.key
        checkpoint = Checkpoint(origin, new, naive_log.mth(entries[:new]))
        named = NoteKey(origin, KeyType.ED25519, signer.private_key.public_key().public_bytes_raw())
        line = NoteSignature(named.name, named.key_id, signer.sign(checkpoint.text.encode()))
        lines = proof if proof is not None else self.proof(old, new, entries)
        head = f"old {old}\n" + "".join(base64.b64encode(hash_).decode() + "\n" for hash_ in lines)
        body = head.encode() + b"\n" + encode_note(checkpoint.text, [line])
        return self.witness.add_checkpoint(body, named.text if key_text is None else key_text)

    def proof(self, old: int, new: int, entries: list[bytes]) -> list[bytes]:
        if not 0 < old < new:
            return []
        return list(
            consistency_proof(old, new, lambda level, at: naive_log.mth(entries[at << level :][: 1 << level]))
        )


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.fixture
def stage(world: World) -> Stage:
    return Stage(world)


def test_the_first_checkpoint_is_cosigned_without_a_proof(stage: Stage) -> None:
    said = stage.show(0, 5)
    key = parse_note_key(said.key)
    assert key.name == "witness.example/witness"
    text = Checkpoint(ORIGIN, 5, naive_log.mth(ENTRIES[:5])).text
    (found,) = verify_note(parse_note(text.encode() + b"\n" + said.line.encode()), [key])
    assert found.timestamp == stage.world.clock.now()
    assert stage.witness.head(ORIGIN).size == 5


@pytest.mark.parametrize("new", [5, 6, 8, 20])
def test_what_extends_the_last_one_is_cosigned(stage: Stage, new: int) -> None:
    stage.show(0, 5)
    stage.show(5, new)
    assert stage.witness.head(ORIGIN).size == new
    assert stage.witness.head(ORIGIN).root == naive_log.mth(ENTRIES[:new])


@pytest.mark.parametrize("old", [0, 4, 6])
def test_a_request_that_builds_upon_another_size_is_told_the_size(stage: Stage, old: int) -> None:
    stage.show(0, 5)
    with pytest.raises(WitnessedOtherSize) as refusal:
        stage.show(old, 8)
    assert refusal.value.size == 5
    assert stage.witness.head(ORIGIN).size == 5


def test_a_rollback_is_refused(stage: Stage) -> None:
    stage.show(0, 5)
    with pytest.raises(WitnessedOtherSize):
        stage.show(3, 4)
    with pytest.raises(MalformedNote, match="larger than"):
        stage.show(5, 4, proof=[])


def test_another_root_of_the_same_size_is_refused_and_kept_as_proof(stage: Stage) -> None:
    stage.show(0, 5)
    with pytest.raises(CheckpointForked):
        stage.show(5, 5, entries=OTHERS)
    (fork,) = stage.memory.forks(ORIGIN)
    assert (fork.size, fork.root) == (5, naive_log.mth(OTHERS[:5]))
    assert verify_note(parse_note(fork.note), [parse_note_key(fork.key)])
    assert stage.witness.head(ORIGIN).root == naive_log.mth(ENTRIES[:5])


def test_a_history_that_does_not_contain_what_was_seen_is_refused_and_kept(stage: Stage) -> None:
    stage.show(0, 5)
    with pytest.raises(CheckpointNotConsistent):
        stage.show(5, 8, entries=OTHERS)
    assert len(stage.memory.forks(ORIGIN)) == 1


def test_what_was_refused_is_shown_the_oldest_first(stage: Stage) -> None:
    stage.show(0, 5)
    assert stage.witness.refused(ORIGIN) == []
    for size in (8, 6):
        with pytest.raises(CheckpointNotConsistent):
            stage.show(5, size, entries=OTHERS)
    assert [fork.size for fork in stage.witness.refused(ORIGIN)] == [8, 6]


def test_what_was_refused_is_shown_within_a_bound(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.show(0, 5)
    for size in (8, 6, 7):
        with pytest.raises(CheckpointNotConsistent):
            stage.show(5, size, entries=OTHERS)
    shown = stage.witness.refused(ORIGIN)
    monkeypatch.setattr(witness, "MAX_REFUSED_BYTES", sum(len(one.note) + len(one.key) for one in shown[:2]))
    assert stage.witness.refused(ORIGIN) == shown[:2]


def test_of_no_members_log_nothing_was_refused(stage: Stage) -> None:
    with pytest.raises(NotFound):
        stage.witness.refused("stranger.example/log/1")


def test_a_split_view_shown_to_two_witnesses_does_not_grow_on_either(world: World) -> None:
    first, second = Stage(world), Stage(world)
    first.show(0, 5)
    second.show(0, 5, entries=OTHERS)
    with pytest.raises(CheckpointNotConsistent):
        first.show(5, 8, entries=OTHERS)
    with pytest.raises(CheckpointNotConsistent):
        second.show(5, 8)
    assert first.witness.head(ORIGIN).root != second.witness.head(ORIGIN).root


@pytest.mark.parametrize(("old", "new"), [(0, 5), (5, 5), (5, 8)], ids=["first", "same", "later"])
def test_a_proof_where_none_belongs_or_a_wrong_one_is_refused(stage: Stage, old: int, new: int) -> None:
    if old:
        stage.show(0, old)
    with pytest.raises(CheckpointNotConsistent):
        stage.show(old, new, proof=[bytes(32)])


@pytest.mark.parametrize(
    "origin",
    [
        "stranger.example/log/1",
        log_origin(URL, 2),
        "localhost",
        ORIGIN + "0" * 9,
        ORIGIN.replace("/log/", "/lag/"),
        "x/log/01",
    ],
)
def test_the_origin_must_be_a_members_log(stage: Stage, origin: str) -> None:
    with pytest.raises(NotFound):
        stage.show(0, 5, origin=origin)


def test_a_strangers_key_is_refused(stage: Stage) -> None:
    with pytest.raises(CheckpointNotSigned):
        stage.show(0, 5, key=Ed25519Signer())


def test_a_members_key_for_something_else_is_refused(stage: Stage) -> None:
    other = stage.world.node.signer.keys[KeyPurpose.WITNESS_COSIGNING]
    assert isinstance(other, Ed25519Signer)
    with pytest.raises(CheckpointNotSigned):
        stage.show(0, 5, key=other)


def test_a_key_named_otherwise_or_not_the_signers_is_refused(stage: Stage) -> None:
    public = stage.key.private_key.public_key().public_bytes_raw()
    for key in (NoteKey("another", KeyType.ED25519, public), NoteKey(ORIGIN, KeyType.COSIGNATURE_V1, public)):
        with pytest.raises(CheckpointNotSigned):
            stage.show(0, 5, key_text=key.text)
    mine = NoteKey(ORIGIN, KeyType.ED25519, public)
    with pytest.raises(CheckpointNotSigned):
        stage.show(0, 5, key=Ed25519Signer(), key_text=mine.text)


def test_a_revoked_key_is_refused() -> None:
    stage = Stage()
    world = stage.world
    thumbprint = to_hex(stage.key.key.thumbprint)
    world.chain.emit(
        "KeyRevoked", {"member": to_hex(MEMBER), "thumbprint": thumbprint, "revokedAt": world.clock.now()}
    )
    with pytest.raises(CheckpointNotSigned):
        stage.show(0, 5)
    with pytest.raises(NotFound):
        stage.witness.head(ORIGIN)


def test_a_witness_without_a_key_cosigns_nothing(stage: Stage) -> None:
    stage.witness._signer = MemorySigner()
    with pytest.raises(KeyUnavailable):
        stage.show(0, 5)


NOTE = b"o/log/1\n1\n" + base64.b64encode(bytes(32)) + b"\n\n\xe2\x80\x94 a AAAAAAA=\n"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"old 0\n",
        NOTE,
        b"old 00\n\n" + NOTE,
        b"old -1\n\n" + NOTE,
        b"old\xc3\xa9 1\n\n" + NOTE,
        b"old 1\nAAAA\n\n" + NOTE,
        b"old 1\n" + base64.b64encode(bytes(32)) + b"\n\n" + b"no note",
        b"old 1\n" + (base64.b64encode(bytes(32)) + b"\n") * 64 + b"\n" + NOTE,
        b"old 1\n\n" + b"a" * 70_000,
        b"old 0\n\n" + NOTE.replace(b"\n1\n", b"\n01\n"),
    ],
    ids=[
        *("empty", "no-checkpoint", "no-size", "leading-zero", "negative", "no-ascii", "short-hash", "no-note"),
        *("too-many", "too-large", "no-number"),
    ],
)
def test_whatever_is_no_request_is_refused(stage: Stage, body: bytes) -> None:
    with pytest.raises(MalformedNote):
        stage.witness.add_checkpoint(body, "")


def test_a_request_without_its_key_is_refused(stage: Stage) -> None:
    with pytest.raises(MalformedNote):
        stage.show(0, 5, key_text="")


def test_the_root_the_tests_compute_is_the_products() -> None:
    read = lambda level, at: naive_log.mth(ENTRIES[at << level :][: 1 << level])  # noqa: E731
    assert tree_root(20, read) == naive_log.mth(ENTRIES)
