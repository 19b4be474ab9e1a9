"""Describe who calls a node's API: registered clients, their scopes, and the request they make."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class Scope(enum.StrEnum):
    """Name what a token allows."""

    ISSUE = "issue"
    VERIFY = "verify"
    STATUS = "status"
    KEYS = "keys"
    AUDIT = "audit"
    GOVERN = "govern"
    APPROVE = "approve"
    RETENTION = "retention"


@dataclass(frozen=True, slots=True)
class Client:
    """Describe a back-end client: its public key (JWK, ES256) and the scopes it may ask for.

    `kept_by` is the log-in name of the member of staff who keeps its private key, where somebody does: what the
    client does then counts as that person's where two people are needed.
    """

    client_id: str
    jwk: Mapping[str, Any]
    scopes: frozenset[Scope]
    kept_by: str | None = None


@dataclass(frozen=True, slots=True)
class Caller:
    """Say who a verified access token stands for."""

    client_id: str
    scopes: frozenset[Scope]


@dataclass(frozen=True, slots=True)
class RequestKey:
    """Identify a request that may be repeated: the caller, its Idempotency-Key, and what was asked.

    `operation` names the endpoint and `body_digest` is the digest of the request body under a key of
    the node (`jeung.services.request_digests`).
    """

    caller: str
    key: str
    operation: str
    body_digest: bytes
