"""Keep nonces, evidence and the append-only event rows; what one verification writes runs on the driver itself."""

import secrets
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from jeung.domain.receipts import Reader, Reading
from jeung.domain.transparency import SALT_BYTES
from jeung.domain.verification import Channel, EvidenceRecord, IssuedNonce, LogEntry, SealedPresentation, Verdict
from jeung.ports.pages import Page
from node.store.cursors import cursor_after, page_size, row_of_cursor
from node.store.hot import HotStatement, hot_insert
from node.store.schema import evidence, log_events, nonces
from node.store.schema_evidence import evidence_presentations
from node.store.schema_presentations import evidence_readings

_ADD_NONCE = hot_insert(nonces, "nonce", "profile", "channel", "audience", "client_id", "issued_at", "expires_at")
_GET_NONCE = HotStatement(
    select(
        nonces.c.nonce,
        nonces.c.profile,
        nonces.c.channel,
        nonces.c.audience,
        nonces.c.client_id,
        nonces.c.issued_at,
        nonces.c.expires_at,
        nonces.c.used_at,
        nonces.c.evidence_id,
    ).where(nonces.c.nonce == bindparam("wanted")),
    "wanted",
)
_CONSUME = HotStatement(
    update(nonces)
    .where(nonces.c.nonce == bindparam("wanted"), nonces.c.used_at.is_(None))
    .values(used_at=bindparam("at"), evidence_id=bindparam("judged")),
    "wanted",
    "at",
    "judged",
)
EVIDENCE_COLUMNS = "evidence_id", "profile", "client_id", "verdict", "code", "data_key_id", "sealed", "recorded_at"
_ADD_EVIDENCE = hot_insert(evidence, *EVIDENCE_COLUMNS)
_GET_EVIDENCE = HotStatement(
    select(*(evidence.c[name] for name in EVIDENCE_COLUMNS)).where(evidence.c.evidence_id == bindparam("wanted")),
    "wanted",
)
_ADD_SHOWN = hot_insert(evidence_presentations, "evidence_id", "data_key_id", "sealed")
_GET_SHOWN = HotStatement(
    select(evidence_presentations.c.data_key_id, evidence_presentations.c.sealed).where(
        evidence_presentations.c.evidence_id == bindparam("wanted")
    ),
    "wanted",
)
_NUMBERED = select(*(evidence.c[name] for name in (*EVIDENCE_COLUMNS, "number")))
_EVIDENCE_PAGE = _NUMBERED.order_by(evidence.c.number.desc()).limit(bindparam("most"))
_EVIDENCE_BEFORE = _EVIDENCE_PAGE.where(evidence.c.number < bindparam("before"))
_NOTE_READING = hot_insert(evidence_readings, "evidence_id", "data_key_id", "reader", "read_at")
_READINGS = (
    select(evidence_readings.c.reader, evidence_readings.c.read_at)
    .where(evidence_readings.c.evidence_id == bindparam("wanted"))
    .order_by(evidence_readings.c.number.desc())
    .limit(bindparam("most"))
)
_APPEND = hot_insert(log_events, "kind", "body", "occurred_at", "salt")


class SqlNonces:
    """Keep the nonces handed out (jeung.ports.store.Nonces)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, nonce: IssuedNonce) -> None:
        """Keep a fresh nonce.

        Raises:
            Conflict: it was handed out before.
        """
        _ADD_NONCE.run(
            self._connection,
            nonce.nonce,
            nonce.profile,
            nonce.channel.value,
            nonce.audience,
            nonce.client_id,
            nonce.issued_at,
            nonce.expires_at,
        )

    def get(self, nonce: str) -> IssuedNonce | None:
        """Give a nonce, used or not, until the janitor removes it a while after its expiry and its use."""
        row = _GET_NONCE.first(self._connection, nonce)
        if row is None:
            return None
        value, profile, channel, *others = row
        return IssuedNonce(value, profile, Channel(channel), *others)

    def consume(self, nonce: str, at: int, evidence_id: str) -> bool:
        """Mark a nonce used by a judgement; tell False when it was used before or is unknown."""
        return _CONSUME.run(self._connection, nonce, at, evidence_id).rowcount == 1


class SqlEvidence:
    """Keep the evidence of verifications (jeung.ports.store.Evidence)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, record: EvidenceRecord, shown: SealedPresentation | None = None) -> None:
        """Keep the evidence of one judgement; the database refuses to change it afterwards.

        A presentation that is sealed apart stands in a table of its own and goes from there.

        Raises:
            Conflict: its id stands already.
        """
        _ADD_EVIDENCE.run(
            self._connection,
            record.evidence_id,
            record.profile,
            record.client_id,
            record.verdict.value,
            record.code,
            record.data_key_id,
            record.sealed,
            record.recorded_at,
        )
        if shown is not None:
            _ADD_SHOWN.run(self._connection, record.evidence_id, shown.data_key_id, shown.sealed)

    def get(self, evidence_id: str) -> EvidenceRecord | None:
        """Give the evidence of one judgement."""
        row = _GET_EVIDENCE.first(self._connection, evidence_id)
        return None if row is None else evidence_record(row)

    def presentation(self, evidence_id: str) -> SealedPresentation | None:
        """Give the presentation that was sealed apart; None where there was none, or it was dropped."""
        row = _GET_SHOWN.first(self._connection, evidence_id)
        return None if row is None else SealedPresentation(row[0], bytes(row[1]))

    def page(self, *, cursor: str | None, limit: int) -> Page[EvidenceRecord]:
        """Give evidence, newest first, at most 1,000 a page.

        Raises:
            MalformedInput: the cursor is not one of ours.
        """
        size = page_size(limit)
        if cursor is None:
            rows = self._connection.execute(_EVIDENCE_PAGE, {"most": size + 1}).all()
        else:
            values = {"most": size + 1, "before": row_of_cursor(cursor)}
            rows = self._connection.execute(_EVIDENCE_BEFORE, values).all()
        more = cursor_after(rows[size - 1].number) if len(rows) > size else None
        return Page([evidence_record(row[:-1]) for row in rows[:size]], more)

    def note_reading(self, record: EvidenceRecord, reading: Reading) -> None:
        """Note that a record was opened; the note goes when the record goes."""
        _NOTE_READING.run(
            self._connection, record.evidence_id, record.data_key_id, reading.reader.value, reading.read_at
        )

    def readings(self, evidence_id: str, *, limit: int) -> Sequence[Reading]:
        """Give who opened a record, newest first."""
        rows = self._connection.execute(_READINGS, {"wanted": evidence_id, "most": limit})
        return [Reading(Reader(row.reader), row.read_at) for row in rows]


class SqlEventLog:
    """Append what happened (jeung.ports.store.EventLog)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def append(self, entry: LogEntry) -> None:
        """Append one entry; the database refuses to change or delete it afterwards.

        The row is the transparency log's entry before it has its place: the worker publishes what it commits to
        (`node.store.log`), so the act and its entry are one transaction and one INSERT.
        """
        _APPEND.run(self._connection, entry.kind, entry.body, entry.occurred_at, secrets.token_bytes(SALT_BYTES))


def evidence_record(row: Sequence[Any]) -> EvidenceRecord:
    """Read a row of `EVIDENCE_COLUMNS`."""
    evidence_id, profile, client_id, verdict, code, data_key_id, sealed, recorded_at = row
    return EvidenceRecord(
        evidence_id=evidence_id,
        profile=profile,
        client_id=client_id,
        verdict=Verdict(verdict),
        code=code,
        data_key_id=data_key_id,
        sealed=sealed,
        recorded_at=recorded_at,
    )
