"""Say in words what each call means that the consortium may make, argument by argument.

One entry per governed function of the contracts: a test compares the list with the contracts' sources, so that a
function without words cannot come to be. An argument stands in both sentences, or nobody would see it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from jeung.crypto import canonical_json
from jeung.domain.chain import ChainCall
from jeung.domain.governance import LANGUAGES, Words
from jeung.domain.governance.values import Kind, Names
from jeung.domain.identifiers import to_hex
from jeung.domain.profiles import service_id
from jeung.domain.registry import Registry
from jeung.errors import JeungError

CONSORTIUM: Final = "Consortium"


@dataclass(frozen=True, slots=True)
class Governed:
    """Describe a governed function: its arguments with their kinds in the ABI's order, and what it means."""

    arguments: tuple[tuple[str, Kind], ...]
    words: Words


def _governed(en: str, ko: str, **arguments: Kind) -> Governed:
    return Governed(tuple(arguments.items()), Words(en, ko))


GOVERNED: Final[Mapping[tuple[str, str], Governed]] = MappingProxyType(
    {
        (CONSORTIUM, "admitMember"): _governed(
            "Admit {url} as a member with the roles {roles}, governed by the account {governance}.",
            "{url}을(를) 회원사로 받아들입니다. 역할: {roles}. 거버넌스 계정: {governance}.",
            url=Kind.TEXT,
            governance=Kind.ACCOUNT,
            roles=Kind.ROLES,
        ),
        (CONSORTIUM, "addUrl"): _governed(
            "Give {member} the further address {url}.",
            "{member}에 주소 {url}을(를) 추가합니다.",
            member=Kind.MEMBER,
            url=Kind.TEXT,
        ),
        (CONSORTIUM, "setRoles"): _governed(
            "Replace the roles of {member} by {roles}.",
            "{member}의 역할을 {roles}(으)로 바꿉니다.",
            member=Kind.MEMBER,
            roles=Kind.ROLES,
        ),
        (CONSORTIUM, "setGovernanceAccount"): _governed(
            "Replace the governance account of {member} by {account}; "
            "approvals of the earlier account no longer count.",
            "{member}의 거버넌스 계정을 {account}(으)로 바꿉니다. 이전 계정의 승인은 효력을 잃습니다.",
            member=Kind.MEMBER,
            account=Kind.ACCOUNT,
        ),
        (CONSORTIUM, "suspendByQuorum"): _governed(
            "Suspend {member} until the consortium reinstates it (digest of the reason: {reason}).",
            "컨소시엄이 복귀시킬 때까지 {member}의 자격을 정지합니다(사유의 해시: {reason}).",
            member=Kind.MEMBER,
            reason=Kind.DIGEST,
        ),
        (CONSORTIUM, "confirmSuspension"): _governed(
            "Confirm the emergency suspension of {member}: it no longer lapses by itself.",
            "{member}의 긴급 정지를 확정합니다. 정지는 저절로 풀리지 않습니다.",
            member=Kind.MEMBER,
        ),
        (CONSORTIUM, "reinstate"): _governed(
            "Reinstate {member}: its suspension ends.",
            "{member}을(를) 복귀시킵니다. 정지가 끝납니다.",
            member=Kind.MEMBER,
        ),
        (CONSORTIUM, "removeMember"): _governed(
            "Remove {member} {cause}, effective since {since}; it never comes back under the same identifier.",
            "{member}을(를) 제명합니다({cause}, 효력 발생: {since}). 같은 식별자로는 다시 들어올 수 없습니다.",
            member=Kind.MEMBER,
            since=Kind.TIME,
            cause=Kind.CAUSE,
        ),
        (CONSORTIUM, "setRules"): _governed(
            "Decide from now on by {numerator}/{denominator} of the members; approvals ripen for {timelock}, "
            "proposals live for {lifetime}.",
            "앞으로 회원사의 {numerator}/{denominator}로 의결합니다. "
            "승인 숙려기간 {timelock}, 안건 유효기간 {lifetime}.",
            numerator=Kind.NUMBER,
            denominator=Kind.NUMBER,
            timelock=Kind.DURATION,
            lifetime=Kind.DURATION,
        ),
        (CONSORTIUM, "declareOperatorCompromisedByQuorum"): _governed(
            "Declare the {purpose} account {account} of {member} compromised since {since}: "
            "what it did from then on is void.",
            "{member}의 {purpose} 계정 {account}이(가) {since}부터 유출되었다고 선언합니다. "
            "그 뒤의 행위는 무효입니다.",
            member=Kind.MEMBER,
            purpose=Kind.PURPOSE,
            account=Kind.ACCOUNT,
            since=Kind.MOMENT,
        ),
        ("SchemaRegistry", "registerSchema"): _governed(
            "Register the credential type {vct} ({metadata}); it can never be changed.",
            "증명서 유형 {vct}을(를) 등록합니다({metadata}). 등록 뒤에는 바꿀 수 없습니다.",
            metadata=Kind.METADATA,
            vct=Kind.TEXT,
        ),
        ("SchemaRegistry", "deprecateSchema"): _governed(
            "Deprecate the credential type {schema}: nobody is accredited for it any more.",
            "증명서 유형 {schema}의 사용을 중단합니다. 더는 인가할 수 없습니다.",
            schema=Kind.SCHEMA,
        ),
        ("AccreditationRegistry", "grant"): _governed(
            "Accredit {member} to issue {schema} from {valid_from} until {valid_until}.",
            "{member}에 {schema} 발급을 인가합니다. 기간: {valid_from} ~ {valid_until}.",
            member=Kind.MEMBER,
            schema=Kind.SCHEMA,
            valid_from=Kind.TIME,
            valid_until=Kind.MOMENT,
        ),
        ("AccreditationRegistry", "withdraw"): _governed(
            "Withdraw accreditation no. {grant} of {member} for {schema}, effective since {since}.",
            "{member}의 {schema} 발급 인가 {grant}번을 철회합니다(효력 발생: {since}).",
            member=Kind.MEMBER,
            schema=Kind.SCHEMA,
            grant=Kind.NUMBER,
            since=Kind.TIME,
        ),
        ("KeyRegistry", "declareCompromisedByQuorum"): _governed(
            "Declare the key {key} of {member} compromised since {since}: what it signed from then on is void.",
            "{member}의 키 {key}이(가) {since}부터 유출되었다고 선언합니다. 그 뒤의 서명은 무효입니다.",
            member=Kind.MEMBER,
            key=Kind.KEY,
            since=Kind.MOMENT,
        ),
        ("StatusRegistry", "setStatusesByQuorum"): _governed(
            "Set credentials of {issuer} in status list {list} to “{status}”: {indexes}.",
            "{issuer}의 상태 목록 {list}에 있는 증명서을 “{status}”(으)로 바꿉니다: {indexes}.",
            issuer=Kind.MEMBER,
            list=Kind.NUMBER,
            status=Kind.STATUS,
            indexes=Kind.INDEXES,
        ),
        ("StatusRegistry", "close"): _governed(
            "Close the status registry for its successor: it takes no more changes.",
            "상태 등록부를 닫고 후속 등록부에 넘깁니다. 더는 변경을 받지 않습니다.",
        ),
        ("RelyingPartyRegistry", "registerProfile"): _governed(
            "Permit a service of {member} to ask for claims (service {service}): {profile}.",
            "{member}의 서비스에 정보 요청을 허용합니다(서비스 {service}): {profile}.",
            member=Kind.MEMBER,
            service=Kind.DIGEST,
            profile=Kind.PROFILE,
        ),
        ("RelyingPartyRegistry", "withdrawProfile"): _governed(
            "Withdraw what the service {service} of {member} may ask for.",
            "{member}의 서비스 {service}에 허용한 정보 요청을 철회합니다.",
            member=Kind.MEMBER,
            service=Kind.SERVICE,
        ),
        ("RelyingPartyRegistry", "trustWalletProvider"): _governed(
            "Trust the wallet provider {name} with the key {jwk} until {valid_until}.",
            "지갑 제공자 {name}(키 {jwk})을(를) {valid_until}까지 신뢰합니다.",
            jwk=Kind.JWK,
            name=Kind.TEXT,
            valid_until=Kind.MOMENT,
        ),
        ("RelyingPartyRegistry", "distrustWalletProvider"): _governed(
            "No longer trust the wallet provider {provider}, effective since {since}.",
            "지갑 제공자 {provider}을(를) 더는 신뢰하지 않습니다(효력 발생: {since}).",
            provider=Kind.WALLET_KEY,
            since=Kind.TIME,
        ),
        ("Directory", "set"): _governed(
            "Name {address} as the consortium's contract {name}; every node follows it from then on.",
            "{address}을(를) 컨소시엄의 컨트랙트 {name}(으)로 지정합니다. 모든 노드가 그때부터 따릅니다.",
            name=Kind.NAME,
            address=Kind.ACCOUNT,
        ),
        ("NetworkAllowlist", "addNode"): _governed(
            "Let the chain node {endpoint} of {member} into the network.",
            "{member}의 체인 노드 {endpoint}의 네트워크 참여를 허용합니다.",
            member=Kind.MEMBER,
            endpoint=Kind.ENDPOINT,
        ),
        ("NetworkAllowlist", "removeNode"): _governed(
            "Take the chain node {node} off the network.",
            "체인 노드 {node}을(를) 네트워크에서 제외합니다.",
            node=Kind.NODE,
        ),
        ("NetworkAllowlist", "addAccount"): _governed(
            "Let the account {account} of {member} send transactions.",
            "{member}의 계정 {account}이(가) 거래를 보낼 수 있게 합니다.",
            member=Kind.MEMBER,
            account=Kind.ACCOUNT,
        ),
        ("NetworkAllowlist", "removeAccount"): _governed(
            "No longer let the account {account} send transactions.",
            "계정 {account}이(가) 더는 거래를 보내지 못하게 합니다.",
            account=Kind.ACCOUNT,
        ),
        ("LogAnchor", "openEpoch"): _governed(
            "Open epoch {epoch} of the transparency log of {member}: the one before takes no more checkpoints.",
            "{member}의 투명성 로그에 새 에폭 {epoch}을(를) 엽니다. 이전 에폭에는 더는 앵커할 수 없습니다.",
            member=Kind.MEMBER,
            epoch=Kind.NUMBER,
        ),
    }
)

