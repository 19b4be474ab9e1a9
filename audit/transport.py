"""Read HTTP answers within bounds on size and on the whole time, from servers that may wish us ill."""

import time
from typing import Protocol

import requests
import urllib3

_CHUNK = 64 * 1024

FAILURES = (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError)
"""What asking a server may raise; ValueError covers addresses that are none."""


class TooMuch(ValueError):
    """The answer is larger or slower than the bound."""


def session() -> requests.Session:
    """Open a session that takes no proxy and no password from the environment."""
    opened = requests.Session()
    opened.trust_env = False
    return opened


class _Body(Protocol):
    def read1(self, amt: int, decode_content: bool) -> bytes: ...


def read_bounded(response: requests.Response, *, max_bytes: int, timeout_s: float) -> bytes:
    """Read a streamed answer's body, decompressed.

    Raises:
        TooMuch: it is larger than `max_bytes` or takes longer than `timeout_s` in all.
    """
    deadline = time.monotonic() + timeout_s
    body: _Body = response.raw
    parts: list[bytes] = []
    size = 0
    while part := body.read1(_CHUNK, decode_content=True):
        parts.append(part)
        size += len(part)
        if size > max_bytes or time.monotonic() > deadline:
            raise TooMuch("the answer is larger or slower than the bound")
    return b"".join(parts)
