"""Replay who is a member, how it stands, and which accounts act for it."""

from audit import rules
from audit.decoding import Event
from audit.replay.course import Course, Handler
from audit.state import FOREVER
from jeung.crypto.hashing import keccak256

_SUPERVISOR = 4
NOBODY = "0x" + "00" * 32


def _admitted(course: Course, event: Event, time: int) -> None:
    member, url = event.args["member"], event.args["url"]
    if member != "0x" + keccak256(url.encode()).hex():
        course.report(rules.ID_MISMATCH, event, "the member's id is not the hash of its URL")
    _take_url(course, event, url)
    _take_account(course, event, event.args["governance"])
    course.state.members[member] = {
        "urls": [url],
        "governance": [[event.args["governance"], time]],
        "roles": [[time, event.args["roles"]]],
        "admitted_at": time,
        "suspensions": [],
        "removed": None,
        "at": event.address,
    }


def _take_url(course: Course, event: Event, url: str) -> None:
    if any(url in record["urls"] for record in course.state.members.values()):
        course.report(rules.HISTORY_BROKEN, event, "a URL was given to a second member")


def _take_account(course: Course, event: Event, account: str) -> None:
    """Report an account that already serves: it serves one member and one purpose for ever."""
    members = course.state.members.values()
    taken = any(account == former for record in members for former, _ in record["governance"])
    if taken or account in course.state.operators:
        course.report(rules.HISTORY_BROKEN, event, "an account was taken that had served before")


def _url_added(course: Course, event: Event, time: int) -> None:
    urls = course.state.members[event.args["member"]]["urls"]
    _take_url(course, event, event.args["url"])
    urls.append(event.args["url"])


def _roles_changed(course: Course, event: Event, time: int) -> None:
    course.state.members[event.args["member"]]["roles"].append([time, event.args["roles"]])


def _governance_changed(course: Course, event: Event, time: int) -> None:
    member = event.args["member"]
    governance = course.state.members[member]["governance"]
    if not course.by_quorum(event):
        course.require_active(event, member, time)
    _take_account(course, event, event.args["account"])
    governance.append([event.args["account"], time])
    # A new account does not inherit the old one's word.
    for proposal in course.state.proposals.values():
        if member in proposal["approvals"]:
            proposal["approvals"][member] = 0


def _suspended(course: Course, event: Event, time: int) -> None:
    member, by = event.args["member"], event.args["suspendedBy"]
    suspensions = course.state.members[member]["suspensions"]
    if by != NOBODY:
        course.require_active(event, by, time)
        supervises = course.state.roles_at(by, time) & _SUPERVISOR
        if not supervises or course.state.roles_at(member, time) & _SUPERVISOR:
            course.report(rules.ACT_WITHOUT_STANDING, event, "only a supervisor suspends, and no other supervisor")
    elif not course.by_quorum(event):
        course.report(rules.ACT_WITHOUT_QUORUM, event, "a suspension by nobody, and by no executed proposal")
    # The quorum's suspension does not lapse: its `until` is 0.
    until = event.args["until"] or FOREVER
    suspensions.append({"began": time, "until": until, "ended": FOREVER, "by": by})


def _confirmed(course: Course, event: Event, time: int) -> None:
    _last_suspension(course, event)["until"] = FOREVER


def _reinstated(course: Course, event: Event, time: int) -> None:
    _last_suspension(course, event)["ended"] = time


def _last_suspension(course: Course, event: Event) -> dict[str, int]:
    suspensions = course.state.members[event.args["member"]]["suspensions"]
    if not suspensions:
        raise KeyError(event.args["member"])
    last: dict[str, int] = suspensions[-1]
    return last


def _removed(course: Course, event: Event, time: int) -> None:
    removal = {"at": time, "since": event.args["effectiveSince"], "for_cause": event.args["forCause"]}
    course.state.members[event.args["member"]]["removed"] = removal


def _operator_authorized(course: Course, event: Event, time: int) -> None:
    course.require_active(event, event.args["member"], time)
    _take_account(course, event, event.args["account"])
    course.state.operators[event.args["account"]] = {
        "member": event.args["member"],
        "purpose": event.args["purpose"],
        "authorized_at": time,
        "retired_at": None,
        "compromised_since": None,
        "at": event.address,
    }


def _operator_retired(course: Course, event: Event, time: int) -> None:
    record = course.state.operators[event.args["account"]]
    course.require_present(event, record["member"], time)
    if record["retired_at"] is not None:
        course.report(rules.HISTORY_REWRITTEN, event, "an operator was retired again")
    record["retired_at"] = time


def _operator_compromised(course: Course, event: Event, time: int) -> None:
    record, since = course.state.operators[event.args["account"]], event.args["since"]
    course.require_present(event, record["member"], time)
    course.require_earlier(event, record["compromised_since"] or FOREVER, since, time)
    record["compromised_since"] = since


HANDLERS: dict[str, Handler] = {
    "MemberAdmitted": _admitted,
    "MemberUrlAdded": _url_added,
    "RolesChanged": _roles_changed,
    "GovernanceAccountChanged": _governance_changed,
    "MemberSuspended": _suspended,
    "SuspensionConfirmed": _confirmed,
    "MemberReinstated": _reinstated,
    "MemberRemoved": _removed,
    "OperatorAuthorized": _operator_authorized,
    "OperatorRetired": _operator_retired,
    "OperatorCompromised": _operator_compromised,
}
