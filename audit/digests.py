"""Keep every attested digest outside memory: an audit's memory does not grow with the attestations of a chain.

The digests of a batch lie as one run of bytes in a temporary database that SQLite makes without a name and that is
gone with the audit. An index over single digests is made only when somebody looks one up.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

LENGTH: Final = 32
_CACHE_KIB: Final = 32 * 1024
_AT_ONCE: Final = 4_096


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
        return (self.digests[begin : begin + LENGTH] for begin in range(0, len(self.digests), LENGTH))


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
            "CREATE TABLE places (digest BLOB, run INTEGER, PRIMARY KEY (digest, run)) WITHOUT ROWID",
            "CREATE TABLE explained (digest BLOB, schema TEXT, PRIMARY KEY (digest, schema)) WITHOUT ROWID",
        ):
            self._db.execute(statement)
        self._indexed = 0
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
        self._index()
        row = self._db.execute(
            "SELECT r.batch, r.time, r.block FROM places p JOIN runs r ON r.number = p.run"
            " WHERE p.digest = ? AND r.issuer = ? AND r.schema = ? ORDER BY r.number LIMIT 1",
            (_raw(digest), issuer, str(schema)),
        ).fetchone()
        return None if row is None else Attested(*row)

    def explain(self, digests: Iterable[tuple[object, object]]) -> None:
        """Take note of digests, given with their schemas as 0x-hex, that somebody has a record of."""
        rows: list[tuple[bytes, str]] = []
        for schema, digest in digests:
            rows.append((_raw(digest), str(schema)))
            if len(rows) == _AT_ONCE:
                self._db.executemany(_EXPLAIN, rows)
                rows.clear()
        self._db.executemany(_EXPLAIN, rows)

    def unexplained(self, issuer: str) -> Iterator[tuple[str, Attested]]:
        """Give the digests (0x-hex) of an issuer that nobody took note of."""
        self._index()
        rows = self._db.execute(
            "SELECT p.digest, r.batch, r.time, r.block FROM runs r JOIN places p ON p.run = r.number"
            " LEFT JOIN explained e ON e.digest = p.digest AND e.schema = r.schema"
            " WHERE r.issuer = ? AND e.digest IS NULL ORDER BY r.number, p.digest",
            (issuer,),
        )
        for digest, *where in rows:
            yield f"0x{digest.hex()}", Attested(*where)

    def _index(self) -> None:
        newest = self._db.execute("SELECT coalesce(max(number), 0) FROM runs").fetchone()[0]
        for number in range(self._indexed + 1, newest + 1):
            (raw,) = self._db.execute("SELECT digests FROM runs WHERE number = ?", (number,)).fetchone()
            digests = sorted({raw[begin : begin + LENGTH] for begin in range(0, len(raw), LENGTH)})
            self._db.executemany("INSERT INTO places VALUES (?, ?)", [(digest, number) for digest in digests])
        if newest > self._indexed:
            self._db.execute("CREATE INDEX IF NOT EXISTS places_by_run ON places (run)")
        self._indexed = newest


_RUN: Final = "SELECT batch, issuer, schema, time, block, digests FROM runs"
_EXPLAIN: Final = "INSERT OR IGNORE INTO explained VALUES (?, ?)"


def _raw(digest: object) -> bytes:
    """Read a digest as 0x-hex; whatever else somebody wrote into a row is no digest of the chain."""
    try:
        return bytes.fromhex(str(digest).removeprefix("0x"))
    except ValueError:
        return b""
