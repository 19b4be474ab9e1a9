"""Keep every attested digest outside memory: an audit's memory does not grow with the attestations of a chain.

The digests of a batch lie as one run of bytes in a temporary database that SQLite makes without a name and that is
gone with the audit. An index over the single digests of an issuer is made only when somebody looks one up, and all at
once: rows that come into an index one by one, in the order of hashes, each touch another page of it, which takes
minutes for a million of them where sorting them takes a second.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

LENGTH: Final = 32
_CACHE_KIB, _SORTING_CACHE_KIB = 4 * 1024, 32 * 1024
"""Runs are written and read once each, in their order; only what sorts and searches gains from memory."""


@dataclass(frozen=True, slots=True)
class Run:
    """Hold the digests of one batch, 32 bytes each in the order of the chain, and where and when they stood there."""

    batch: str
    issuer: str
    schema: str
    time: int
    block: int
    digests: bytes

    def __iter__(self) -> Iterator[bytes]:
        """Give the digests one by one."""
        return digests_in(self.digests)


@dataclass(frozen=True, slots=True)
class Attested:
    """Say where and when a digest was attested first."""

    batch: str
    time: int
    block: int


class Digests:
    """Add runs in the order of the chain, read them by batch, look single digests up."""

    def __init__(self, runs: Iterable[Run] = ()) -> None:
        """Begin with some runs."""
        # An empty name is a file of SQLite's own, which it removes itself; what fits stays in its cache.
        self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        for statement in (
            f"PRAGMA cache_size = -{_CACHE_KIB}",
            "PRAGMA journal_mode = OFF",
            "PRAGMA synchronous = OFF",
            "CREATE TABLE runs (number INTEGER PRIMARY KEY, batch TEXT UNIQUE, issuer TEXT, schema TEXT,"
            " time INTEGER, block INTEGER, digests BLOB)",
            "CREATE TABLE places (digest BLOB, run INTEGER)",
            "CREATE TABLE explained (digest BLOB, schema TEXT)",
        ):
            self._db.execute(statement)
        self._added = 0
        self._indexed: dict[str, int] = {}
        for run in runs:
            self.add(run)

    def add(self, run: Run) -> None:
        """Add the digests of a batch that is not there yet.

        Raises:
            ValueError: it is, or its facts are beyond what the database takes.
        """
        row = (run.batch, run.issuer, run.schema, run.time, run.block, run.digests)
        try:
            self._db.execute("INSERT INTO runs VALUES (NULL, ?, ?, ?, ?, ?, ?)", row)
        except (sqlite3.Error, OverflowError, UnicodeEncodeError) as error:
            raise ValueError("a batch that cannot be added") from error
        self._added += 1

    def of(self, batch: str) -> Run | None:
        """Give the run of a batch."""
        row = self._db.execute(f"{_RUN} WHERE batch = ?", (batch,)).fetchone()
        return None if row is None else Run(*row)

    def __iter__(self) -> Iterator[Run]:
        """Give all runs in the order of the chain, one at a time."""
        return (Run(*row) for row in self._db.execute(f"{_RUN} ORDER BY number"))

    def __eq__(self, other: object) -> bool:
        """Tell whether the same runs stand in the same order."""
        return isinstance(other, Digests) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # it changes

    def find(self, issuer: str, schema: object, digest: object) -> Attested | None:
        """Look up the earliest attestation of a digest, given as 0x-hex, by an issuer under a schema."""
        self._index(issuer)
        row = self._db.execute(_FIND, (_raw(digest), issuer, str(schema))).fetchone()
        return None if row is None else Attested(*row)

    def explain(self, digests: Iterable[tuple[object, object]]) -> None:
        """Take note of digests, given with their schemas as bytes or as 0x-hex, that somebody has a record of."""
        rows = (named(schema, digest) for schema, digest in digests)
        with self._at_once("explained_by_digest"):
            self._db.executemany("INSERT INTO explained VALUES (?, ?)", rows)

    def unexplained(self, issuer: str) -> Iterator[tuple[str, Attested]]:
        """Give the digests (0x-hex) of an issuer that nobody took note of."""
        self._index(issuer)
        self._db.execute(_EXPLAINED_BY_DIGEST)
        for digest, *where in self._db.execute(_UNEXPLAINED, (issuer,)):
            yield f"0x{digest.hex()}", Attested(*where)

    def unattested(self, issuer: str) -> Iterator[tuple[bytes, str]]:
        """Give what somebody has a record of and the issuer never attested, as `named` gives it."""
        self._index(issuer)
        self._db.execute(_EXPLAINED_BY_DIGEST)
        yield from self._db.execute(_UNATTESTED, (issuer,))

    def _index(self, issuer: str) -> None:
        if self._indexed.get(issuer) == self._added:
            return
        self._db.execute(f"PRAGMA cache_size = -{_SORTING_CACHE_KIB}")
        new = (issuer, self._indexed.get(issuer, 0))
        with self._at_once("places_by_digest"):
            runs = self._db.execute("SELECT number, digests FROM runs WHERE issuer = ? AND number > ?", new)
            # A batch that holds a digest twice is a finding of the replay; here it stands once.
            rows = ((digest, number) for number, raw in runs for digest in dict.fromkeys(digests_in(raw)))
            self._db.executemany("INSERT INTO places VALUES (?, ?)", rows)
        self._db.execute("CREATE INDEX places_by_digest ON places (digest, run)")
        self._indexed[issuer] = self._added

    @contextmanager
    def _at_once(self, index: str) -> Iterator[None]:
        """Take many rows as one act, without the index that is made anew when somebody asks."""
        self._db.execute(f"DROP INDEX IF EXISTS {index}")
        self._db.execute("BEGIN")
        try:
            yield
        finally:
            self._db.execute("COMMIT")


_RUN: Final = "SELECT batch, issuer, schema, time, block, digests FROM runs"
_FIND: Final = """
    SELECT r.batch, r.time, r.block FROM places p JOIN runs r ON r.number = p.run
    WHERE p.digest = ? AND r.issuer = ? AND r.schema = ? ORDER BY p.run LIMIT 1
