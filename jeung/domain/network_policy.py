"""Say who may take part in the network at a moment, by the rules of the NetworkAllowlist contract."""

from jeung.domain.identifiers import Address, MemberId
from jeung.domain.members import MemberStatus
from jeung.domain.network import Endpoint, Listing
from jeung.domain.registry import Registry


def permitted_nodes(registry: Registry, now: int) -> frozenset[Endpoint]:
    """Give the chain nodes that may take part: listed, of a member not removed, and not isolated."""
    return frozenset(node.endpoint for node in registry.nodes.values() if _stands(registry, node.listings, now))


def permitted_accounts(registry: Registry, now: int) -> frozenset[Address]:
    """Give the accounts that may send transactions.

    Those that govern members, or operate for them in good standing, without an entry; others by their entries.
    """
    listed = (account for account, listings in registry.network_accounts.items() if _stands(registry, listings, now))
    present = [member for member in registry.members if _status(registry, member, now) is not MemberStatus.REMOVED]
    return frozenset(listed).union(*(serving_accounts(registry, member) for member in present))


def serving_accounts(registry: Registry, member: MemberId) -> frozenset[Address]:
    """Give the accounts by which a member acts: its governance account, and operators in good standing."""
    found = registry.members.get(member)
    if found is None:
        return frozenset()
    operators = (
        operator.account
        for operator in found.operators
        if operator.retired_at is None and operator.compromised_since is None
    )
    return frozenset((found.governance, *operators))


def _stands(registry: Registry, listings: tuple[Listing, ...], now: int) -> bool:
    last = listings[-1]
    if last.removed_at is not None:
        return False
    status = _status(registry, last.member, now)
    if status is MemberStatus.SUSPENDED:
        return last.isolated_until <= now
    return status is MemberStatus.ACTIVE


def _status(registry: Registry, member: MemberId, now: int) -> MemberStatus:
    return registry.members[member].status_at(now)
