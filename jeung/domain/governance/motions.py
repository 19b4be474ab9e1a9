"""Name everything that can be proposed: one list for the command line, the console and their tests.

A motion is a governed function under the name a person knows it by; what it wants, and in which order the call has
it, stands in `calls.GOVERNED`.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from jeung.domain.chain import ChainCall
from jeung.domain.governance.calls import CONSORTIUM, GOVERNED

MOTIONS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "admit": (CONSORTIUM, "admitMember"),
        "remove": (CONSORTIUM, "removeMember"),
        "suspend": (CONSORTIUM, "suspendByQuorum"),
        "confirm-suspension": (CONSORTIUM, "confirmSuspension"),
        "reinstate": (CONSORTIUM, "reinstate"),
        "add-url": (CONSORTIUM, "addUrl"),
        "roles": (CONSORTIUM, "setRoles"),
        "governance-account": (CONSORTIUM, "setGovernanceAccount"),
        "operator-compromised": (CONSORTIUM, "declareOperatorCompromisedByQuorum"),
        "rules": (CONSORTIUM, "setRules"),
        "schema": ("SchemaRegistry", "registerSchema"),
        "deprecate-schema": ("SchemaRegistry", "deprecateSchema"),
        "accredit": ("AccreditationRegistry", "grant"),
        "withdraw-accreditation": ("AccreditationRegistry", "withdraw"),
        "key-compromised": ("KeyRegistry", "declareCompromisedByQuorum"),
        "statuses": ("StatusRegistry", "setStatusesByQuorum"),
        "close-status-registry": ("StatusRegistry", "close"),
        "profile": ("RelyingPartyRegistry", "registerProfile"),
        "withdraw-profile": ("RelyingPartyRegistry", "withdrawProfile"),
        "trust-wallet-provider": ("RelyingPartyRegistry", "trustWalletProvider"),
        "distrust-wallet-provider": ("RelyingPartyRegistry", "distrustWalletProvider"),
        "contract": ("Directory", "set"),
        "allow-node": ("NetworkAllowlist", "addNode"),
        "remove-node": ("NetworkAllowlist", "removeNode"),
        "allow-account": ("NetworkAllowlist", "addAccount"),
        "remove-account": ("NetworkAllowlist", "removeAccount"),
        "open-log-epoch": ("LogAnchor", "openEpoch"),
    }
)


def motion_call(kind: str, values: Mapping[str, Any]) -> ChainCall:
    """Give the call that a motion makes of its values, JSON by the names that `calls.GOVERNED` gives them.

    Raises:
        KeyError: no such motion, or a value is missing: our own mistake.
    """
    contract, function = MOTIONS[kind]
    args = [values[name] for name, _ in GOVERNED[contract, function].arguments]
    # Rules travel as one struct.
    return ChainCall(contract, function, (args,) if function == "setRules" else tuple(args))
