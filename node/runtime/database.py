"""Open a node's database as its settings say."""

from jeung.crypto.hashing import keccak256
from jeung.domain.identifiers import MemberId
from jeung.ports.world import Clock
from node.settings import Settings
from node.store.open import NodeStore, open_store


def open_node_store(settings: Settings, clock: Clock) -> NodeStore:
    """Open the node's database, brought up to date first; open it after forking.

    Raises:
        StoreBusy, StoreUnavailable, DatabaseTooNew: it cannot be used.
    """
    api = settings.api
    # The names are those of `api.limits.Limit`.
    limits = {"default": api.rate_default, "public": api.rate_public, "token": api.rate_oauth}
    return open_store(settings.database_url, own=own_id(settings), clock=clock, limits=limits)


def own_id(settings: Settings) -> MemberId:
    """Give the id of the member whose node this is: keccak256 of its first canonical URL."""
    return MemberId(keccak256(settings.base_url.encode("ascii")))
