"""Share what every act of a service needs: identifiers, repeated requests, data keys, the event log."""

import re
from collections.abc import Mapping
from typing import Final

from jeung.crypto import canonical_json
from jeung.domain.access import RequestKey
from jeung.domain.chain import Intent
from jeung.domain.verification import LogEntry
from jeung.errors import SubjectErased, SubjectLocked
from jeung.ports.store import Transaction
from jeung.ports.world import Entropy
from jeung.services.acting import present_actor

_ID_BYTES = 16
# Whole ids and nothing else that begins so, as one digest in base64url of some millions does, or a client's name may:
# the log must go on saying what these are.
_FORGETTABLE: Final = re.compile(r"(?:sub|prf|crd|fam|ofr|wgr|war)_[0-9a-f]{32}")


def new_id(entropy: Entropy, kind: str) -> str:
    """Make an identifier that tells its kind and nothing else: `kind_` and 128 random bits in hexadecimal."""
    return f"{kind}_{entropy.token(_ID_BYTES).hex()}"


def earlier_result(tx: Transaction, request: RequestKey | None) -> str | None:
    """Give the id of what the same request made before, or None.

    Raises:
        IdempotencyKeyReused: the caller used the key for another request.
    """
    return None if request is None else tx.idempotency.find(request)


def remember_result(tx: Transaction, request: RequestKey | None, result_id: str, at: int) -> None:
    """Remember what a request made, in the transaction that made it."""
    if request is not None:
        tx.idempotency.remember(request, result_id, at)


def subject_key(tx: Transaction, subject_id: str) -> bytes:
    """Give a subject's wrapped data key.

    Raises:
        SubjectErased: it was destroyed.
        SubjectLocked: what is kept of the subject is kept for the law alone.
    """
    wrapped = tx.data_keys.get(subject_id)
    if wrapped is None:
        raise SubjectErased
    if tx.erasures.of_subject(subject_id) is not None:
        raise SubjectLocked
    return wrapped


def log(tx: Transaction, kind: str, body: Mapping[str, object], at: int) -> None:
    """Append an event to the log; `body` holds no personal data and nothing that links copies of one family.

    Ids under which a person could be found stand there by the log's own random names, because a row of the log is
    never deleted, and the name of an id can be. Who acts is added as `actor`, where anybody does
    (jeung.services.acting).
    """
    named = {member: _named(tx, value, at) for member, value in body.items()}
    actor = present_actor()
    if actor is not None:
        named["actor"] = actor
    tx.events.append(LogEntry(kind, canonical_json.canonical(named), at))


def log_intended(tx: Transaction, intent: Intent, at: int) -> None:
    """Log that a call of the governance account was put into the outbox, in the transaction that puts it there."""
    call = intent.call
    body = {
        "intent": intent.intent_id,
        "contract": call.contract,
        "function": call.function,
        "call": call.digest,
    }
    log(tx, "governance_intended", body, at)


def _named(tx: Transaction, value: object, at: int) -> object:
    if isinstance(value, str) and _FORGETTABLE.fullmatch(value):
        return tx.log_names.of(value, at)
    return value
