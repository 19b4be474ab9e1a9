"""Replay the anchors of the members' transparency logs: none shrinks, none is rewritten, each by its own member.

A successor of the contract begins empty and would take less than its predecessor held: what stood anywhere counts.
"""

from typing import Any, Final

from audit import rules
from audit.decoding import Event
from audit.replay.course import Course, Handler

_ATTEST: Final = 1


def _anchored(course: Course, event: Event, time: int) -> None:
    state, member, epoch = course.state, event.args["member"], event.args["epoch"]
    _require_present(course, event, time)
    if not _serves(course, event.args["account"], member):
        course.report(rules.ACT_WITHOUT_STANDING, event, "a log was anchored by an account that does not serve it")
    newest = {"size": event.args["size"], "root": event.args["root"], "anchored_at": time}
    here = f"{member}/{epoch}/{event.address}"
    elsewhere = [
        anchor
        for place, anchor in state.log_anchors.items()
        if place.startswith(f"{member}/{epoch}/") and place != here
    ]
    opened = [number for place, number in state.log_epochs.items() if place.startswith(f"{member}/")]
    # A successor begins at the first epoch again: what a predecessor closed stays closed.
    is_present = epoch == state.log_epochs.get(f"{member}/{event.address}", 1) == max(opened, default=1)
    grew = newest["size"] > state.log_anchors.get(here, {"size": 0})["size"]
    if not (is_present and grew and all(_may_follow(newest, anchor) for anchor in elsewhere)):
        course.report(rules.HISTORY_REWRITTEN, event, "an anchored log shrank, forked, or is of a closed epoch")
    state.log_anchors[here] = newest
    state.anchored.setdefault(f"{member}/{epoch}", []).append([newest["size"], newest["root"]])


def _require_present(course: Course, event: Event, time: int) -> None:
    """Report a log of nobody, or of a removed member: not even the quorum opens one an epoch."""
    standing = course.state.status_at(event.args["member"], time)
    if standing not in ("active", "suspended"):
        course.report(rules.ACT_WITHOUT_STANDING, event, f"{event.name} for a member that was {standing}")


def _serves(course: Course, account: str, member: str) -> bool:
    operator = course.state.operators.get(account)
    if operator is None:
        return bool(course.state.members[member]["governance"][-1][0] == account)
    return (
        operator["member"] == member
        and operator["purpose"] == _ATTEST
        and operator["retired_at"] is None
        and operator["compromised_since"] is None
    )


def _may_follow(newest: dict[str, Any], before: dict[str, Any]) -> bool:
    same = newest["size"] == before["size"] and newest["root"] == before["root"]
    return same or bool(newest["size"] > before["size"])


def _epoch_opened(course: Course, event: Event, time: int) -> None:
    key = f"{event.args['member']}/{event.address}"
    _require_present(course, event, time)
    if event.args["epoch"] != course.state.log_epochs.get(key, 1) + 1:
        course.report(rules.HISTORY_REWRITTEN, event, "an epoch of a log was left out or opened twice")
    course.state.log_epochs[key] = event.args["epoch"]
    course.state.opened.setdefault(f"{event.args['member']}/{event.args['epoch']}", event.block_number)


HANDLERS: dict[tuple[str, str], Handler] = {
    ("LogAnchor", "LogAnchored"): _anchored,
    ("LogAnchor", "LogEpochOpened"): _epoch_opened,
}
"""Which event is replayed by what."""
