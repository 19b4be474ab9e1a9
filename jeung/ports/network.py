"""State how the core sees a chain node of ours: what its permissioning lets in, and how that is changed."""

from collections.abc import Sequence
from typing import Protocol

from jeung.errors import JeungError


class ChainNode(Protocol):
    """Read and change the two allowlists of one chain node.

    A chain node takes a change whole or not at all, and refuses one that adds what stands or removes what does not;
    whoever changes must read again to know what holds.
    """

    @property
    def name(self) -> str:
        """Give the name our settings have for it."""
        ...

    def own_key(self) -> bytes | None:
        """Give its public key (64 bytes), None where it does not tell.

        Raises:
            ChainNodeUnavailable: it does not answer.
        """
        ...

    def nodes(self) -> Sequence[str]:
        """Give the enode URLs it lets in, as it writes them.

        Raises:
            ChainNodeUnavailable: it does not answer, or with more than it may.
            PermissioningDisabled: it keeps no such list, or does not let us manage it.
        """
        ...

    def accounts(self) -> Sequence[str]:
        """Give the accounts whose transactions it takes, as it writes them; raises as `nodes`."""
        ...

    def add_nodes(self, enodes: Sequence[str]) -> None:
        """Let nodes in, all or none.

        Raises:
            ChainNodeUnavailable, PermissioningDisabled: as `nodes`.
            PermissioningRefused: it refuses one of them.
            PermissioningNotKept: they are in, until its next start.
        """
        ...

    def remove_nodes(self, enodes: Sequence[str]) -> None:
        """Let nodes in no longer, all or none; raises as `add_nodes`."""
        ...

    def add_accounts(self, accounts: Sequence[str]) -> None:
        """Take transactions of accounts, all or none; raises as `add_nodes`."""
        ...

    def remove_accounts(self, accounts: Sequence[str]) -> None:
        """Take transactions of accounts no longer, all or none; raises as `add_nodes`."""
        ...


class ChainNodeError(JeungError, code="chain_node"):
    """A chain node cannot be brought into line with the network's allowlist."""


class ChainNodeUnavailable(ChainNodeError, code="chain_node_unavailable"):
    """The chain node did not answer, or not as a chain node does."""


class PermissioningDisabled(ChainNodeError, code="permissioning_disabled"):
    """The chain node keeps no such allowlist, or does not let us manage it."""


class PermissioningRefused(ChainNodeError, code="permissioning_refused"):
    """The chain node refused a change of its allowlist."""


class PermissioningNotKept(ChainNodeError, code="permissioning_not_kept"):
    """The chain node changed its allowlist in memory only: its next start brings the old one back."""
