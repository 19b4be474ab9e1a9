"""Compare proofings, their checks, offers and the keys of what is sealed with the acts that the node logged.

Proves that nobody's proofing was made better, older or younger than it was, that no check was added, removed or
turned round, that no offer was made or opened again past the program and no wallet given access past an offer, and
that no proofing and no data key is gone of which no erasure tells. It cannot prove that a check was made well.
"""

import json
from collections.abc import Iterator
from typing import Any, Final

from audit import rules
from audit.checks.bounded import bounded
from audit.database import NodeDatabase
from audit.findings import Finding, Rule
from jeung.crypto import base64url
from jeung.crypto.hashing import sha256

_MORE: Final = "proofings or checks"
_UNSAID: Final = "stands in the table, and no event says so"
# Rows are joined with events by the random names that the log has for them (jeung.services.acts), in SQLite, which
# keeps what it sorts on disk: a node has a proofing and four checks for every customer. CROSS JOIN because SQLite
# would else begin with the events, for each of which it had to go through all rows (sqlite.org/optoverview, 8.2).
_SAID: Final = (
    "WITH said AS MATERIALIZED (SELECT number, occurred_at, CAST(body AS TEXT) AS body,"
    " json_extract(CAST(body AS TEXT), '$.proofing') AS name, json_extract(CAST(body AS TEXT), '$.offer') AS offer,"
    " json_extract(CAST(body AS TEXT), '$.grant') AS access FROM log_events"
    " WHERE kind = :kind AND json_valid(CAST(body AS TEXT)))"
)
_NAMED: Final = "coalesce((SELECT name FROM log_names WHERE id = p.proofing_id), p.proofing_id)"
_PROOFINGS: Final = (
    f"{_SAID} SELECT p.proofing_id, p.policy_version, p.opened_at, p.completed_at, p.assurance_level,"  # noqa: S608
    f" p.state, said.occurred_at, said.body FROM proofings p CROSS JOIN said ON said.name = {_NAMED}"
)
_CHECKS: Final = (
    f"{_SAID} SELECT p.proofing_id, c.position, c.method, c.passed, c.performed_at, c.recorded_at, c.salt,"  # noqa: S608
    " c.evidence_digest, p.state, said.occurred_at, said.body FROM"
    " (SELECT *, row_number() OVER (PARTITION BY proofing_id ORDER BY position) AS place FROM proofing_checks) c"
    " CROSS JOIN proofings p ON p.proofing_id = c.proofing_id"
    " LEFT JOIN (SELECT *, row_number() OVER (PARTITION BY name ORDER BY number) AS place FROM said) said"
    f" ON said.name = {_NAMED} AND said.place = c.place"
)
_CHECKS_GONE: Final = (
    f"{_SAID} SELECT p.proofing_id FROM proofings p"  # noqa: S608
    f" CROSS JOIN (SELECT name, count(*) AS number FROM said GROUP BY name) logged ON logged.name = {_NAMED}"
    " LEFT JOIN (SELECT proofing_id, count(*) AS number FROM proofing_checks GROUP BY proofing_id) kept"
    " ON kept.proofing_id = p.proofing_id WHERE logged.number > coalesce(kept.number, 0)"
)
# An offer that nobody made gives one person's credential to another's phone.
_OFFERS: Final = (
    f"{_SAID} SELECT p.offer_id, {_NAMED}, said.name FROM credential_offers p LEFT JOIN said"  # noqa: S608
    " ON said.offer = coalesce((SELECT name FROM log_names WHERE id = p.offer_id), p.offer_id)"
)
# A code that was used, tried too often or taken back opens nothing any more: event -> what the offer is since.
_CLOSED: Final = {"offer_redeemed": "redeemed", "offer_locked": "locked", "offer_cancelled": "cancelled"}
_OFFERS_CLOSED: Final = (
    f"{_SAID} SELECT p.offer_id, p.state FROM credential_offers p CROSS JOIN said"  # noqa: S608
    " ON said.offer = coalesce((SELECT name FROM log_names WHERE id = p.offer_id), p.offer_id)"
)
# Who has a grant fetches the credentials of its proofing.
_GRANTS: Final = (
    f"{_SAID} SELECT p.grant_id, p.proofing_id, o.proofing_id, said.access FROM wallet_grants p"  # noqa: S608
    " LEFT JOIN credential_offers o ON o.offer_id = p.offer_id"
    " LEFT JOIN said ON said.access = coalesce((SELECT name FROM log_names WHERE id = p.grant_id), p.grant_id)"
)
# An erasure takes the log's name together with the proofing.
_GONE: Final = (
    f"{_SAID} SELECT id FROM log_names WHERE substr(id, 1, 4) = 'prf_'"  # noqa: S608
    " AND NOT EXISTS (SELECT 1 FROM proofings WHERE proofing_id = id) AND name IN (SELECT name FROM said)"
)
# What an erasure has begun to take is gone by right. NOT IN would be silenced by one key without an owner.
_KEYLESS: Final = (
    "SELECT proofing_id FROM proofings p WHERE NOT EXISTS (SELECT 1 FROM data_keys WHERE owner = p.subject_id)"
    " AND NOT EXISTS (SELECT 1 FROM erasures e WHERE e.subject_id = p.subject_id)"
)


