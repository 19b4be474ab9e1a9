"""Fetch and post within bounds: size, time, one address at a time, no redirect followed, no inner network reached.

A wallet is handed addresses by strangers: QR codes, offers, requests. So it speaks https to public addresses only;
the sandbox, which has no certificates, is reached when the wallet is told that plain http to this machine is fine.
The address is judged on the connected socket, so a name that changes its mind between two look-ups gains nothing.
"""

import ipaddress
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

import urllib3
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool
from urllib3.exceptions import HTTPError, NewConnectionError

from cli.wallet.errors import NotTrusted, ServerRefused, Unanswered
from jeung.crypto.canonical_json import parse_object
from jeung.errors import MalformedJson

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"

_MAX_BYTES = 2 * 1024 * 1024
_CHUNK = 64 * 1024
_CONNECT_S, _READ_S, _WHOLE_S = 3.05, 20.0, 30.0
_CONNECTIONS = 16
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
        raise ServerRefused(self.status, str(error), str(description), int(retry) if retry.isdecimal() else None)


class WalletHttp:
    """Speak HTTP for a wallet; safe to share between threads, connections are kept open."""

    def __init__(self, *, allow_loopback: bool = False, max_bytes: int = _MAX_BYTES) -> None:
        """Prepare; `allow_loopback` lets plain http reach this machine, for a sandbox."""
        self._allow_loopback = allow_loopback
        self._max_bytes = max_bytes
        timeout = urllib3.Timeout(connect=_CONNECT_S, read=_READ_S)
        self._pools = urllib3.PoolManager(
            num_pools=_CONNECTIONS, maxsize=_CONNECTIONS, timeout=timeout, retries=False
        )
        self._pools.pool_classes_by_scheme = {"http": urllib3.HTTPConnectionPool, "https": _PublicPool}

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
        self._check(url)
        deadline = time.monotonic() + _WHOLE_S
        try:
            answer = self._pools.request(
                method, url, body=body, headers=dict(headers), redirect=False, preload_content=False
            )
            try:
                content = self._read(answer, deadline)
            finally:
                answer.release_conn()
        except HTTPError:
            raise Unanswered(f"nobody answers at {urlsplit(url).netloc}") from None
        named = {name.lower(): value for name, value in answer.headers.items()}
        return Answer(answer.status, named, content)

    def close(self) -> None:
        """Close the connections."""
        self._pools.clear()

    def _read(self, answer: urllib3.BaseHTTPResponse, deadline: float) -> bytes:
        parts: list[bytes] = []
        size = 0
        for part in answer.stream(_CHUNK, decode_content=True):
            size += len(part)
            if size > self._max_bytes or time.monotonic() > deadline:
                answer.close()
                raise Unanswered("the answer is larger or slower than a wallet waits for")
            parts.append(part)
        return b"".join(parts)

    def _check(self, url: str) -> None:
        """Refuse an address that a stranger may have chosen to make us knock at the wrong door."""
        parts = urlsplit(url)
        local = self._allow_loopback and parts.hostname in _LOOPBACK
        if parts.scheme != "https" and not (local and parts.scheme == "http"):
            raise NotTrusted("address_refused", "a wallet speaks https")
        if not parts.hostname or parts.username is not None or parts.fragment:
            raise NotTrusted("address_refused", "the address is not one a wallet goes to")


class _PublicConnection(HTTPSConnection):
    """Refuse a connection that leads into a private network, before a byte is sent over it."""

    def _new_conn(self) -> socket.socket:
        connected = super()._new_conn()
        if not ipaddress.ip_address(connected.getpeername()[0].partition("%")[0]).is_global:
            connected.close()
            raise NewConnectionError(self, "not a public address")
        return connected


class _PublicPool(HTTPSConnectionPool):
    """Make connections that reach public addresses only."""

    ConnectionCls = _PublicConnection
