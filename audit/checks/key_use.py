"""Judge the key that signed each credential by what was known at the block that attested it.

Proves that nothing was signed by a key that was then not registered, ended or known to be compromised. What was
declared afterwards is a class of finding of its own: it makes nobody's judgement of that time wrong.
"""

from collections.abc import Iterator
from typing import Any, Final

from audit import rules
from audit.checks.node_records import thumbprint_of
from audit.database import NodeDatabase
from audit.findings import Finding, Rule
from audit.state import (
    KEY_ACTIVE,
    KEY_COMPROMISED,
    KEY_EXPIRED,
    KEY_NOT_YET_VALID,
    KEY_REVOKED,
    KEY_UNKNOWN,
    State,
)

_CREDENTIAL_SIGNING: Final = 1
_SAID: Final = {
    KEY_UNKNOWN: "was signed by a key not registered for it",
    KEY_NOT_YET_VALID: "was attested outside its key's validity: too early",
    KEY_EXPIRED: "was attested outside its key's validity: too late",
    KEY_REVOKED: "was attested outside its key's validity: after its revocation",
    KEY_COMPROMISED: "was attested under a key that was known to be compromised",
}


def compare_key_use(database: NodeDatabase, state: State, member: str) -> tuple[list[Finding], int]:
    """Judge the signing key of each attested credential of a member's node; give findings and a count.

    Raises:
        AuditImpossible: the database cannot be read.
    """
    findings: list[Finding] = []
    looked_at = 0
    for row in database.rows("SELECT credential_id, schema_id, digest, signing_key_id FROM credentials"):
        attested = state.digests.find(member, row["schema_id"], row["digest"])
        if attested is not None:
            looked_at += 1
            findings.extend(_judge(row, state, member, attested.time, attested.block))
    return findings, looked_at


def _judge(row: dict[str, Any], state: State, member: str, time: int, block: int) -> Iterator[Finding]:
    name = f"{member}/{thumbprint_of(row['signing_key_id'])}"
    known = state.keys.get(name, {}).get("purpose") == _CREDENTIAL_SIGNING
    then = state.key_state_at(name, time, block) if known else KEY_UNKNOWN
    if then != KEY_ACTIVE:
        yield _finding(rules.SIGNING_KEY_UNFIT, row, _SAID[then], block)
    if known and KEY_COMPROMISED == state.key_state_at(name, time, state.block) != then:
        message = "was signed by a key declared compromised later, from before its attestation"
        yield _finding(rules.SIGNING_KEY_COMPROMISED, row, message, block)


def _finding(rule: Rule, row: dict[str, Any], message: str, block: int) -> Finding:
    return Finding(rule, f"credential {row['credential_id']}", message, block)
