"""Keep the policies of the node: the settings that two people change, and since when each was in force."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select

from jeung.crypto import canonical_json
from jeung.crypto.hashing import sha256
from node.store.schema_policy import policies

_LAST = select(policies).order_by(policies.c.number.desc()).limit(1)
_ADD = insert(policies)


@dataclass(frozen=True, slots=True)
class Policy:
    """Describe a policy: its settings by group, their digest, the act that approved it, when (seconds UTC)."""

    document: Mapping[str, Any]
    digest: bytes
    act_id: str | None
    approved_at: int


def policy_digest(document: Mapping[str, Any]) -> bytes:
    """Give the SHA-256 of a policy's canonical form (RFC 8785)."""
    return sha256(canonical_json.canonical(dict(document)))


def present_policy(connection: Connection) -> Policy | None:
    """Give the policy in force, or None where the node has adopted none yet."""
    row = connection.execute(_LAST).first()
    if row is None:
        return None
    return Policy(json.loads(row.document), bytes(row.digest), row.act_id, row.approved_at)


def add_policy(connection: Connection, policy: Policy) -> None:
    """Put a policy into force."""
    document = json.dumps(dict(policy.document), sort_keys=True)
    values = {"digest": policy.digest, "act_id": policy.act_id, "approved_at": policy.approved_at}
    connection.execute(_ADD, {"document": document, **values})


def longest_kept_days(connection: Connection) -> int:
    """Give for how many days a backup was good at most, under any policy there ever was."""
    documents = connection.execute(select(policies.c.document)).scalars()
    return max((int(json.loads(text)["backups"]["keep_days"]) for text in documents), default=0)
