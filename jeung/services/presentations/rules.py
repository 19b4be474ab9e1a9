"""State the bounds presentation requests work with."""

from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class PresentationRules:
    """Say who asks (our URL) and how long a request is good for, in seconds.

    `redirects_need_https` is False only in a sandbox, whose browsers and servers speak over the loop-back.
    """

    url: str
    ttl_s: int = 300
    redirects_need_https: bool = True

    @property
    def host(self) -> str:
        """Give our DNS name, as it stands in our certificates."""
        return urlsplit(self.url).hostname or ""

    def request_uri(self, request_id: str) -> str:
        """Give where a wallet fetches the request."""
        return f"{self.url}/oid4vp/requests/{request_id}"

    def response_uri(self, request_id: str) -> str:
        """Give where a wallet sends its answer."""
        return f"{self.url}/oid4vp/responses/{request_id}"
