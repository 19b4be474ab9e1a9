"""Compose a node: the only place where its settings, keys, database, chain and services meet."""

import atexit
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from node.runtime.services import ApiServices
    from node.settings import Settings


def build_api_runtime(settings: "Settings") -> "ApiServices":
    """Open the node's keys and database for this process and wire the services the API calls.

    Call it after forking, once a process; what it opened is closed when the process ends.

    Raises:
        KeyCustodyError: the keystore cannot be opened.
        StoreBusy, StoreUnavailable, DatabaseTooNew: the database cannot be used.
    """
    # Here and not above: commands that only want the clock need not load the whole node.
    from node.runtime.hardening import harden
    from node.runtime.logs import configure_logging
    from node.runtime.services import build_api_services, open_parts
    from node.runtime.settings_log import log_settings

    configure_logging(f"{settings.name}-api")
    harden()
    parts = open_parts(settings)
    atexit.register(parts.close)
    log_settings(parts.settings, parts.kept.store, parts.clock, parts.entropy, "api")
    return build_api_services(parts)
