"""Open a node's database as its settings say."""

from jeung.crypto.hashing import keccak256
from jeung.domain.identifiers import MemberId
from node.settings import Settings
from node.store.engine import Database

_BUSY_TIMEOUT_S = 5.0


def open_database(settings: Settings) -> Database:
    """Prepare the node's database; open it after forking."""
    return Database(settings.database_path, busy_timeout_s=_BUSY_TIMEOUT_S)


def own_id(settings: Settings) -> MemberId:
    """Give the id of the member whose node this is: keccak256 of its first canonical URL."""
    return MemberId(keccak256(settings.base_url.encode("ascii")))
