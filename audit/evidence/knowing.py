"""Add to a consortium's genesis facts what a node that reads its chain knows of what a package names.

A file of genesis facts names keys and blocks beforehand. A member's node need not be told: its own copy of the chain
says whose a cosigning key is, and which hash a block has. Nothing is believed because the package says so.

 1. A key counts as a witness's where its RFC 7638 thumbprint is registered by that member for cosigning, was not
    declared compromised, and the key's name is the one under which that member cosigns. Each member counts once.
 2. As many witnesses are needed as are more than half of the members beside the relying party that can cosign now.
 3. A block is known where the node keeps its header. Of one that it keeps no more, the members' own logs may tell,
    under the keys that the chain names.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from audit.evidence.members import members_of
from audit.evidence.trust import MAX_WITNESSES, Trust
from jeung.crypto.tlog.notes import KeyType, NoteKey, parse_note_key
from jeung.crypto.trie import parse_header
from jeung.domain.identifiers import KeyThumbprint
from jeung.domain.members import Member, MemberStatus
from jeung.domain.registrations import KeyPurpose, KeyState
from jeung.domain.registry import Registry
from jeung.domain.transparency import witness_name
from jeung.errors import JeungError
from jeung.services.evidence.package import EvidencePackage, parse_package

_MOST: Final = 10**18
"""No chain has so many blocks, and no index is asked for one."""


@dataclass(frozen=True, slots=True)
class NodesKnowledge:
    """Hold what a node knows: `keys` are vkeys it met itself, `hashes` gives those of blocks it keeps, by number."""

    registry: Registry
    now: int
    keys: Iterable[str]
    hashes: Callable[[Iterable[int]], Mapping[int, bytes]]


def know(package: bytes, trust: Trust, knowledge: NodesKnowledge) -> Trust:
    """Give the facts by which this package is judged; of one that cannot be read they stay as they are.

    Raises:
        MalformedNote: one of the node's own keys is none; asking so is our mistake.
    """
    try:
        shown = parse_package(package)
        numbers = _numbers(shown)
        offered = [] if isinstance(shown.log, str) else [parse_note_key(text) for text in shown.log.keys]
    except (JeungError, RecursionError):
        # The verdict refutes it for its form, whatever is believed.
        return trust
    # What the node met itself comes first: a package shall not choose under which of its names a member counts.
    keys = _witnesses([*map(parse_note_key, knowledge.keys), *offered], knowledge)
    quorum = max(trust.quorum, _wanted(knowledge))
    return replace(
        trust,
        witnesses=trust.witnesses | keys,
        members=members_of(knowledge.registry),
        quorum=quorum,
        blocks={**knowledge.hashes(numbers), **trust.blocks},
    )


def _numbers(package: EvidencePackage) -> list[int]:
    if isinstance(package.chain, str):
        return []
    numbers = [parse_header(raw).number for raw in package.chain.headers]
    return [number for number in numbers if number < _MOST]


def _witnesses(keys: Iterable[NoteKey], knowledge: NodesKnowledge) -> frozenset[str]:
    """Give the keys of (1), at most as many as genesis facts may name."""
    owners: dict[str, Member] = {
        witness_name(url): member for member in knowledge.registry.members.values() for url in member.urls
    }
    names: dict[bytes, str] = {}
    found: dict[str, None] = {}
    for key in keys:
        member = owners.get(key.name)
        if member is None or key.type is not KeyType.COSIGNATURE_V1 or not _is_its(key, member, knowledge):
            continue
        if names.setdefault(member.member, key.name) == key.name:
            found[key.text] = None
    return frozenset(list(found)[:MAX_WITNESSES])


def _is_its(key: NoteKey, member: Member, knowledge: NodesKnowledge) -> bool:
    known = knowledge.registry.keys.get((member.member, KeyThumbprint(key.verifier.thumbprint)))
    removal = member.removal
    return (
        known is not None
        and known.purpose is KeyPurpose.WITNESS_COSIGNING
        and known.compromised_since is None
        and not (removal is not None and removal.for_cause)
    )


def _wanted(knowledge: NodesKnowledge) -> int:
    """Count as in (2), never fewer than one."""
    registry, now = knowledge.registry, knowledge.now
    able = {
        member
        for (member, _), key in registry.keys.items()
        if key.purpose is KeyPurpose.WITNESS_COSIGNING
        and key.state_at(now) is KeyState.ACTIVE
        and registry.members[member].status_at(now) is not MemberStatus.REMOVED
    }
    return max(len(able) - 1, 0) // 2 + 1
