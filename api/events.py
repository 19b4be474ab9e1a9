"""Send events as they happen (server-sent events), without letting them take the threads others need.

A stream holds one of the process's threads, so there are few at once (settings: `presentations.event_streams`, and
always one thread fewer than there are) and each ends by itself after a while; who is turned away or sent home polls,
or asks again. A browser's EventSource does both without being told.
"""

import threading
from collections.abc import Callable, Iterator

from flask import Flask, Response, current_app

from api.errors import TooManyStreams

MEDIA_TYPE = "text/event-stream"
INTERVAL_S = 0.5
RETRY_MS = 2_000
HEARTBEAT_EVERY = 8

_SLOTS = "jeung.event_streams"


def install(app: Flask, streams: int) -> None:
    """Let an application send so many streams at once."""
    app.extensions[_SLOTS] = threading.BoundedSemaphore(streams) if streams > 0 else None


def stream(read: Callable[[], tuple[str, bool]], *, seconds: int) -> Response:
    """Answer with events whenever what is read changes.

    Args:
        read: gives the data of an event as one line, and whether it is the last; it is called from outside the
            request's context.
        seconds: how long the stream lasts at most.

    Raises:
        TooManyStreams: as many as may run do.
    """
    slots: threading.BoundedSemaphore | None = current_app.extensions[_SLOTS]
    if slots is None or not slots.acquire(blocking=False):
        raise TooManyStreams(retry_after_s=RETRY_MS // 1000)
    response = Response(_Stream(read, slots, round(seconds / INTERVAL_S)), content_type=MEDIA_TYPE)
    response.headers["X-Accel-Buffering"] = "no"
    return response


class _Stream(Iterator[str]):
    """Give events; a class, because a generator that never began would not give its place back."""

    def __init__(self, read: Callable[[], tuple[str, bool]], slots: threading.BoundedSemaphore, polls: int) -> None:
        self._read = read
        self._slots: threading.BoundedSemaphore | None = slots
        self._polls = polls
        self._said: str | None = None
        self._last = False
        self._pause = threading.Event()

    def __next__(self) -> str:
        """Wait for the next change, or say now and then that nothing happened."""
        quiet = 0
        while not self._last and self._polls > 0:
            if self._said is not None:
                self._pause.wait(INTERVAL_S)
                self._polls -= 1
            data, self._last = self._read()
            if data != self._said:
                first = f"retry: {RETRY_MS}\n" if self._said is None else ""
                self._said = data
                return f"{first}event: state\ndata: {data}\n\n"
            quiet += 1
            if quiet == HEARTBEAT_EVERY:
                # Writing is how a listener that left is noticed.
                return ": waiting\n\n"
        raise StopIteration

    def close(self) -> None:
        """Give the place back, once; the server calls this however the stream ends."""
        slots, self._slots = self._slots, None
        if slots is not None:
            slots.release()
