"""Copy a member's transparency log as anybody may, and serve the copy from a folder."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import requests

from jeung.crypto.tlog.checkpoints import Checkpoint, parse_checkpoint
from jeung.crypto.tlog.notes import parse_note
from jeung.crypto.tlog.tiles import bundles_of, parse_bundle
from jeung.domain.transparency import log_origin

_TIMEOUT_S = 10


def published(url: str, epoch: int = 1) -> tuple[Checkpoint, int] | None:
    """Give the newest checkpoint of an epoch of a log, and how many cosigned it; None where there is none."""
    answer = requests.get(f"{url}/log/{epoch}/checkpoint", timeout=_TIMEOUT_S)
    if answer.status_code != 200:
        return None
    note = parse_note(answer.content)
    return parse_checkpoint(note.text), len(note.signatures) - 1


def is_seen_by_all(url: str, *witnesses: str) -> bool:
    """Tell whether what a log published last is what each witness cosigned last of it."""
    newest = published(url)
    heads = [requests.get(f"{one}/witness/heads/{log_origin(url, 1)}", timeout=_TIMEOUT_S) for one in witnesses]
    if newest is None or newest[1] < len(witnesses) or any(head.status_code != 200 for head in heads):
        return False
    return all(parse_checkpoint(parse_note(head.content).text) == newest[0] for head in heads)


def entries(url: str, epoch: int, size: int) -> list[bytes]:
    found: list[bytes] = []
    for tile in bundles_of(size):
        answer = requests.get(f"{url}/log/{epoch}/{tile.path}", timeout=_TIMEOUT_S)
        answer.raise_for_status()
        found += parse_bundle(answer.content, tile.width)
    return found


@contextmanager
def copied(url: str, folder: Path) -> Iterator[str]:
    """Copy the entries of the first epoch of a log, and give an address that serves the copy."""
    newest = published(url)
    assert newest is not None
    for tile in bundles_of(newest[0].size):
        path = folder / "log" / "1" / tile.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(requests.get(f"{url}/log/1/{tile.path}", timeout=_TIMEOUT_S).content)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
