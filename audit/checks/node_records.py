"""Compare what an issuer's node recorded with what stands on the chain.

Proves that every issued credential is attested, that nothing was attested without a credential, that statuses are
what the issuer decided, and that signing keys were fit. It cannot prove that a person stood behind a credential.
"""

from collections.abc import Iterator

from audit import rules
from audit.database import NodeDatabase, thumbprint_of
from audit.findings import Finding, Rule
from audit.state import FOREVER, State

_WAITING_S = 120
"""How long an issued credential may wait for its attestation before its absence is a finding."""
_CREDENTIAL_SIGNING = 1


def compare(database: NodeDatabase, state: State, member: str, now: int) -> tuple[list[Finding], int]:
    """Compare the records of a member's node with the chain at `state.block`; give findings and a count."""
    findings: list[Finding] = []
    indexes: set[tuple[int, int]] = set()
    digests: set[str] = set()
    moving = {
        (row["list_number"], row["status_index"])
        for row in database.rows(
            "SELECT w.list_number, w.status_index FROM status_works w"
            " LEFT JOIN chain_transactions t ON t.hash = w.transaction_hash"
            " WHERE w.state <> 'done' OR t.block_number > :block",
            block=state.block,
        )
    }
    for row in database.rows("SELECT * FROM credentials"):
        key = f"{member}/{row['schema_id']}/{row['digest']}"
        place = (row["list_number"], row["status_index"])
        digests.add(key)
        indexes.add(place)
        attested = state.digests.get(key)
        if attested is None:
            if row["issued_at"] < now - _WAITING_S:
                findings.append(_finding(rules.ATTESTATION_MISSING, row, "is not on the chain", state))
        else:
            findings.extend(_signing_key(row, state, member, attested[1]))
        entry = state.statuses.get(f"{member}/{place[0]}", {}).get(str(place[1]), [0, 0])
        if place not in moving and entry[0] != row["wanted_status"]:
            message = f"should have status {row['wanted_status']} and has {entry[0]} on the chain"
            findings.append(_finding(rules.DATABASE_MISMATCH, row, message, state))
    findings.extend(_unexplained(state, member, digests, indexes))
    findings.extend(_evidence(database, state))
    return findings, len(digests)


def _signing_key(row: dict[str, str], state: State, member: str, attested_at: int) -> Iterator[Finding]:
    key = state.keys.get(f"{member}/{thumbprint_of(row['signing_key_id'])}")
    if key is None or key["purpose"] != _CREDENTIAL_SIGNING:
        yield _finding(rules.SIGNING_KEY_UNFIT, row, "was signed by a key not registered for it", state)
        return
    if not key["not_before"] <= attested_at < min(key["not_after"], key["revoked_at"] or FOREVER):
        yield _finding(rules.SIGNING_KEY_UNFIT, row, "was attested outside its key's validity", state)
    if (key["compromised_since"] or FOREVER) <= attested_at:
        yield _finding(rules.SIGNING_KEY_COMPROMISED, row, "was signed by a key declared compromised", state)


def _unexplained(state: State, member: str, digests: set[str], indexes: set[tuple[int, int]]) -> Iterator[Finding]:
    for key, (batch, _, block) in state.digests.items():
        if key.startswith(member) and key not in digests:
            subject = f"digest {key.split('/')[2]}"
            yield Finding(rules.ATTESTATION_UNEXPLAINED, subject, f"of batch {batch} has no credential", block)
    for pair, entries in state.statuses.items():
        issuer, number = pair.split("/")
        for index, (status, _) in entries.items():
            if issuer == member and status and (int(number), int(index)) not in indexes:
                subject = f"status {number}/{index}"
                message = "is set on the chain and belongs to no credential"
                yield Finding(rules.DATABASE_MISMATCH, subject, message, state.block)


def _evidence(database: NodeDatabase, state: State) -> Iterator[Finding]:
    kept = database.one("SELECT count(*) AS number FROM evidence")["number"]
    logged = database.one("SELECT count(*) AS number FROM log_events WHERE kind = 'presentation_judged'")["number"]
    if kept > logged:
        message = f"{kept} verifications are kept as evidence, {logged} were logged"
        yield Finding(rules.DATABASE_MISMATCH, "evidence", message, state.block)


def _finding(rule: Rule, row: dict[str, str], message: str, state: State) -> Finding:
    return Finding(rule, f"credential {row['credential_id']}", message, state.block)
