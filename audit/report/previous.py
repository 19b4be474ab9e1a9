"""Read an earlier audit, so that a report says what is new since then, what is still there and what is gone."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from audit.findings import AuditImpossible, Report

_MAX_BYTES: Final = 64 << 20
_REFUSED: Final = "the earlier audit cannot be read: it is no whole file of `jeung audit --format json`"


@dataclass(frozen=True, slots=True)
class Earlier:
    """Hold what an earlier audit found: how many findings of each rule and subject."""

    to_block: int
    sha256: str
    found: Mapping[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class Difference:
    """Hold how many findings of each rule are new, still there and gone."""

    new: Counter[str]
    still: Counter[str]
    gone: Counter[str]


def read_earlier(path: Path, deployment_id: str) -> Earlier:
    """Read the JSON of an earlier audit of the same consortium.

    Raises:
        AuditImpossible: it is missing, larger than 64 MiB, truncated, altered in form, or of another consortium.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise AuditImpossible("the earlier audit is larger than 64 MiB")
        raw = path.read_bytes()
        document = orjson.loads(raw)
        found = Counter((_text(one["rule"]), _text(one["subject"])) for one in document["findings"])
        earlier = Earlier(_block(document["to_block"]), hashlib.sha256(raw).hexdigest(), found)
        about = _text(document["deployment_id"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise AuditImpossible(_REFUSED) from error
    if about != deployment_id:
        raise AuditImpossible("the earlier audit is of another consortium")
    return earlier


def _text(value: Any) -> str:  # noqa: ANN401 - JSON of a file
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _block(value: Any) -> int:  # noqa: ANN401 - JSON of a file
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise TypeError("not a block")
    return value


def compare(earlier: Earlier, report: Report) -> Difference:
    """Compare findings by rule and subject; the same finding at another block is the same."""
    now = Counter((finding.rule.rule_id, finding.subject) for finding in report.findings)
    then = Counter(earlier.found)
    counts: list[Counter[str]] = []
    for kind in (now - then, now & then, then - now):
        by_rule: Counter[str] = Counter()
        for (rule, _), number in kind.items():
            by_rule[rule] += number
        counts.append(by_rule)
    return Difference(*counts)
