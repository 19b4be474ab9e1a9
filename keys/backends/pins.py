"""Get at a token's PIN without showing it, and never try a refused one again: a token locks after a few.

Every process of a node logs in for itself, so a wrong PIN in the file would be tried by each of them, and again by
whatever restarts them. Whoever is refused therefore leaves a note beside the keystore, before any other process may
try (they take turns by a lock): it holds the stamp of the PIN file, never the PIN. While the file is the same, nobody
tries; writing another PIN into the file is what lifts the note.
"""

import contextlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from filelock import FileLock, Timeout

from keys.errors import BackendUnavailable, KeyCustodyError, PinRefused
from keys.files import FILE_MODE, read_private_file, replace_private_file
from keys.guarded import Guarded
from keys.memory import wiped

MAX_PIN_BYTES = 256
_LOCK_TIMEOUT_S = 30.0
_MAX_NOTE_BYTES = 256


class Pin(Protocol):
    """Give a PIN when it is needed, and say whether it is the same as before."""

    def read(self) -> bytearray:
        """Give the PIN's bytes; the caller wipes them.

        Raises:
            PinRefused, InsecureFile: there is none that can be read safely.
        """
        ...

    def stamp(self) -> str:
        """Give what changes when the PIN may have changed, and tells nothing of it."""
        ...


class FilePin(Guarded):
    """Read the PIN from a private file (mode 0600, ours, no link) each time; keep it no longer than it is used."""

    __slots__ = ("_path",)

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> bytearray:
        """Give the file's only line."""
        try:
            with wiped(bytearray(read_private_file(self._path, max_bytes=MAX_PIN_BYTES + 2)[0])) as raw:
                pin = raw.rstrip(b"\r\n")
        except FileNotFoundError:
            raise PinRefused(f"there is no PIN file {self._path}") from None
        return _checked(pin)

    def stamp(self) -> str:
        """Give the file's stamp."""
        try:
            found = os.lstat(self._path)
        except FileNotFoundError:
            return "missing"
        return f"{found.st_ino}-{found.st_size}-{found.st_mtime_ns}-{found.st_ctime_ns}"


class TypedPin(Guarded):
    """Hold a PIN that a person typed, for as long as the process may have to log in again."""

    __slots__ = ("_pin",)

    def __init__(self, text: str) -> None:
        """Take what was typed.

        Raises:
            PinRefused: empty, too long, or more than one line.
        """
        self._pin = _checked(bytearray(text.encode()))

    def read(self) -> bytearray:
        """Give a copy."""
        return bytearray(self._pin)

    def stamp(self) -> str:
        """Say that it cannot be known whether another process was typed the same."""
        return f"typed-{os.getpid()}"


class RefusalNote:
    """Remember beside the keystore which PIN a token refused, for all processes of the node."""

    def __init__(self, folder: Path, name: str) -> None:
        """Use the keystore's folder; `name` is the backend's."""
        self._path = folder / f"pin-refused.{name}"
        self._lock = FileLock(folder / f"pin.{name}.lock", mode=FILE_MODE, fallback_to_soft=False, poll_interval=0.01)

    @contextmanager
    def turn(self, pin: Pin) -> Iterator[Callable[[], None]]:
        """Log in inside the block: one process at a time, and none with a PIN that was refused.

        What the block gets is to be called when the token refused the PIN.

        Raises:
            PinRefused: the same PIN was refused before.
            BackendUnavailable: another process has been logging in for too long.
        """
        try:
            self._lock.acquire(timeout=_LOCK_TIMEOUT_S)
        except Timeout:
            raise BackendUnavailable("another process has been logging in to the token for too long") from None
        try:
            stamp = pin.stamp()
            if self._noted() == stamp:
                raise PinRefused("the token refused this PIN before; write the right one into its file")
            yield lambda: self._write(stamp)
            self._path.unlink(missing_ok=True)
        finally:
            self._lock.release()

    def _write(self, stamp: str) -> None:
        replace_private_file(self._path, stamp.encode())

    def _noted(self) -> str:
        with contextlib.suppress(FileNotFoundError, KeyCustodyError):
            return read_private_file(self._path, max_bytes=_MAX_NOTE_BYTES)[0].decode(errors="replace")
        return ""


def _checked(pin: bytearray) -> bytearray:
    if not 0 < len(pin) <= MAX_PIN_BYTES or any(byte < 0x20 for byte in pin):
        raise PinRefused(f"expected a PIN of 1 to {MAX_PIN_BYTES} bytes on one line")
    return pin
