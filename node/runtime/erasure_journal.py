"""Keep the journal of erasures in a file of its own, which no backup holds, and read copies of it for a restore."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from jeung.domain.erasure import DAY_S, Erasure
from jeung.errors import MalformedInput
from jeung.ports.custody import Signer
from jeung.ports.store import Store
from jeung.services.erasure.journal import MAX_LINE, JournalLine, journal_line, read_line
from keys.files import read_private_file, replace_private_file
from node.store.policies import longest_kept_days
from node.store.transactions import connection_of

_MAX_BYTES: Final = 64 * 1024 * 1024


class JournalFile:
    """Write what is erased, and forget it once no backup from before may be restored any more."""

    def __init__(self, path: Path, *, url: str, signer: Signer, store: Store) -> None:
        self._path = path
        self._url = url
        self._signer = signer
        self._store = store
        self._known: set[str] | None = None

    def note(self, erasure: Erasure) -> None:
        """Have an erasure stand in the journal, durably, when this returns; one that stands there stays.

        Raises:
            KeyUnavailable: no active key signs receipts.
            KeyCustodyError: the file cannot be read or written, or others may.
        """
        if self._known is None:
            self._known = {line.erasure_id for _, line in self._lines()}
        if erasure.erasure_id in self._known:
            return
        fresh = journal_line(erasure, url=self._url, signer=self._signer)
        self._write([*(text for text, _ in self._lines()), fresh])
        self._known.add(erasure.erasure_id)

    def prune(self, now: int) -> None:
        """Forget erasures that every backup which may still be restored knows of; raises as `note`."""
        lines = list(self._lines())
        with self._store.read() as tx:
            kept_s = longest_kept_days(connection_of(tx)) * DAY_S
        needed = [text for text, line in lines if line.began_at + kept_s > now]
        if len(needed) < len(lines):
            self._write(needed)

    def _lines(self) -> Iterator[tuple[str, JournalLine]]:
        if not self._path.exists():
            return
        content, _ = read_private_file(self._path, max_bytes=_MAX_BYTES)
        yield from _read(content)

    def _write(self, lines: list[str]) -> None:
        replace_private_file(self._path, "".join(f"{line}\n" for line in lines).encode("ascii"))


def read_journal(path: Path) -> list[JournalLine]:
    """Read a copy of a journal; who signed its lines is the caller's to judge.

    Raises:
        MalformedInput: it holds anything but lines of a journal; one that was cut off is refused whole.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        content = file.read(_MAX_BYTES + 1)
    if len(content) > _MAX_BYTES or (content and not content.endswith(b"\n")):
        raise MalformedInput("this is no whole journal of erasures")
    return [line for _, line in _read(content)]


def _read(content: bytes) -> Iterator[tuple[str, JournalLine]]:
    for raw in content.splitlines():
        if len(raw) > MAX_LINE or not raw.isascii():
            raise MalformedInput("this is no line of a journal of erasures")
        text = raw.decode("ascii")
        yield text, read_line(text)
