"""Be the three members' back offices: each speaks to its own node, with its own key, over its own connections."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from cli.demo.board import StepFailed
from cli.http import NodeClient
from cli.sandbox.layout import MemberPlan, Sandbox
from cli.target import sandbox_client
from jeung.crypto.hashing import keccak256
from jeung.domain.access import Scope
from node.runtime.adapters import SystemClock

CLOCK = SystemClock()

_T = TypeVar("_T")


class Party:
    """Speak for one member; safe to share between threads, each of which gets its own connection and token."""

    def __init__(self, sandbox: Sandbox, member: MemberPlan) -> None:
        """Prepare; nothing is asked yet."""
        self.name = member.name
        self.base_url = sandbox.base_url(member)
        self.member_id = "0x" + keccak256(self.base_url.encode("ascii")).hex()
        self._sandbox, self._member = sandbox, member
        self._local = threading.local()

    @property
    def client(self) -> NodeClient:
        """Give this thread's connection."""
        client: NodeClient | None = getattr(self._local, "client", None)
        if client is None:
            client = self._local.client = sandbox_client(self._sandbox, self._member, *Scope)
        return client

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Any:  # noqa: ANN401 - the API's JSON
        """Read a resource of the member's node."""
        return self.client.get(path, query)

    def all(self, path: str, query: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
        """Read every page of a list of the member's node."""
        items: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            page = self.get(path, {"limit": "200", **(query or {}), **({"cursor": cursor} if cursor else {})})
            items += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return items

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401 - the API's JSON
        """Create or act at the member's node."""
        return self.client.post(path, body)


def wait_for(what: str, ask: Callable[[], _T | None], *, timeout_s: float = 30.0, poll_s: float = 0.1) -> _T:
    """Ask again and again until there is an answer.

    Raises:
        StepFailed: there was none in time.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        answer = ask()
        if answer is not None:
            return answer
        if time.monotonic() > deadline:
            raise StepFailed(f"{what}: nothing within {timeout_s:.0f} s")
        time.sleep(poll_s)


def settled(party: Party, intents: list[dict[str, Any]]) -> None:
    """Wait until wanted writes stand on the chain.

    Raises:
        StepFailed: the chain refused one, or it took too long.
    """
    for intent in intents:

        def outcome(identifier: str = intent["intent_id"]) -> dict[str, Any] | None:
            now = party.get(f"/v1/intents/{identifier}")
            return now if now["state"] in ("done", "failed") else None

        ended = wait_for(f"{party.name}: {intent['call']['function']}", outcome)
        if ended["state"] == "failed":
            raise StepFailed(f"{party.name}: the chain refused {intent['call']['function']}: {ended['failure']}")
