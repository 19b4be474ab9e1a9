"""A chain node without a network: the same permissions as the served one, called directly."""

from collections.abc import Sequence
from typing import Any

from jeung.domain.network import parse_enode
from jeung.ports.network import (
    ChainNodeUnavailable,
    PermissioningDisabled,
    PermissioningNotKept,
    PermissioningRefused,
)
from tests.common.besu import BesuPermissions, RpcFault


class MemoryChainNode:
    """Answer for one chain node (jeung.ports.network.ChainNode); `down` makes it silent."""

    def __init__(self, name: str, permissions: BesuPermissions) -> None:
        self.name = name
        self.permissions = permissions
        self.down = False

    def own_key(self) -> bytes | None:
        try:
            endpoint = parse_enode(self._call("net_enode"))
        except PermissioningRefused:
            return None
        return None if endpoint is None else endpoint.key

    def nodes(self) -> Sequence[str]:
        return list(self._call("perm_getNodesAllowlist"))

    def accounts(self) -> Sequence[str]:
        return list(self._call("perm_getAccountsAllowlist"))

    def add_nodes(self, enodes: Sequence[str]) -> None:
        self._call("perm_addNodesToAllowlist", enodes)

    def remove_nodes(self, enodes: Sequence[str]) -> None:
        self._call("perm_removeNodesFromAllowlist", enodes)

    def add_accounts(self, accounts: Sequence[str]) -> None:
        self._call("perm_addAccountsToAllowlist", accounts)

    def remove_accounts(self, accounts: Sequence[str]) -> None:
        self._call("perm_removeAccountsFromAllowlist", accounts)

    def _call(self, method: str, *entries: Sequence[str]) -> Any:  # noqa: ANN401 - JSON
        if self.down:
            raise ChainNodeUnavailable
        try:
            return self.permissions.call(method, [list(part) for part in entries])
        except RpcFault as fault:
            if "not been enabled" in fault.message:
                raise PermissioningDisabled(fault.message) from None
            if "not persisted" in fault.message:
                raise PermissioningNotKept(fault.message) from None
            raise PermissioningRefused(fault.message) from None
