"""Let key ids be arguments: one in 64 begins with a hyphen, and would be read as options.

A key id is a SHA-256 in base64url, 43 characters (RFC 7638), so whoever has to stop a leaked key copies what
`jeung keys list` shows. It is marked before the command line is read, and the mark is taken off by the command.
"""

import re
from collections.abc import Sequence
from typing import Final

_MARK: Final = "key:"
_LOOKS_LIKE_OPTIONS: Final = re.compile(r"-[A-Za-z0-9_-]{42}")


def marked(arguments: Sequence[str]) -> list[str]:
    """Mark the arguments that are key ids and would be read as options."""
    return [_MARK + one if _LOOKS_LIKE_OPTIONS.fullmatch(one) else one for one in arguments]


def unmarked(key_id: str) -> str:
    """Give a key id without its mark."""
    return key_id.removeprefix(_MARK)
