"""Call addresses that others chose: webhooks of clients, the other members' nodes.

A name is resolved once, every address it has must lie outside private networks (in production), and the connection
goes to the address that was judged, not to the name again. No redirect is followed, no proxy of the environment is
used, little of the answer is read, and after a while the whole is cut off, however slowly the other side trickles.
"""

import contextlib
import http.client
import ipaddress
import logging
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_log = logging.getLogger(__name__)
_DEADLINES = 3
_LOCAL_TRANSLATION = ipaddress.IPv6Network("64:ff9b:1::/48")  # RFC 8215: what it reaches is a network's own matter
_TRANSLATED = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("::/96"))


@dataclass(frozen=True, slots=True)
class Answer:
    """Hold what was answered: the status, the beginning of the body, and the headers."""

    status: int
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)


class OutboundHttp:
    """Make one request at a time, each on a connection of its own."""

    def __init__(self, what: str, *, timeout_s: int, allow_private: bool, max_answer_bytes: int) -> None:
        """Wait so many seconds for each step of a call.

        Args:
            what: who is called, for the log: "a webhook".
            timeout_s: how long each step may take, in seconds; the whole takes three times as long at most.
            allow_private: for sandboxes.
            max_answer_bytes: how much of an answer is read.

        """
        self._what = what
        self._timeout_s = timeout_s
        self._allow_private = allow_private
        self._max_answer_bytes = max_answer_bytes
        self._tls = ssl.create_default_context()

    def call(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Answer | None:
        """Call once; None where there was no answer or the address is not to be called."""
        try:
            parts = urlsplit(url)
            host = parts.hostname or ""
            port = parts.port or (443 if parts.scheme == "https" else 80)
            address = self._address(host, port)
            if address is None:
                return None
            connection = _Pinned(host, port, address, self._timeout_s, self._tls if parts.scheme == "https" else None)
            return self._exchange(connection, method, parts.path or "/", body, headers)
        except (OSError, ValueError, http.client.HTTPException) as error:
            # What the other side says goes into no log.
            _log.info("%s did not answer: %s", self._what, type(error).__name__)
            return None

    def _address(self, host: str, port: int) -> str | None:
        """Resolve a name once; None where one of its addresses must not be called."""
        found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
        if not self._allow_private and not all(_is_public(address) for address in found):
            _log.warning("the name of %s leads into a private network; it is not called", self._what)
            return None
        return found[0]

    def _exchange(
        self, connection: "_Pinned", method: str, path: str, body: bytes, headers: Mapping[str, str]
    ) -> Answer | None:
        timer = threading.Timer(_DEADLINES * self._timeout_s, connection.cut)
        timer.daemon = True
        timer.start()
        try:
            connection.request(method, path, body, {**headers, "Connection": "close", "User-Agent": "jeung"})
            answer = connection.getresponse()
            read = answer.read(self._max_answer_bytes)
            # What was cut off may look like an answer that ended.
            return None if connection.was_cut else Answer(answer.status, read, dict(answer.headers))
        finally:
            timer.cancel()
            connection.close()


class _Pinned(http.client.HTTPConnection):
    """Connect to the address that was judged, under the name that was meant."""

    def __init__(self, host: str, port: int, address: str, timeout_s: int, tls: ssl.SSLContext | None) -> None:
        super().__init__(host, port, timeout=timeout_s)
        self._pinned = address, port
        self._tls = tls
        self.was_cut = False

    def connect(self) -> None:
        """Open the connection."""
        opened = socket.create_connection(self._pinned, timeout=self.timeout)
        self.sock = opened if self._tls is None else self._tls.wrap_socket(opened, server_hostname=self.host)

    def cut(self) -> None:
        """End the connection from another thread."""
        self.was_cut = True
        with contextlib.suppress(OSError, AttributeError):
            self.sock.shutdown(socket.SHUT_RDWR)


def _is_public(address: str) -> bool:
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address):
        inner = parsed.ipv4_mapped or parsed.sixtofour or _embedded(parsed)
        if inner is not None:
            return inner.is_global
        if parsed in _LOCAL_TRANSLATION:
            return False
    return parsed.is_global and not parsed.is_multicast


def _embedded(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Give the IPv4 address that a translator would call for this one (RFC 6052), or an old host (RFC 4291)."""
    if any(address in network for network in _TRANSLATED):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None
