"""Keep clients, idempotency keys and one-time values."""

import json

from sqlalchemy import Connection, bindparam, insert, select, update

from jeung.domain.access import Client, RequestKey, Scope
from jeung.errors import IdempotencyKeyReused
from node.store.hot import HotStatement, hot_insert
from node.store.schema import clients, idempotency_keys, replays

_GET_CLIENT = select(clients).where(clients.c.client_id == bindparam("wanted"))
_CHANGE_CLIENT = update(clients).where(clients.c.client_id == bindparam("wanted"))
_ADD_CLIENT = insert(clients)
_FIND = HotStatement(
    select(idempotency_keys.c.operation, idempotency_keys.c.body_digest, idempotency_keys.c.result_id).where(
        idempotency_keys.c.caller == bindparam("caller"), idempotency_keys.c.key == bindparam("key")
    ),
    "caller",
    "key",
)
_REMEMBER = hot_insert(idempotency_keys, "caller", "key", "operation", "body_digest", "result_id", "created_at")
_CLAIMED = HotStatement(
    select(replays.c.kind).where(replays.c.kind == bindparam("kind"), replays.c.value == bindparam("value")),
    "kind",
    "value",
)
_CLAIM = hot_insert(replays, "kind", "value", "expires_at")


class SqlClients:
    """Keep the registered back-end clients (jeung.ports.store.Clients)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, client_id: str) -> Client | None:
        """Give a client."""
        row = self._connection.execute(_GET_CLIENT, {"wanted": client_id}).first()
        if row is None:
            return None
        scopes = frozenset(Scope(name) for name in row.scopes.split())
        return Client(row.client_id, json.loads(row.jwk), scopes, row.kept_by)

    def put(self, client: Client) -> None:
        """Register a client or replace its key and scopes."""
        values = {
            "jwk": json.dumps(dict(client.jwk), sort_keys=True),
            "scopes": " ".join(sorted(scope.value for scope in client.scopes)),
            "kept_by": client.kept_by,
        }
        changed = self._connection.execute(_CHANGE_CLIENT, {"wanted": client.client_id, **values})
        if changed.rowcount == 0:
            self._connection.execute(_ADD_CLIENT, {"client_id": client.client_id, **values})


class SqlIdempotency:
    """Remember which request made what (jeung.ports.store.Idempotency)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, request: RequestKey) -> str | None:
        """Give the id of what this request made before, or None.

        Raises:
            IdempotencyKeyReused: the caller used the same key for another request.
        """
        row = _FIND.first(self._connection, request.caller, request.key)
        if row is None:
            return None
        operation, body_digest, result_id = row
        if (operation, bytes(body_digest)) != (request.operation, request.body_digest):
            raise IdempotencyKeyReused
        return str(result_id)

    def remember(self, request: RequestKey, result_id: str, at: int) -> None:
        """Remember the result of a request, in the transaction that made it.

        Raises:
            Conflict: the key is remembered already.
        """
        _REMEMBER.run(
            self._connection,
            request.caller,
            request.key,
            request.operation,
            request.body_digest,
            result_id,
            at,
        )


class SqlReplays:
    """Remember one-time values (jeung.ports.store.Replays)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def claim(self, kind: str, value: str, expires_at: int) -> bool:
        """Claim a value; tell False when it was claimed before and the janitor has not yet seen it expire."""
        if _CLAIMED.first(self._connection, kind, value) is not None:
            return False
        _CLAIM.run(self._connection, kind, value, expires_at)
        return True
