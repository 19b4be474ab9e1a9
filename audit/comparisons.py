"""Make the comparisons that the parts asked for are made of, and gather what they find in a report."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from audit import rules
from audit.catalogue import NAMES, Part
from audit.checks.as_of import compare_as_of, declared_later
from audit.checks.bytecode import compare_bytecode
from audit.checks.governance import compare_governance
from audit.checks.key_inventory import compare_inventory
from audit.checks.key_use import compare_key_use
from audit.checks.node_acts import compare_acts
from audit.checks.node_index import compare_index
from audit.checks.node_log import compare_node_log
from audit.checks.node_proofings import compare_proofings
from audit.checks.node_records import compare_evidence, compare_records
from audit.checks.privacy import Sought, compare_privacy
from audit.checks.published import TokenOf, fetch
from audit.checks.sources import compare_powers, compare_sources
from audit.checks.storage import compare_storage
from audit.checks.timing import compare_node_timing, compare_timing
from audit.checks.verifications import compare_verifications
from audit.database import NodeDatabase
from audit.findings import Finding, Report
from audit.log.judge import LogJudge, OwnNode
from audit.log.rows import compare_rows
from audit.log.trial import Reach
from audit.source import Block, ChainReader
from audit.state import State

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how far it is and how far it goes."""
_Found = tuple[list[Finding], int]


@dataclass(frozen=True, slots=True)
class NodeUnderAudit:
    """Name the node whose database is read: its member's URL and the database."""

    member_url: str
    database_url: str


def compare_chain(
    reader: ChainReader,
    state: State,
    report: Report,
    head: Block,
    parts: frozenset[Part],
    sought: Sought,
    sources: Path | None,
    progress: Progress,
) -> None:
    """Compare what can be compared with nothing but the chain.

    Raises:
        AuditImpossible: the chain does not answer for the audited block.
    """

    def told(what: str) -> Callable[[int, int], None]:
        return lambda done, total: progress(what, done, total)

    checks: dict[str, Callable[[], _Found]] = {
        "storage": lambda: compare_storage(reader, state, head.time, told("contract storage")),
        "as of attestations": lambda: compare_as_of(reader, state, told("as of attestations")),
        "declared later": lambda: (declared_later(state), len(state.batches)),
        "governance": lambda: compare_governance(reader, state, told("votes")),
        "bytecode": lambda: compare_bytecode(reader, state),
        "powers": compare_powers,
        "privacy": lambda: compare_privacy(reader, state, report.first_reported, sought, told("calldata")),
        "timing": lambda: compare_timing(state, report),
    }
    if sources is not None:
        checks["sources"] = lambda: compare_sources(sources)
    _make(checks, report, parts, progress)


def compare_node(
    reader: ChainReader,
    database: NodeDatabase,
    state: State,
    report: Report,
    node: NodeUnderAudit,
    parts: frozenset[Part],
    behind: list[Finding],
    now: int,
) -> None:
    """Compare a node's database with the state at the block its index has reached.

    Raises:
        AuditImpossible: the database or the chain cannot be read.
    """
    member = member_of(state, node.member_url)

    def index() -> _Found:
        found, looked_at = compare_index(database, state, reader, now)
        return behind + found, looked_at

    checks: dict[str, Callable[[], _Found]] = {
        "node index": index,
        "node records": lambda: _records(database, state, member, node, now),
        "verifications": lambda: compare_verifications(database, state, member),
    }
    if member is not None:
        checks["node log"] = lambda: compare_node_log(database, state, reader, member)
        checks["node acts"] = lambda: compare_acts(database, member)
        checks["proofings"] = lambda: compare_proofings(database, member)
        checks["log entries"] = lambda: compare_rows(database, member, now)
        checks["key inventory"] = lambda: compare_inventory(database, state, member, now)
        checks["key use"] = lambda: compare_key_use(database, state, member)
        checks["node timing"] = lambda: compare_node_timing(database, state, member, report)
    _make(checks, report, parts, lambda what, done, total: None)


def compare_logs(
    reader: ChainReader,
    state: State,
    report: Report,
    node: NodeUnderAudit | None,
    reach: Reach,
    now: int,
    progress: Progress,
) -> None:
    """Compare the members' transparency logs with the state, at the chain's head.

    Raises:
        AuditImpossible: the database or the chain cannot be read.
    """
    member = None if node is None else member_of(state, node.member_url)
    own = None if node is None or member is None else OwnNode(member, node.member_url, node.database_url)
    judge = LogJudge(reader, state, reach, now=now, own=own, told=progress)
    found, looked_at = judge.judge(report.member)
    report.logs = judge.seen
    report.add("logs", found, looked_at=looked_at)


def _make(
    checks: dict[str, Callable[[], _Found]], report: Report, parts: frozenset[Part], progress: Progress
) -> None:
    for name, check in checks.items():
        if NAMES[name].part in parts:
            progress(name, 0, 1)
            found, looked_at = check()
            report.add(name, found, looked_at=looked_at)


def _records(database: NodeDatabase, state: State, member: str | None, node: NodeUnderAudit, now: int) -> _Found:
    if member is not None:
        found, looked_at = compare_records(database, state, member, now)
    else:
        looked_at = database.one("SELECT count(*) AS number FROM credentials")["number"]
        message = "the node issued credentials and is no member"
        found = [Finding(rules.DATABASE_MISMATCH, node.member_url, message, state.block)] if looked_at else []
    return found + compare_evidence(database, state), looked_at


def member_of(state: State, url: str) -> str | None:
    """Give the member that has, or ever had, a URL."""
    return next((member for member, record in state.members.items() if url in record["urls"]), None)


def own_tokens(database: NodeDatabase, state: State, node: NodeUnderAudit) -> tuple[TokenOf, set[tuple[str, int]]]:
    """Read the audited node's own lists from its table, which is what it serves; everybody else's over HTTP.

    Gives also the lists of that table, so that one of which the chain knows nothing is compared with nothing.
    """
    kept = {
        f"{node.member_url}/status-lists/{row['list_number']}": row
        for row in database.rows("SELECT list_number, token FROM status_tokens")
    }
    member = member_of(state, node.member_url)
    numbers = [row["list_number"] for row in kept.values() if isinstance(row["list_number"], int)]

    def token_of(uri: str) -> str | None:
        if uri.startswith(f"{node.member_url}/"):
            return str(kept[uri]["token"]) if uri in kept else None
        return fetch(uri)

    return token_of, {(member, number) for number in numbers if member is not None and 0 <= number < 1 << 32}
