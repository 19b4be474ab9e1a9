"""Everything the chain room raises on purpose, one branch of `jeung.errors`.

ChainError
├── RpcError                  a JSON-RPC endpoint did not give what was asked for
│   ├── RpcUnreachable        no endpoint answered within the retry budget
│   ├── RpcGarbled            an answer that is not JSON-RPC, is too large, or answers something else
│   └── RpcRefused            a JSON-RPC error object; carries its code and its revert data
├── ChainMoved                the chain changed between two questions that belong together; ask again
├── WrongChain                the chain is not the one this deployment stands on
├── DeploymentFailed          the contracts cannot be deployed, or not as recorded
├── CallNotEncodable          a function or argument that the contracts do not have
├── LogNotDecodable           an event that does not have the shape of our contracts' events
├── SignatureUnusable         the signer's answer is not a signature of the account it named
└── EmbeddedChainError        the Anvil that we start ourselves
    ├── AnvilMissing · AnvilStopped · AnvilKeepsFailing
    └── PortBusy · FolderBusy · StateUnusable

No message holds the credentials of an endpoint's URL. docs/reference/chain.md says for each what to do.
"""

from __future__ import annotations

from jeung.errors import JeungError


class ChainError(JeungError, code="chain"):
    """Something about the chain is not as it must be."""


class RpcError(ChainError, code="rpc"):
    """A JSON-RPC endpoint did not give what was asked for."""


class RpcUnreachable(RpcError, code="rpc_unreachable"):
    """No JSON-RPC endpoint answered within the retry budget."""


class RpcGarbled(RpcError, code="rpc_garbled"):
    """The endpoint's answer is not an answer to what was asked."""


class RpcRefused(RpcError, code="rpc_refused"):
    """The endpoint answered with a JSON-RPC error.

    `rpc_code` is its number; `said` its text, shortened and printable; `revert_data` what the EVM returned, if it
    was a revert.
    """

    def __init__(self, method: str, rpc_code: int, said: str, revert_data: bytes | None = None) -> None:
        """Keep what the endpoint said about a method."""
        super().__init__(f"{method} was refused with code {rpc_code}: {said}")
        self.method = method
        self.rpc_code = rpc_code
        self.said = said
        self.revert_data = revert_data


class ChainMoved(ChainError, code="chain_moved"):
    """The chain changed while it was being read; ask again."""


class WrongChain(ChainError, code="wrong_chain"):
    """The chain is not the one this deployment stands on."""


class DeploymentFailed(ChainError, code="deployment_failed"):
    """The contracts could not be deployed."""


class CallNotEncodable(ChainError, code="call_not_encodable"):
    """The contracts have no such function, or it takes other arguments."""


class LogNotDecodable(ChainError, code="log_not_decodable"):
    """The event does not have the shape of our contracts' events."""


class SignatureUnusable(ChainError, code="signature_unusable"):
    """The signer's answer is not a signature of the account it named."""


class EmbeddedChainError(ChainError, code="embedded_chain"):
    """The embedded chain cannot run."""


class AnvilMissing(EmbeddedChainError, code="anvil_missing"):
    """The program anvil is not installed."""


class AnvilStopped(EmbeddedChainError, code="anvil_stopped"):
    """Anvil stopped before it answered."""


class AnvilKeepsFailing(EmbeddedChainError, code="anvil_keeps_failing"):
    """Anvil was started again too often in too short a time."""


class PortBusy(EmbeddedChainError, code="chain_port_busy"):
    """Another program listens on the chain's port."""


class FolderBusy(EmbeddedChainError, code="chain_folder_busy"):
    """Another process runs the chain of this folder."""


class StateUnusable(EmbeddedChainError, code="chain_state_unusable"):
    """No kept state of the chain can be loaded."""
