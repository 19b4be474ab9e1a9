"""Compare the keys a node says it holds with those the chain knows, and with what was signed.

Proves that keys at work are registered, that what is registered is held, and that nothing was signed with a key
after its end. It cannot prove that the node says all: a key that is in no inventory leaves only its signatures.
"""

from collections.abc import Iterator
from typing import Any, Final

from audit import rules
from audit.checks.node_records import thumbprint_of
from audit.database import NodeDatabase
from audit.findings import Finding, Rule
from audit.state import FOREVER, State, latest

_REGISTERED: Final = {
    "credential_signing": 1,
    "status_signing": 2,
    "request_signing": 3,
    "token_signing": 4,
    "receipt_signing": 5,
    "webhook_signing": 6,
    "log_checkpoint_signing": 7,
    "witness_cosigning": 8,
}
_NEVER: Final = (1 << 62) - 1
_LATE_S: Final = 120
"""How long the worker may take to tell the chain, and a signature in another process to notice the end."""

Row = dict[str, Any]


def compare_inventory(database: NodeDatabase, state: State, member: str, now: int) -> tuple[list[Finding], int]:
    """Compare a member's inventory with the chain at `state.block`; give findings and the number of keys.

    A node that has not written its inventory yet is not compared.

    Raises:
        AuditImpossible: the database cannot be read.
    """
    rows = {str(row["key_id"]): row for row in database.rows("SELECT * FROM key_inventory")}
    if not rows:
        return [], 0
    findings = [finding for row in rows.values() for finding in _held(row, state, member, now)]
    findings += _not_held(rows, state, member)
    findings += _used_after_the_end(database, state)
    return findings, len(rows)


def _held(row: Row, state: State, member: str, now: int) -> Iterator[Finding]:
    purpose = _REGISTERED.get(str(row["purpose"]))
    if purpose is None or row["state"] != "active":
        return
    key = state.keys.get(f"{member}/{thumbprint_of(row['key_id'])}")
    if key is None:
        if not _is_young(row["activated_at"], now):
            yield _finding(rules.KEY_NOT_REGISTERED, row, "is at work and not registered", state)
        return
    if key["purpose"] != purpose:
        yield _finding(rules.KEY_STATE_MISMATCH, row, f"is registered for purpose {key['purpose']}", state)
    for ended, what in (("compromises", "compromised"), ("revocations", "revoked")):
        time = latest(key[ended], FOREVER)
        if time < now - _LATE_S:
            yield _finding(rules.KEY_STATE_MISMATCH, row, f"is at work and {what} since {time} on the chain", state)
    if key["not_after"] <= now:
        yield _finding(rules.KEY_STATE_MISMATCH, row, "is at work and has expired on the chain", state)


def _not_held(rows: dict[str, Row], state: State, member: str) -> Iterator[Finding]:
    held = {thumbprint_of(key_id) for key_id in rows}
    for name, key in state.keys.items():
        owner, thumbprint = name.split("/")
        ended = key["revocations"] or key["compromises"]
        if owner == member and thumbprint not in held and not ended:
            message = "is registered and the node does not hold it"
            yield Finding(rules.KEY_NOT_HELD, f"key {thumbprint}", message, state.block)


def _used_after_the_end(database: NodeDatabase, state: State) -> Iterator[Finding]:
    rows = database.rows(
        "SELECT k.key_id AS key_id, count(*) AS number FROM credentials c JOIN key_inventory k"
        " ON k.key_id = c.signing_key_id WHERE k.state <> 'active' AND c.issued_at >"
        " min(coalesce(k.retired_at, :ever), coalesce(k.destroyed_at, :ever), coalesce(k.compromised_at, :ever))"
        " GROUP BY k.key_id",
        ever=_NEVER,
    )
    for row in rows:
        message = f"signed {row['number']} credentials after it was retired, destroyed or compromised"
        yield _finding(rules.KEY_USED_AFTER_END, row, message, state)


def _is_young(time: object, now: int) -> bool:
    return isinstance(time, int) and time > now - _LATE_S


def _finding(rule: Rule, row: Row, message: str, state: State) -> Finding:
    return Finding(rule, f"key {row['key_id']}", message, state.block)
