"""Remove what has served its time, a bounded number of rows a call."""

import datetime

from sqlalchemy import ColumnElement, Delete, Table, and_, bindparam, delete, func, or_, select, true, tuple_

from node.store.engine import Database
from node.store.schema import data_keys, evidence, idempotency_keys, nonces, replays
from node.store.schema_erasure import log_names
from node.store.schema_evidence import block_vouches, evidence_presentations, evidence_proofs
from node.store.schema_governance import ledger_questions
from node.store.schema_issuing import deferred_issuances, encryption_keys, wallet_notifications
from node.store.schema_presentations import evidence_readings, presentation_requests, webhook_deliveries
from node.store.schema_staff import login_attempts, staff_challenges, staff_enrolments, staff_sessions
from node.store.schema_wallets import credential_offers, wallet_authorizations, wallet_grants

IDEMPOTENCY_KEPT_S = 24 * 3600
SHOWN_KEPT_S = 3600
"""A presentation is kept so long after the end of the day on which it goes: a phone may use a nonce just before
midnight, its back end fetches the claims afterwards, and the worker gathers proofs."""
NONCES_KEPT_S = 3600
"""A nonce is kept a while after its expiry, so that who shows it late hears "expired" and not "unknown"; and as long
after its use, however late that was, so that the back end whose phone used it can still fetch the judgement: an hour
outlasts a restart on either side. Since only a kept nonce can be used, two such whiles are the most."""
ATTEMPTS_KEPT_S = 30 * 24 * 3600
REQUESTS_KEPT_S = 24 * 3600
"""A presentation request is kept a day after its expiry, so that its maker can still look up what became of it.
Nothing sealed under the key of a day is left two days after that day's end."""
WALLETS_KEPT_S = 31 * 24 * 3600
"""Offers, redeemed authorization requests and grants are kept for longer than the longest life of an access token,
so that a code that comes again still finds what it gave and revokes it."""
UNANSWERED_KEPT_S = 3600
CHALLENGE_KEYS_KEPT_S = 3 * 24 * 3600
LOG_NAMES_KEPT_S = 90 * 24 * 3600
"""The log's names for offers and grants outlast these; then nobody can ask for them any more. An offer that is kept
for longer, as one that follows a revocation in bulk may be, keeps its name as long."""
DELIVERIES_KEPT_S = 7 * 24 * 3600
REMOVED_AT_ONCE = 5000


def _sweep(table: Table, time_column: str, only: ColumnElement[bool] | None = None) -> Delete:
    key = tuple_(*table.primary_key.columns)
    old = (
        select(*table.primary_key.columns)
        .where(table.c[time_column] < bindparam("before"), true() if only is None else only)
        .order_by(table.c[time_column])
        .limit(REMOVED_AT_ONCE)
    )
    return delete(table).where(key.in_(old))


