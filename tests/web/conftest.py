"""Give tests a browser and a node that serves its pages to it."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.unit.api.world import World
from tests.web.pages import Phone, phone


class _Quiet(WSGIRequestHandler):
    """Log nothing; a page is dozens of files."""

    def log(self, type: str, message: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def origin() -> Iterator[str]:
    """Serve a bank's node on a free port; pages need a name, so that passkeys work."""
    server = make_server(
        "127.0.0.1", 0, lambda environ, start: app(environ, start), threaded=True, request_handler=_Quiet
    )
    base_url = f"http://localhost:{server.port}"
    app = World(base_url=base_url).app
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield base_url
    server.shutdown()
    thread.join(5)
    server.server_close()


@pytest.fixture(scope="session")
def static() -> Path:
    """Give the folder of the wallet page's files."""
    return Path(__file__).resolve().parents[2] / "api" / "web" / "static" / "wallet"


@pytest.fixture
def fresh(browser: Browser, origin: str) -> Iterator[Phone]:
    """Give a phone on which nothing was ever set up; whatever a test does, the browser must not complain."""
    with phone(browser, origin) as held:
        yield held
        assert held.complaints == []


@pytest.fixture
def held(fresh: Phone) -> Phone:
    """Give a phone with a wallet, unlocked."""
    fresh.set_up()
    return fresh
