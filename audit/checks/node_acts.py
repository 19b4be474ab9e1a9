"""Compare the tables of who may act, and of what was decided, with the acts that the node logged.

What the events leave standing of staff, passkeys, back-end clients, policies, acts of two people, proposals and keys
(`audit.checks.logged_acts`) must be what stands in the tables, and nothing else. Proves that a row written past the
program is found: the log has its commitment in public, and the row has no event. It cannot prove that the one who is
logged as acting was that person, nor tell of what events do not carry: names, labels, counters.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any, Final

from audit import rules
from audit.checks.bounded import bounded
from audit.checks.logged_acts import (
    ACTS,
    CLIENTS,
    IDENTITIES,
    INTENTS,
    KEYS,
    PASSKEYS,
    POLICIES,
    STAFF,
    Fields,
    replay_acts,
)
from audit.checks.node_sessions import unlogged_sessions
from audit.database import NodeDatabase
from audit.findings import Finding
from jeung.crypto import base64url, canonical_json
from jeung.crypto.hashing import sha256
from jeung.crypto.jwk import parse_jwk
from jeung.domain.chain import ChainCall
from jeung.errors import JeungError

# An anchor is made of the log, and need leave no entry in it; whatever else is sent to its contract must.
_UNLOGGED: Final = {"contract": "LogAnchor", "function": "anchor"}

_Named = tuple[str, Fields]


def compare_acts(database: NodeDatabase, member: str) -> tuple[list[Finding], int]:
    """Compare a node's rows with what it logged of them; give findings and the number of rows.

    Raises:
        AuditImpossible: the database cannot be read.
    """
    logged = replay_acts(database)
    findings: list[Finding] = []
    count = 0
    if logged.unreadable:
        message = f"{logged.unreadable} events about staff, clients, acts or keys cannot be read"
        findings.append(Finding(rules.LOG_ENTRY_UNEXPLAINED, "logged events", message, member=member))

    def compared(table: str, rows: Callable[[NodeDatabase], Iterator[_Named]]) -> Iterator[Finding]:
        nonlocal count
        expected = logged.tables[table]
        for name, row in rows(database):
            count += 1
            yield from _compared(f"{table} {name}", row, expected.pop(name, None), member)
        # None of these tables loses a row but by an act with an event.
        message = "its events say that it stands, and there is no such row"
        for name in expected:
            yield Finding(rules.LOG_ENTRY_UNEXPLAINED, f"{table} {name}", message, member=member)

    for table, rows in _ROWS.items():
        findings += bounded(compared(table, rows), f"rows of {table}", member)
    findings += bounded(unlogged_sessions(database, member), "rows of staff_sessions", member)
    return findings, count


def _compared(subject: str, row: Fields, expected: Fields | None, member: str) -> list[Finding]:
    if expected is None and all(row.get(name) == value for name, value in _UNLOGGED.items()):
        return []
    if expected is None:
        message = "stands in the table, and no event says so"
        return [Finding(rules.LOG_ACT_MISSING, subject, message, member=member)]
    differing = [name for name, value in expected.items() if not _agrees(row.get(name), value)]
    if not differing:
        return []
    message = f"{', '.join(differing)}: not as logged"
    return [Finding(rules.ROW_MISMATCH, subject, message, member=member)]


def _agrees(value: object, expected: object) -> bool:
    return value in expected if isinstance(expected, tuple) else value == expected


def _staff(database: NodeDatabase) -> Iterator[_Named]:
    for name, roles, password, disabled_at in database.tuples(
        "SELECT staff_id, roles, password_hash, disabled_at FROM staff_accounts"
    ):
        yield (
            str(name),
            {
                "roles": sorted(str(roles).split()),
                "password": base64url.encode(sha256(str(password).encode())),
                "disabled": disabled_at is not None,
            },
        )


def _passkeys(database: NodeDatabase) -> Iterator[_Named]:
    for credential, staff, key, eligible, suspected_at in database.tuples(
        "SELECT credential_id, staff_id, public_key, backup_eligible, suspected_at FROM staff_passkeys"
    ):
        yield (
            # As jeung.domain.passkeys names it.
            f"pky_{_hashed(credential)[:16].hex()}",
            {
                "staff": staff,
                "key": base64url.encode(_hashed(key)),
                "backup_eligible": eligible == 1,
                "suspected": suspected_at is not None,
            },
        )


def _identities(database: NodeDatabase) -> Iterator[_Named]:
    # The log does not say who somebody is at the provider: only that, and when, the account was given to somebody.
    for staff, linked_at in database.tuples("SELECT staff_id, linked_at FROM staff_identities"):
        yield str(staff), {"linked_at": linked_at}


def _clients(database: NodeDatabase) -> Iterator[_Named]:
    for name, jwk, scopes, kept_by, keeper in database.tuples(
        "SELECT client_id, jwk, scopes, kept_by, staff_id FROM clients LEFT JOIN staff_accounts ON name = kept_by"
    ):
        yield (
            str(name),
            {
                "key": _thumbprint(jwk),
                "keeper": keeper,
                "kept": kept_by is not None,
                "scopes": sorted(str(scopes).split()),
            },
        )


def _policies(database: NodeDatabase) -> Iterator[_Named]:
    rows = database.tuples("SELECT digest, document, act_id FROM policies ORDER BY number")
    for place, (digest, document, act) in enumerate(rows, start=1):
        # The document is held against the digest that was logged, the row's own digest against the document.
        own = _digest_of(document)
        agrees = own is not None and digest == own
        yield str(place), {"digest": base64url.encode(digest) if agrees else None, "act": act}


def _acts(database: NodeDatabase) -> Iterator[_Named]:
    for name, kind, digest, parameters, salt, state, failure, asked, decided in database.tuples(
        "SELECT act_id, kind, digest, parameters, salt, state, failure, requested_by, decided_by FROM acts"
    ):
        # The parameters are held against the digest that was logged, until they are forgotten.
        agrees = parameters is None or _act_digest(kind, parameters, salt) == digest
        yield (
            str(name),
            {
                "kind": kind,
                "digest": base64url.encode(digest) if agrees and isinstance(digest, bytes) else None,
                "state": state,
                "failure": failure,
                "requested_by": _signatory(asked),
                "decided_by": _signatory(decided),
            },
        )


def _intents(database: NodeDatabase) -> Iterator[_Named]:
    for name, contract, function, args in database.tuples("SELECT intent_id, contract, function, args FROM intents"):
        call = _call_digest(contract, function, args)
        yield str(name), {"contract": contract, "function": function, "call": call}


def _keys(database: NodeDatabase) -> Iterator[_Named]:
    for row in database.rows("SELECT * FROM key_inventory"):
        yield str(row["key_id"]), row


_ROWS: Final[dict[str, Callable[[NodeDatabase], Iterator[_Named]]]] = {
    STAFF: _staff,
    PASSKEYS: _passkeys,
    IDENTITIES: _identities,
    CLIENTS: _clients,
    POLICIES: _policies,
    ACTS: _acts,
    INTENTS: _intents,
    KEYS: _keys,
}


def _hashed(value: object) -> bytes:
    return sha256(value if isinstance(value, bytes) else str(value).encode())


def _digest_of(document: object) -> bytes | None:
    """Give the SHA-256 of a policy's canonical form; None where it has none."""
    try:
        return sha256(canonical_json.canonical(_json(document)))
    except JeungError:
        return None


