"""Tell whether a judgement has the form that every judgement has."""

from collections.abc import Mapping
from typing import Any, Final

from jeung.services.evidence.rejudging import LAST_STEP

MAX_SAID: Final = 2_048


def is_sayable(judgement: Mapping[str, Any]) -> bool:
    """Tell whether the verdict can repeat it in a line: who packs evidence writes none of the verdict himself."""
    said = [str(judgement[name]) for name in ("evidence_id", "relying_party", "profile", "code")]
    return all(text.isprintable() and len(text) <= MAX_SAID for text in said)


def is_consistent(judgement: Mapping[str, Any]) -> bool:
    """Tell whether result and code are what the steps come to: all nine passed, or the last one refused."""
    *before, last = judgement["steps"]
    numbered = [step["number"] for step in judgement["steps"]] == list(range(1, len(before) + 2))
    if not numbered or not all(step["passed"] is True for step in before):
        return False
    if judgement["result"] == "verified":
        return judgement["code"] is None and last["passed"] is True and last["number"] == LAST_STEP
    return last["passed"] is False and last["facts"] == {"code": judgement["code"]}
