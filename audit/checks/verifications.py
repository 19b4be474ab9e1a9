"""Hold every verification that a node kept against the profiles that its member had registered at that time.

Proves that nothing was asked of a holder under a name the consortium had not agreed to. It cannot show verifications
whose evidence retention has taken, nor what a profile's holder did with an answer.
"""

import hashlib
from typing import Any

from audit import rules
from audit.database import NodeDatabase
from audit.findings import Finding
from audit.state import FOREVER, State

_LATE_S = 120
"""How long a node may go on with a profile that was replaced or withdrawn: its follower must hear of it first."""


def compare_verifications(database: NodeDatabase, state: State, member: str | None) -> tuple[list[Finding], int]:
    """Compare the evidence rows of a node with its member's profiles; give findings and a count.

    Raises:
        AuditImpossible: the database cannot be read.
    """
    findings, looked_at = [], 0
    for row in database.rows("SELECT evidence_id, profile, recorded_at FROM evidence WHERE verdict = 'verified'"):
        looked_at += 1
        if not _stood(state, member, row["profile"], row["recorded_at"]):
            message = f"was made at {row['recorded_at']} under a profile that was not registered then"
            subject = f"verification {row['evidence_id']}"
            findings.append(Finding(rules.PROFILE_NOT_REGISTERED, subject, message, state.block))
    return findings, looked_at


def _stood(state: State, member: str | None, profile: object, time: Any) -> bool:  # noqa: ANN401 - whatever a row holds
    service = "0x" + hashlib.sha256(str(profile).encode()).hexdigest()
    return isinstance(time, int) and any(
        version["registered_at"] <= time < (version["ended_at"] or FOREVER) + _LATE_S
        for version in state.profiles.get(f"{member}/{service}", [])
    )
