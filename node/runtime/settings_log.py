"""Log which settings a process of the node works by, wherever they are not those that were logged last.

The entry holds a digest of each group of settings under a salt of its own: it says which groups changed, and whoever
is shown the settings themselves can tell that these were in force. Worker and API read settings of their own, so each
kind of process is remembered for itself. Secrets are no settings; where an address carries one, it is left out.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from jeung.crypto import base64url, canonical_json
from jeung.crypto.hashing import sha256
from jeung.ports.store import Store
from jeung.ports.world import Clock, Entropy
from jeung.services.acts import log
from node.settings import Settings
from node.store.settings import LoggedSettings, remember_settings, settings_logged_by
from node.store.transactions import connection_of

SALT_BYTES: Final = 32
# A provider of chain nodes puts its customer's key into the path.
_ORIGIN_ALONE: Final = frozenset({"rpc_url", "rpc_urls"})


def settings_document(settings: Settings) -> dict[str, Any]:
    """Give the settings as JSON values by group, without what addresses carry of secrets."""
    values: dict[str, Any] = settings.model_dump(mode="json")
    return {name: _without_secrets(name, value) for name, value in values.items()}


def settings_digest(name: str, value: object, salt: bytes) -> str:
    """Give the digest of a group of settings: SHA-256 over salt, name, newline and RFC 8785 JSON, in base64url."""
    return base64url.encode(sha256(salt + name.encode() + b"\n" + canonical_json.canonical({"value": value})))


def log_settings(settings: Settings, store: Store, clock: Clock, entropy: Entropy, process: str) -> bool:
    """Log the settings in force of a kind of process where they differ from those it logged last; tell whether so.

    The entry and the memory of it are one transaction.

    Raises:
        StoreBusy, StoreUnavailable: nothing was logged.
    """
    document = settings_document(settings)
    with store.read() as tx:
        if not _changed(settings_logged_by(connection_of(tx), process), document):
            return False
    with store.write() as tx:
        connection = connection_of(tx)
        # Another process of the kind may have come first.
        changed = _changed(settings_logged_by(connection, process), document)
        if not changed:
            return False
        salt, now = entropy.token(SALT_BYTES), clock.now()
        digests = {name: settings_digest(name, value, salt) for name, value in document.items()}
        remember_settings(connection, LoggedSettings(process, salt, digests, now))
        body = {"process": process, "changed": changed, "digests": digests, "salt": base64url.encode(salt)}
        log(tx, "settings_changed", body, now)
    return True


def _changed(before: LoggedSettings | None, document: Mapping[str, Any]) -> list[str]:
    if before is None:
        return sorted(document)
    present = {name: settings_digest(name, value, before.salt) for name, value in document.items()}
    names = {*present, *before.digests}
    return sorted(name for name in names if present.get(name) != before.digests.get(name))


def _without_secrets(name: str, value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        return {inner: _without_secrets(inner, held) for inner, held in value.items()}
    if isinstance(value, list):
        return [_without_secrets(name, held) for held in value]
    if isinstance(value, float):
        # Canonical JSON knows whole numbers alone.
        return str(value)
    if not isinstance(value, str) or "://" not in value:
        return value
    scheme, _, rest = value.partition("://")
    authority, slash, path = re.split("[?#]", rest, maxsplit=1)[0].partition("/")
    origin = f"{scheme}://{authority.rpartition('@')[2]}"
    return origin if name in _ORIGIN_ALONE else origin + slash + path
