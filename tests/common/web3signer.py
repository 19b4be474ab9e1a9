"""Answer as Web3Signer's eth1 mode documents, with real signatures, over real HTTP or handed over directly.

By its sources: `data` is hashed with keccak-256 there and signed; the answer is text, `0x`, r, s and v (27 or 28);
400 for data that are none, 404 for a key it does not have; public keys are the points without their first byte.
A test may ask for faults.
"""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import coincurve

from jeung.crypto.hashing import keccak256
from keys.algorithms import account_part
from keys.backends.checked import SECP256K1_ORDER
from keys.errors import BackendRefused, BackendUnavailable


@dataclass
class Web3Signer:
    keys: list[coincurve.PrivateKey] = field(default_factory=lambda: [coincurve.PrivateKey()])
    signed: list[bytes] = field(default_factory=list)
    is_high_s: bool = False
    status: int | None = None
    text: str | None = None

    @property
    def accounts(self) -> list[str]:
        return [account_part(key.public_key.format(compressed=False)).key_id for key in self.keys]

    @property
    def public_keys(self) -> list[str]:
        return ["0x" + key.public_key.format(compressed=False)[1:].hex() for key in self.keys]

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, str]:
        if self.status is not None or self.text is not None:
            return self.status or 200, self.text or ""
        if (method, path) == ("GET", "/upcheck"):
            return 200, "OK"
        if (method, path) == ("GET", "/api/v1/eth1/publicKeys"):
            return 200, json.dumps(self.public_keys)
        found = re.fullmatch(r"/api/v1/eth1/sign/(0x[0-9a-f]{128})", path)
        if method != "POST" or found is None or found[1] not in self.public_keys:
            return 404, "Public Key not found"
        try:
            data = bytes.fromhex(json.loads(body)["data"].removeprefix("0x"))
        except (ValueError, KeyError, TypeError, AttributeError):
            return 400, "Bad Request"
        self.signed.append(data)
        signature = self.keys[self.public_keys.index(found[1])].sign_recoverable(data, hasher=keccak256)
        r, s, parity = signature[:32], int.from_bytes(signature[32:64]), signature[64]
        if self.is_high_s:
            s, parity = SECP256K1_ORDER - s, 1 - parity
        return 200, f"0x{r.hex()}{s:064x}{27 + parity:02x}"


class DirectTransport:
    """Hand requests over without a network."""

    def __init__(self, signer: Web3Signer) -> None:
        self.signer = signer

    def get(self, path: str) -> bytes:
        return self._exchanged("GET", path, b"")

    def post(self, path: str, body: bytes) -> bytes:
        return self._exchanged("POST", path, body)

    def close(self) -> None:
        pass

    def _exchanged(self, method: str, path: str, body: bytes) -> bytes:
        status, text = self.signer.answer(method, path, body)
        if status >= 500:
            raise BackendUnavailable
        if status != 200:
            raise BackendRefused
        return text.encode()


@contextmanager
def serving(signer: Web3Signer) -> Iterator[str]:
    """Serve on a free port of this machine; give the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._do("GET")

        def do_POST(self) -> None:
            self._do("POST")

        def _do(self, method: str) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, text = signer.answer(method, self.path, body)
            self.send_response(status)
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
