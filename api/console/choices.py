"""Offer what a proposal can be about from the register: whoever proposes chooses by name, and copies no hash."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from api.console.texts import language
from jeung.domain.governance import Language
from jeung.domain.governance.plain import plain
from jeung.domain.governance.values import Names, moment
from jeung.domain.identifiers import to_hex
from jeung.domain.members import MemberStatus
from jeung.domain.registry import Registry

_SHORT: Final = 18


@dataclass(frozen=True, slots=True)
class Choice:
    """Hold one line of a list: what the form sends, what the person reads, and which values of the call it gives."""

    value: str
    label: str
    gives: Mapping[str, Any]


def _members(registry: Registry, now: int, *, gone: bool = False) -> list[Choice]:
    found = []
    for member, known in registry.members.items():
        status = known.status_at(now)
        if gone or status is not MemberStatus.REMOVED:
            mark = "" if status is MemberStatus.ACTIVE else f" · {status.name.lower()}"
            found.append(Choice(to_hex(member), plain(known.url) + mark, {"member": to_hex(member)}))
    return found


def _schemas(registry: Registry, _now: int) -> list[Choice]:
    standing = [one for one in registry.schemas.values() if one.deprecated_at is None]
    return [Choice(to_hex(one.schema), plain(one.vct), {"schema": to_hex(one.schema)}) for one in standing]


def _grants(registry: Registry, _now: int) -> list[Choice]:
    names = _names(registry)
    found = []
    for (member, schema), grants in registry.grants.items():
        whose, which = to_hex(member), to_hex(schema)
        for grant in grants:
            if grant.effective_since is None:
                label = (
                    f"{names.member(whose)} → {names.schema(which)} ({grant.index}; – {moment(grant.valid_until)})"
                )
                gives = {"member": whose, "schema": which, "grant": grant.index}
                found.append(Choice(f"{whose}.{which}.{grant.index}", label, gives))
    return found


def _services(registry: Registry, _now: int) -> list[Choice]:
    names = _names(registry)
    return [
        Choice(
            f"{to_hex(member)}.{to_hex(service)}",
            f"{names.member(to_hex(member))} · {plain(profile.name)}",
            {"member": to_hex(member), "service": to_hex(service)},
        )
        for (member, service), profile in registry.profiles.items()
        if profile.withdrawn_at is None
    ]


def _providers(registry: Registry, _now: int) -> list[Choice]:
    return [
        Choice(to_hex(key), f"{plain(one.name)} · {to_hex(key)[:_SHORT]}…", {"provider": to_hex(key)})
        for key, one in registry.wallet_providers.items()
        if one.distrusted_at is None
    ]


def _keys(registry: Registry, _now: int) -> list[Choice]:
    # A declaration may still move to an earlier time, so those that are compromised already stand here too.
    names = _names(registry)
    return [
        Choice(
            f"{to_hex(member)}.{to_hex(key)}",
            f"{names.member(to_hex(member))} · {one.purpose.name.lower()} {to_hex(key)[:_SHORT]}…",
            {"member": to_hex(member), "key": to_hex(key)},
        )
        for (member, key), one in registry.keys.items()
    ]


def _operators(registry: Registry, _now: int) -> list[Choice]:
    names = _names(registry)
    return [
        Choice(
            account,
            f"{names.member(to_hex(one.member))} · {one.purpose.name} {account}",
            {"member": to_hex(one.member), "purpose": one.purpose.value, "account": account},
        )
        for account, one in registry.operators.items()
    ]


def _nodes(registry: Registry, _now: int) -> list[Choice]:
    names = _names(registry)
    return [
        Choice(
            to_hex(node),
            f"{names.member(to_hex(listed.listings[-1].member))} · {listed.endpoint}",
            {"node": to_hex(node)},
        )
        for node, listed in registry.nodes.items()
        if listed.listings[-1].removed_at is None
    ]


def _listed(registry: Registry, _now: int) -> list[Choice]:
    names = _names(registry)
    return [
        Choice(account, f"{names.member(to_hex(listings[-1].member))} · {account}", {"account": account})
        for account, listings in registry.network_accounts.items()
        if listings[-1].removed_at is None
    ]


CHOICES: Final[Mapping[str, Callable[[Registry, int], list[Choice]]]] = MappingProxyType(
    {
        "member": _members,
        "anybody": lambda registry, now: _members(registry, now, gone=True),
        "schema": _schemas,
        "grant": _grants,
        "service": _services,
        "provider": _providers,
        "key": _keys,
        "operator": _operators,
        "node": _nodes,
        "listed": _listed,
    }
)


def _names(registry: Registry) -> Names:
    chosen: Language = "ko" if language() == "ko" else "en"
    return Names(registry, chosen)
