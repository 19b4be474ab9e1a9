"""Keep and serve the logs of the scene's members by the product's own services; an insider has the same at hand."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import orjson

from jeung.crypto.tlog.checkpoints import parse_checkpoint
from jeung.crypto.tlog.notes import parse_note
from jeung.crypto.tlog.tiles import bundles_of, tiles_of
from jeung.domain.registrations import KeyPurpose
from jeung.domain.transparency import log_origin
from jeung.errors import CheckpointForked, CheckpointNotConsistent, JeungError, WitnessedOtherSize
from jeung.ports.log import WitnessAnswer
from jeung.services.log import CheckpointService, CosigningService, LogReader, WitnessService
from node.store.open import NodeStore, open_store
from tests.common.chain import Party
from tests.common.memory.custody import MemorySigner
from tests.common.memory.world import SetClock

LOG_KEYS = (KeyPurpose.LOG_CHECKPOINT_SIGNING, KeyPurpose.WITNESS_COSIGNING)
TEXT, TILE, JSON = "text/plain; charset=utf-8", "application/octet-stream", "application/json"


class Answers(Protocol):
    """What a server on the loopback answers."""

    answers: dict[str, tuple[str, bytes]]
    keys: dict[str, str]


class Keeper:
    """Keep one member's log over its store, and be a witness."""

    def __init__(
        self, kept: NodeStore, party: Party, signer: MemorySigner, clock: SetClock, fence: int | None = None
    ) -> None:
        self.kept, self.party, self.signer, self.clock = kept, party, signer, clock
        self.url = party.url
        self.checkpoints = CheckpointService(log=kept.log, signer=signer, clock=clock, url=self.url)
        self.reader = LogReader(log=kept.log, url=self.url)
        self.witness = WitnessService(
            memory=kept.witness, ledger=kept.ledger, signer=signer, clock=clock, url=self.url
        )
        # Who opens a copy finds the lease of the scene's worker, which is old by now.
        self.fence = fence or kept.lease.acquire("worker", now=2 * 10**9, ttl_s=10**9) or 0

    def publish(self, *witnesses: "Keeper") -> int:
        """Sequence, sign, have it cosigned by whoever will, publish; give the size."""
        while self.checkpoints.sequence(self.fence):
            pass
        signed = self.checkpoints.sign(self.fence) or self.kept.log.last_checkpoint(1)
        assert signed is not None
        calls = InProcess({one.url: one.witness for one in witnesses})
        cosigning = CosigningService(
            checkpoints=self.checkpoints, ledger=self.kept.ledger, calls=calls, clock=self.clock, url=self.url
        )
        # Who asks nobody need not have an index that can still be read.
        asked = cosigning.witnesses() if witnesses else ()
        said = [cosigning.ask(witness, signed) for witness in asked]
        lines = [one.cosignature for one in said if one.cosignature is not None]
        self.kept.log.publish(1, signed.size, lines, fence=self.fence)
        return signed.size


class InProcess:
    """Carry calls to witnesses in this process; whoever else is called does not answer."""

    def __init__(self, witnesses: Mapping[str, WitnessService]) -> None:
        self._witnesses = witnesses

    def call(self, method: str, url: str, body: bytes, key: str) -> WitnessAnswer | None:
        witness = self._witnesses.get(url.removesuffix("/witness/add-checkpoint"))
        if witness is None:
            return None
        try:
            said = witness.add_checkpoint(body, key)
        except WitnessedOtherSize as refusal:
            return WitnessAnswer(409, str(refusal.size).encode(), "")
        except JeungError as refusal:
            return WitnessAnswer(
                422 if isinstance(refusal, CheckpointForked | CheckpointNotConsistent) else 400, b"", ""
            )
        return WitnessAnswer(200, said.line.encode(), said.key)


@contextmanager
def keeper(database: Path, party: Party, signer: MemorySigner, now: int) -> Iterator[Keeper]:
    """Open a node's database with the product's own store."""
    clock = SetClock(now)
    kept = open_store(f"sqlite:///{database}", own=party.member, clock=clock, limits={})
    try:
        yield Keeper(kept, party, signer, clock)
    finally:
        kept.dispose()


def pages(reader: LogReader) -> dict[str, tuple[str, bytes]]:
    """Give all that a member serves of its log."""
    note = reader.checkpoint(1)
    size = parse_checkpoint(parse_note(note).text).size
    index = {"origins": list(reader.origins()), "keys": list(reader.keys())}
    found = {"/log": (JSON, orjson.dumps(index)), "/log/1/checkpoint": (TEXT, note)}
    for tile in (*bundles_of(size), *tiles_of(size)):
        found[f"/log/1/{tile.path}"] = TILE, reader.tile(1, tile.path)
    return found


def serve_log(server: Answers, reader: LogReader) -> None:
    """Serve a member's log."""
    for path in [path for path in server.answers if path.startswith("/log")]:
        del server.answers[path]
    server.answers.update(pages(reader))


def serve_head(server: Answers, witness: Keeper, url: str) -> None:
    """Serve what a witness saw last of another member's log."""
    origin = log_origin(url, 1)
    head = witness.witness.head(origin)
    path = f"/witness/heads/{origin}"
    server.answers[path], server.keys[path] = (TEXT, head.note), head.key


def forget_log(database: Path) -> None:
    """Empty every table of the log, as somebody who writes history anew begins."""
    with sqlite3.connect(database) as connection:
        for table in ("log_entries", "log_tiles", "log_checkpoints", "log_cosignatures"):
            connection.execute(f"DELETE FROM {table}")  # noqa: S608
        connection.execute("UPDATE log_epochs SET published_size = 0, block_number = -1")
    connection.close()
