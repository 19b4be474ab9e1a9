"""Call the other members' nodes about transparency logs; the chain names their addresses."""

from typing import Final

from jeung.ports.log import WitnessAnswer
from node.outbound import OutboundHttp

KEY_HEADER: Final = "Jeung-Verifier-Key"
_MAX_ANSWER_BYTES: Final = 16 * 1024
_MAX_KEY_LENGTH: Final = 1_024


class HttpWitnessCalls:
    """Serve the core's port `WitnessCalls` over HTTP."""

    def __init__(self, *, timeout_s: int, allow_private: bool) -> None:
        """Wait so many seconds for each step of a call; `allow_private` is for sandboxes."""
        self._http = OutboundHttp(
            "a witness", timeout_s=timeout_s, allow_private=allow_private, max_answer_bytes=_MAX_ANSWER_BYTES
        )

    def call(self, method: str, url: str, body: bytes, key: str) -> WitnessAnswer | None:
        """Call once; None where there was no answer or the address is not to be called."""
        headers = {"Content-Type": "text/plain; charset=utf-8", KEY_HEADER: key} if method == "POST" else {}
        answer = self._http.call(method, url, body, headers)
        if answer is None:
            return None
        said = {name.lower(): value for name, value in answer.headers.items()}
        return WitnessAnswer(answer.status, answer.body, said.get(KEY_HEADER.lower(), "")[:_MAX_KEY_LENGTH])