def compare_proofings(database: NodeDatabase, member: str) -> tuple[list[Finding], int]:
    """Compare a node's proofings with what it logged of them; give findings and how many rows were compared.

    Raises:
        AuditImpossible: the database cannot be read.
    """
    findings: list[Finding] = []
    count = 0

    def wrong(faults: Iterator[_Fault]) -> Iterator[Finding]:
        nonlocal count
        for subject, rule, message in faults:
            count += 1
            if rule is not None:
                yield Finding(rule, subject, message, member=member)

    for found in (_opened, _completed, _checked, _offered, _granted):
        findings += bounded(wrong(found(database)), _MORE, member)
    for rule, message, rows in (
        (
            rules.LOG_ENTRY_UNEXPLAINED,
            "a check of it was logged and is gone",
            database.tuples(_CHECKS_GONE, kind="proofing_checked"),
        ),
        (
            rules.LOG_ENTRY_UNEXPLAINED,
            "it was logged and is gone, and no erasure took it",
            database.tuples(_GONE, kind="proofing_opened"),
        ),
        (
            rules.DATA_KEY_MISSING,
            "its person's data key is gone, and no erasure says so",
            database.tuples(_KEYLESS),
        ),
    ):
        gone = (Finding(rule, f"proofing {name}", message, member=member) for (name,) in rows)
        findings += bounded(gone, _MORE, member)
    return findings, count


_Fault = tuple[str, Rule | None, str]


def _opened(database: NodeDatabase) -> Iterator[_Fault]:
    for name, policy, opened_at, _, _, _, at, body in database.tuples(_PROOFINGS, kind="proofing_opened"):
        said = _said(body)
        yield _fault(f"proofing {name}", {"policy": policy, "opened_at": opened_at}, {**said, "opened_at": at})


def _completed(database: NodeDatabase) -> Iterator[_Fault]:
    for name, policy, _, completed_at, level, state, at, body in database.tuples(
        _PROOFINGS, kind="proofing_completed"
    ):
        row = {"policy": policy, "completed_at": completed_at, "assurance_level": level, "state": state}
        yield _fault(f"proofing {name}", row, {**_said(body), "completed_at": at, "state": "completed"})


def _checked(database: NodeDatabase) -> Iterator[_Fault]:
    for name, place, method, passed, performed_at, recorded_at, salt, digest, state, at, body in database.tuples(
        _CHECKS, kind="proofing_checked"
    ):
        subject = f"check {place} of proofing {name}"
        if body is None:
            yield subject, rules.LOG_ACT_MISSING, _UNSAID
            continue
        row = {
            "method": method,
            "passed": passed == 1,
            "performed_at": performed_at,
            "recorded_at": recorded_at,
            "commitment": base64url.encode(sha256(_bytes(salt) + _bytes(digest))),
        }
        said = {**_said(body), "recorded_at": at}
        yield _fault(subject, row, said)
        if said.get("passed") is False:
            # Closed for good: trying until something passes leaves its traces.
            yield _fault(f"proofing {name}", {"state": state}, {"state": "rejected"})


def _offered(database: NodeDatabase) -> Iterator[_Fault]:
    for name, proofing, said in database.tuples(_OFFERS, kind="offer_made"):
        if said is None:
            yield f"offer {name}", rules.LOG_ACT_MISSING, _UNSAID
        else:
            yield _fault(f"offer {name}", {"proofing": proofing}, {"proofing": said})
    for kind, closed in _CLOSED.items():
        for name, state in database.tuples(_OFFERS_CLOSED, kind=kind):
            yield _fault(f"offer {name}", {"state": state}, {"state": closed})


def _granted(database: NodeDatabase) -> Iterator[_Fault]:
    for name, proofing, offered, said in database.tuples(_GRANTS, kind="wallet_grant_given"):
        if said is None:
            yield f"grant {name}", rules.LOG_ACT_MISSING, _UNSAID
        else:
            # The offer goes before the grant does.
            yield _fault(f"grant {name}", {"proofing": proofing}, {} if offered is None else {"proofing": offered})


def _fault(subject: str, row: dict[str, Any], said: dict[str, Any]) -> _Fault:
    differing = [name for name, value in row.items() if name in said and said[name] != value]
    return subject, rules.ROW_MISMATCH if differing else None, f"{', '.join(differing)}: not as logged"


def _said(body: str) -> dict[str, Any]:
    """Give what an event says; SQLite reads JSON that is nested deeper than Python does."""
    try:
        said: dict[str, Any] = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return said


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()
