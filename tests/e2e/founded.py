"""Keep one sandbox with a founded consortium for all stories that neither stop nor wipe anything of it.

A start is a dozen processes and a founding half a dozen votes: more than most stories that are played there.
"""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.common.chain import free_port
from tests.e2e.driver import SandboxDriver
from tests.e2e.issuing import Consortium


class Founded:
    """Start the sandbox for the first story, and again for one that comes after it was closed."""

    def __init__(self, new_folder: Callable[[], Path]) -> None:
        self._new_folder = new_folder
        self._driver: SandboxDriver | None = None
        self._consortium: Consortium | None = None
        self.hooks_port = free_port()
        """Where on the loop-back the members' settings allow webhooks to be sent, below /hooks/."""

    def consortium(self) -> Consortium:
        """Speak for its members; each story leaves rules and registrations as it found them."""
        if self._consortium is None:
            self._driver = SandboxDriver(self._new_folder() / "sandbox")
            with pytest.MonkeyPatch.context() as patched:
                allowed = [f"http://localhost:{self.hooks_port}/hooks/"]
                patched.setenv("JEUNG_WEBHOOKS__ALLOWED_URLS", json.dumps(allowed))
                self._driver.start()
            self._consortium = Consortium(self._driver.data)
            self._consortium.found()
        return self._consortium

    def close(self) -> None:
        """Stop what runs."""
        driver, self._driver, self._consortium = self._driver, None, None
        if driver is not None:
            driver.close()
