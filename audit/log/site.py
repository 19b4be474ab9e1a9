"""Ask another member's server for many small things, within bounds that no server can stretch.

Answers are read ahead by a few threads; each answer has a bound on size and time, all of them together one on time.
No redirect is followed. A server that failed once is not asked again: it costs one waiting time, not one per tile.
A server may feed a header byte by byte for ever: the thread left behind with it is a daemon and holds nothing up.
"""

import queue
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooLate
from dataclasses import dataclass
from typing import Final

import requests

from audit.transport import FAILURES, TooMuch, read_bounded, session

_TIMEOUT_S: Final = 10
_READERS: Final = 4
_AHEAD: Final = 8
_PAUSE: Final = re.compile(r"[1-5]?[0-9]", re.ASCII)
_OK, _ABSENT, _TOO_MANY, _BUSY = 200, 404, 429, 503
_KEY_HEADER: Final = "Jeung-Verifier-Key"
_MAX_KEY_LENGTH: Final = 1_024


class Unreadable(Exception):
    """What was asked for cannot be had; the message says why, in the words of a finding."""


class Absent(Unreadable):
    """The server answers that there is no such thing."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Say what is asked for: the path, the media type it must have, how many bytes it may have."""

    path: str
    kind: str
    max_bytes: int


@dataclass(frozen=True, slots=True)
class Answer:
    """Hold what a server said, and the header that carries the key of a checkpoint."""

    status: int
    body: bytes
    pause_s: int = 0
    key: str = ""


class Site:
    """Ask one server; `sleep` waits where the server asks for patience (429, 503)."""

    def __init__(
        self, url: str, *, timeout_s: float = _TIMEOUT_S, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.url = url
        self._timeout_s = timeout_s
        self._sleep = sleep
        self._jobs: queue.SimpleQueue[tuple[Asked, Future[Answer]] | None] = queue.SimpleQueue()
        self._readers = 0
        self._failed: str | None = None

    def close(self) -> None:
        """Let the readers end; what was asked ahead and nobody waits for is not asked any more."""
        self._failed = self._failed or "nothing more is asked"
        for _ in range(self._readers):
            self._jobs.put(None)

    def get(self, asked: Asked) -> Answer:
        """Ask once.

        Raises:
            Absent: there is no such thing.
            Unreadable: no answer, another answer than was asked for, or a larger or slower one than the bound.
        """
        return next(self.many([asked], within_s=4 * self._timeout_s))

    def many(self, wanted: Iterable[Asked], *, within_s: float) -> Iterator[Answer]:
        """Give the answers in the order of the questions.

        Raises:
            as `get`; and where all of them together take longer than `within_s`.
        """
        deadline = time.monotonic() + within_s
        waiting: deque[tuple[Asked, Future[Answer]]] = deque()
        for asked in wanted:
            waiting.append((asked, self._ask(asked)))
            if len(waiting) == _AHEAD:
                yield self._next(waiting, deadline)
        while waiting:
            yield self._next(waiting, deadline)

    def _next(self, waiting: deque[tuple[Asked, Future[Answer]]], deadline: float) -> Answer:
        asked, future = waiting.popleft()
        while True:
            answer = self._result(future)
            if time.monotonic() > deadline:
                raise Unreadable("the server is slower than the bound")
            if answer.status == _OK:
                return answer
            if answer.status not in (_TOO_MANY, _BUSY) or time.monotonic() + answer.pause_s > deadline:
                kind = Absent if answer.status == _ABSENT else Unreadable
                raise kind(f"the server answers with HTTP {answer.status}")
            self._sleep(answer.pause_s)
            future = self._ask(asked)

    def _ask(self, asked: Asked) -> Future[Answer]:
        if self._readers < _READERS and self._failed is None:
            threading.Thread(target=self._read, daemon=True).start()
            self._readers += 1
        future: Future[Answer] = Future()
        if self._failed is not None:
            future.set_exception(Unreadable(self._failed))
        else:
            self._jobs.put((asked, future))
        return future

    def _result(self, future: "Future[Answer]") -> Answer:
        try:
            # A reader may have other questions before this one, each with its own waiting time.
            return future.result(timeout=3 * self._timeout_s)
        except TooLate:
            self._failed = "the server is slower than the bound"
        except TooMuch:
            raise Unreadable("the answer is larger or slower than the bound") from None
        except Unreadable:
            raise
        except FAILURES:
            self._failed = "the server does not answer"
        raise Unreadable(self._failed)

    def _read(self) -> None:
        with session() as client:
            while (job := self._jobs.get()) is not None:
                asked, future = job
                try:
                    future.set_result(self._answer(client, asked))
                except Exception as error:  # whoever waits is told
                    future.set_exception(error)

    def _answer(self, client: requests.Session, asked: Asked) -> Answer:
        if self._failed is not None:
            raise Unreadable(self._failed)
        with client.get(
            self.url + asked.path,
            headers={"Accept": asked.kind},
            timeout=self._timeout_s,
            stream=True,
            allow_redirects=False,
        ) as answer:
            if answer.status_code != _OK:
                pause = answer.headers.get("Retry-After", "")
                return Answer(answer.status_code, b"", int(pause) if _PAUSE.fullmatch(pause) else 1)
            if answer.headers.get("Content-Type", "").partition(";")[0].strip() != asked.kind:
                raise Unreadable("the answer is of another media type")
            body = read_bounded(answer, max_bytes=asked.max_bytes, timeout_s=self._timeout_s)
            return Answer(_OK, body, key=answer.headers.get(_KEY_HEADER, "")[:_MAX_KEY_LENGTH])