"""
_EXPLAINED_BY_DIGEST: Final = "CREATE INDEX IF NOT EXISTS explained_by_digest ON explained (digest, schema)"
# Both tables are read in the order of digests, side by side: no page is looked for twice.
_UNEXPLAINED: Final = """
    SELECT p.digest, r.batch, r.time, r.block
    FROM places p INDEXED BY places_by_digest CROSS JOIN runs r ON r.number = p.run
    WHERE r.issuer = ? AND NOT EXISTS (SELECT 1 FROM explained e WHERE e.digest = p.digest AND e.schema = r.schema)
    ORDER BY r.number, p.digest
"""
_UNATTESTED: Final = """
    SELECT e.digest, e.schema FROM explained e INDEXED BY explained_by_digest
    WHERE NOT EXISTS (
        SELECT 1 FROM places p JOIN runs r ON r.number = p.run
        WHERE p.digest = e.digest AND r.issuer = ? AND r.schema = e.schema)
    ORDER BY e.digest
"""


def digests_in(raw: bytes) -> Iterator[bytes]:
    """Give the single digests of a run."""
    return (raw[begin : begin + LENGTH] for begin in range(0, len(raw), LENGTH))


def named(schema: object, digest: object) -> tuple[bytes, str]:
    """Give a digest as bytes and its schema as 0x-hex, however they were given."""
    return _raw(digest), f"0x{schema.hex()}" if isinstance(schema, bytes) else str(schema)


def _raw(digest: object) -> bytes:
    """Read a digest as 0x-hex; whatever else somebody wrote into a row is no digest of the chain."""
    if isinstance(digest, bytes):
        return digest
    try:
        return bytes.fromhex(str(digest).removeprefix("0x"))
    except ValueError:
        return b""
