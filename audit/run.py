"""Run an audit: replay the chain's events, then compare the state with everything that should agree with it.

1. Ask the chain who it is, and refuse another consortium than the one named.
2. Take a snapshot of the node's database, if a node is given, and after it the chain's head, which is as far; a range
   that was asked for may end earlier.
3. Go on from a checkpoint whose block is still on this chain, else from the first block. Which contracts to read is
   asked of the Directory's events alone: its address is part of the deployment id, the others are not trusted.
4. Replay events in bounded ranges, judging each by what stood before it. At the block that the node's index has
   reached, compare its index and its records; then go on to the head. The roots of batches are still computed beside
   all this; nothing but their own findings depends on them.
5. Compare at the head, whose state every endpoint has: contract storage, what held as of each attestation, bytecode,
   published status lists, the members' logs. Which of these are made is said by the parts that were asked for.
   Wait for the last roots. Show what was gathered to whoever wants to draw it, so that nothing is replayed twice.
6. Make sure that the head is still there: all of it was one history.
7. Keep a checkpoint when nothing above a note was found.
"""

import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

from eth_utils.address import to_checksum_address

from audit import checkpoint, rules
from audit.catalogue import EVERYTHING, Part
from audit.checks.privacy import Sought
from audit.checks.published import TokenOf, compare_lists, fetch
from audit.comparisons import NodeUnderAudit, Progress, compare_chain, compare_logs, compare_node, own_tokens
from audit.database import NodeDatabase, open_database
from audit.decoding import Event
from audit.deployment import Deployment, require_same_deployment
from audit.events import EventReader
from audit.findings import AuditImpossible, Finding, Report
from audit.log.memory import seen_alone
from audit.log.trial import Reach
from audit.observation import Observation, Observer
from audit.remedies import REBUILD
from audit.replay import Replay
from audit.scope import Bounds, resolve
from audit.source import Block, ChainReader
from audit.state import State
from jeung.crypto.hashing import keccak256

_LATE_S = 60
_MEMBER_ID_LENGTH = 66


def audit(
    *,
    rpc_url: str,
    deployment: Deployment,
    node: NodeUnderAudit | None = None,
    checkpoint_path: Path | None = None,
    parts: frozenset[Part] = EVERYTHING,
    bounds: Bounds = Bounds(),  # noqa: B008 - frozen
    sought: Sought = Sought(),  # noqa: B008 - frozen
    sources: Path | None = None,
    reach: Reach = Reach(),  # noqa: B008 - frozen
    progress: Progress = lambda what, done, total: None,
    observe: Observer = lambda observation: None,
    fixed: bool = False,
    now: Callable[[], float] = time.time,  # noqa: TID251 - an audit is its own process and has no Clock port
) -> Report:
    """Audit a consortium, or one node of it with its database: the parts asked for, over the range asked for.

    `sought` says what the scan for personal data looks for and where, `sources` is a checkout to compile anew,
    `reach` how the members' logs are reached. `observe` is called once with the state that was rebuilt. `fixed`
    leaves out whatever changes between two audits of the same block: it judges by the block's time and reads no list
    and no log that is published now.

    Raises:
        AuditImpossible: the chain, the database or a file cannot be read, or belongs to another consortium; no block
            lies in the range, or nobody is the member asked for.
    """
    with ExitStack() as stack:
        reader = stack.enter_context(closing(ChainReader(rpc_url)))
        require_same_deployment(reader, deployment)  # 1
        database = stack.enter_context(open_database(node.database_url)) if node else None  # 2
        newest = reader.head()
        first, head = resolve(bounds, reader, newest)
        if head != newest and (database is None or not _stands_at(database, head)):
            database = None
        indexed, behind = (head, []) if database is None else _index_head(reader, database, head)
        time_of_audit = head.time if fixed else int(now())
        state, begin = _starting_point(reader, deployment, indexed, checkpoint_path)  # 3
        report = Report(deployment.deployment_id, deployment.chain_id, begin, head.number, head.hash)
        report.first_reported, report.member = first, _member_id(bounds.member)
        stages = stack.enter_context(closing(_Stages(reader, state, report, head, progress)))
        stages.replay(indexed)  # 4
        token_of: TokenOf = fetch
        also: set[tuple[str, int]] = set()
        if database is not None and node is not None:
            progress("node database", 0, 1)
            compare_node(reader, database, state, report, node, parts, behind, time_of_audit)
            token_of, also = own_tokens(database, state, node)
            stages.replay(head)
        if report.member is not None and report.member not in state.members:
            raise AuditImpossible("nobody is the member asked for: name it by its id or its first URL")
        compare_chain(reader, state, report, head, parts, sought, sources, progress)  # 5
        if Part.RECONCILE in parts and head == newest and not fixed:
            progress("status lists", 0, 1)
            found, looked_at = compare_lists(reader, state, time_of_audit, token_of, also)
            report.add("status lists", found, looked_at=looked_at)
        if Part.LOG in parts and head == newest and not fixed:
            compare_logs(reader, state, report, node, reach, time_of_audit, progress)
        stages.settle()
        earliest = reader.block(min(max(first, deployment.block), head.number))
        observe(Observation(state, report, earliest, head, database, node.member_url if database and node else None))
        if reader.block(head.number).hash != head.hash:  # 6
            raise AuditImpossible("the chain was reorganised while it was read; run the audit again")
    if checkpoint_path is not None and report.exit_code == report.hidden == 0:  # 7
        checkpoint.save(checkpoint_path, deployment.deployment_id, state)
    progress("done", 1, 1)
    return report


