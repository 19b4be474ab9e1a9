"""Replay attestations and statuses: who vouched for which digest under which entitlement, and what became of it."""

from itertools import pairwise

from audit import rules
from audit.decoding import Event
from audit.digests import LENGTH, Run
from audit.replay.course import Course, Handler
from audit.statuses import REVOKED, StatusList
from jeung.crypto.hashing import keccak256

_ATTEST, _ISSUER = 1, 1
_VALID, _SUSPENDED = 0, 2
_LIST_SIZE, _INDEX_BYTES = 1 << 20, 3


def _attested(course: Course, event: Event, time: int) -> None:
    state = course.state
    issuer, schema, batch = event.args["issuer"], event.args["schema"], event.args["batch"]
    _judge_contents(course, event)
    _judge_entitlement(course, event, time)
    if batch in state.batches:
        course.report(rules.HISTORY_REWRITTEN, event, "a batch was attested again")
        return
    state.batches[batch] = {
        "issuer": issuer,
        "schema": schema,
        "operator": event.args["operator"],
        "root": event.args["root"],
        "count": len(event.args["digests"]) // LENGTH,
        "time": time,
        "block": event.block_number,
        "log": event.log_index,
        "transaction": event.transaction,
        "at": event.address,
    }
    state.digests.add(Run(batch, issuer, schema, time, event.block_number, event.args["digests"]))


def _judge_contents(course: Course, event: Event) -> None:
    def judge(root: str | None) -> None:
        if root != event.args["root"]:
            course.report(rules.ROOT_MISMATCH, event, "the digests do not give the batch's root")

    course.roots.ask(event.args["digests"], judge)
    packed = b"".join(bytes.fromhex(event.args[name][2:]) for name in ("issuer", "schema", "root"))
    if "0x" + keccak256(packed).hex() != event.args["batch"]:
        course.report(rules.ID_MISMATCH, event, "the batch's id is not the hash of issuer, schema and root")


def _judge_entitlement(course: Course, event: Event, time: int) -> None:
    state, issuer, schema = course.state, event.args["issuer"], event.args["schema"]
    operator = state.operators.get(event.args["operator"])
    entitled = (
        operator is not None
        and operator["member"] == issuer
        and operator["purpose"] == _ATTEST
        and operator["retired_at"] is None
        and operator["compromised_since"] is None
    )
    if not entitled:
        course.report(rules.ATTESTED_BY_STRANGER, event, "the account was not an ATTEST operator of the issuer")
    if state.status_at(issuer, time) != "active" or not state.roles_at(issuer, time) & _ISSUER:
        course.report(rules.ACT_WITHOUT_STANDING, event, "the issuer was not an active issuer")
    if not state.accredited_at(issuer, schema, time):
        course.report(rules.ATTESTED_UNACCREDITED, event, "the issuer was not accredited for the schema")


def unpack_indexes(packed: str) -> list[int] | None:
    """Read packed indexes, three big-endian bytes each, strictly ascending, below 2^20; None when they are not."""
    raw = bytes.fromhex(packed[2:])
    indexes = [int.from_bytes(raw[at : at + _INDEX_BYTES]) for at in range(0, len(raw), _INDEX_BYTES)]
    ascending = all(before < after for before, after in pairwise(indexes))
    return indexes if indexes and not len(raw) % _INDEX_BYTES and ascending and indexes[-1] < _LIST_SIZE else None


def _statuses_set(course: Course, event: Event, time: int) -> None:
    issuer, number, status = event.args["issuer"], event.args["list"], event.args["status"]
    indexes = unpack_indexes(event.args["indexes"])
    if issuer not in course.state.members or indexes is None or status not in (_VALID, REVOKED, _SUSPENDED):
        course.report(rules.HISTORY_BROKEN, event, "no member, no such status, or malformed status indexes")
        return
    _judge_standing(course, event, time)
    if event.address in course.state.closed:
        course.report(rules.HISTORY_REWRITTEN, event, "a closed status registry was written to")
    course.state.status_events[f"{event.block_number}/{event.log_index}"] = [
        issuer,
        number,
        status,
        event.args["indexes"],
        time,
        event.transaction,
    ]
    if course.state.statuses.setdefault(f"{issuer}/{number}", StatusList()).set(indexes, status, time):
        course.report(rules.REVOCATION_UNDONE, event, "a revoked credential got another status")


def _judge_standing(course: Course, event: Event, time: int) -> None:
    """Judge who may: the active do as they like, the suspended and the quorum only tighten, the removed nothing."""
    if event.args["status"] == _VALID:
        course.require_active(event, event.args["issuer"], time)
    else:
        course.require_present(event, event.args["issuer"], time)


def _closed(course: Course, event: Event, time: int) -> None:
    course.state.closed[event.address] = time


HANDLERS: dict[tuple[str, str], Handler] = {
    ("AttestationRegistry", "CredentialsAttested"): _attested,
    ("StatusRegistry", "StatusesSet"): _statuses_set,
    ("StatusRegistry", "StatusRegistryClosed"): _closed,
}
