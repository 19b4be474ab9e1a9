"""Keep where an audit got to, so that the next run replays only what is new.

A checkpoint is the replayed state and the digests of every batch, with the deployment they belong to and a hash over
all of it. It saves time, not trust: whoever can write the file can forge it, so keep it where only the auditor
writes, or run without it.

The file is read and written in a stream. A line of JSON says version, deployment and the length of the state, then
the state follows as JSON, then each batch as a line of JSON with the length of its digests and the digests
themselves, and at the end the SHA-256 of all that (32 bytes).
"""

import hashlib
import os
import tempfile
from pathlib import Path
from typing import IO, Any, Final

import orjson

from audit.digests import LENGTH, Digests, Run
from audit.findings import AuditImpossible
from audit.state import State

_VERSION: Final = 4
_MAX_BYTES: Final = 1 << 33
_MAX_STATE_BYTES: Final = 1 << 30
_MAX_LINE_BYTES: Final = 4_096
_MAX_RUN_BYTES: Final = 8_192 * LENGTH
_HASH_BYTES: Final = 32


def save(path: Path, deployment_id: str, state: State) -> None:
    """Write a checkpoint atomically, readable by its owner alone.

    Raises:
        AuditImpossible: the file cannot be written.
    """
    try:
        tables = orjson.dumps(state.as_json())
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
        try:
            with os.fdopen(handle, "wb") as file:
                _write(file, deployment_id, tables, state.digests)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
    except (OSError, TypeError) as error:
        raise AuditImpossible("the checkpoint cannot be written") from error


def _write(file: IO[bytes], deployment_id: str, tables: bytes, digests: Digests) -> None:
    hashed = hashlib.sha256()

    def put(data: bytes) -> None:
        hashed.update(data)
        file.write(data)

    put(_line({"version": _VERSION, "deployment_id": deployment_id, "state_bytes": len(tables)}))
    put(tables)
    for run in digests:
        where = {"batch": run.batch, "issuer": run.issuer, "schema": run.schema, "time": run.time, "block": run.block}
        put(_line({**where, "bytes": len(run.digests)}))
        put(run.digests)
    file.write(hashed.digest())


def _line(document: dict[str, Any]) -> bytes:
    return orjson.dumps(document) + b"\n"


def load(path: Path, deployment_id: str) -> State | None:
    """Read a checkpoint; None when there is none yet.

    Raises:
        AuditImpossible: altered, truncated, of another version or of another consortium, or larger than the bound.
    """
    try:
        size = path.stat().st_size
        if size > _MAX_BYTES:
            raise AuditImpossible("the checkpoint is larger than the bound")
        with path.open("rb") as file:
            return _read(file, size - _HASH_BYTES, deployment_id)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise AuditImpossible("the checkpoint cannot be read; remove it to audit from the beginning") from error


class _Input:
    """Read so many bytes of a file and no more, and hash them."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file, self.left, self.hashed = file, size, hashlib.sha256()

    def take(self, number: object, most: int) -> bytes:
        """Give exactly so many bytes.

        Raises:
            ValueError: there are not so many, or they are over the bound.
        """
        if type(number) is not int or not 0 <= number <= min(most, self.left):
            raise ValueError("the file ends too early, or says that it is longer than it may be")
        return self._hashed(self._file.read(number))

    def line(self) -> dict[str, Any]:
        """Give a line of JSON.

        Raises:
            ValueError: no line, or too long a one.
        """
        line = self._file.readline(min(_MAX_LINE_BYTES, max(self.left, 0)))
        if not line.endswith(b"\n"):
            raise ValueError("a line without an end")
        document = orjson.loads(self._hashed(line))
        if not isinstance(document, dict):
            raise TypeError("no object")
        return document

    def _hashed(self, data: bytes) -> bytes:
        self.hashed.update(data)
        self.left -= len(data)
        return data


def _read(file: IO[bytes], size: int, deployment_id: str) -> State:
    given = _Input(file, size)
    head = given.line()
    if head["version"] != _VERSION:
        raise ValueError("another version")
    tables = given.take(head["state_bytes"], _MAX_STATE_BYTES)
    digests = Digests()
    while given.left > 0:
        line = given.line()
        length = line.pop("bytes")
        digests.add(_run(line, given.take(length, _MAX_RUN_BYTES)))
    if file.read() != given.hashed.digest():
        raise AuditImpossible("the checkpoint was altered; remove it to audit from the beginning")
    if head["deployment_id"] != deployment_id:
        raise AuditImpossible("the checkpoint belongs to another consortium")
    state = State.from_json(orjson.loads(tables))
    state.digests = digests
    return state


def _run(line: dict[str, Any], digests: bytes) -> Run:
    run = Run(**line, digests=digests)
    texts = all(isinstance(text, str) for text in (run.batch, run.issuer, run.schema))
    if not texts or type(run.time) is not int or type(run.block) is not int or len(digests) % LENGTH:
        raise ValueError("not a batch")
    return run
