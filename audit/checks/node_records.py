"""Compare what an issuer's node recorded with what stands on the chain.

Proves that every issued credential is attested, that nothing was attested without a credential, that statuses are
what the issuer decided. It cannot prove that a person stood behind a credential.
"""

import base64
import binascii
import json
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from audit import rules
from audit.database import NodeDatabase, plain
from audit.digests import named
from audit.findings import Finding, Rule
from audit.remedies import Kind, Remedy, for_status
from audit.state import State
from audit.statuses import INDEXES_PER_WORD

_WAITING_S = 120
"""How long a credential may wait for its attestation, or a change of status for its block, before it is a finding."""
_KEY_ID_CHARACTERS = 43


class _Credential(NamedTuple):
    """Hold a row as the driver has it: there are as many as attestations."""

    credential_id: object
    schema_id: object
    digest: object
    list_number: object
    status_index: object
    wanted_status: object
    issued_at: object
    proofing_state: object
    work_state: object


_CREDENTIALS: Final = (
    "SELECT c.credential_id, c.schema_id, c.digest, c.list_number, c.status_index, c.wanted_status, c.issued_at,"
    " p.state, w.state FROM credentials c"
    " LEFT JOIN proofings p ON p.proofing_id = c.proofing_id"
    " LEFT JOIN attest_works w ON w.credential_id = c.credential_id ORDER BY c.number"
)


def compare_records(database: NodeDatabase, state: State, member: str, now: int) -> tuple[list[Finding], int]:
    """Compare the records of a member's node with the chain at `state.block`; give findings and a count.

    Raises:
        AuditImpossible: the database cannot be read.
    """
    findings: list[Finding] = []
    places = _Places(state, member)
    count = 0
    # What was erased left its digest and its place behind, so that the chain's entries do not look like a stranger's.
    for table in ("credentials", "erased_digests"):
        state.digests.explain(database.tuples(f"SELECT schema_id, digest FROM {table}"))  # noqa: S608 - two of ours
    for place in database.tuples("SELECT list_number, status_index FROM erased_places"):
        places.add(*place)
    missing = set(state.digests.unattested(member))
    moving = _moving(database, state, now)
    for row in map(_Credential._make, database.tuples(_CREDENTIALS)):
        count += 1
        places.add(row.list_number, row.status_index)
        attested = not missing or named(row.schema_id, row.digest) not in missing
        findings.extend(_credential(row, state, member, moving, now, attested=attested))
    findings.extend(_erased(database, state))
    findings.extend(_unexplained(state, member, places))
    return findings, count


class _Places:
    """Remember which places of a member's lists belong to a credential, of those that are not valid on the chain."""

    def __init__(self, state: State, member: str) -> None:
        lists = {pair.partition("/")[::2]: held for pair, held in state.statuses.items()}
        self._held = {int(number): held for (issuer, number), held in lists.items() if issuer == member}
        self._taken: dict[tuple[int, int], int] = {}

    def add(self, number: Any, index: Any) -> None:  # noqa: ANN401 - whatever a row holds
        """Remember a place."""
        held = self._held.get(number)
        if held is not None and held.at(index):
            word, bit = divmod(index, INDEXES_PER_WORD)
            self._taken[number, word] = self._taken.get((number, word), 0) | 1 << bit

    def strange(self) -> Iterator[tuple[int, int]]:
        """Give (list, index) of what is not valid on the chain and was not remembered."""
        for number, held in self._held.items():
            for index in held.not_valid():
                word, bit = divmod(index, INDEXES_PER_WORD)
                if not self._taken.get((number, word), 0) >> bit & 1:
                    yield number, index


def _erased(database: NodeDatabase, state: State) -> Iterator[Finding]:
    """Hold what counts as erased against the append-only log: a row too many would hide an attestation."""
    kept = database.one("SELECT count(*) AS number FROM erased_digests")["number"]
    bodies = database.rows("SELECT body FROM log_events WHERE kind = 'credentials_erased'")
    logged = sum(_copies(row["body"]) for row in bodies)
    if kept != logged:
        message = f"{kept} credentials count as erased, {logged} were logged"
        yield Finding(rules.DATABASE_MISMATCH, "erased credentials", message, state.block)


