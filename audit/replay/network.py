"""Replay which nodes and accounts were let into the network, by whom they were taken out, and who was isolated."""

from typing import Any

from eth_abi.abi import encode

from audit import rules
from audit.decoding import Event
from audit.replay.course import Course, Handler
from audit.replay.members import NOBODY
from jeung.crypto.hashing import keccak256

_SUPERVISOR = 4
_LONGEST_ISOLATION_S = 7 * 86_400
ENDPOINT_FIELDS = ("keyX", "keyY", "ip", "domain", "port", "discoveryPort")
_ENDPOINT_TYPES = "(bytes32,bytes32,bytes16,string,uint16,uint16)"


def _node_added(course: Course, event: Event, time: int) -> None:
    node = event.args["node"]
    endpoint = {name: event.args[name] for name in ENDPOINT_FIELDS}
    values = [bytes.fromhex(value[2:]) if name in ENDPOINT_FIELDS[:3] else value for name, value in endpoint.items()]
    if node != "0x" + keccak256(encode([_ENDPOINT_TYPES], [tuple(values)])).hex():
        course.report(rules.ID_MISMATCH, event, "the node's id is not the hash of its endpoint")
    _added(course, event, course.state.nodes.setdefault(node, {"endpoint": endpoint, "spells": []})["spells"], time)


def _account_added(course: Course, event: Event, time: int) -> None:
    _added(course, event, course.state.network_accounts.setdefault(event.args["account"], []), time)


def _added(course: Course, event: Event, spells: list[dict[str, Any]], time: int) -> None:
    course.require_present(event, event.args["member"], time)
    if any(spell["removed_at"] is None for spell in spells if spell["at"] == event.address):
        course.report(rules.HISTORY_REWRITTEN, event, "an entry of the allowlist was added while it stood")
    spells.append(
        {
            "member": event.args["member"],
            "added_at": time,
            "removed_at": None,
            "isolated_until": 0,
            "at": event.address,
        }
    )


def _standing(course: Course, event: Event) -> dict[str, Any]:
    """Give the spell an event is about; raises KeyError where none stands."""
    state = course.state
    if "node" in event.args:
        spells = state.nodes[event.args["node"]]["spells"]
    else:
        spells = state.network_accounts[event.args["account"]]
    last: dict[str, Any] = [spell for spell in spells if spell["at"] == event.address][-1]
    if last["removed_at"] is not None or last["member"] != event.args["member"]:
        raise KeyError(event.args["member"])
    return last


def _removed(course: Course, event: Event, time: int) -> None:
    spell, by = _standing(course, event), event.args["removedBy"]
    if by == NOBODY:
        if not course.by_quorum(event):
            course.report(rules.ACT_WITHOUT_QUORUM, event, f"{event.name} by nobody, and by no executed proposal")
    elif by != spell["member"]:
        course.report(rules.ACT_WITHOUT_STANDING, event, f"{event.name} by another member than the entry's")
    else:
        course.require_present(event, by, time)
    spell["removed_at"] = time


def _isolated(course: Course, event: Event, time: int) -> None:
    state, spell = course.state, _standing(course, event)
    supervisor, until = event.args["supervisor"], event.args["until"]
    course.require_active(event, supervisor, time)
    suspended = state.status_at(spell["member"], time) == "suspended"
    if not state.roles_at(supervisor, time) & _SUPERVISOR or not suspended or until > time + _LONGEST_ISOLATION_S:
        message = "only a supervisor isolates, only a suspended member, and for seven days at the most"
        course.report(rules.ACT_WITHOUT_STANDING, event, message)
    spell["isolated_until"] = until


HANDLERS: dict[tuple[str, str], Handler] = {
    ("NetworkAllowlist", "NodeAdded"): _node_added,
    ("NetworkAllowlist", "NodeRemoved"): _removed,
    ("NetworkAllowlist", "NodeIsolated"): _isolated,
    ("NetworkAllowlist", "AccountAdded"): _account_added,
    ("NetworkAllowlist", "AccountRemoved"): _removed,
    ("NetworkAllowlist", "AccountIsolated"): _isolated,
}
