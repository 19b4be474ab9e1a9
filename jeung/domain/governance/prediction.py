"""Predict the events that an accepted call would emit, so that its effect can be shown before anybody votes on it.

The fold that turns the chain's events into the consortium's picture turns these into the picture afterwards. Where
the chain itself can simulate a call, its own events are used instead.
"""

import hashlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from jeung.crypto import canonical_json
from jeung.crypto.hashing import keccak256
from jeung.crypto.jwk import parse_jwk
from jeung.domain.chain import ChainCall, RegistryEvent
from jeung.domain.governance.calls import arguments_of
from jeung.domain.identifiers import MemberId, SchemaId, to_hex
from jeung.domain.network import Endpoint, host_of, node_id
from jeung.domain.registry import Registry
from jeung.domain.registry_fold import fold
from jeung.errors import JeungError

Arguments = Mapping[str, Any]
Event = tuple[str, dict[str, Any]]

NO_REASON: Final = to_hex(bytes(32))


def _admitted(args: Arguments, _registry: Registry, _time: int) -> Event:
    member = to_hex(keccak256(args["url"].encode("ascii")))
    return "MemberAdmitted", {"member": member, **args}


def _profile(args: Arguments, _registry: Registry, _time: int) -> Event:
    return "ProfileRegistered", dict(args)


def _granted(args: Arguments, registry: Registry, time: int) -> Event:
    held = registry.grants.get(
        (MemberId(bytes.fromhex(args["member"][2:])), SchemaId(bytes.fromhex(args["schema"][2:]))), ()
    )
    return "AccreditationGranted", {
        "member": args["member"],
        "schema": args["schema"],
        "grantIndex": len(held),
        "validFrom": args["valid_from"] or time,
        "validUntil": args["valid_until"],
    }


def _schema(args: Arguments, _registry: Registry, _time: int) -> Event:
    schema = to_hex(hashlib.sha256(bytes.fromhex(args["metadata"][2:])).digest())
    return "SchemaRegistered", {"schema": schema, "vct": args["vct"], "metadata": args["metadata"]}


def _trusted(args: Arguments, _registry: Registry, _time: int) -> Event:
    thumbprint = parse_jwk(canonical_json.parse_object(bytes.fromhex(args["jwk"][2:]))).thumbprint
    return "WalletProviderTrusted", {
        "thumbprint": to_hex(thumbprint),
        "name": args["name"],
        "jwk": args["jwk"],
        "validUntil": args["valid_until"],
    }


def _node(args: Arguments, _registry: Registry, _time: int) -> Event:
    key_x, key_y, ip, domain, port, discovery = args["endpoint"]
    key = bytes.fromhex(key_x[2:]) + bytes.fromhex(key_y[2:])
    endpoint = Endpoint(key, host_of(bytes.fromhex(ip[2:]), domain), port, discovery)
    return "NodeAdded", {
        "node": to_hex(node_id(endpoint)),
        "member": args["member"],
        "keyX": key_x,
        "keyY": key_y,
        "ip": ip,
        "domain": domain,
        "port": port,
        "discoveryPort": discovery,
    }


def _same(event: str, **renamed: str) -> Callable[[Arguments, Registry, int], Event]:
    """Predict an event that carries the call's arguments, each under its name on the chain."""

    def predict(args: Arguments, _registry: Registry, _time: int) -> Event:
        return event, {renamed.get(name, name): value for name, value in args.items()}

    return predict


def _since(event: str, **renamed: str) -> Callable[[Arguments, Registry, int], Event]:
    """Predict an event whose time is the block's where the call says 0."""

    def predict(args: Arguments, registry: Registry, time: int) -> Event:
        return _same(event, **renamed)({**args, "since": args["since"] or time}, registry, time)

    return predict


def _suspended(args: Arguments, _registry: Registry, _time: int) -> Event:
    return "MemberSuspended", {"member": args["member"], "until": 0, "reasonDigest": args["reason"]}


_PREDICTED: Final[Mapping[tuple[str, str], Callable[[Arguments, Registry, int], Event]]] = MappingProxyType(
    {
        ("Consortium", "admitMember"): _admitted,
        ("Consortium", "addUrl"): _same("MemberUrlAdded"),
        ("Consortium", "setRoles"): _same("RolesChanged"),
        ("Consortium", "setGovernanceAccount"): _same("GovernanceAccountChanged"),
        ("Consortium", "suspendByQuorum"): _suspended,
        ("Consortium", "confirmSuspension"): _same("SuspensionConfirmed"),
        ("Consortium", "reinstate"): _same("MemberReinstated"),
        ("Consortium", "removeMember"): _since("MemberRemoved", since="effectiveSince", cause="forCause"),
        ("Consortium", "setRules"): _same(
            "RulesChanged",
            numerator="quorumNumerator",
            denominator="quorumDenominator",
            lifetime="proposalLifetime",
        ),
        ("Consortium", "declareOperatorCompromisedByQuorum"): _same("OperatorCompromised"),
        ("SchemaRegistry", "registerSchema"): _schema,
        ("SchemaRegistry", "deprecateSchema"): _same("SchemaDeprecated"),
        ("AccreditationRegistry", "grant"): _granted,
        ("AccreditationRegistry", "withdraw"): _since(
            "AccreditationWithdrawn", grant="grantIndex", since="effectiveSince"
        ),
        ("KeyRegistry", "declareCompromisedByQuorum"): _same("KeyCompromised", key="thumbprint"),
        ("RelyingPartyRegistry", "registerProfile"): _profile,
        ("RelyingPartyRegistry", "withdrawProfile"): _same("ProfileWithdrawn"),
        ("RelyingPartyRegistry", "trustWalletProvider"): _trusted,
        ("RelyingPartyRegistry", "distrustWalletProvider"): _since(
            "WalletProviderDistrusted", provider="thumbprint", since="effectiveSince"
        ),
        ("Directory", "set"): _same("ContractNamed", address="contractAddress"),
        ("NetworkAllowlist", "addNode"): _node,
        ("NetworkAllowlist", "removeNode"): _same("NodeRemoved"),
        ("NetworkAllowlist", "addAccount"): _same("AccountAdded"),
        ("NetworkAllowlist", "removeAccount"): _same("AccountRemoved"),
    }
)
"""Calls whose effect stands in the picture; credentials' statuses are no part of it (`difference.status_changes`)."""


def predicted_after(call: ChainCall, registry: Registry, time: int) -> Registry | None:
    """Give the picture after an accepted call executed at a time, seconds UTC; None where it cannot be told."""
    predict, args = _PREDICTED.get((call.contract, call.function)), arguments_of(call)
    if predict is None or args is None:
        return None
    try:
        name, values = predict(args, registry, time)
        return fold([RegistryEvent(call.contract, name, values, 0, time, 0, b"")], registry)
    except (JeungError, KeyError, ValueError, TypeError, AttributeError):
        # A call that the chain would refuse: there is no picture after it.
        return None