def _copies(body: object) -> int:
    """Read how many copies an entry of the log names; 0 where it cannot be read."""
    try:
        read = json.loads(bytes.fromhex(str(body).removeprefix("0x")))
        return int(read["copies"])
    except (ValueError, TypeError, KeyError):
        return 0


def _moving(database: NodeDatabase, state: State, now: int) -> set[str]:
    """Give the places whose change of status is on its way: young, or mined after the audited block."""
    rows = database.rows(
        "SELECT w.list_number, w.status_index FROM status_works w"
        " LEFT JOIN chain_transactions t ON t.hash = w.transaction_hash"
        " WHERE (w.state IN ('pending', 'sent') AND w.created_at > :since) OR t.block_number > :block",
        since=now - _WAITING_S,
        block=state.block,
    )
    return {f"{row['list_number']}/{row['status_index']}" for row in rows}


def _credential(
    row: _Credential, state: State, member: str, moving: set[str], now: int, *, attested: bool
) -> Iterator[Finding]:
    if row.proofing_state != "completed":
        yield _finding(rules.DATABASE_MISMATCH, row, "was issued without a completed proofing", state)
    if not attested and row.work_state == "done":
        again = Remedy(Kind.ATTEST_AGAIN, str(plain(row.credential_id)))
        yield _finding(rules.ATTESTATION_MISSING, row, "counts as attested and is not on the chain", state, again)
    elif not attested and (not isinstance(row.issued_at, int) or row.issued_at < now - _WAITING_S):
        yield _finding(rules.ATTESTATION_MISSING, row, "is not on the chain", state)
    held = state.statuses.get(f"{member}/{row.list_number}")
    standing = 0 if held is None else held.at(row.status_index)
    place = (row.list_number, row.status_index)
    if standing != row.wanted_status and "/".join(str(plain(part)) for part in place) not in moving:
        wanted = plain(row.wanted_status)
        message = f"should have status {wanted} and has {standing} on the chain"
        remedy = for_status(str(plain(row.credential_id)), wanted, standing)
        yield _finding(rules.DATABASE_MISMATCH, row, message, state, remedy)


def thumbprint_of(key_id: object) -> str:
    """Give a key id (base64url thumbprint) as the 0x-hex the chain uses; "" when it is none."""
    text = key_id if isinstance(key_id, str) and len(key_id) == _KEY_ID_CHARACTERS else ""
    try:
        return "0x" + base64.urlsafe_b64decode(text + "=").hex() if text else ""
    except (binascii.Error, ValueError):
        return ""


def _unexplained(state: State, member: str, places: _Places) -> Iterator[Finding]:
    for digest, stood in state.digests.unexplained(member):
        message = f"of batch {stood.batch} has no credential"
        yield Finding(rules.ATTESTATION_UNEXPLAINED, f"digest {digest}", message, stood.block)
    for number, index in places.strange():
        message = "is set on the chain and belongs to no credential"
        yield Finding(rules.DATABASE_MISMATCH, f"status {number}/{index}", message, state.block)


def compare_evidence(database: NodeDatabase, state: State) -> list[Finding]:
    """Compare the verifications that left evidence with those that left a log row; retention only takes evidence."""
    kept = database.one("SELECT count(*) AS number FROM evidence")["number"]
    logged = database.one("SELECT count(*) AS number FROM log_events WHERE kind = 'presentation_judged'")["number"]
    if kept <= logged:
        return []
    message = f"{kept} verifications are kept as evidence, {logged} were logged"
    return [Finding(rules.DATABASE_MISMATCH, "evidence", message, state.block)]


def _finding(rule: Rule, row: _Credential, message: str, state: State, remedy: Remedy | None = None) -> Finding:
    return Finding(rule, f"credential {plain(row.credential_id)}", message, state.block, remedy=remedy)
