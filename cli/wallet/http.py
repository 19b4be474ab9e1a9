"""Fetch and post within bounds: size, time, one address at a time, no redirect followed, no inner network reached.

A wallet is handed addresses by strangers: QR codes, offers, requests. So it speaks https to public addresses only;
the sandbox, which has no certificates, is reached when the wallet is told that plain http to this machine is fine.
The address is judged on the connected socket, so a name that changes its mind between two look-ups gains nothing.
"""

import http.client
import ipaddress
import select
import ssl
import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, urlencode, urlsplit

from cli.wallet.errors import NotTrusted, ServerRefused, Unanswered
from jeung.crypto.canonical_json import parse_object
from jeung.errors import MalformedJson

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"

_MAX_BYTES = 2 * 1024 * 1024
_CHUNK = 64 * 1024
_CONNECT_S, _READ_S, _WHOLE_S = 3.05, 20.0, 30.0
_CONNECTIONS = 16
_MAX_RETRY_DIGITS = 9
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Answer:
    """Hold what a server answered; header names are lower-case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def media_type(self) -> str:
        """Give the content type without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def json(self) -> dict[str, Any]:
        """Give the JSON object of a success.

        Raises:
            ServerRefused: the status is not a success.
            NotTrusted: the body is no JSON object with unique names.
        """
        self.require_success()
        try:
            return parse_object(self.body)
        except MalformedJson:
            raise NotTrusted("malformed_answer", "the server's answer is not one JSON object") from None

    def text(self, media_type: str) -> str:
        """Give the ASCII text of a success of one media type.

        Raises:
            ServerRefused: the status is not a success.
            NotTrusted: another media type, or not ASCII.
        """
        self.require_success()
        if self.media_type != media_type or not self.body.isascii():
            raise NotTrusted("malformed_answer", f"expected {media_type}")
        return self.body.decode("ascii")

    def require_success(self) -> None:
        """Do nothing where the status says success.

        Raises:
            ServerRefused: it does not; with the error's name as OAuth (RFC 6749 section 5.2) or RFC 9457 writes it.
        """
        if 200 <= self.status < 300:
            return
        try:
            said = parse_object(self.body)
        except MalformedJson:
            said = {}
        retry = self.headers.get("retry-after", "")
        error = said.get("error") or said.get("code") or "error"
        description = said.get("error_description") or said.get("detail") or ""
        raise ServerRefused(self.status, str(error), str(description), _seconds(retry), said)


