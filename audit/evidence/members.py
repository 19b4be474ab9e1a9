"""Name a consortium's members, and the keys under which each speaks: whose word evidence may rest on.

Keys are named by their thumbprints, as the KeyRegistry holds them: a member's own server need not be asked for any.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from jeung.crypto.tlog.notes import NoteKey
from jeung.domain.registrations import KeyPurpose
from jeung.domain.registry import Registry
from jeung.domain.transparency import witness_name

MAX_MEMBERS: Final = 512
MAX_URLS: Final = 64
MAX_KEYS: Final = 256
_EPOCH: Final = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
_THUMBPRINT: Final = re.compile(r"0x[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class TrustedMember:
    """Name a member.

    Attributes:
        urls: every URL it had, the present one last.
        log_keys: RFC 7638 thumbprints (32 bytes) of the keys that sign its log's checkpoints.
        witness_keys: of those that cosign the other members' checkpoints.
    """

    urls: tuple[str, ...]
    log_keys: frozenset[bytes] = frozenset()
    witness_keys: frozenset[bytes] = frozenset()

    def signs_log(self, key: NoteKey) -> bool:
        """Tell whether it is a key of the member's log, under a name of its log in whichever epoch."""
        base, _, epoch = key.name.rpartition("/log/")
        is_name = _EPOCH.fullmatch(epoch) is not None and base in (url.partition("://")[2] for url in self.urls)
        return is_name and key.verifier.thumbprint in self.log_keys

    def is_party(self, url: str, key: NoteKey | None) -> bool:
        """Tell whether the member is the one with this URL, or the one whose log this key signs."""
        return url in self.urls or (key is not None and key.verifier.thumbprint in self.log_keys)

    def is_witness(self, name: str) -> bool:
        """Tell whether it is the name under which the member cosigns, at whichever of its URLs."""
        return name in map(witness_name, self.urls)

    def cosigns(self, key: NoteKey) -> bool:
        """Tell whether it is a key under which the member cosigns, under its name."""
        return self.is_witness(key.name) and key.verifier.thumbprint in self.witness_keys


def members_of(registry: Registry) -> tuple[TrustedMember, ...]:
    """Give the members as a registry knows them, with every key they had but those declared compromised.

    A member that was removed for a cause has no word any more, and is one and the same under all its addresses still.
    """
    keys: dict[tuple[bytes, KeyPurpose], set[bytes]] = defaultdict(set)
    for key in registry.keys.values():
        removal = registry.members[key.member].removal
        if key.compromised_since is None and not (removal is not None and removal.for_cause):
            keys[key.member, key.purpose].add(bytes(key.thumbprint))
    return tuple(
        TrustedMember(
            member.urls,
            frozenset(keys[member.member, KeyPurpose.LOG_CHECKPOINT_SIGNING]),
            frozenset(keys[member.member, KeyPurpose.WITNESS_COSIGNING]),
        )
        for member in registry.members.values()
    )


def majority_of(registry: Registry) -> int:
    """Give how many are more than half of the members that are not removed, 0 of none."""
    present = sum(member.removal is None for member in registry.members.values())
    return present // 2 + 1 if present else 0


def member_document(member: TrustedMember) -> dict[str, Any]:
    """Write a member as it stands in genesis facts."""
    keys = {"log_keys": member.log_keys, "witness_keys": member.witness_keys}
    named = {name: sorted("0x" + thumbprint.hex() for thumbprint in found) for name, found in keys.items()}
    return {"urls": list(member.urls), **named}


def parse_members(raw: Sequence[Any]) -> tuple[TrustedMember, ...]:
    """Read the members of genesis facts.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: they have not that form, or two have one address.
    """
    if not isinstance(raw, list) or len(raw) > MAX_MEMBERS:
        raise ValueError("more members than a consortium has")
    members = tuple(map(_member, raw))
    places = [place for member in members for place in {_place(url) for url in member.urls}]
    if len(set(places)) != len(places):
        # They would be one, and count twice.
        raise ValueError("two members with one address")
    return members


def _member(raw: Any) -> TrustedMember:  # noqa: ANN401 - JSON
    urls = raw["urls"]
    if not isinstance(urls, list) or not 0 < len(urls) <= MAX_URLS or not all(_place(str(url)) for url in urls):
        raise ValueError("not the addresses of a member")
    return TrustedMember(tuple(map(str, urls)), _keys(raw["log_keys"]), _keys(raw.get("witness_keys", [])))


def _place(url: str) -> str:
    """Give a URL without its scheme, which is what names a log; nothing where it is none."""
    parts = urlsplit(url)
    return url.partition("://")[2] if parts.scheme in ("http", "https") and parts.hostname else ""


def _keys(raw: Iterable[Any]) -> frozenset[bytes]:
    if not isinstance(raw, list) or len(raw) > MAX_KEYS:
        raise ValueError("not the keys of a member")
    if not all(isinstance(text, str) and _THUMBPRINT.fullmatch(text) for text in raw):
        raise ValueError("not the thumbprint of a key")
    return frozenset(bytes.fromhex(text[2:]) for text in raw)
