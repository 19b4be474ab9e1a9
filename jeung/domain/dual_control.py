"""Describe acts that two people must want: what is asked for, by whom, who decided, and how it ended."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from jeung.crypto import canonical_json
from jeung.crypto.hashing import sha256
from jeung.domain.access import Scope
from jeung.errors import MalformedInput

MAX_REASON: Final = 500
MAX_PARAMETERS_BYTES: Final = 16 * 1024
SALT_LENGTH: Final = 32


class ActKind(enum.StrEnum):
    """Name what nobody does alone; a kind is served once a handler of it stands in the node's registry."""

    KEY_DESTRUCTION = "key_destruction"
    BACKUP_EXPORT = "backup_export"
    MASS_REVOCATION = "mass_revocation"
    REISSUE = "reissue"
    ERASURE = "erasure"
    POLICY_CHANGE = "policy_change"


class ActState(enum.StrEnum):
    """Follow an act from its request to its end."""

    REQUESTED = "requested"
    APPROVED = "approved"
    EXECUTING = "executing"
    DONE = "done"
    FAILED = "failed"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


OPEN_STATES: Final = frozenset({ActState.REQUESTED, ActState.APPROVED, ActState.EXECUTING})
_LAPSING = frozenset({ActState.REQUESTED, ActState.APPROVED})


class PrincipalKind(enum.StrEnum):
    """Say what kind of account acts: a back end's, or a person's."""

    CLIENT = "client"
    STAFF = "staff"


class Channel(enum.StrEnum):
    """Say where somebody acted."""

    API = "api"
    CONSOLE = "console"
    COMMAND_LINE = "command_line"


@dataclass(frozen=True, slots=True)
class Principal:
    """Say who acts: the account, where, and what it may do. `account_id` is a client id or a staff id."""

    kind: PrincipalKind
    account_id: str
    channel: Channel
    scopes: frozenset[Scope] = frozenset()


@dataclass(frozen=True, slots=True)
class Signatory:
    """Record who asked or decided; `traces` are all names under which we would know the same person again."""

    kind: PrincipalKind
    account_id: str
    channel: Channel
    traces: frozenset[str] = frozenset()

    @property
    def shown(self) -> dict[str, str]:
        """Give what the event log says of them."""
        return {"kind": self.kind.value, "id": self.account_id, "channel": self.channel.value}


@dataclass(frozen=True, slots=True)
class Act:
    """Describe an act; times are seconds UTC.

    Attributes:
        act_id: its name.
        kind: what is to be done.
        parameters: to what; None once the act has forgotten it.
        salt: what `digest` is salted with, None once forgotten: the digest alone gives no parameter away.
        digest: SHA-256 over the salt and the canonical form of kind and parameters; the event log names it.
        reason: why, in the requester's words; None once forgotten.
        state: the recorded state; `state_at` knows of lapses.
        requested_by: who asked.
        requested_at: when.
        expires_at: from when on it lapses, unless somebody decided, or began what was decided.
        decided_by: who approved, rejected or withdrew.
        decided_at: when.
        begun_at: when its execution began.
        ended_at: when it was done or had failed.
        failure: the code of the error it failed with.
        result: what its execution gave, without secrets and personal data.
    """

    act_id: str
    kind: ActKind
    parameters: Mapping[str, Any] | None
    salt: bytes | None = field(repr=False)
    digest: bytes
    reason: str | None = field(repr=False)
    state: ActState
    requested_by: Signatory
    requested_at: int
    expires_at: int
    decided_by: Signatory | None = None
    decided_at: int | None = None
    begun_at: int | None = None
    ended_at: int | None = None
    failure: str | None = None
    result: Mapping[str, Any] | None = None

    def state_at(self, now: int) -> ActState:
        """Give the state at a time: what nobody decided or began in time has expired."""
        if self.state in _LAPSING and now >= self.expires_at:
            return ActState.EXPIRED
        return self.state


@dataclass(frozen=True, slots=True)
class Words:
    """Say something in both languages of the desk."""

    ko: str
    en: str


@dataclass(frozen=True, slots=True)
class Fact:
    """Name one value an act is about, as people read it."""

    label: Words
    value: str


@dataclass(frozen=True, slots=True)
class Description:
    """Say in plain words what an act would do, so that nobody approves what he cannot read."""

    title: Words
    effect: Words
    facts: tuple[Fact, ...] = ()


def act_digest(kind: ActKind, parameters: Mapping[str, Any], salt: bytes) -> bytes:
    """Give the digest that stands for an act: SHA-256(salt ‖ RFC 8785 of {kind, parameters}).

    Raises:
        MalformedInput: the parameters are no JSON object, or larger than their bound.
    """
    body = canonical_json.canonical({"kind": kind.value, "parameters": dict(parameters)})
    if len(body) > MAX_PARAMETERS_BYTES:
        raise MalformedInput("the act's parameters are larger than their bound")
    return sha256(salt + body)


def checked_reason(text: str) -> str:
    """Give back a reason once it is one: 1 to 500 printable characters.

    Raises:
        MalformedInput: empty, too long, or with control characters.
    """
    text = text.strip()
    if not 0 < len(text) <= MAX_REASON or not text.isprintable():
        raise MalformedInput(f"a reason is a printable text of 1 to {MAX_REASON} characters")
    return text
