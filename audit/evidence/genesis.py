"""Read a consortium's genesis facts off its chain: no member's server is asked, nobody's word taken for a key."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from audit.decoding import decode_view, encode_view
from audit.evidence.members import MAX_KEYS, MAX_MEMBERS, MAX_URLS, TrustedMember, member_document
from audit.findings import AuditImpossible
from audit.source import ChainReader
from jeung.crypto.hashing import keccak256
from jeung.domain.registrations import KeyPurpose

_REMOVED: Final = 3
_Keys = Mapping[tuple[str, int], list[bytes]]


@dataclass(frozen=True, slots=True)
class _Member:
    """Hold a member's id, its URLs, whether it is not removed, and whether its word is good still."""

    member: str
    urls: tuple[str, ...]
    is_present: bool
    is_good: bool


def read_facts(reader: ChainReader, record: Mapping[str, Any]) -> dict[str, Any]:
    """Read what `jeung evidence genesis` writes, as of the newest block.

    Each member comes with every URL and every key that it had for its log and for cosigning, but for keys that were
    declared compromised: evidence is older than the facts, by years it may be. One that was removed for a cause comes
    without keys. The quorum is more than half of the members that are not removed.

    Args:
        reader: the chain, which is known to be the deployment's (`audit.deployment.require_same_deployment`).
        record: the deployment's description: `chain_id`, `block_hash`, `deployment_id`, `addresses` by name.

    Raises:
        AuditImpossible: the chain does not answer as the consortium's contracts do.
    """
    height = reader.head().number
    views = _Views(reader, height)
    directory = record["addresses"]["Directory"]
    (consortium,) = views.call("Directory", directory, "current", [(_name("Consortium"),)])
    (history,) = views.call("Directory", directory, "history", [(_name("KeyRegistry"),)])
    members = _members(views, consortium)
    keys = [_keys(views, entry["contractAddress"], members) for entry in history]
    present = sum(member.is_present for member in members)
    return {
        "chain_id": record["chain_id"],
        "directory": directory.lower(),
        "block_hash": record["block_hash"],
        "deployment_id": record["deployment_id"],
        "code": {
            name: "0x" + keccak256(reader.code(address, height)).hex()
            for name, address in record["addresses"].items()
        },
        "members": [
            member_document(
                TrustedMember(
                    member.urls[-MAX_URLS:],
                    _newest(keys, member.member, KeyPurpose.LOG_CHECKPOINT_SIGNING),
                    _newest(keys, member.member, KeyPurpose.WITNESS_COSIGNING),
                )
            )
            for member in members
        ],
        "quorum": present // 2 + 1 if members else 0,
    }


class _Views:
    """Make view calls of one contract at one block."""

    def __init__(self, reader: ChainReader, block: int) -> None:
        self._reader = reader
        self._block = block

    def call(self, contract: str, address: str, function: str, arguments: Sequence[tuple[object, ...]]) -> list[Any]:
        """Call one function with each of the arguments."""
        calls = [(address, encode_view(contract, function, *given)) for given in arguments]
        answers = self._reader.views(calls, self._block)
        try:
            return [decode_view(contract, function, answer or b"") for answer in answers]
        except ValueError:
            raise AuditImpossible(f"the chain does not answer as a {contract} does") from None


def _members(views: _Views, consortium: str) -> list[_Member]:
    (ids,) = views.call("Consortium", consortium, "members", [()])
    if len(ids) > MAX_MEMBERS:
        raise AuditImpossible("the consortium has more members than genesis facts hold")
    asked = [(member,) for member in ids]
    urls = views.call("Consortium", consortium, "urls", asked)
    records = views.call("Consortium", consortium, "memberById", asked)
    return [
        _Member(member, tuple(named), record["status"] != _REMOVED, not record["forCause"])
        for member, named, record in zip(ids, urls, records, strict=True)
    ]


def _keys(views: _Views, registry: str, members: Sequence[_Member]) -> _Keys:
    """Give the thumbprints of members' keys by purpose, in the order in which they were registered."""
    good = [member.member for member in members if member.is_good]
    named = views.call("KeyRegistry", registry, "keys", [(member,) for member in good])
    asked = [(member, key) for member, keys in zip(good, named, strict=True) for key in keys]
    found: dict[tuple[str, int], list[bytes]] = defaultdict(list)
    for (member, thumbprint), key in zip(asked, views.call("KeyRegistry", registry, "keyOf", asked), strict=True):
        if not key["compromisedSince"]:
            found[member, key["purpose"]].append(bytes.fromhex(thumbprint[2:]))
    return found


def _newest(
    keys: Sequence[Mapping[tuple[str, int], list[bytes]]], member: str, purpose: KeyPurpose
) -> frozenset[bytes]:
    found = [thumbprint for registry in keys for thumbprint in registry.get((member, int(purpose)), [])]
    return frozenset(found[-MAX_KEYS:])


def _name(contract: str) -> str:
    return "0x" + contract.encode().ljust(32, b"\0").hex()