PROPOSABLE: Final[Mapping[str, Mapping[str, int]]] = {
    contract: {
        function: 1 if function == "setRules" else len(governed.arguments)
        for (owner, function), governed in GOVERNED.items()
        if owner == contract
    }
    for contract in dict.fromkeys(contract for contract, _ in GOVERNED)
}
"""Functions the consortium may call, by contract, with how many arguments each takes; rules travel as one struct."""


def arguments_of(call: ChainCall) -> dict[str, Any] | None:
    """Give a governed call's arguments by name, or None where it is none, or has another number of them."""
    governed = GOVERNED.get((call.contract, call.function))
    if governed is None:
        return None
    values: Sequence[Any] = call.args
    if call.function == "setRules" and len(values) == 1:
        given = values[0]
        values = list(given.values()) if isinstance(given, Mapping) else given
    if not isinstance(values, list | tuple) or len(values) != len(governed.arguments):
        return None
    return dict(zip((name for name, _ in governed.arguments), values, strict=True))


def in_words(call: ChainCall, registry: Registry) -> Words | None:
    """Say what a call means, with the names that a picture of the consortium has; None where it is not governed."""
    values = arguments_of(call)
    if values is None:
        return None
    governed = GOVERNED[call.contract, call.function]
    said = []
    for language in LANGUAGES:
        names = Names(registry, language)
        written = {name: names.write(kind, values[name]) for name, kind in governed.arguments}
        if call.function in _TWICE and not _agrees(call.function, values):
            document, warning = _TWICE[call.function]
            written[document] = f"{written[document]}; {warning.read(language)}"
        said.append(governed.words.read(language).format(**written))
    return Words(*said)


_TWICE: Final[Mapping[str, tuple[str, Words]]] = MappingProxyType(
    {
        "registerSchema": (
            "metadata",
            Words("CAREFUL: the metadata names another type", "주의: 메타데이터의 유형 이름이 다릅니다"),
        ),
        "registerProfile": (
            "profile",
            Words(
                "CAREFUL: the profile names another service, and so permits nothing",
                "주의: 내용의 서비스 이름이 달라 아무것도 허용하지 않습니다",
            ),
        ),
    }
)
"""Calls that say a name twice, beside a document and in it: the contract cannot compare the two."""


def _agrees(function: str, values: Mapping[str, Any]) -> bool:
    document, _ = _TWICE[function]
    try:
        body = canonical_json.parse_object(bytes.fromhex(values[document][2:]))
        if function == "registerSchema":
            return bool(body["vct"] == values["vct"])
        return to_hex(service_id(body["name"])) == str(values["service"]).lower()
    except (JeungError, KeyError, ValueError, TypeError, AttributeError):
        return False