def _member_id(member: str | None) -> str | None:
    """Give a member's id; it is the hash of the first URL."""
    if member is None or (member.startswith("0x") and len(member) == _MEMBER_ID_LENGTH):
        return None if member is None else member.lower()
    return "0x" + keccak256(member.rstrip("/").encode()).hex()


def _stands_at(database: NodeDatabase, head: Block) -> bool:
    """Tell whether a copy of a database knows a past block as its newest: only then can the two be compared."""
    row = database.one("SELECT indexed_number, indexed_hash FROM follower_state")
    return (row["indexed_number"], row["indexed_hash"]) == (head.number, head.hash)


def _index_head(reader: ChainReader, database: NodeDatabase, head: Block) -> tuple[Block, list[Finding]]:
    """Give the last block the node's index knows, and how that stands to the chain."""
    row = database.one("SELECT indexed_number, indexed_hash FROM follower_state")
    number = row["indexed_number"]
    if number is None:
        raise AuditImpossible("the node has not followed the chain yet")
    if not isinstance(number, int) or not 0 <= number <= head.number:
        message = f"the index is at block {number}, the chain at {head.number}"
        return head, [Finding(rules.INDEX_MISMATCH, "follower", message, head.number, remedy=REBUILD)]
    indexed = reader.block(number)
    if indexed.hash != row["indexed_hash"]:
        message = "the index's last block is not on this chain"
        return indexed, [Finding(rules.INDEX_MISMATCH, "follower", message, number, remedy=REBUILD)]
    if head.time - indexed.time > _LATE_S:
        message = f"the index is {head.number - number} blocks behind the chain"
        return indexed, [Finding(rules.INDEX_BEHIND, "follower", message, number)]
    return indexed, []


def _starting_point(reader: ChainReader, deployment: Deployment, head: Block, path: Path | None) -> tuple[State, int]:
    state = checkpoint.load(path, deployment.deployment_id) if path is not None else None
    if state is not None and state.block <= head.number and reader.block(state.block).hash == state.block_hash:
        return state, state.block + 1
    directory = to_checksum_address(deployment.directory)
    fresh = State(directory=directory, chain_id=deployment.chain_id, genesis=deployment.block)
    if state is not None:
        # Another chain, or an earlier block: what was seen of the logs is no less true for that.
        fresh.logs = {log: seen_alone(record) for log, record in state.logs.items()}
    return fresh, 0


class _Stages:
    """Replay in stages, each up to a block."""

    def __init__(self, reader: ChainReader, state: State, report: Report, head: Block, progress: Progress) -> None:
        self._replay, self._report, self._progress = Replay(state), report, progress
        self._events = EventReader(reader, state)
        self._total = head.number + 1 - report.from_block
        self._count = 0

    def replay(self, until: Block) -> None:
        """Replay up to a block, and report what was found so far."""
        state, begin = self._replay.state, self._report.from_block
        self._progress("replay", state.block + 1 - begin, self._total)
        for end, read in self._events.ranges(state.block + 1, until.number):
            for event, block_time in read:
                self._count += 1
                if isinstance(event, Event):
                    self._replay.apply(event, block_time)
                else:
                    self._replay.reject(event)
            self._progress("replay", end + 1 - begin, self._total)
        state.block, state.block_hash = until.number, until.hash
        self._report.add("replay", self._replay.take_findings(), looked_at=self._count)

    def settle(self) -> None:
        """Report what was found out beside the other comparisons."""
        self._progress("roots of batches", 0, 1)
        self._replay.settle()
        self._report.add("replay", self._replay.take_findings(), looked_at=self._count)

    def close(self) -> None:
        """End what reads and computes beside the replay."""
        self._events.close()
        self._replay.close()
