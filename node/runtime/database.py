"""Open a node's database as its settings say."""

from jeung.crypto.hashing import keccak256
from jeung.domain.identifiers import MemberId
from jeung.errors import DatabaseMissing
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


def require_database(settings: Settings) -> None:
    """Make sure that the database which was made with the node's folder is still there.

    An empty one in its place would start without complaint: clients unknown, evidence and issued credentials gone.

    Raises:
        DatabaseMissing: it is not there.
    """
    path = settings.database_path
    if not path.is_file():
        raise DatabaseMissing(
            f"{path} is gone: bring it back from a backup; without one the node starts anew in another folder"
        )


def own_id(settings: Settings) -> MemberId:
    """Give the id of the member whose node this is: keccak256 of its first canonical URL."""
    return MemberId(keccak256(settings.base_url.encode("ascii")))
