"""Define what can go wrong with a chain node of ours when the network's allowlist is carried into it.

ChainNodeError
├── ChainNodeUnavailable      it does not answer, or not as a chain node does
├── PermissioningDisabled     it keeps no such list, or does not let us manage it
├── PermissioningRefused      it refused a change
└── PermissioningNotKept      it changed the list in memory only
"""

from __future__ import annotations

from jeung.errors.base import JeungError


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
