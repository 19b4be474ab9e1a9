"""Clients, repeated requests and one-time values in memory."""

from jeung.domain.access import Client, RequestKey
from jeung.errors import Conflict, IdempotencyKeyReused
from tests.common.memory.database import Tables


class MemoryClients:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def get(self, client_id: str) -> Client | None:
        return self._tables.clients.get(client_id)

    def put(self, client: Client) -> None:
        self._tables.clients[client.client_id] = client


class MemoryIdempotency:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def find(self, request: RequestKey) -> str | None:
        remembered = self._tables.requests.get((request.caller, request.key))
        if remembered is None:
            return None
        if remembered[0] != request:
            raise IdempotencyKeyReused
        return remembered[1]

    def remember(self, request: RequestKey, result_id: str, at: int) -> None:
        key = request.caller, request.key
        if key in self._tables.requests:
            raise Conflict
        self._tables.requests[key] = request, result_id


class MemoryReplays:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def claim(self, kind: str, value: str, expires_at: int) -> bool:
        if (kind, value) in self._tables.replays:
            return False
        self._tables.replays[kind, value] = expires_at
        return True
