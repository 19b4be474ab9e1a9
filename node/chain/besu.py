"""Manage the local permissioning of a Hyperledger Besu node by its `perm_*` methods (jeung.ports.network.ChainNode).

Besu answers almost every refusal with code -32000 and tells them apart by their sentences only. The few that matter
here are recognised by a part of theirs; any other is a refusal. What holds is read again anyway.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from jeung.domain.network import parse_enode
from jeung.ports.network import (
    ChainNodeUnavailable,
    PermissioningDisabled,
    PermissioningNotKept,
    PermissioningRefused,
)
from node.chain.errors import RpcError, RpcRefused
from node.chain.hexes import Json
from node.chain.rpc import Rpc

MAX_ENTRIES: Final = 10_000
_MAX_ENTRY: Final = 512
_NO_METHOD, _METHOD_OFF, _UNAUTHORIZED = -32601, -32604, -40100
_DISABLED: Final = "has not been enabled"
_NOT_KEPT: Final = "not persisted"


class BesuNode:
    """Speak to one Besu node."""

    def __init__(self, name: str, rpc: Rpc) -> None:
        """Use an RPC client that has this node for its only endpoint."""
        self._name = name
        self._rpc = rpc

    @property
    def name(self) -> str:
        """Give the name our settings have for it."""
        return self._name

    def own_key(self) -> bytes | None:
        """Ask `net_enode`, which a node without peers, or without the NET methods, does not answer."""
        try:
            enode = self._ask("net_enode")
        except (PermissioningDisabled, PermissioningRefused):
            return None
        endpoint = parse_enode(enode) if isinstance(enode, str) else None
        return None if endpoint is None else endpoint.key

    def nodes(self) -> Sequence[str]:
        """Give the enode URLs it lets in, as it writes them."""
        return self._list("perm_getNodesAllowlist")

    def accounts(self) -> Sequence[str]:
        """Give the accounts whose transactions it takes, as it writes them."""
        return self._list("perm_getAccountsAllowlist")

    def add_nodes(self, enodes: Sequence[str]) -> None:
        """Let nodes in, all or none."""
        self._ask("perm_addNodesToAllowlist", list(enodes))

    def remove_nodes(self, enodes: Sequence[str]) -> None:
        """Let nodes in no longer, all or none."""
        self._ask("perm_removeNodesFromAllowlist", list(enodes))

    def add_accounts(self, accounts: Sequence[str]) -> None:
        """Take transactions of accounts, all or none."""
        self._ask("perm_addAccountsToAllowlist", list(accounts))

    def remove_accounts(self, accounts: Sequence[str]) -> None:
        """Take transactions of accounts no longer, all or none."""
        self._ask("perm_removeAccountsFromAllowlist", list(accounts))

    def _list(self, method: str) -> Sequence[str]:
        try:
            found = self._ask(method)
        except PermissioningRefused as refusal:
            raise ChainNodeUnavailable(refusal.detail) from None
        if not isinstance(found, list) or len(found) > MAX_ENTRIES or not all(map(_is_entry, found)):
            raise ChainNodeUnavailable(
                f"{self._rpc.endpoint} answered {method} with no list of entries within bounds"
            )
        return found

    def _ask(self, method: str, *params: Json) -> Json:
        """Ask, and raise what the port promises.

        Raises:
            ChainNodeUnavailable: no answer, or none in the form of JSON-RPC.
            PermissioningDisabled, PermissioningRefused, PermissioningNotKept: as the node says.
        """
        try:
            return self._rpc.call(method, *params)
        except RpcRefused as refusal:
            if refusal.rpc_code in (_NO_METHOD, _METHOD_OFF, _UNAUTHORIZED) or _DISABLED in refusal.said:
                raise PermissioningDisabled(str(refusal)) from None
            if _NOT_KEPT in refusal.said:
                raise PermissioningNotKept(str(refusal)) from None
            raise PermissioningRefused(str(refusal)) from None
        except RpcError as error:
            raise ChainNodeUnavailable(error.detail) from None


def _is_entry(entry: Json) -> bool:
    return isinstance(entry, str) and 0 < len(entry) <= _MAX_ENTRY and entry.isascii() and entry.isprintable()