_NONCES = _sweep(nonces, "expires_at", or_(nonces.c.used_at.is_(None), nonces.c.used_at < bindparam("before")))
_REPLAYS = _sweep(replays, "expires_at")
_IDEMPOTENCY = _sweep(idempotency_keys, "created_at")
_STAFF = tuple(_sweep(table, "expires_at") for table in (staff_sessions, staff_challenges, staff_enrolments))
_ATTEMPTS = _sweep(login_attempts, "last_at")
_ISSUING = tuple(_sweep(table, "expires_at") for table in (deferred_issuances, wallet_notifications, encryption_keys))
_QUESTIONS = _sweep(ledger_questions, "expires_at")
_REQUESTS = _sweep(presentation_requests, "expires_at")
_REQUEST_KEYS = _sweep(data_keys, "created_at", data_keys.c.owner.startswith("presentations/"))
_DELIVERIES = _sweep(webhook_deliveries, "ended_at")
_LOG_NAMES = _sweep(
    log_names,
    "created_at",
    and_(
        func.substr(log_names.c.id, 1, 4).in_(("ofr_", "wgr_", "war_")),
        # An offer may be open for as long as its name is kept at least, and an audit asks what was logged of it.
        log_names.c.id.not_in(select(credential_offers.c.offer_id)),
        log_names.c.id.not_in(select(wallet_grants.c.grant_id)),
    ),
)
# The day stands in the owner's name, so that the index finds what is old.
_OLD_EVIDENCE = (
    select(evidence.c.number)
    .where(evidence.c.data_key_id >= "evidence/", evidence.c.data_key_id < bindparam("day"))
    .order_by(evidence.c.number)
    .limit(REMOVED_AT_ONCE)
)
# Where the retention of evidence was shortened, what was to go before it goes with it.
_SHOWN_OF_OLD = delete(evidence_presentations).where(
    evidence_presentations.c.evidence_id.in_(
        select(evidence.c.evidence_id).where(evidence.c.number.in_(_OLD_EVIDENCE.subquery().select()))
    )
)
_PROOFS_OF_OLD = delete(evidence_proofs).where(evidence_proofs.c.evidence_number.in_(_OLD_EVIDENCE))
_EVIDENCE = delete(evidence).where(evidence.c.number.in_(_OLD_EVIDENCE))
_OLD_PROOFS = (
    select(evidence_proofs.c.evidence_number)
    .where(evidence_proofs.c.data_key_id >= "evidence/", evidence_proofs.c.data_key_id < bindparam("day"))
    .limit(REMOVED_AT_ONCE)
)
_VOUCHES = _sweep(block_vouches, "wanted_at")
_PROOFS = delete(evidence_proofs).where(evidence_proofs.c.evidence_number.in_(_OLD_PROOFS))
_EVIDENCE_KEYS = delete(data_keys).where(data_keys.c.owner >= "evidence/", data_keys.c.owner < bindparam("day"))
_EVIDENCE_READINGS = delete(evidence_readings).where(
    evidence_readings.c.data_key_id >= "evidence/", evidence_readings.c.data_key_id < bindparam("day")
)
# Named after the day on which they go; proofs of what a presentation showed go with it.
_OLD_SHOWN = (
    select(evidence_presentations.c.evidence_id)
    .where(evidence_presentations.c.data_key_id >= "shown/", evidence_presentations.c.data_key_id < bindparam("day"))
    .limit(REMOVED_AT_ONCE)
)
_OLD_SHOWN_PROOFS = (
    select(evidence_proofs.c.evidence_number)
    .where(
        evidence_proofs.c.data_key_id >= "shown/",
        evidence_proofs.c.data_key_id < bindparam("day"),
        # Nobody opens the last any more, but it says how far the gathering has come: else it would begin anew.
        evidence_proofs.c.evidence_number < select(func.max(evidence_proofs.c.evidence_number)).scalar_subquery(),
    )
    .limit(REMOVED_AT_ONCE)
)
_DROPPED = (
    delete(data_keys).where(data_keys.c.owner >= "shown/", data_keys.c.owner < bindparam("day")),
    delete(evidence_presentations).where(evidence_presentations.c.evidence_id.in_(_OLD_SHOWN)),
    delete(evidence_proofs).where(evidence_proofs.c.evidence_number.in_(_OLD_SHOWN_PROOFS)),
)
_WALLETS = tuple(_sweep(table, "expires_at") for table in (credential_offers, wallet_authorizations, wallet_grants))
_UNANSWERED = _sweep(wallet_authorizations, "expires_at", wallet_authorizations.c.grant_id.is_(None))
_CHALLENGE_KEYS = _sweep(data_keys, "created_at", data_keys.c.owner.startswith("challenges/"))


class Janitor:
    """Remove what has expired, and what is old: counts of failed log-ins, messages that were sent.

    Expired are nonces, one-time values, idempotency keys, sessions of staff and what leads to them, deferred
    issuances, notifications, presentation requests, questions to the chain, the keys of encrypted requests, and what
    passed between wallets and the authorization server.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def sweep(self, now: int, *, evidence_kept_s: int | None = None) -> int:
        """Remove what expired before `now`, at most 5,000 rows of a kind; give how many.

        Evidence goes by the day, its key first, once the whole day is `evidence_kept_s` seconds old; without it none.
        Presentations that are kept apart go when their day is over.

        The write-ahead log is emptied afterwards, so that what was deleted does not survive there.

        Raises:
            StoreBusy: the wait for another writer ran out.
        """
        removed = 0
        with self._database.write() as connection:
            for statement, before in (
                (_NONCES, now - NONCES_KEPT_S),
                (_REPLAYS, now),
                (_IDEMPOTENCY, now - IDEMPOTENCY_KEPT_S),
                *((statement, now) for statement in _STAFF),
                (_ATTEMPTS, now - ATTEMPTS_KEPT_S),
                *((statement, now) for statement in _ISSUING),
                (_QUESTIONS, now),
                (_REQUESTS, now - REQUESTS_KEPT_S),
                (_REQUEST_KEYS, now - 3 * REQUESTS_KEPT_S),
                (_DELIVERIES, now - DELIVERIES_KEPT_S),
                *((statement, now - WALLETS_KEPT_S) for statement in _WALLETS),
                (_UNANSWERED, now - UNANSWERED_KEPT_S),
                (_CHALLENGE_KEYS, now - CHALLENGE_KEYS_KEPT_S),
                (_LOG_NAMES, now - LOG_NAMES_KEPT_S),
            ):
                removed += connection.execute(statement, {"before": before}).rowcount
            for statement in _DROPPED:
                removed += connection.execute(statement, {"day": f"shown/{_day_of(now - SHOWN_KEPT_S)}"}).rowcount
            if evidence_kept_s is not None:
                for statement in (
                    *(_EVIDENCE_KEYS, _EVIDENCE_READINGS, _SHOWN_OF_OLD, _PROOFS_OF_OLD),
                    *(_PROOFS, _EVIDENCE),
                ):
                    removed += connection.execute(
                        statement, {"day": f"evidence/{_day_of(now - evidence_kept_s)}"}
                    ).rowcount
                removed += connection.execute(_VOUCHES, {"before": now - evidence_kept_s}).rowcount
        self._database.truncate_log()
        return removed


def _day_of(time: int) -> str:
    return datetime.datetime.fromtimestamp(time, datetime.UTC).date().isoformat()
