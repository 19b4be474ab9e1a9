"""Serve a handler that verifies two P-256 signatures and nothing else, on the very server the nodes run on.

`python -m bench._bare --port N`: the same gunicorn, the same worker class, as many processes and threads as a node.
"""

import argparse
from collections.abc import Callable, Iterable
from typing import Any

from gunicorn.app.base import BaseApplication

from api.gunicorn import KEEPALIVE_S, Worker
from node.runtime.garbage import settle
from node.settings import ApiSettings
from tests.common.jose import P256Signer

_MESSAGE = b"m" * 1024


class _Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """Configure gunicorn as `api.gunicorn` does."""

    def __init__(self, port: int) -> None:
        self._port = port
        super().__init__()

    def load_config(self) -> None:
        """Set what decides how fast it is."""
        node = ApiSettings()
        chosen: dict[str, Any] = {
            "bind": f"127.0.0.1:{self._port}",
            "workers": node.workers,
            "threads": node.threads,
            "worker_class": Worker,
            "keepalive": KEEPALIVE_S,
            "control_socket_disable": True,
            "accesslog": None,
            "loglevel": "warning",
        }
        for name, value in chosen.items():
            self.cfg.set(name, value)

    def load(self) -> Callable[..., Iterable[bytes]]:
        """Make the handler; keys are loaded once, as a node keeps those it knows."""
        signers = [P256Signer() for _ in range(2)]
        checks = [(signer.key, signer.sign(_MESSAGE)) for signer in signers]

        def handler(environ: dict[str, Any], start: Callable[..., object]) -> Iterable[bytes]:
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            for key, signature in checks:
                key.verify(signature, _MESSAGE)
            start("200 OK", [("Content-Type", "application/json"), ("Content-Length", "2")])
            return [b"{}"]

        settle()
        return handler


def main() -> None:
    """Serve until a signal ends it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    _Server(parser.parse_args().port).run()


if __name__ == "__main__":
    main()
