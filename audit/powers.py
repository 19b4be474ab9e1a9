"""Say who may call which changing function; docs/reference/audit.md shows the same table and a test compares them.

The rules themselves stand in the contracts and are held by their tests; what stands here is what an auditor expects,
so that a contract with one function more is noticed.
"""

from collections.abc import Mapping
from typing import Final

QUORUM: Final = "the quorum, by an executed proposal"
GOVERNANCE: Final = "the member's governance account, for its own member"
SUPERVISOR: Final = "a supervisor's governance account"
ANYBODY: Final = "anybody, with the signature of the account concerned"

POWERS: Final[Mapping[str, Mapping[str, str]]] = {
    "Consortium": {
        "addUrl": QUORUM,
        "admitMember": QUORUM,
        "approve": GOVERNANCE,
        "approveBySignature": ANYBODY,
        "authorizeOperator": GOVERNANCE,
        "cancel": "the proposer's governance account",
        "confirmSuspension": QUORUM,
        "declareOperatorCompromised": GOVERNANCE,
        "declareOperatorCompromisedByQuorum": QUORUM,
        "execute": "any active member's governance account, once the quorum is ripe",
        "propose": GOVERNANCE,
        "reinstate": QUORUM,
        "removeMember": QUORUM,
        "retireOperator": GOVERNANCE,
        "setGovernanceAccount": f"{GOVERNANCE}, or the quorum",
        "setRoles": QUORUM,
        "setRules": QUORUM,
        "suspendByQuorum": QUORUM,
        "suspendMember": SUPERVISOR,
        "withdrawApproval": GOVERNANCE,
    },
    "SchemaRegistry": {"deprecateSchema": QUORUM, "registerSchema": QUORUM},
    "AccreditationRegistry": {"grant": QUORUM, "withdraw": QUORUM},
    "KeyRegistry": {
        "declareCompromised": GOVERNANCE,
        "declareCompromisedByQuorum": QUORUM,
        "registerKey": GOVERNANCE,
        "revokeKey": GOVERNANCE,
    },
    "AttestationRegistry": {
        "attest": "an ATTEST operator of an active, accredited issuer",
        "attestBySignature": ANYBODY,
    },
    "StatusRegistry": {
        "close": QUORUM,
        "setStatuses": "the list owner's STATUS operator, above the cap its governance account",
        "setStatusesByQuorum": QUORUM,
    },
    "RelyingPartyRegistry": {
        "distrustWalletProvider": QUORUM,
        "registerProfile": QUORUM,
        "trustWalletProvider": QUORUM,
        "withdrawProfile": QUORUM,
    },
    "NetworkAllowlist": {
        "addAccount": QUORUM,
        "addNode": QUORUM,
        "isolateAccount": f"{SUPERVISOR}, for an entry of a suspended member",
        "isolateNode": f"{SUPERVISOR}, for an entry of a suspended member",
        "removeAccount": f"{GOVERNANCE}, or the quorum",
        "removeNode": f"{GOVERNANCE}, or the quorum",
    },
    "LogAnchor": {
        "anchor": "an ATTEST operator of the member, or its governance account",
        "openEpoch": QUORUM,
    },
    "Directory": {"set": QUORUM},
}
