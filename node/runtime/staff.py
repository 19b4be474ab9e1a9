"""Open a node's staff accounts for its operator."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from jeung.domain.staff import StaffRole
from jeung.ports.world import Clock
from jeung.services.acting import OPERATOR, acting
from jeung.services.staff import SessionRules, StaffAccountService, StaffEnrolmentService
from node.runtime.adapters import OsEntropy
from node.runtime.database import open_node_store
from node.runtime.passwords import Argon2Hasher
from node.settings import Settings


@dataclass(frozen=True, slots=True)
class NewStaff:
    """Say whom a new node lets in from the beginning."""

    name: str
    roles: frozenset[StaffRole]
    password: str = field(repr=False)


def session_rules(settings: Settings) -> SessionRules:
    """Give who is let in how, and for how long, as the settings have it."""
    return SessionRules(
        idle_s=settings.console.session_idle_s,
        life_s=settings.console.session_life_s,
        per_account=settings.console.sessions_per_account,
        recent_s=settings.console.recent_authentication_s,
        methods=frozenset(settings.console.log_in_methods),
        passkey_roles=frozenset(settings.console.passkey_roles),
    )


@contextmanager
def open_staff(settings: Settings, clock: Clock, *, words: Collection[str] = ()) -> Iterator[StaffAccountService]:
    """Open the staff accounts of a node, for the length of a `with` block; no key is needed.

    `words` beside the node's own name and host are what a guesser would begin with.

    Raises:
        StoreBusy, StoreUnavailable, DatabaseTooNew: the database cannot be used.
    """
    entropy = OsEntropy()
    hasher = Argon2Hasher(entropy, unsafe_fast=settings.unsafe_fast_key_derivation)
    host = settings.base_url.partition("://")[2].partition(":")[0].partition("/")[0]
    kept = open_node_store(settings, clock)
    try:
        with acting(OPERATOR):
            yield StaffAccountService(
                store=kept.store, hasher=hasher, clock=clock, entropy=entropy, words=(settings.name, host, *words)
            )
    finally:
        kept.dispose()


@contextmanager
def open_enrolments(settings: Settings, clock: Clock) -> Iterator[StaffEnrolmentService]:
    """Open what makes codes for passkeys, for the length of a `with` block; no key is needed.

    Raises:
        StoreBusy, StoreUnavailable, DatabaseTooNew: the database cannot be used.
    """
    kept = open_node_store(settings, clock)
    try:
        with acting(OPERATOR):
            yield StaffEnrolmentService(
                store=kept.store, clock=clock, entropy=OsEntropy(), ttl_s=settings.console.enrolment_ttl_s
            )
    finally:
        kept.dispose()
