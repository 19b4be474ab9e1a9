"""Serve one node's interface with gunicorn: `python -m api.gunicorn --node-dir DIR`.

Several workers, each with its own application, database connections and keys, made after the fork. Their numbers
meet in files under the node's folder (`run/metrics`), which are emptied at every start.

A request passes gunicorn's bounds first: 4 KiB of request line, 64 header fields of 8 KiB; a silent client is
dropped. Trickled bytes can still hold a thread: on anything but loopback a reverse proxy belongs in front, as it does
for TLS.
"""

import argparse
import importlib
import os
import selectors
import shutil
import socket
import struct
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from gunicorn import util
from gunicorn.app.base import BaseApplication
from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine
from gunicorn.workers.gthread import ThreadWorker

from node.settings import Settings, load_settings, node_dir_from_environment

if TYPE_CHECKING:
    from flask import Flask

MAX_REQUEST_LINE = 4094
MAX_HEADER_FIELDS = 64
MAX_HEADER_FIELD = 8190
SILENCE_S = 3
GRACEFUL_S = 10
KEEPALIVE_S = 5
DISCARDED_BYTES = 64 * 1024
"""How much of an unread body gunicorn reads past before it gives a connection up."""
METRICS_FOLDER = Path("run", "metrics")

_PRIVATE = 0o077

_REFUSALS = {
    LimitRequestLine: (414, "URI Too Long", "uri_too_long"),
    LimitRequestHeaders: (431, "Request Header Fields Too Large", "headers_too_large"),
}
_MALFORMED = (400, "Bad Request", "malformed_input")
_TIMEVAL = struct.pack("ll", SILENCE_S, 0)


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """Drop silent clients, and refuse what is no HTTP without repeating it in the answer or the log."""

    def enqueue_req(self, conn: Any) -> None:  # noqa: ANN401 - gunicorn has no types
        """Give a connection to a thread once it has said something, and bound each wait for its next bytes.

        gunicorn would have a thread wait for the first byte; a few browsers' idle connections would take them all.
        The kernel keeps the bound on waits while gunicorn switches between blocking and not.
        """
        if not conn.initialized and not conn.data_ready:
            conn.sock.setblocking(False)
            conn.set_timeout()
            self.pending_conns.append(conn)
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(self.on_pending_socket_readable, conn))
            return
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _TIMEVAL)
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _TIMEVAL)
        super().enqueue_req(conn)

    def handle_request(self, req: Any, conn: Any) -> Any:  # noqa: ANN401 - gunicorn has no types
        """Say so where the connection will end because a refused body is longer than what gunicorn discards.

        Else a client would send its next request into a connection that is being closed (RFC 9112 section 9.6).
        """
        ends_anyway = req.should_close
        req.should_close = lambda: ends_anyway() or _unread_bytes(req) > DISCARDED_BYTES
        return super().handle_request(req, conn)

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: Exception) -> None:  # noqa: ANN401
        """Answer what gunicorn itself refuses with a problem document; gunicorn's own page repeats the input."""
        status, reason, code = _REFUSALS.get(type(exc), _MALFORMED)
        body = orjson.dumps({"type": f"urn:jeung:problem:{code}", "title": reason, "status": status, "code": code})
        head = (
            f"HTTP/1.1 {status} {reason}\r\nConnection: close\r\nContent-Type: application/problem+json\r\n"
            f"Cache-Control: no-store\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self.log.info("refused what is no acceptable HTTP request: %s", type(exc).__name__)
        try:
            util.write_nonblock(client, head.encode("ascii") + body)
        except OSError:
            self.log.debug("the client was gone")


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """Configure gunicorn from the node's settings, and nothing else: no file, no command line, no environment."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        super().__init__()

    def load_config(self) -> None:
        """Set every option that matters."""
        for name, value in options(self._settings).items():
            self.cfg.set(name, value)

    def load(self) -> "Flask":
        """Make the application; gunicorn calls this in each worker, after the fork."""
        # Here and not above: prometheus_client decides at its import whether it counts for several processes, and
        # the folder it needs is named only by the time a worker starts.
        from api.app import create_app
        from node.runtime import build_api_runtime
        from node.runtime.garbage import settle

        application = create_app(build_api_runtime(self._settings))
        settle()
        return application


def options(settings: Settings) -> dict[str, Any]:
    """Give gunicorn's options for a node."""
    metrics_folder = settings.node_dir / METRICS_FOLDER
    return {
        "bind": f"{settings.listen_host}:{settings.listen_port}",
        "workers": settings.api.workers,
        "threads": settings.api.threads,
        "worker_class": Worker,
        "preload_app": False,
        "timeout": settings.api.request_timeout_s,
        "graceful_timeout": GRACEFUL_S,
        "keepalive": KEEPALIVE_S,
        "limit_request_line": MAX_REQUEST_LINE,
        "limit_request_fields": MAX_HEADER_FIELDS,
        "limit_request_field_size": MAX_HEADER_FIELD,
        # Nobody's X-Forwarded-* is believed here; `trusted_proxies` says how far the application believes it.
        "forwarded_allow_ips": "",
        "control_socket_disable": True,
        "accesslog": None,
        "errorlog": "-",
        "loglevel": "info",
        "proc_name": f"jeung-{settings.name}-api",
        "raw_env": [f"PROMETHEUS_MULTIPROC_DIR={metrics_folder}"],
        "on_starting": lambda _: _empty(metrics_folder),
    }


def main(arguments: list[str] | None = None) -> None:
    """Serve the node of a folder until a signal ends it."""
    parser = argparse.ArgumentParser(prog="python -m api.gunicorn", description="Serve one node's HTTP interface.")
    parser.add_argument("--node-dir", type=Path, default=node_dir_from_environment(), help="the node's folder")
    node_dir = parser.parse_args(arguments).node_dir
    if node_dir is None:
        parser.error("name the node's folder with --node-dir or JEUNG_NODE_DIR")
    serve(load_settings(node_dir))


def serve(settings: Settings) -> None:
    """Serve a node until a signal ends it; what it writes is for its own account's eyes."""
    os.umask(_PRIVATE)
    # What can be loaded before the fork is shared by the workers and loaded once. The application itself cannot: see
    # `Server.load`. What all of it opens, it opens after the fork.
    for shared in ("node.runtime.services", "apiflask"):
        importlib.import_module(shared)
    Server(settings).run()


def _unread_bytes(req: Any) -> int:  # noqa: ANN401 - gunicorn has no types
    """Give how much of a body of stated length nobody has read; chunks state none."""
    return int(getattr(getattr(req.body, "reader", None), "length", 0))


def _empty(folder: Path) -> None:
    """Begin with no numbers of processes that are gone."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)


if __name__ == "__main__":
    main()
