"""Replay what a node logged of its staff, clients, policies, acts of two people, proposals and keys.

What results is what must stand in its tables: for each table, the name of each row and some of its fields. A field
that an event does not carry, because an earlier version wrote it, is not expected of the row.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson

from audit.database import NodeDatabase

Fields = dict[str, Any]
Body = Mapping[str, Any]

STAFF, PASSKEYS, IDENTITIES, CLIENTS = "staff_accounts", "staff_passkeys", "staff_identities", "clients"
POLICIES, ACTS, INTENTS, KEYS = "policies", "acts", "intents", "key_inventory"
TABLES: Final = (STAFF, PASSKEYS, IDENTITIES, CLIENTS, POLICIES, ACTS, INTENTS, KEYS)
MISSING: Final = "missing"
# Under this an event says when it occurred, beside what its body says.
_AT: Final = "occurred_at"
_KEY_TIMES: Final = ("activated_at", "retired_at", "destroyed_at", "compromised_at", "compromised_since")
# What lapses does so without an event; the row may say so, until the worker writes and logs it.
_LAPSED: Final = "expired"


class LoggedActs:
    """Hold what the events so far leave standing: table -> name of a row -> its fields."""

    def __init__(self) -> None:
        """Begin with empty tables."""
        self.tables: dict[str, dict[str, Fields]] = {table: {} for table in TABLES}
        self.unreadable = 0

    def take(self, kind: str, body: object, at: object) -> None:
        """Apply one event of a time; one that has not its form is counted and changes nothing."""
        try:
            said = orjson.loads(body) if isinstance(body, bytes) else None
            if isinstance(said, dict):
                _APPLIED[kind](self, {**said, _AT: at})
                return
        except (orjson.JSONDecodeError, KeyError, TypeError):
            pass
        self.unreadable += 1

    def put(self, table: str, name: str, said: Body, *fields: str) -> None:
        """Begin a row anew with those of the fields that the event carries."""
        self.tables[table][name] = {}
        self.change(table, name, said, *fields)

    def change(self, table: str, name: str, said: Body, *fields: str, **known: object) -> None:
        """Change a row; one that was never begun begins here, for the log is what counts."""
        row = self.tables[table].setdefault(name, {})
        row.update({field: said[field] for field in fields if field in said}, **known)


def replay_acts(database: NodeDatabase) -> LoggedActs:
    """Replay a node's events.

    Raises:
        AuditImpossible: the database cannot be read.
    """
    acts = LoggedActs()
    kinds = ", ".join(f"'{kind}'" for kind in _APPLIED)
    for event in database.tuples(
        f"SELECT kind, body, occurred_at FROM log_events WHERE kind IN ({kinds}) ORDER BY number"  # noqa: S608 - ours
    ):
        acts.take(*event)
    return acts


def _staff_added(acts: LoggedActs, said: Body) -> None:
    acts.put(STAFF, said["staff"], said, "roles", "password")
    acts.change(STAFF, said["staff"], said, disabled=False)
    if said.get("method") == "oidc":
        _identity_linked(acts, said)


def _identity_linked(acts: LoggedActs, said: Body) -> None:
    acts.tables[IDENTITIES][said["staff"]] = {"linked_at": said[_AT]}


def _staff_changed(*fields: str, **known: object) -> Callable[[LoggedActs, Body], None]:
    return lambda acts, said: acts.change(STAFF, said["staff"], said, *fields, **known)


def _passkey_added(acts: LoggedActs, said: Body) -> None:
    acts.put(PASSKEYS, said["passkey"], said, "staff", "key", "backup_eligible")
    acts.change(PASSKEYS, said["passkey"], said, suspected=False)


def _passkey_suspected(acts: LoggedActs, said: Body) -> None:
    acts.change(PASSKEYS, said["passkey"], said, suspected=True)


def _passkey_removed(acts: LoggedActs, said: Body) -> None:
    acts.tables[PASSKEYS].pop(said["passkey"], None)


def _client_registered(acts: LoggedActs, said: Body) -> None:
    # Kept in the name of somebody who had no account yet, he is its keeper once he has one.
    unknown = said.get("kept") is True and said.get("keeper") is None
    acts.put(CLIENTS, said["client"], said, "key", *(() if unknown else ("keeper",)), "kept", "scopes")


def _policy(member: str) -> Callable[[LoggedActs, Body], None]:
    def apply(acts: LoggedActs, said: Body) -> None:
        standing = acts.tables[POLICIES]
        standing[str(len(standing) + 1)] = {"digest": said[member], "act": said.get("act")}

    return apply


def _act_requested(acts: LoggedActs, said: Body) -> None:
    acts.put(ACTS, said["act"], said, "kind", "digest")
    acts.change(ACTS, said["act"], said, requested_by=said["by"], decided_by=None, state=("requested", _LAPSED))


def _act_decided(*states: str) -> Callable[[LoggedActs, Body], None]:
    return lambda acts, said: acts.change(ACTS, said["act"], said, decided_by=said["by"], state=states)


def _act_begun(acts: LoggedActs, said: Body) -> None:
    acts.change(ACTS, said["act"], said, state=("executing", _LAPSED))


def _act_ended(acts: LoggedActs, said: Body) -> None:
    acts.change(ACTS, said["act"], said, state=(said["state"],), failure=said.get("failure"))


def _act_expired(acts: LoggedActs, said: Body) -> None:
    acts.change(ACTS, said["act"], said, state=(_LAPSED,))


def _intended(acts: LoggedActs, said: Body) -> None:
    acts.put(INTENTS, said["intent"], said, "contract", "function", "call")


def _key_changed(acts: LoggedActs, said: Body) -> None:
    if said["after"] == MISSING:
        acts.tables[KEYS].pop(said["key_id"], None)
        return
    acts.put(KEYS, said["key_id"], said, "purpose", "backend")
    acts.change(KEYS, said["key_id"], said, state=said["after"], **{name: said.get(name) for name in _KEY_TIMES})


_APPLIED: Final[dict[str, Callable[[LoggedActs, Body], None]]] = {
    "staff_added": _staff_added,
    "staff_roles_set": _staff_changed("roles"),
    "staff_password_set": _staff_changed("password"),
    "staff_disabled": _staff_changed(disabled=True),
    "staff_enabled": _staff_changed("password", disabled=False),
    "passkey_added": _passkey_added,
    "passkey_suspected": _passkey_suspected,
    "passkey_removed": _passkey_removed,
    "staff_identity_linked": _identity_linked,
    "client_registered": _client_registered,
    "policy_adopted": _policy("policy"),
    "policy_changed": _policy("after"),
    "act_requested": _act_requested,
    "act_approved": _act_decided("approved", "executing", _LAPSED),
    "act_rejected": _act_decided("rejected"),
    "act_withdrawn": _act_decided("withdrawn"),
    "act_begun": _act_begun,
    "act_ended": _act_ended,
    "act_expired": _act_expired,
    "governance_intended": _intended,
    "key_changed": _key_changed,
}
