"""Put into the event log what the chain says of this member, in the transaction that indexes the blocks.

What a member decided was logged when it decided; this is when it took effect, by whomever's transaction. Blocks that
a fork took back and that come again are logged again: each entry names the block it was read from.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from sqlalchemy import Connection

from jeung.crypto import canonical_json
from jeung.domain.chain import BlockRange
from jeung.domain.identifiers import MemberId, to_hex
from jeung.domain.transparency import CREDENTIALS_ATTESTED, GOVERNANCE_RECORDED, KEY_RECORDED, STATUSES_CHANGED
from jeung.domain.verification import LogEntry
from node.store.repositories.judgements import SqlEventLog

_KEY_REGISTRY: Final = "KeyRegistry"
# An anchor is made of the log: an entry about it would call for the next anchor, for ever.
_PASSED_OVER: Final = frozenset({"LogAnchor"})
_NAMES_A_MEMBER: Final = ("member", "proposer", "supervisor")


def log_own_effects(connection: Connection, found: BlockRange, own: MemberId) -> None:
    """Log what took effect for a member in a range of blocks."""
    log = SqlEventLog(connection)
    for _, entry in sorted(_effects(found, own), key=lambda effect: effect[0]):
        log.append(entry)


def _effects(found: BlockRange, own: MemberId) -> Iterator[tuple[tuple[int, int], LogEntry]]:
    for batch in found.batches:
        if batch.issuer == own:
            facts = {"batch": to_hex(batch.batch), "count": len(batch.digests)}
            yield _effect(CREDENTIALS_ATTESTED, facts, batch)
    for change in found.status_changes:
        if change.issuer == own:
            facts = {"count": len(change.indexes), "list": change.list_number, "status": change.status.name.lower()}
            yield _effect(STATUSES_CHANGED, facts, change)
    for event in found.registry_events:
        if event.contract not in _PASSED_OVER and to_hex(own) in map(event.args.get, _NAMES_A_MEMBER):
            kind = KEY_RECORDED if event.contract == _KEY_REGISTRY else GOVERNANCE_RECORDED
            yield _effect(kind, {"contract": event.contract, "event": event.name}, event)


def _effect(kind: str, facts: Mapping[str, Any], event: Any) -> tuple[tuple[int, int], LogEntry]:  # noqa: ANN401 - one of three
    place = {"block": event.block_number, "index": event.log_index, "transaction": to_hex(event.transaction)}
    body = canonical_json.canonical({**facts, **place})
    return (event.block_number, event.log_index), LogEntry(kind, body, event.block_time)
