"""Make the files a database lives in, so that only their owner can read or write them."""

import os
from pathlib import Path

from jeung.errors import StoreUnavailable
from node.store.faults import RETRY_AFTER_S

_OWNER_ONLY = 0o600


def make_private_file(path: Path) -> None:
    """Make the file where there is none; take it from group and others where it stands.

    SQLite gives the files beside it (-wal, -shm) the same mode. A standing file is not opened: closing it would drop
    every lock that another connection of this process holds on it.

    Raises:
        StoreUnavailable: the file cannot be made or is not ours.
    """
    try:
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, _OWNER_ONLY))
        except FileExistsError:
            if not path.is_file():
                raise
            path.chmod(_OWNER_ONLY)
    except OSError as error:
        raise StoreUnavailable("The database file cannot be opened.", retry_after_s=RETRY_AFTER_S) from error
