"""Run an audit: replay the chain's events, then compare the state with everything that should agree with it.

1. Ask the chain who it is, and refuse another consortium than the one named.
2. Open the node's database, if one is given, and audit up to the block its index has reached; else up to the head.
3. Go on from a checkpoint whose block is still on this chain, else from the first block. Which contracts to read is
   asked of the Directory's events alone: its address is part of the deployment id, the others are not trusted.
4. Replay events in bounded ranges, judging each by what stood before it.
5. Compare: contract storage, bytecode, published status lists; with a node's database also index and records.
6. Keep a checkpoint when nothing above a note was found.
"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from audit import checkpoint, rules
from audit.checks import bytecode, node_index, node_records, published, storage
from audit.database import NodeDatabase, open_database
from audit.decoding import CONTRACTS, Event, decode_log
from audit.findings import AuditImpossible, Finding, Report, Severity
from audit.replay import Replay
from audit.source import Block, ChainReader
from audit.state import State
from jeung.crypto.hashing import keccak256

_RANGE = 2_000
Progress = Callable[[str, int, int], None]
"""Called with what is being done, how far it is and how far it goes."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """Hold the consortium's genesis facts, on which everything else rests."""

    chain_id: int
    deployment_id: str
    block: int
    addresses: dict[str, str]


@dataclass(frozen=True, slots=True)
class NodeUnderAudit:
    """Name the node whose database is read: its member's URL and the database."""

    member_url: str
    database_url: str


def read_deployment(path: Path) -> Deployment:
    """Read the facts from the file that the deployment wrote.

    Raises:
        AuditImpossible: missing or malformed.
    """
    try:
        raw = json.loads(path.read_text())
        addresses = {str(name): str(address) for name, address in raw["addresses"].items()}
        return Deployment(int(raw["chain_id"]), str(raw["deployment_id"]), int(raw["block"]), addresses)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise AuditImpossible("the deployment file cannot be read") from error


def audit(
    *,
    rpc_url: str,
    deployment: Deployment,
    node: NodeUnderAudit | None = None,
    checkpoint_path: Path | None = None,
    progress: Progress = lambda what, done, total: None,
    now: Callable[[], float] = time.time,  # noqa: TID251 - an audit is its own process and has no Clock port
) -> Report:
    """Audit a consortium, or one node of it with its database.

    Raises:
        AuditImpossible: the chain, the database or a file cannot be read, or belongs to another consortium.
    """
    reader = ChainReader(rpc_url)
    _require_same_deployment(reader, deployment)
    with ExitStack() as stack:
        database = stack.enter_context(open_database(node.database_url)) if node else None
        head = reader.head()
        findings: list[Finding] = []
        if database is not None:
            head, findings = _index_head(reader, database, head)
        state, begin = _starting_point(reader, deployment, checkpoint_path)
        report = Report(deployment.deployment_id, deployment.chain_id, begin, head.number, head.hash)
        replay = Replay(state)
        events = _replay(reader, deployment, replay, begin, head, progress)
        report.add("replay", replay.findings, looked_at=events)
        report.add("compromises", _declared_later(state), looked_at=len(state.batches))
        progress("contract storage", 0, 1)
        found, looked_at = storage.compare(reader, state, head.time)
        report.add("storage", found, looked_at=looked_at)
        progress("bytecode", 0, 1)
        found, looked_at = bytecode.compare(reader, state)
        report.add("bytecode", found, looked_at=looked_at)
        if database is not None and node is not None:
            progress("node database", 0, 1)
            _compare_node(report, findings, database, state, node, int(now()))
        progress("status lists", 0, 1)
        token_of = published.fetch if database is None else _tokens(database, state, node)
        found, looked_at = published.compare(reader, state, int(now()), token_of)
        report.add("status lists", found, looked_at=looked_at)
        progress("done", 1, 1)
    if checkpoint_path is not None and not any(
        finding.rule.severity is Severity.ERROR for finding in report.findings
    ):
        checkpoint.save(checkpoint_path, deployment.deployment_id, state)
    return report


def _require_same_deployment(reader: ChainReader, deployment: Deployment) -> None:
    chain_id = reader.chain_id()
    block = reader.block(deployment.block)
    directory = deployment.addresses.get("Directory", "")
    facts = (
        chain_id.to_bytes(32, "big") + bytes.fromhex(directory[2:]).rjust(32, b"\0") + bytes.fromhex(block.hash[2:])
    )
    if "0x" + keccak256(facts).hex() != deployment.deployment_id:
        raise AuditImpossible("the chain is not the one of the deployment file")


