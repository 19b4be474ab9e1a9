"""Judge where a wallet wants its answer sent, and send it there (RFC 6749, RFC 8252, RFC 9207).

Wallets do not register, so a redirect address is judged by what a browser would do with it: it leads to a site over
TLS, to a program on the same device, or to a wallet app by its own scheme. A scheme that a browser runs or reads
itself is refused.
"""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, urlencode

from jeung.errors import MalformedInput

MAX_REDIRECT_CHARACTERS: Final = 1_024

_PATH = r"(?:/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?(?:\?[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)?"
_HOST = r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?"
_SITE = re.compile(rf"(https://{_HOST}(?::[0-9]{{1,5}})?){_PATH}")
_DEVICE = re.compile(rf"(http://(?:localhost|127\.0\.0\.1|\[::1\])(?::[0-9]{{1,5}})?){_PATH}")
_APP = re.compile(r"(([a-z][a-z0-9+.-]{1,63}):)[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*")
# What browsers and systems take for themselves; no wallet can own one of these.
_NOT_AN_APP = re.compile(
    "https?|wss?|ftp|file|data|blob|filesystem|javascript|vbscript|about|view-source|jar|chrome|resource|moz-icon|"
    "intent|android-app|mailto|tel|sms|smsto|geo|market|content|ms-settings|search-ms"
)
# What an answer carries must come from us alone.
_ANSWERS: Final = frozenset({"code", "state", "iss", "error", "error_description", "response"})


def redirect_target(address: str) -> str:
    """Give what a policy for forms must name so that a page may lead to an address: its origin, or its scheme.

    Raises:
        MalformedInput: it is no address that a wallet can be found at.
    """
    names = {name for name, _ in parse_qsl(address.partition("?")[2], keep_blank_values=True)}
    if len(address) <= MAX_REDIRECT_CHARACTERS and names.isdisjoint(_ANSWERS):
        match = _SITE.fullmatch(address) or _DEVICE.fullmatch(address)
        if match is not None:
            return match[1]
        match = _APP.fullmatch(address)
        if match is not None and _NOT_AN_APP.fullmatch(match[2]) is None:
            return match[1]
    raise MalformedInput("`redirect_uri` is not an address a wallet can be found at")


def answer_address(redirect_uri: str, issuer: str, state: str | None, answer: Mapping[str, str]) -> str:
    """Write the address that carries an answer to the wallet, with the issuer it comes from (RFC 9207)."""
    parameters = {**answer, **({} if state is None else {"state": state}), "iss": issuer}
    return f"{redirect_uri}{'&' if '?' in redirect_uri else '?'}{urlencode(parameters)}"
