"""Find sessions at the desk that nobody opened: a row with the digest of a token of one's own is all one needs."""

from collections.abc import Iterator
from typing import Final

from audit import rules
from audit.database import NodeDatabase
from audit.findings import Finding

# A session goes by the first 64 bits of its token's digest (jeung.domain.staff), and under a fresh token when its
# owner proves again who he is. NOT IN, for the log-ins of all the years are read once so, and not for each session.
_UNLOGGED: Final = (
    "SELECT session FROM (SELECT staff_id, 'ses_' || lower(hex(substr(token_hash, 1, 8))) AS session"
    " FROM staff_sessions) WHERE staff_id || ' ' || session NOT IN (SELECT opened FROM"
    " (SELECT json_extract(CAST(body AS TEXT), '$.staff') || ' ' || json_extract(CAST(body AS TEXT), '$.session')"
    " AS opened FROM log_events WHERE kind IN ('staff_logged_in', 'staff_session_renewed')"
    " AND json_valid(CAST(body AS TEXT))) WHERE opened IS NOT NULL)"
)


def unlogged_sessions(database: NodeDatabase, member: str) -> Iterator[Finding]:
    """Give the sessions whose opening was not logged for the account that they stand for.

    Raises:
        AuditImpossible: the database cannot be read.
    """
    message = "stands in the table, and no event says that this account opened it"
    for (name,) in database.tuples(_UNLOGGED):
        yield Finding(rules.LOG_ACT_MISSING, f"staff_sessions {name}", message, member=member)