def _index_head(reader: ChainReader, database: NodeDatabase, head: Block) -> tuple[Block, list[Finding]]:
    row = database.one("SELECT indexed_number, indexed_hash FROM follower_state")
    if row["indexed_number"] is None:
        raise AuditImpossible("the node has not followed the chain yet")
    if row["indexed_number"] > head.number:
        message = f"the index is at block {row['indexed_number']}, the chain at {head.number}"
        return head, [Finding(rules.INDEX_MISMATCH, "follower", message, head.number)]
    indexed = reader.block(row["indexed_number"])
    findings = []
    if indexed.hash != row["indexed_hash"]:
        message = "the index's last block is not on this chain"
        findings.append(Finding(rules.INDEX_MISMATCH, "follower", message, indexed.number))
    behind = head.number - indexed.number
    if head.time - indexed.time > _LATE_S:
        message = f"the index is {behind} blocks behind the chain"
        findings.append(Finding(rules.INDEX_BEHIND, "follower", message, indexed.number))
    return indexed, findings


_LATE_S = 60


def _starting_point(reader: ChainReader, deployment: Deployment, path: Path | None) -> tuple[State, int]:
    state = checkpoint.load(path, deployment.deployment_id) if path is not None else None
    if (
        state is not None
        and reader.head().number >= state.block
        and reader.block(state.block).hash == state.block_hash
    ):
        return state, state.block + 1
    return State(directory=deployment.addresses["Directory"]), 0


def _replay(
    reader: ChainReader, deployment: Deployment, replay: Replay, begin: int, head: Block, progress: Progress
) -> int:
    state, count = replay.state, 0
    contracts = _contracts(reader, deployment, head)
    for first in range(begin, head.number + 1, _RANGE):
        last = min(first + _RANGE - 1, head.number)
        progress("replay", first - begin, head.number + 1 - begin)
        for event, block_time in _events(reader, contracts, first, last):
            replay.apply(event, block_time)
            count += 1
    state.block, state.block_hash = head.number, head.hash
    return count


def _contracts(reader: ChainReader, deployment: Deployment, head: Block) -> dict[str, tuple[str, int]]:
    """Give, by lower-case address, each contract's name and the block from which its events count.

    The first contract of a name counts from the beginning (its constructor speaks before it is named), a successor
    from the block that named it.
    """
    directory = deployment.addresses["Directory"]
    contracts: dict[str, tuple[str, int]] = {}
    for log in reader.logs([directory], 0, head.number):
        event = decode_log("Directory", log)
        if event is not None and event.name == "ContractNamed":
            name = bytes.fromhex(event.args["name"][2:]).rstrip(b"\0").decode("ascii", "replace")
            begin = log.block_number if event.args["index"] else 0
            contracts[event.args["contractAddress"].lower()] = (name, begin)
    return {directory.lower(): ("Directory", 0)} | {
        address: kept for address, kept in contracts.items() if kept[0] in CONTRACTS
    }


def _events(
    reader: ChainReader, contracts: dict[str, tuple[str, int]], first: int, last: int
) -> Iterator[tuple[Event, int]]:
    logs = list(reader.logs(sorted(contracts), first, last))
    numbers = sorted({log.block_number for log in logs})
    headers = {block.number: block for block in reader.blocks(numbers)}
    for log in logs:
        block = headers[log.block_number]
        if block.hash != log.block_hash:
            raise AuditImpossible("the chain was reorganised while it was read; run the audit again")
        name, begin = contracts[log.address.lower()]
        event = decode_log(name, log) if log.block_number >= begin else None
        if event is not None:
            yield event, block.time


def _declared_later(state: State) -> list[Finding]:
    findings = []
    for batch, record in state.batches.items():
        operator = state.operators.get(record["operator"], {})
        since = operator.get("compromised_since")
        if since is not None and since <= record["time"]:
            message = f"operator {record['operator']} was declared compromised since {since}"
            findings.append(Finding(rules.ATTESTED_UNDER_COMPROMISE, f"batch {batch}", message, record["block"]))
    return findings


def _compare_node(
    report: Report, behind: list[Finding], database: NodeDatabase, state: State, node: NodeUnderAudit, now: int
) -> None:
    found, looked_at = node_index.compare(database, state)
    report.add("node index", behind + found, looked_at=looked_at)
    member = _member_of(state, node)
    if member is None:
        return
    found, looked_at = node_records.compare(database, state, member, now)
    report.add("node records", found, looked_at=looked_at)


def _member_of(state: State, node: NodeUnderAudit) -> str | None:
    return next((member for member, kept in state.members.items() if node.member_url in kept["urls"]), None)


def _tokens(database: NodeDatabase, state: State, node: NodeUnderAudit | None) -> Callable[[str], str | None]:
    """Read the audited node's own lists from its table, which is what it serves; everybody else's over HTTP."""
    own = node.member_url if node is not None else ""
    kept = {row["list_number"]: row["token"] for row in database.rows("SELECT list_number, token FROM status_tokens")}

    def token_of(uri: str) -> str | None:
        if uri.startswith(f"{own}/status-lists/"):
            return kept.get(int(uri.rsplit("/", 1)[1]))
        return published.fetch(uri)

    return token_of
