"""Say what the NetworkAllowlist contract must answer."""

from collections.abc import Iterator
from typing import Any

from audit.checks.views import Question
from audit.state import State

_CONTRACT = "NetworkAllowlist"


def network_questions(state: State, time: int) -> Iterator[Question]:
    """Ask about every entry that ever stood and whether it is permitted now, at every address the contract had."""
    for address in state.addresses(_CONTRACT):
        nodes = {node: _here(record["spells"], address) for node, record in state.nodes.items()}
        accounts = {account: _here(spells, address) for account, spells in state.network_accounts.items()}
        for node, spells in nodes.items():
            subject = f"network node {node}"
            yield Question(address, _CONTRACT, "nodeHistory", (node,), subject, _rows(spells))
            permitted = _permitted(state, spells, time)
            yield Question(address, _CONTRACT, "nodePermitted", (node,), subject, permitted)
            if spells:
                endpoint = state.nodes[node]["endpoint"]
                yield Question(address, _CONTRACT, "endpointOf", (node,), subject, endpoint)
        for account, spells in accounts.items():
            subject = f"network account {account}"
            yield Question(address, _CONTRACT, "accountHistory", (account,), subject, _rows(spells))
            permitted = state.serves(account, time) or _permitted(state, spells, time)
            yield Question(address, _CONTRACT, "accountPermitted", (account,), subject, permitted)
        for member in state.members:
            yield from _of_member(address, member, nodes, accounts)


def _of_member(
    address: str, member: str, nodes: dict[str, list[dict[str, Any]]], accounts: dict[str, list[dict[str, Any]]]
) -> Iterator[Question]:
    subject, standing = f"network entries of {member}", []
    for function, table in (("nodesOf", nodes), ("accountsOf", accounts)):
        mine = {key: [spell for spell in spells if spell["member"] == member] for key, spells in table.items()}
        ever = sorted(key for key, spells in mine.items() if spells)
        yield Question(address, _CONTRACT, function, (member,), subject, ever, sorted)
        standing.append(sum(spell["removed_at"] is None for spells in mine.values() for spell in spells))
    yield Question(address, _CONTRACT, "standingOf", (member,), subject, standing)


def _here(spells: list[dict[str, Any]], address: str) -> list[dict[str, Any]]:
    return [spell for spell in spells if spell["at"] == address]


def _rows(spells: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "member": spell["member"],
            "addedAt": spell["added_at"],
            "removedAt": spell["removed_at"] or 0,
            "isolatedUntil": spell["isolated_until"],
        }
        for spell in spells
    ]


def _permitted(state: State, spells: list[dict[str, Any]], time: int) -> bool:
    if not spells or spells[-1]["removed_at"] is not None:
        return False
    standing = state.status_at(spells[-1]["member"], time)
    return standing == "active" or (standing == "suspended" and spells[-1]["isolated_until"] <= time)
