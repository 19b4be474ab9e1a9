"""Say which keys a node holds, how they stand by its keystore, by the chain and by the policy."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import delete, insert, select

from jeung.crypto import base64url, canonical_json
from jeung.domain.identifiers import Address, KeyThumbprint
from jeung.domain.registrations import KeyState, RegisteredKey
from jeung.domain.verification import LogEntry
from jeung.ports.world import Clock
from jeung.services.own_keys import OwnKeysService, OwnStanding
from keys.model import KeyRecord, State
from node.runtime.keeper import KeyKeeper, due_of, registered_as
from node.runtime.parts import NodeParts
from node.settings import Settings
from node.store.engine import Database
from node.store.repositories.judgements import SqlEventLog
from node.store.schema_keys import key_inventory

WRITTEN_EVERY_S: Final = 60
_TIMES: Final = ("activated_at", "retired_at", "destroyed_at", "compromised_at", "compromised_since")
_COLUMNS: Final = tuple(column.name for column in key_inventory.columns if column.name != "seen_at")
_NO_ROW: Final[Mapping[str, Any]] = MappingProxyType({})
_Rows = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class InventoryRow:
    """Say all there is to say of one key; times are seconds UTC, `due_at` is the policy's.

    `on_chain` is None where keys of this purpose do not stand on the chain, or nothing is known of the chain.
    """

    record: KeyRecord
    due_at: int | None
    on_chain: str | None
    registered_at: int | None = None
    not_after: int | None = None
    last_credential_expires_at: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON values, without what only the keystore needs."""
        values = self.record.to_json()
        for inner in ("handle", "public_members"):
            values.pop(inner, None)
        return {
            **values,
            "backend": self.record.backend,
            "due_at": self.due_at,
            "on_chain": self.on_chain,
            "registered_at": self.registered_at,
            "not_after": self.not_after,
            "last_credential_expires_at": self.last_credential_expires_at,
        }


def inventory(records: Sequence[KeyRecord], own: OwnKeysService, settings: Settings, now: int) -> list[InventoryRow]:
    """Join the keystore's records with the chain and the policy."""
    standing = own.standing() or OwnStanding()
    rows = []
    for record in records:
        due_at = due_of(record, settings).at if record.state is State.ACTIVE else None
        registered, on_chain, not_after = None, None, None
        if registered_as(record.purpose) is not None:
            key = standing.keys.get(KeyThumbprint(base64url.decode(record.key_id)))
            on_chain = _state_of(key, now).value
            registered, not_after = (None, None) if key is None else (key.registered_at, key.not_after)
        elif record.address is not None:
            account = standing.operators.get(Address(record.address))
            if account is not None:
                registered = account.authorized_at
                ended = "retired" if account.retired_at is not None else "active"
                on_chain = ended if account.compromised_since is None else "compromised"
        last = own.last_expiry(record.key_id)
        rows.append(InventoryRow(record, due_at, on_chain, registered, not_after, last))
    return rows


def build_keeper(parts: NodeParts) -> KeyKeeper:
    """Wire what drives the life of keys in the worker."""
    writer = InventoryWriter(parts.kept.database, parts.settings, parts.clock)
    return KeyKeeper(parts.keystore, build_own_keys(parts), parts.settings, parts.clock, write_inventory=writer.write)


def build_own_keys(parts: NodeParts) -> OwnKeysService:
    """Wire what tells the chain of our own keys."""
    return OwnKeysService(
        store=parts.kept.store,
        ledger=parts.kept.ledger,
        clock=parts.clock,
        entropy=parts.entropy,
        url=parts.settings.base_url,
        key_validity_s=parts.settings.rotation.validity_days * 86_400,
    )


class InventoryWriter:
    """Keep the table that says which keys the node holds, for those who may not open the keystore.

    The keystore is no part of the database, so an act on a key and its entry in the log cannot be one transaction.
    What differs from the table is logged in the transaction that changes the table: whatever was done to a key, by
    whomever, with the worker up or down, is logged once, by the next worker at the latest.
    """

    def __init__(self, database: Database, settings: Settings, clock: Clock) -> None:
        """Write nothing yet."""
        self._database = database
        self._settings = settings
        self._clock = clock
        self._written: list[dict[str, Any]] | None = None
        self._at = 0

    def write(self, records: Sequence[KeyRecord]) -> None:
        """Write what has changed, and log it; uses alone once a minute.

        Raises:
            StoreBusy, StoreUnavailable: nothing was written.
        """
        now = self._clock.now()
        rows = [self._row(record) for record in records]
        known = [{**row, "uses": 0} for row in self._written or ()]
        is_same = self._written is not None and [{**row, "uses": 0} for row in rows] == known
        if is_same and now - self._at < WRITTEN_EVERY_S:
            return
        with self._database.write() as connection:
            before = {str(row["key_id"]): dict(row) for row in connection.execute(select(key_inventory)).mappings()}
            connection.execute(delete(key_inventory))
            if rows:
                connection.execute(insert(key_inventory), [{**row, "seen_at": now} for row in rows])
            log = SqlEventLog(connection)
            for body in _changes(before, {str(row["key_id"]): row for row in rows}):
                log.append(LogEntry("key_changed", canonical_json.canonical(body), now))
        self._written, self._at = rows, now

    def _row(self, record: KeyRecord) -> dict[str, Any]:
        due_at = due_of(record, self._settings).at if record.state is State.ACTIVE else None
        values = {"due_at": due_at, "state": record.state.value, "purpose": record.purpose.value}
        return {name: values[name] if name in values else getattr(record, name) for name in _COLUMNS}


def _changes(before: _Rows, after: _Rows) -> Iterator[dict[str, Any]]:
    """Give what became of each key since the table was written; one that is in no keystore any more is `missing`."""
    for key_id in sorted({*before, *after}):
        old, new = before.get(key_id, _NO_ROW), after.get(key_id, _NO_ROW)
        if any(old.get(name) != new.get(name) for name in ("state", *_TIMES)):
            named = {name: {**old, **new}[name] for name in ("key_id", "purpose", "backend")}
            times = {name: new[name] for name in _TIMES if new.get(name) is not None}
            yield {**named, **times, "before": old.get("state"), "after": new.get("state", "missing")}


def kept_inventory(database: Database) -> list[dict[str, Any]]:
    """Give the table as it stands."""
    with database.read() as connection:
        return [dict(row) for row in connection.execute(select(key_inventory)).mappings()]


def _state_of(key: RegisteredKey | None, now: int) -> KeyState:
    """Give how a registered key stands now, by what the index knows (as KeyRegistry.keyStateAt does)."""
    if key is None:
        return KeyState.UNKNOWN
    if key.compromised_since is not None and key.compromised_since <= now:
        return KeyState.COMPROMISED
    if key.revoked_at is not None and key.revoked_at <= now:
        return KeyState.REVOKED
    if now < key.not_before:
        return KeyState.NOT_YET_VALID
    return KeyState.ACTIVE if now < key.not_after else KeyState.EXPIRED