def _act_digest(kind: object, parameters: object, salt: object) -> bytes | None:
    """Give the digest of an act (as jeung.domain.dual_control); None where what is kept of it has none."""
    try:
        body = canonical_json.canonical({"kind": kind, "parameters": _json(parameters)})
    except JeungError:
        return None
    return sha256(salt + body) if isinstance(salt, bytes) else None


def _call_digest(contract: object, function: object, args: object) -> str | None:
    """Give what the log keeps of a call; None where what is kept of it is none."""
    if not isinstance(contract, str) or not isinstance(function, str):
        return None
    try:
        arguments = json.loads(str(args))
        return ChainCall(contract, function, tuple(arguments)).digest if isinstance(arguments, list) else None
    except (ValueError, RecursionError):
        return None


def _json(text: object) -> Any:  # noqa: ANN401 - whatever a row holds
    try:
        return json.loads(str(text))
    except (ValueError, RecursionError):
        return None


def _thumbprint(jwk: object) -> str | None:
    parsed = _json(jwk)
    try:
        return base64url.encode(parse_jwk(parsed).thumbprint) if isinstance(parsed, dict) else None
    except JeungError:
        return None


def _signatory(text: object) -> dict[str, Any] | None:
    by = None if text is None else _json(text)
    return {name: by.get(name) for name in ("kind", "id", "channel")} if isinstance(by, dict) else None
