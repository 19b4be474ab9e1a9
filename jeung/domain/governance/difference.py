"""Show what changes between two pictures of the consortium, as pairs of before and after that a person can read."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, TypeVar

from jeung.domain.governance import LANGUAGES, Language, Words
from jeung.domain.governance.plain import plain, ranges
from jeung.domain.governance.values import STATUS_WORDS, Names, duration, moment, roles
from jeung.domain.identifiers import MemberId, to_hex
from jeung.domain.ledger import CredentialStatus
from jeung.domain.members import Member, MemberStatus, OperatorAccount
from jeung.domain.network import Listing
from jeung.domain.network_policy import permitted_accounts, permitted_nodes
from jeung.domain.registrations import Grant, RegisteredKey, RequestProfile, Schema, WalletProvider
from jeung.domain.registry import Registry

T = TypeVar("T")

_PER_WORD: Final = 128
"""Statuses of two bits in a word of the StatusRegistry."""
NamesOf = Callable[[Language], Names]
LABELS: Final[Mapping[str, Words]] = MappingProxyType(
    {
        "member": Words("Member", "회원사"),
        "address": Words("Address", "주소"),
        "roles": Words("Roles", "역할"),
        "governance": Words("Governance account", "거버넌스 계정"),
        "status": Words("Status", "상태"),
        "operator": Words("Operator account", "운영 계정"),
        "schema": Words("Credential type", "증명서 유형"),
        "accreditation": Words("Accreditation", "발급 인가"),
        "key": Words("Key", "키"),
        "profile": Words("What a service may ask for", "서비스가 요청할 수 있는 정보"),
        "wallet": Words("Wallet provider", "지갑 제공자"),
        "contract": Words("Contract", "컨트랙트"),
        "share": Words("Share of members that must approve", "의결 비율"),
        "timelock": Words("Time an approval ripens", "승인 숙려기간"),
        "lifetime": Words("Life of a proposal", "안건 유효기간"),
        "quorum": Words("Approvals needed", "필요한 승인 수"),
        "credentials": Words("Status of credentials", "증명서 상태"),
        "network": Words("Access to the network", "네트워크 참여"),
    }
)
_STATUSES = {
    MemberStatus.ACTIVE: ("active", "활동"),
    MemberStatus.SUSPENDED: ("suspended", "정지"),
    MemberStatus.REMOVED: ("removed", "제명"),
}


@dataclass(frozen=True, slots=True)
class Change:
    """Hold one thing that changes: what it is, whose, and how it stands before and after; None where it is not."""

    label: str
    subject: Words
    before: Words | None
    after: Words | None

    @property
    def what(self) -> Words:
        """Name what changes."""
        return LABELS[self.label]


Shown = Callable[[Names], str]


@dataclass(frozen=True, slots=True)
class _Seen:
    """Hold a fact of one picture: its subject and how it stands, each to be written in a language."""

    subject: Shown
    value: Shown


Facts = dict[tuple[str, Any], _Seen]


def changes(before: Registry, after: Registry, time: int) -> tuple[Change, ...]:
    """Give what differs between two pictures at a time, seconds UTC, in the order of the facts afterwards."""
    ours, theirs = _facts(before, time), _facts(after, time)
    names_before = [Names(before, language) for language in LANGUAGES]
    names_after = [Names(after, language) for language in LANGUAGES]

    def written(seen: _Seen | None, names: list[Names]) -> Words | None:
        return None if seen is None else Words(*(seen.value(one) for one in names))

    found = []
    for key in [*theirs, *(key for key in ours if key not in theirs)]:
        earlier, later = ours.get(key), theirs.get(key)
        was, becomes = written(earlier, names_before), written(later, names_after)
        if was != becomes:
            subject = (later or earlier or _NOBODY).subject
            found.append(Change(key[0], Words(*(subject(names) for names in names_after)), was, becomes))
    return tuple(found)


def status_changes(
    issuer: MemberId, list_number: int, status: int, places: Sequence[int], words: Mapping[int, int], names: NamesOf
) -> tuple[Change, ...]:
    """Give what setting statuses changes in a list whose words stand so, one change for each status they have now.

    Revocation is final: where one of them is revoked already, and is to be something else, the chain refuses all.
    """
    standing: dict[int, list[int]] = {}
    for place in places:
        standing.setdefault(words.get(place // _PER_WORD, 0) >> 2 * (place % _PER_WORD) & 3, []).append(place)
    if CredentialStatus.REVOKED in standing and status != CredentialStatus.REVOKED:
        return ()

    def subject(language: Language, which: Sequence[int]) -> str:
        member = names(language).member(to_hex(issuer))
        if language == "ko":
            return f"{member} 상태 목록 {list_number}, {len(which)}건 ({ranges(which)})"
        return f"{member}, status list {list_number}, {len(which)} ({ranges(which)})"

    return tuple(
        Change(
            "credentials",
            Words(*(subject(language, which) for language in LANGUAGES)),
            Words(*STATUS_WORDS[CredentialStatus(before)]),
            Words(*STATUS_WORDS[CredentialStatus(status)]),
        )
        for before, which in sorted(standing.items())
        if before != status
    )


_NOBODY = _Seen(lambda _: "", lambda _: "")


def _facts(registry: Registry, time: int) -> Facts:
    return {
        **{key: seen for member in registry.members.values() for key, seen in _of_member(member, time)},
        **{("operator", account): _operator(operator) for account, operator in registry.operators.items()},
        **{("schema", schema): _schema(found) for schema, found in registry.schemas.items()},
        **{
            ("accreditation", (*pair, grant.index)): _grant(grant)
            for pair, grants in registry.grants.items()
            for grant in grants
        },
        **{("key", pair): _key(key) for pair, key in registry.keys.items()},
        **{("profile", pair): _profile(profile) for pair, profile in registry.profiles.items()},
        **{("wallet", thumbprint): _wallet(wallet) for thumbprint, wallet in registry.wallet_providers.items()},
        **{
            ("contract", name): _Seen(_constant(plain(name)), _constant(addresses[-1]))
            for name, addresses in registry.contracts.items()
        },
        **dict(_of_rules(registry)),
        **dict(_of_network(registry, time)),
    }


def _of_network(registry: Registry, time: int) -> Iterator[tuple[tuple[str, Any], _Seen]]:
    """Say of every entry of the allowlist whether it lets in; accounts that govern or operate need no entry."""
    nodes, accounts = permitted_nodes(registry, time), permitted_accounts(registry, time)
    for node, listed in registry.nodes.items():
        yield ("network", node), _access(listed.listings[-1], str(listed.endpoint), listed.endpoint in nodes)
    for account, listings in registry.network_accounts.items():
        yield ("network", account), _access(listings[-1], account, account in accounts)


def _access(listing: Listing, entry: str, permitted: bool) -> _Seen:
    def value(names: Names) -> str:
        korean = names.language == "ko"
        if permitted:
            return "허용" if korean else "let in"
        return "제외" if korean else "kept out"

    return _Seen(lambda names: f"{names.member(to_hex(listing.member))} {entry}", value)


def _of_member(member: Member, time: int) -> Iterator[tuple[tuple[str, Any], _Seen]]:
    def subject(_names: Names) -> str:
        return plain(member.urls[0])

    def status(names: Names) -> str:
        said = _STATUSES[member.status_at(time)][names.language == "ko"]
        standing = next((one for one in member.suspensions if one.covers(time)), None)
        if standing is not None and standing.until is not None and member.removal is None:
            said += f" ({'까지' if names.language == 'ko' else 'until'} {moment(standing.until)})"
        return said

    held = int(member.roles_at(time))
    yield ("address", member.member), _Seen(subject, _constant(plain(", ".join(member.urls))))
    yield ("roles", member.member), _Seen(subject, lambda names: roles(held, names.language))
    yield ("governance", member.member), _Seen(subject, _constant(member.governance))
    yield ("status", member.member), _Seen(subject, status)


def _operator(operator: OperatorAccount) -> _Seen:
    def subject(names: Names) -> str:
        return f"{names.member(to_hex(operator.member))} {operator.purpose.name} {operator.account}"

    def value(names: Names) -> str:
        korean = names.language == "ko"
        if operator.compromised_since is not None:
            return f"{'유출, 시점' if korean else 'compromised since'} {moment(operator.compromised_since)}"
        if operator.retired_at is not None:
            return "종료" if korean else "retired"
        return "권한 있음" if korean else "authorised"

    return _Seen(subject, value)


def _schema(schema: Schema) -> _Seen:
    def value(names: Names) -> str:
        korean = names.language == "ko"
        if schema.deprecated_at is not None:
            return "중단" if korean else "deprecated"
        return "등록" if korean else "registered"

    return _Seen(_constant(plain(schema.vct)), value)


def _grant(grant: Grant) -> _Seen:
    def subject(names: Names) -> str:
        number = "번" if names.language == "ko" else "no. "
        which = f"{grant.index}{number}" if names.language == "ko" else f"{number}{grant.index}"
        return f"{names.member(to_hex(grant.member))} → {names.schema(to_hex(grant.schema))} ({which})"

    def value(names: Names) -> str:
        period = f"{moment(grant.valid_from)} – {moment(grant.valid_until)}"
        if grant.effective_since is None:
            return period
        return f"{period}; {'철회' if names.language == 'ko' else 'withdrawn since'} {moment(grant.effective_since)}"

    return _Seen(subject, value)


def _key(key: RegisteredKey) -> _Seen:
    def subject(names: Names) -> str:
        return f"{names.member(to_hex(key.member))} {names.key(to_hex(key.thumbprint))}"

    def value(names: Names) -> str:
        korean = names.language == "ko"
        if key.compromised_since is not None:
            return f"{'유출, 시점' if korean else 'compromised since'} {moment(key.compromised_since)}"
        if key.revoked_at is not None:
            return f"{'폐지, 시점' if korean else 'revoked at'} {moment(key.revoked_at)}"
        return f"{moment(key.not_before)} – {moment(key.not_after)}"

    return _Seen(subject, value)


def _profile(profile: RequestProfile) -> _Seen:
    def subject(names: Names) -> str:
        return f"{names.member(to_hex(profile.member))} “{plain(profile.name)}”"

    def value(names: Names) -> str:
        if profile.withdrawn_at is not None:
            return "철회" if names.language == "ko" else "withdrawn"
        needs = "필수" if names.language == "ko" else "needs"
        schemas = ", ".join(names.schema(to_hex(schema)) for schema in profile.schemas)
        claims, required = (plain(", ".join(sorted(names))) for names in (profile.claims, profile.required))
        return (
            f"{claims}; {needs} {required or '—'}; {schemas}; "
            f"“{plain(profile.purpose)}”; {profile.assurance_level}, {profile.key_storage}"
        )

    return _Seen(subject, value)


def _wallet(wallet: WalletProvider) -> _Seen:
    def value(names: Names) -> str:
        korean = names.language == "ko"
        if wallet.distrusted_at is not None:
            return f"{'신뢰 철회' if korean else 'distrusted since'} {moment(wallet.distrusted_at)}"
        return f"{'신뢰, 기한' if korean else 'trusted until'} {moment(wallet.valid_until)}"

    return _Seen(_constant(f"{plain(wallet.name)} {to_hex(wallet.thumbprint)[:18]}…"), value)


def _of_rules(registry: Registry) -> Iterator[tuple[tuple[str, Any], _Seen]]:
    rules = registry.rules
    if rules is None:
        return

    def subject(names: Names) -> str:
        return "컨소시엄" if names.language == "ko" else "the consortium"

    remaining = sum(member.removal is None for member in registry.members.values())
    needed = rules.quorum_of(remaining)
    yield (
        ("share", ""),
        _Seen(subject, _constant(f"{rules.quorum_numerator}/{rules.quorum_denominator}")),
    )
    yield ("timelock", ""), _Seen(subject, lambda names: duration(rules.timelock_s, names.language))
    yield ("lifetime", ""), _Seen(subject, lambda names: duration(rules.proposal_lifetime_s, names.language))
    yield ("quorum", ""), _Seen(subject, lambda names: _of(needed, remaining, names))


def _of(needed: int, remaining: int, names: Names) -> str:
    return f"{remaining}곳 중 {needed}곳" if names.language == "ko" else f"{needed} of {remaining} members"


def _constant(text: str) -> Shown:
    return lambda _names: text