class WalletHttp:
    """Speak HTTP for a wallet; safe to share between threads, connections are kept open."""

    def __init__(self, *, allow_loopback: bool = False, max_bytes: int = _MAX_BYTES) -> None:
        """Prepare; `allow_loopback` lets plain http reach this machine, for a sandbox."""
        self._allow_loopback = allow_loopback
        self._max_bytes = max_bytes
        self._tls = ssl.create_default_context()
        self._lock = threading.Lock()
        self._idle: dict[tuple[str, str], list[http.client.HTTPConnection]] = defaultdict(list)

    def get(self, url: str, *, accept: str = JSON, headers: Mapping[str, str] | None = None) -> Answer:
        """Fetch.

        Raises:
            NotTrusted: an address the wallet does not go to.
            Unanswered: nothing came within the bounds.
        """
        return self.exchange("GET", url, headers={"Accept": accept, **(headers or {})})

    def post(
        self,
        url: str,
        body: bytes = b"",
        *,
        content_type: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Post bytes; raises as `get`."""
        kind = {} if content_type is None else {"Content-Type": content_type}
        return self.exchange("POST", url, body, headers={**kind, **(headers or {})})

    def post_form(self, url: str, form: Mapping[str, str], *, headers: Mapping[str, str] | None = None) -> Answer:
        """Post a form; raises as `get`."""
        return self.post(url, urlencode(form).encode("ascii"), content_type=FORM, headers=headers)

    def exchange(self, method: str, url: str, body: bytes | None = None, *, headers: Mapping[str, str]) -> Answer:
        """Send one request and read its answer; a redirect is an answer, not a way to go.

        Raises:
            NotTrusted: an address the wallet does not go to.
            Unanswered: nobody answers, or the answer is larger or slower than its bound.
        """
        parts = self._judged(url)
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        deadline = time.monotonic() + _WHOLE_S
        connection: http.client.HTTPConnection | None = None
        try:
            connection = self._connection(parts)
            connection.request(method, target, body=body, headers=dict(headers))
            answer = connection.getresponse()
            content = self._read(answer, deadline)
        except (OSError, http.client.HTTPException, ValueError):
            if connection is not None:
                connection.close()
            raise Unanswered(f"nobody answers at {parts.netloc}") from None
        except Unanswered:
            if connection is not None:
                connection.close()
            raise
        self._give_back(parts, connection, keep=not answer.will_close)
        named: dict[str, str] = {}
        for name, value in answer.getheaders():
            lower = name.lower()
            named[lower] = f"{named[lower]}, {value}" if lower in named else value
        return Answer(answer.status, named, content)

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            idle = [connection for kept in self._idle.values() for connection in kept]
            self._idle.clear()
        for connection in idle:
            connection.close()

    def _connection(self, parts: SplitResult) -> http.client.HTTPConnection:
        """Take an idle connection, or make one; what the other side has closed meanwhile is thrown away."""
        while True:
            with self._lock:
                kept = self._idle[parts.scheme, parts.netloc]
                connection = kept.pop() if kept else None
            if connection is None:
                return self._connected(parts)
            if connection.sock is not None and not select.select([connection.sock], [], [], 0)[0]:
                return connection
            connection.close()

    def _connected(self, parts: SplitResult) -> http.client.HTTPConnection:
        host, port = parts.hostname or "", parts.port
        connection: http.client.HTTPConnection
        if parts.scheme == "https":
            connection = _PublicConnection(host, port, timeout=_CONNECT_S, context=self._tls)
        else:
            connection = http.client.HTTPConnection(host, port, timeout=_CONNECT_S)
        connection.connect()
        connection.sock.settimeout(_READ_S)
        return connection

    def _give_back(self, parts: SplitResult, connection: http.client.HTTPConnection, *, keep: bool) -> None:
        with self._lock:
            kept = self._idle[parts.scheme, parts.netloc]
            if keep and len(kept) < _CONNECTIONS:
                kept.append(connection)
                return
        connection.close()

    def _read(self, answer: http.client.HTTPResponse, deadline: float) -> bytes:
        parts: list[bytes] = []
        size, whole = 0, answer.length
        # Piece by piece as they come, so that neither a flood nor a trickle lasts; None where the length is not told.
        while whole is None or size < whole:
            part = answer.read1(_CHUNK)
            if not part:
                break
            size += len(part)
            if size > self._max_bytes or time.monotonic() > deadline:
                raise Unanswered("the answer is larger or slower than a wallet waits for")
            parts.append(part)
        answer.close()
        if whole is not None and size != whole:
            raise Unanswered("the answer breaks off")
        return b"".join(parts)

    def _judged(self, url: str) -> SplitResult:
        """Refuse an address that a stranger may have chosen to make us knock at the wrong door."""
        try:
            parts = urlsplit(url)
            local = self._allow_loopback and parts.hostname in _LOOPBACK
            _ = parts.port
        except ValueError:
            raise NotTrusted("address_refused", "the address cannot be read") from None
        if parts.scheme != "https" and not (local and parts.scheme == "http"):
            raise NotTrusted("address_refused", "a wallet speaks https")
        if not parts.hostname or parts.username is not None or parts.fragment:
            raise NotTrusted("address_refused", "the address is not one a wallet goes to")
        return parts


def _seconds(text: str) -> int | None:
    """Read `Retry-After` in seconds (RFC 9110 section 10.2.3); None for a date, and for more than a wallet waits for.

    Python refuses to read a number of very many digits, with an error that is none of ours.
    """
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _MAX_RETRY_DIGITS else None


class _PublicConnection(http.client.HTTPSConnection):
    """Refuse a connection that leads into a private network, before a byte of a request is sent over it."""

    def connect(self) -> None:
        """Connect, and leave again where the other end is no public address."""
        super().connect()
        if not ipaddress.ip_address(self.sock.getpeername()[0].partition("%")[0]).is_global:
            self.close()
            raise OSError("not a public address")
