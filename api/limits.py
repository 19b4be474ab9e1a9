"""Count requests per caller through the RateLimiter port, which all processes of a node share.

A caller is a registered client once its token is verified, otherwise an address. Only the address of the connection
counts, or what our own proxies (settings: `trusted_proxies`) wrote; a header a stranger sends decides nothing.
"""

import enum
import ipaddress

from flask import request

from api.context import caller, runtime
from api.errors import RateLimited


class Limit(enum.StrEnum):
    """Name the limits; their rates are settings (`rate_<name>`)."""

    DEFAULT = "default"
    PUBLIC = "public"
    TOKEN = "token"  # noqa: S105 - the name of a limit


def count(limit: Limit) -> None:
    """Count this request.

    Raises:
        RateLimited: the caller has made more than its limit allows.
    """
    known = caller()
    name = f"client:{known.client_id}" if known is not None else f"address:{network(request.remote_addr)}"
    retry_after_s = runtime().limiter.hit(limit.value, name)
    if retry_after_s is not None:
        raise RateLimited(retry_after_s=max(1, retry_after_s))


def network(address: str | None) -> str:
    """Give what one subscriber holds: an IPv4 address, or a /64 of IPv6, within which addresses cost nothing."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((int(parsed), 64), strict=False))
    return str(parsed)
