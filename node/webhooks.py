"""Post to webhooks: the settings list the addresses, so none is a stranger's; still they are called with care."""

from node.outbound import OutboundHttp

_MAX_ANSWER_BYTES = 4_096


class HttpWebhookPost:
    """Serve the core's port `WebhookPost` over HTTP."""

    def __init__(self, *, timeout_s: int, allow_private: bool) -> None:
        """Wait so many seconds for each step of a post; `allow_private` is for sandboxes."""
        self._http = OutboundHttp(
            "a webhook", timeout_s=timeout_s, allow_private=allow_private, max_answer_bytes=_MAX_ANSWER_BYTES
        )

    def post(self, url: str, body: bytes, content_type: str) -> int | None:
        """Post once; give the HTTP status, or None where there was no answer or the address is not to be called."""
        answer = self._http.call("POST", url, body, {"Content-Type": content_type})
        return None if answer is None else answer.status
