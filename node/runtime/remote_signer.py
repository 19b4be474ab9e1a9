"""Reach a remote signer over HTTP: TLS, or this very machine; nothing else, never longer or larger than bounded.

No redirect is followed, no proxy of the environment is used, a whole exchange is cut off after twice its time-out,
however slowly the other side trickles. What was sent or answered goes into no log.
"""

import contextlib
import http.client
import socket
import ssl
import threading
from urllib.parse import urlsplit

from keys.errors import BackendRefused, BackendUnavailable
from keys.files import read_private_file
from node.key_settings import RemoteSignerSettings

MAX_ANSWER_BYTES = 256 * 1024
_MAX_PEM_BYTES = 64 * 1024
_DEADLINES = 2


class HttpSignerTransport:
    """Serve `keys.backends.web3signer.SignerTransport`; one connection for each request."""

    def __init__(self, settings: RemoteSignerSettings) -> None:
        """Prepare TLS where the address wants it.

        Raises:
            InsecureFile: others can read the client's key.
            BackendRefused: certificates or keys cannot be read.
        """
        parts = urlsplit(settings.url)
        self._host, self._port = parts.hostname or "", parts.port
        self._prefix = parts.path.rstrip("/")
        self._timeout_s = settings.timeout_s
        self._tls = _context(settings) if parts.scheme == "https" else None

    def get(self, path: str) -> bytes:
        """Fetch."""
        return self._exchange("GET", path, None)

    def post(self, path: str, body: bytes) -> bytes:
        """Post JSON."""
        return self._exchange("POST", path, body)

    def close(self) -> None:
        """Do nothing: no connection outlives its request."""

    def _exchange(self, method: str, path: str, body: bytes | None) -> bytes:
        connection, is_over = self._connection(), threading.Event()
        timer = threading.Timer(_DEADLINES * self._timeout_s, _cut, [connection, is_over])
        timer.daemon = True
        timer.start()
        headers = {"Accept": "text/plain, application/json", "Connection": "close", "User-Agent": "jeung"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            connection.connect()
            if is_over.is_set():
                # A name with many addresses outlasted the deadline before there was anything to cut.
                raise TimeoutError
            connection.request(method, self._prefix + path, body, headers)
            answer = connection.getresponse()
            content = answer.read(MAX_ANSWER_BYTES + 1)
            length = answer.getheader("Content-Length")
        except (OSError, http.client.HTTPException) as problem:
            raise BackendUnavailable(f"the remote signer does not answer ({type(problem).__name__})") from None
        finally:
            timer.cancel()
            connection.close()
        if answer.status >= 500 or answer.status == 429:
            raise BackendUnavailable(f"the remote signer answers {answer.status}")
        if answer.status != 200:
            raise BackendRefused(f"the remote signer answers {answer.status}")
        if len(content) > MAX_ANSWER_BYTES:
            raise BackendRefused("the remote signer answers more than it should")
        if length is not None and length.isdigit() and len(content) < int(length):
            raise BackendUnavailable("the remote signer's answer was cut off")
        return content

    def _connection(self) -> http.client.HTTPConnection:
        if self._tls is None:
            return http.client.HTTPConnection(self._host, self._port, timeout=self._timeout_s)
        return http.client.HTTPSConnection(self._host, self._port, timeout=self._timeout_s, context=self._tls)


def _context(settings: RemoteSignerSettings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=settings.ca_file or None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if settings.client_certificate_file and settings.client_key_file:
            # Only its owner and mode are judged here; OpenSSL reads it itself.
            read_private_file(settings.client_key_file, max_bytes=_MAX_PEM_BYTES)
            context.load_cert_chain(settings.client_certificate_file, settings.client_key_file)
        return context
    except (OSError, ssl.SSLError):
        raise BackendRefused("the certificates or the key for the remote signer cannot be read") from None


def _cut(connection: http.client.HTTPConnection, is_over: threading.Event) -> None:
    is_over.set()
    with contextlib.suppress(OSError, AttributeError):
        connection.sock.shutdown(socket.SHUT_RDWR)
