"""Let the consortium decide: one member proposes, others approve, after the delay it is executed.

Every act goes through the acting member's own node, which signs it with that member's governance account.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cli.demo.parties import Party, settled, wait_for


@dataclass(frozen=True, slots=True)
class Motion:
    """Describe what is proposed: a call of one of the consortium's contracts."""

    contract: str
    function: str
    args: tuple[Any, ...]


def decide(proposer: Party, approvers: Sequence[Party], motions: Sequence[Motion]) -> None:
    """Carry motions through, all at the same time; they are executed in their order.

    Raises:
        StepFailed: the chain refused an act, or a node never saw it.
    """
    salts = ["0x" + secrets.token_hex(32) for _ in motions]
    for motion, salt in zip(motions, salts, strict=True):
        body = {"contract": motion.contract, "function": motion.function, "args": list(motion.args), "salt": salt}
        proposer.post("/v1/proposals", body)
    for approver in approvers:
        for salt in salts:
            proposal = wait_for(f"{approver.name} sees the proposal", lambda: _by_salt(approver, salt))  # noqa: B023
            approver.post(f"/v1/proposals/{proposal['proposal_id']}/approvals")
    for salt in salts:
        needed = 1 + len(approvers)
        proposal = wait_for("the approvals", lambda: _approved(proposer, salt, needed))  # noqa: B023
        # The node holds the execution back until the approvals are ripe.
        settled(proposer, [proposer.post(f"/v1/proposals/{proposal['proposal_id']}/execution")])


def _by_salt(party: Party, salt: str) -> dict[str, Any] | None:
    return next((proposal for proposal in party.all("/v1/proposals") if proposal["salt"] == salt), None)


def _approved(party: Party, salt: str, needed: int) -> dict[str, Any] | None:
    proposal = _by_salt(party, salt)
    return proposal if proposal is not None and len(proposal["approvals"]) >= needed else None
