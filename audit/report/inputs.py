"""Name the inputs of an audit by their SHA-256, so that somebody else can tell that he has the same.

The digest of a database is one over everything in it that the audit reads, in an order of its own, so that a copy
made by `.backup` or `VACUUM` has the same; there is none for single tables, whose few rows could be guessed.
"""

import hashlib
from importlib import resources
from pathlib import Path
from typing import Final

from audit.database import NodeDatabase
from audit.findings import AuditImpossible

_CHUNK: Final = 1 << 20
TABLES: Final = (
    "attestations",
    "batches",
    "block_headers",
    "credentials",
    "erased_digests",
    "erased_places",
    "evidence",
    "follower_state",
    "key_inventory",
    "log_events",
    "registry_events",
    "status_changes",
    "status_tokens",
    "status_words",
    "status_works",
)


def file_digest(path: Path) -> str:
    """Give the SHA-256 of a file as hexadecimal.

    Raises:
        AuditImpossible: it cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as opened:
            while chunk := opened.read(_CHUNK):
                digest.update(chunk)
    except OSError as error:
        raise AuditImpossible("an input file cannot be read") from error
    return digest.hexdigest()


def artifacts_digest() -> str:
    """Give the SHA-256 over the lines `<sha256>  <name>` of the compiled contracts, in the order of their names."""
    lines = [
        f"{hashlib.sha256(entry.read_bytes()).hexdigest()}  {entry.name}\n"
        for entry in sorted((resources.files("node.artifacts") / "data").iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".json")
    ]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def database_digest(database: NodeDatabase) -> str:
    """Give the SHA-256 over the tables that the audit reads, rows ordered by all their columns.

    Raises:
        AuditImpossible: the database lacks a table or cannot be read.
    """
    digest = hashlib.sha256()
    for table in TABLES:
        columns = len(next(database.tuples(f"SELECT * FROM {table} LIMIT 1"), ()))  # noqa: S608 - our own names
        digest.update(f"{table} {columns}\n".encode())
        if columns:
            order = ", ".join(str(place + 1) for place in range(columns))
            for row in database.tuples(f"SELECT * FROM {table} ORDER BY {order}"):  # noqa: S608 - as above
                for value in row:
                    digest.update(_framed(value))
    return digest.hexdigest()


def _framed(value: object) -> bytes:
    """Write a value with its type and length, so that no two rows give the same bytes."""
    raw = value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")
    return f"{type(value).__name__} {len(raw)} ".encode() + raw
