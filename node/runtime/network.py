"""Open what keeps this member's chain nodes in line with the network's allowlist; no key is needed."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from jeung.ports.world import Clock
from jeung.services.network import NetworkService
from keys.files import read_private_file
from node.chain.besu import BesuNode
from node.chain.rpc import Rpc, RpcLimits
from node.network_settings import ChainNodeSettings
from node.runtime.database import open_node_store, own_id, require_database
from node.runtime.services import verification_rules
from node.settings import Settings, SettingsInvalid

_MAX_TOKEN_BYTES = 8 * 1024
_MAX_ANSWER_BYTES = 8 * 1024 * 1024


@contextmanager
def open_network(settings: Settings, clock: Clock) -> Iterator[NetworkService]:
    """Open the service for the length of a `with` block.

    Raises:
        SettingsInvalid: the settings name no chain node, or a token file holds no token.
        InsecureFile: a token file is not ours alone.
        StoreBusy, StoreUnavailable, DatabaseTooNew, DatabaseMissing: the database cannot be used.
    """
    if not settings.network.chain_nodes:
        raise SettingsInvalid("the settings name no chain node: add one as [[network.chain_nodes]]")
    require_database(settings)
    with ExitStack() as opened:
        chain_nodes = []
        for named in settings.network.chain_nodes:
            rpc = _client(settings, named)
            opened.callback(rpc.close)
            chain_nodes.append(BesuNode(named.name, rpc))
        kept = open_node_store(settings, clock)
        opened.callback(kept.dispose)
        yield NetworkService(
            ledger=kept.ledger,
            chain_nodes=chain_nodes,
            clock=clock,
            own=own_id(settings),
            rules=verification_rules(settings),
        )


def _client(settings: Settings, named: ChainNodeSettings) -> Rpc:
    limits = RpcLimits(timeout_s=settings.network.timeout_s, max_response_bytes=_MAX_ANSWER_BYTES, rounds=2)
    try:
        return Rpc([named.rpc_url], limits, bearer=_token(settings.node_dir, named))
    except ValueError:
        raise SettingsInvalid(f"network.chain_nodes: {named.name} has no address of a JSON-RPC endpoint") from None


def _token(folder: Path, named: ChainNodeSettings) -> str | None:
    """Read a bearer token: one line of printable ASCII without spaces (RFC 6750, section 2.1)."""
    if named.token_file is None:
        return None
    path = folder / named.token_file
    try:
        text = read_private_file(path, max_bytes=_MAX_TOKEN_BYTES)[0].decode("ascii").removesuffix("\n")
    except FileNotFoundError:
        raise SettingsInvalid(f"network.chain_nodes: {path} is missing") from None
    except UnicodeDecodeError:
        text = ""
    if not text or not text.isprintable() or " " in text:
        raise SettingsInvalid(f"network.chain_nodes: {path} holds no token")
    return text
