"""Serve a node as `api.gunicorn` does, with a stopwatch around its cryptography.

`python -m bench._timed --node-dir DIR`: each worker keeps the seconds its threads spent in signing, verifying, key
agreement and sealing in `DIR/run/crypto/<pid>`, a file of one double. `spent_s` adds them up.
"""

import argparse
import functools
import mmap
import os
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.gunicorn import Server
from node.settings import Settings, load_settings

if TYPE_CHECKING:
    from flask import Flask

_DOUBLE = struct.Struct("d")


def folder_of(node_dir: Path) -> Path:
    """Give where a node's stopwatches lie."""
    return node_dir / "run" / "crypto"


def spent_s(node_dir: Path) -> float:
    """Give the seconds all workers of a node have spent in cryptography so far."""
    return sum(float(_DOUBLE.unpack(file.read_bytes())[0]) for file in folder_of(node_dir).iterdir())


class _Stopwatch:
    """Add up the time of calls; a call within a timed call is part of that."""

    def __init__(self, file: Path) -> None:
        file.write_bytes(_DOUBLE.pack(0.0))
        with file.open("r+b") as opened:
            self._shown = mmap.mmap(opened.fileno(), _DOUBLE.size)
        self._lock = threading.Lock()
        self._inside = threading.local()
        self._total = 0.0

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Give the function with its time added up."""

        @functools.wraps(function)
        def timed(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - whatever it takes and gives
            if getattr(self._inside, "on", False):
                return function(*arguments, **named)
            self._inside.on = True
            began = time.thread_time()
            try:
                return function(*arguments, **named)
            finally:
                took = time.thread_time() - began
                self._inside.on = False
                with self._lock:
                    self._total += took
                    self._shown[:] = _DOUBLE.pack(self._total)

        return timed


def _timed_parts() -> Iterator[tuple[Any, str]]:
    """Name what counts as cryptography: everything that computes with a key."""
    from joserfc import jwe

    from jeung.crypto.jwk import VerifyingKey
    from keys.envelope import Vault
    from keys.keystore import Keystore
    from keys.response_keys import KeystoreResponseKeys

    yield VerifyingKey, "verify"
    yield Keystore, "sign"
    yield from ((Vault, name) for name in ("seal", "open", "new_data_key"))
    yield from ((KeystoreResponseKeys, name) for name in ("new", "decrypt"))
    yield from ((jwe, name) for name in ("encrypt_compact", "decrypt_compact"))


class _TimedServer(Server):
    """Put the stopwatch on in each worker, before its application is made."""

    def __init__(self, settings: Settings) -> None:
        self._folder = folder_of(settings.node_dir)
        super().__init__(settings)

    def load(self) -> "Flask":
        """Make the application."""
        self._folder.mkdir(parents=True, exist_ok=True)
        watch = _Stopwatch(self._folder / str(os.getpid()))
        for owner, name in _timed_parts():
            setattr(owner, name, watch.around(getattr(owner, name)))
        return super().load()


def main() -> None:
    """Serve until a signal ends it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--node-dir", type=Path, required=True)
    _TimedServer(load_settings(parser.parse_args().node_dir)).run()


if __name__ == "__main__":
    main()
