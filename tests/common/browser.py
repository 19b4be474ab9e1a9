"""Drive a real browser: Debian's Chromium by Playwright, with everything it complains of kept."""

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from wsgiref.types import WSGIApplication

import pytest
from werkzeug.serving import make_server

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Playwright

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]
PHONE, DESK = (390, 844), (1280, 800)


@contextmanager
def chromium(*rules: str) -> Iterator["Browser"]:
    """Start Chromium; where there is none the test is skipped, and fails where CI has promised it.

    `rules` such as "MAP localhost:8101 127.0.0.1:40001" lead an address to the port that is free.
    """
    if not Path(CHROMIUM).exists() and shutil.which("chromium") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("CI promises Chromium (make system) and there is none")
        pytest.skip("Chromium is not installed (make system)")
    path = CHROMIUM if Path(CHROMIUM).exists() else shutil.which("chromium")
    led = [f"--host-resolver-rules={','.join(rules)}"] if rules else []
    browser = _driver().chromium.launch(executable_path=path, args=[*ARGUMENTS, *led])
    try:
        yield browser
    finally:
        browser.close()


@cache
def _driver() -> "Playwright":
    """Start what drives browsers, once for the process: a second one beside the first is refused."""
    from playwright.sync_api import sync_playwright

    return sync_playwright().start()


def end_driver() -> None:
    """Stop what drives browsers, where it was started."""
    if _driver.cache_info().currsize:
        _driver().stop()
        _driver.cache_clear()


def complaints(context: "BrowserContext") -> list[str]:
    """Keep what the pages of a context complain of: violations of the policy, errors of scripts, failed loads.

    That the server refused a form is said by the page; Chromium's own line about the status is no complaint.
    """
    found: list[str] = []

    def heard(kind: str, text: str) -> None:
        if kind in {"error", "warning"} and "the server responded with a status of 4" not in text:
            found.append(f"{kind}: {text}")

    def missed(text: str) -> None:
        # Whoever leaves a page ends what it was still loading.
        if not text.endswith("ERR_ABORTED"):
            found.append(text)

    context.on("console", lambda message: heard(message.type, message.text))
    context.on("weberror", lambda error: found.append(f"script: {error.error}"))
    context.on("requestfailed", lambda failed: missed(f"load: {failed.url} {failed.failure}"))
    return found


@contextmanager
def served(app: WSGIApplication, port: int) -> Iterator[None]:
    """Serve an application on a loopback port from a thread."""
    server = make_server("localhost", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()
