"""Name the first few rows of which something is wrong, and count the rest: a whole table of millions may be."""

from collections.abc import Iterable
from typing import Final

from audit import rules
from audit.findings import Finding

MOST_NAMED: Final = 10


def bounded(found: Iterable[Finding], more: str, member: str) -> list[Finding]:
    """Give the first of the findings, and one more that counts the others; `more` says of what they are."""
    named: list[Finding] = []
    count = 0
    for finding in found:
        count += 1
        if count <= MOST_NAMED:
            named.append(finding)
    if count > MOST_NAMED:
        subject = f"{count - MOST_NAMED} more {more}"
        named.append(Finding(rules.ROW_MISMATCH, subject, "are not as they were logged", member=member))
    return named
