"""Describe keys by what may be known of them: never by what must not."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Any

from keys.algorithms import algorithms
from keys.errors import KeystoreTampered, WrongState
from keys.purposes import Purpose

SOFTWARE = "software"
"""The backend that is the keystore's own file."""


class State(enum.StrEnum):
    """Say how far a key's life has come (NIST SP 800-57 part 1, 7)."""

    PRE_ACTIVE = "pre_active"
    ACTIVE = "active"
    RETIRED = "retired"
    DESTROYED = "destroyed"
    COMPROMISED = "compromised"


# An active key is retired before it is destroyed, so that nobody destroys what is in use by one slip. Nothing leaves
# COMPROMISED: destroying a compromised key erases its material and sets `destroyed_at`, and the warning stays.
NEXT_STATES: Mapping[State, frozenset[State]] = MappingProxyType(
    {
        State.PRE_ACTIVE: frozenset({State.ACTIVE, State.DESTROYED, State.COMPROMISED}),
        State.ACTIVE: frozenset({State.RETIRED, State.COMPROMISED}),
        State.RETIRED: frozenset({State.DESTROYED, State.COMPROMISED}),
        State.DESTROYED: frozenset({State.COMPROMISED}),
        State.COMPROMISED: frozenset(),
    }
)


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """Describe one key. Times are seconds UTC; a time that has not come is None.

    `public_members` are the required members of the public JWK (P-256, Ed25519), `address` the EIP-55 account
    (secp256k1); a secret key has neither. `compromised_at` is when it was declared, `compromised_since` from when
    on its uses are not to be trusted. `uses` counts signatures, wraps and unwraps. `backend` names where the material
    is held, one key here and the next there; `handle` is how that backend finds it, empty for the keystore's own.
    """

    key_id: str
    purpose: Purpose
    algorithm: str
    state: State
    created_at: int
    not_before: int
    activated_at: int | None = None
    retired_at: int | None = None
    destroyed_at: int | None = None
    compromised_at: int | None = None
    compromised_since: int | None = None
    public_members: tuple[tuple[str, str], ...] = ()
    address: str | None = None
    uses: int = 0
    backend: str = SOFTWARE
    handle: str = ""

    @property
    def public_jwk(self) -> dict[str, str] | None:
        """Give the public JWK, required members only (RFC 7638, 3.2), or None where there is none."""
        return dict(self.public_members) or None

    def moved_to(self, state: State) -> "KeyRecord":
        """Give the record after a transition; its time is for the caller to set.

        Raises:
            WrongState: the life of a key does not go that way.
        """
        if state not in NEXT_STATES[self.state]:
            raise WrongState(f"a {self.state} key cannot become {state}")
        return replace(self, state=state)

    def to_json(self) -> dict[str, Any]:
        """Give the record as JSON values by field name; a later field only where it says something.

        So a file written before there was such a field reads, and its seals hold, as they are.
        """
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        spoken = {name: value for name, value in values.items() if value != LATER_FIELDS.get(name, _NEVER)}
        return {**spoken, "public_members": dict(self.public_members)}


_NEVER = object()
LATER_FIELDS: Mapping[str, object] = MappingProxyType({"backend": SOFTWARE, "handle": ""})
"""Fields that joined the record after files had been written, with what their absence means."""

_NUMBERS = ("created_at", "not_before", "uses")
_TEXTS = ("key_id", "backend", "handle")
_TIMES = ("activated_at", "retired_at", "destroyed_at", "compromised_at", "compromised_since")


def record_from_json(values: object) -> KeyRecord:
    """Read what `to_json` wrote.

    Raises:
        KeystoreTampered: a field is missing, unknown or of the wrong type.
    """
    if isinstance(values, dict):
        values = {**LATER_FIELDS, **values}
    if not isinstance(values, dict) or values.keys() != {field.name for field in fields(KeyRecord)}:
        raise KeystoreTampered("a key record does not have the fields it must have")
    if values["algorithm"] not in algorithms() or not all(isinstance(values[name], str) for name in _TEXTS):
        raise KeystoreTampered("a key record names an algorithm or a backend that is none")
    if any(type(values[name]) is not int for name in _NUMBERS) or any(
        values[name] is not None and type(values[name]) is not int for name in _TIMES
    ):
        raise KeystoreTampered("a key record holds a number that is none")
    try:
        return KeyRecord(
            **{
                **values,
                "purpose": Purpose(values["purpose"]),
                "state": State(values["state"]),
                "public_members": tuple(sorted(values["public_members"].items())),
            }
        )
    except (ValueError, AttributeError, TypeError):
        raise KeystoreTampered("a key record holds a value that means nothing here") from None
