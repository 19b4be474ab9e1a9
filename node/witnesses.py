"""Call the other members' nodes about transparency logs, and whoever keeps copies of ours.

The chain names the addresses of members; those of copies are settings.
"""

from typing import Final

from jeung.crypto.tlog.tiles import TILE_WIDTH
from jeung.domain.transparency import MAX_ENTRY_BYTES
from jeung.ports.log import WitnessAnswer
from node.outbound import OutboundHttp

KEY_HEADER: Final = "Jeung-Verifier-Key"
_MAX_ANSWER_BYTES: Final = 16 * 1024
MAX_BUNDLE_BYTES: Final = TILE_WIDTH * (2 + MAX_ENTRY_BYTES) + 1
"""A byte more than the longest bundle of entries of a member's log, so that a longer answer is no bundle."""
_MAX_KEY_LENGTH: Final = 1_024
_COPY_TIMEOUT_S: Final = 5
_OK: Final = 200


class HttpWitnessCalls:
    """Serve the core's port `WitnessCalls` over HTTP."""

    def __init__(self, *, timeout_s: int, allow_private: bool, max_answer_bytes: int = _MAX_ANSWER_BYTES) -> None:
        """Wait so many seconds for each step of a call; `allow_private` is for sandboxes."""
        self._http = OutboundHttp(
            "a member's log", timeout_s=timeout_s, allow_private=allow_private, max_answer_bytes=max_answer_bytes
        )

    def call(self, method: str, url: str, body: bytes, key: str) -> WitnessAnswer | None:
        """Call once; None where there was no answer or the address is not to be called."""
        headers = {"Content-Type": "text/plain; charset=utf-8", KEY_HEADER: key} if method == "POST" else {}
        answer = self._http.call(method, url, body, headers)
        if answer is None:
            return None
        said = {name.lower(): value for name, value in answer.headers.items()}
        return WitnessAnswer(answer.status, answer.body, said.get(KEY_HEADER.lower(), "")[:_MAX_KEY_LENGTH])


class HttpLogCopies:
    """Serve the core's port `LogCopies` over HTTP."""

    def __init__(self) -> None:
        """Call private addresses as well: the member itself names where its copies lie."""
        self._http = OutboundHttp(
            "a copy of the log", timeout_s=_COPY_TIMEOUT_S, allow_private=True, max_answer_bytes=MAX_BUNDLE_BYTES
        )

    def get(self, url: str) -> bytes | None:
        """Fetch once; None where there is nothing, or not in time."""
        answer = self._http.call("GET", url, b"", {})
        return answer.body if answer is not None and answer.status == _OK else None
