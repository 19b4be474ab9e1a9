"""Write and read the URL of a status list: `<url>/status-lists/<n>`, n the ledger's list number."""

import re

_NUMBER = re.compile(r"0|[1-9][0-9]{0,9}")
_MAX_LIST_NUMBER = (1 << 32) - 1


def status_list_uri(url: str, list_number: int) -> str:
    """Give the URL of a member's status list."""
    return f"{url}/status-lists/{list_number}"


def parse_status_list_uri(url: str, uri: str) -> int | None:
    """Read the list number out of a status list's URL, or None when it is not one of this member's URL.

    The list's owner must be the issuer: a list of anybody else says nothing about this credential.
    """
    prefix = f"{url}/status-lists/"
    text = uri.removeprefix(prefix)
    if not uri.startswith(prefix) or _NUMBER.fullmatch(text) is None:
        return None
    number = int(text)
    return number if number <= _MAX_LIST_NUMBER else None
