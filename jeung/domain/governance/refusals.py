"""Say in plain words why the contracts refuse: one sentence for each error a governance act can meet.

A test compares the list with the contracts' errors. The sentence carries what the error carries, with names instead
of identifiers.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from jeung.domain.governance import LANGUAGES, Words
from jeung.domain.governance.plain import plain
from jeung.domain.governance.values import Kind, Names
from jeung.domain.registry import Registry

_KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        **dict.fromkeys(("member", "issuer", "supervisor"), Kind.MEMBER),
        **dict.fromkeys(("account", "caller", "contractAddress", "target"), Kind.ACCOUNT),
        **dict.fromkeys(
            (
                *(
                    "validFrom",
                    "validUntil",
                    "blockTime",
                    "effectiveSince",
                    "withdrawnSince",
                    "notBefore",
                    "notAfter",
                ),
                *("revokedAt", "standing", "since", "declared", "retiredAt", "allowedFrom", "time", "deadline"),
                *("deprecatedAt", "distrustedSince"),
            ),
            Kind.MOMENT,
        ),
        "schema": Kind.SCHEMA,
        "service": Kind.SERVICE,
        "thumbprint": Kind.KEY,
        "roles": Kind.ROLES,
        "purpose": Kind.PURPOSE,
        "name": Kind.NAME,
        "url": Kind.TEXT,
        "vct": Kind.TEXT,
    }
)


def _w(en: str, ko: str) -> Words:
    return Words(en, ko)


REFUSALS: Final[Mapping[str, Words]] = MappingProxyType(
    {
        # Consortium: members
        "ConsortiumOnly": _w(
            "Only the consortium may do this, by an executed proposal.", "의결을 거쳐 컨소시엄만 할 수 있는 일입니다."
        ),
        "UrlNotCanonical": _w(
            "The address {url} is not in canonical form.", "주소 {url}의 형식이 올바르지 않습니다."
        ),
        "UrlTaken": _w(
            "The address {url} is or was {member}'s.", "주소 {url}은(는) {member}의 것이거나 것이었습니다."
        ),
        "AccountTaken": _w(
            "The account {account} serves, or once served, {member}.",
            "계정 {account}은(는) {member}이(가) 쓰고 있거나 쓴 적이 있습니다.",
        ),
        "AccountMissing": _w("An account is missing.", "계정이 없습니다."),
        "RolesUnknown": _w("{roles} are no roles.", "{roles}은(는) 역할이 아닙니다."),
        "MemberUnknown": _w("There is no member {member}.", "회원사 {member}이(가) 없습니다."),
        "MemberNotActive": _w("{member} is not active.", "{member}은(는) 활동 중이 아닙니다."),
        "MemberNotSuspended": _w(
            "{member} is not suspended in the way this needs.", "{member}은(는) 해당하는 정지 상태가 아닙니다."
        ),
        "MemberGone": _w("{member} was removed.", "{member}은(는) 제명되었습니다."),
        "MembersTooMany": _w(
            "The consortium has the most members there may be: {maximum}.",
            "회원사가 최대 수({maximum})에 이르렀습니다.",
        ),
        "MembersTooFew": _w(
            "Too few members would remain: {remaining} of at least {minimum}.",
            "남는 회원사가 너무 적습니다: {remaining}(최소 {minimum}).",
        ),
        "QuorumUnreachable": _w(
            "Fewer members would be active ({active}) than must approve ({quorum}).",
            "활동 회원사({active})가 정족수({quorum})보다 적어집니다.",
        ),
        "GovernanceAccountUnknown": _w(
            "{caller} is no member's governance account.", "{caller}은(는) 어느 회원사의 거버넌스 계정도 아닙니다."
        ),
        "GovernanceAccountOfAnother": _w(
            "{caller} may not act for {member}.", "{caller}은(는) {member}을(를) 대신할 수 없습니다."
        ),
        "SupervisorOnly": _w("{member} is no supervisor.", "{member}은(는) 감독기관이 아닙니다."),
        "SupervisorProtected": _w(
            "One supervisor cannot suspend another: {member}.",
            "감독기관은 다른 감독기관({member})을 정지할 수 없습니다.",
        ),
        "SuspensionTooSoon": _w(
            "{supervisor} may suspend {member} again from {allowedFrom} on.",
            "{supervisor}은(는) {allowedFrom}부터 {member}을(를) 다시 정지할 수 있습니다.",
        ),
        "TimeInFuture": _w(
            "The time {time} lies after the block's time {blockTime}.",
            "{time}은(는) 블록 시각 {blockTime}보다 뒤입니다.",
        ),
        # Consortium: operators
        "OperatorUnknown": _w(
            "{account} is no {purpose} account of the member.",
            "{account}은(는) 이 회원사의 {purpose} 계정이 아닙니다.",
        ),
        "OperatorAlreadyRetired": _w(
            "The account {account} was retired at {retiredAt}.",
            "계정 {account}은(는) {retiredAt}에 사용이 종료되었습니다.",
        ),
        "OperatorNotTrusted": _w(
            "The account {account} counts as compromised since {since}.",
            "계정 {account}은(는) {since}부터 유출된 것으로 봅니다.",
        ),
        "OperatorPurposeMissing": _w("The account's purpose is missing.", "계정의 용도가 없습니다."),
        "OperatorCompromiseNotEarlier": _w(
            "The account {account} counts as compromised since {declared} already; {since} is not earlier.",
            "계정 {account}은(는) 이미 {declared}부터 유출된 것으로 봅니다. {since}은(는) 더 이르지 않습니다.",
        ),
        # Consortium: proposals
        "ProposalExists": _w("The same proposal stands already.", "같은 안건이 이미 있습니다."),
        "ProposalNotOpen": _w(
            "The proposal is not open: unknown, expired, cancelled or executed.",
            "열린 안건이 아닙니다. 없거나 만료, 취소, 실행되었습니다.",
        ),
        "ProposalTargetWithoutCode": _w("There is no contract at {target}.", "{target}에 컨트랙트가 없습니다."),
        "ProposalDataTooLarge": _w(
            "The call has {size} bytes; at most {maximum} are allowed.",
            "호출이 {size}바이트로 한도({maximum})를 넘습니다.",
        ),
        "ProposalMismatch": _w("The call is not the one that was approved.", "승인된 호출과 다른 호출입니다."),
        "ProposalOfAnother": _w(
            "Only the member that proposed it may cancel it.", "제안한 회원사만 취소할 수 있습니다."
        ),
        "ProposalNotRipe": _w(
            "{ripe} approvals are ripe; {required} are needed.",
            "숙려기간이 지난 승인이 {ripe}건이며 {required}건이 필요합니다.",
        ),
        "ApprovalExists": _w("{member} has approved already.", "{member}은(는) 이미 승인했습니다."),
        "ApprovalOverdue": _w(
            "The signed approval was good until {deadline}.", "서명된 승인의 기한({deadline})이 지났습니다."
        ),
        "ApprovalSignatureWrong": _w(
            "The signature is not {member}'s governance account's, or its nonce was used.",
            "{member}의 거버넌스 계정이 한 서명이 아니거나 이미 쓰인 서명입니다.",
        ),
        "RulesOutOfBounds": _w(
            "These rules lie below the floors fixed at deployment, or out of bounds.",
            "배포 때 정한 하한보다 낮거나 범위를 벗어난 규칙입니다.",
        ),
        # Directory and peers
        "DirectoryNameMissing": _w("The contract's name is missing.", "컨트랙트 이름이 없습니다."),
        "DirectoryAddressWithoutCode": _w(
            "There is no contract at {contractAddress}.", "{contractAddress}에 컨트랙트가 없습니다."
        ),
        "DirectoryUnchanged": _w(
            "{name} names {contractAddress} already.", "{name}은(는) 이미 {contractAddress}입니다."
        ),
        "DirectoryLengthsDiffer": _w("Names and addresses differ in number.", "이름과 주소의 수가 다릅니다."),
        "PeerWithoutCode": _w("There is no contract at {peer}.", "{peer}에 컨트랙트가 없습니다."),
        # Schemas and accreditations
        "SchemaMetadataSizeWrong": _w(
            "The metadata have {size} bytes; 1 to {maximum} are allowed.",
            "메타데이터가 {size}바이트입니다(1~{maximum}).",
        ),
        "SchemaVctMalformed": _w("{vct} is no usable type URL.", "{vct}은(는) 쓸 수 없는 유형 URL입니다."),
        "SchemaExists": _w("The type {schema} is registered already.", "유형 {schema}은(는) 이미 등록되어 있습니다."),
        "SchemaVctTaken": _w(
            "The URL {vct} names another type: {schema}.", "URL {vct}은(는) 다른 유형 {schema}의 것입니다."
        ),
        "SchemaUnknown": _w("There is no type {schema}.", "유형 {schema}이(가) 없습니다."),
        "SchemaAlreadyDeprecated": _w(
            "The type {schema} is deprecated since {deprecatedAt}.",
            "유형 {schema}은(는) {deprecatedAt}에 중단되었습니다.",
        ),
        "AccreditationPeriodWrong": _w(
            "The period from {validFrom} until {validUntil} begins in the past or ends before it begins.",
            "기간 {validFrom} ~ {validUntil}이(가) 과거에 시작하거나 시작 전에 끝납니다.",
        ),
        "AccreditationMemberNotIssuer": _w(
            "{member} is no issuer (roles: {roles}), or was removed.",
            "{member}은(는) 발급기관이 아니거나(역할: {roles}) 제명되었습니다.",
        ),
        "AccreditationSchemaNotOpen": _w(
            "The type {schema} is unknown or deprecated.", "유형 {schema}이(가) 없거나 중단되었습니다."
        ),
        "AccreditationGrantsTooMany": _w(
            "{member} has {maximum} accreditations for {schema}, the most there may be.",
            "{member}의 {schema} 인가가 최대 수({maximum})에 이르렀습니다.",
        ),
        "AccreditationGrantUnknown": _w(
            "{member} has no accreditation no. {grantIndex} for {schema}.",
            "{member}에는 {schema} 인가 {grantIndex}번이 없습니다.",
        ),
        "AccreditationWithdrawalTimeWrong": _w(
            "{effectiveSince} lies in the future or is not earlier than what stands.",
            "{effectiveSince}이(가) 미래이거나 이미 정해진 때보다 이르지 않습니다.",
        ),
        # Keys
        "KeyThumbprintMissing": _w("The key's thumbprint is missing.", "키의 지문이 없습니다."),
        "KeyPurposeMissing": _w("The key's purpose is missing.", "키의 용도가 없습니다."),
        "KeyExists": _w("{member} has registered this key already.", "{member}은(는) 이 키를 이미 등록했습니다."),
        "KeyUnknown": _w(
            "{member} never registered the key {thumbprint}.",
            "{member}은(는) 키 {thumbprint}을(를) 등록한 적이 없습니다.",
        ),
        "KeyPeriodWrong": _w(
            "The key's period begins in the past or ends before it begins.",
            "키의 유효기간이 과거에 시작하거나 시작 전에 끝납니다.",
        ),
        "KeyRevocationTimeWrong": _w(
            "{revokedAt} lies in the past or is not earlier than what stands.",
            "{revokedAt}이(가) 과거이거나 이미 정해진 때보다 이르지 않습니다.",
        ),
        "KeyCompromiseTimeWrong": _w(
            "{since} lies in the future or is not earlier than what is declared.",
            "{since}이(가) 미래이거나 이미 선언된 때보다 이르지 않습니다.",
        ),
        # Relying parties and wallets
        "ProfileMemberNotRelyingParty": _w(
            "{member} is no relying party (roles: {roles}), or was removed.",
            "{member}은(는) 의존기관이 아니거나(역할: {roles}) 제명되었습니다.",
        ),
        "ProfileServiceMissing": _w("The service is missing.", "서비스가 없습니다."),
        "ProfileSizeWrong": _w(
            "The profile has {size} bytes; 1 to {maximum} are allowed.", "프로필이 {size}바이트입니다(1~{maximum})."
        ),
        "ProfileUnchanged": _w("This very profile stands already.", "같은 프로필이 이미 등록되어 있습니다."),
        "ProfileUnknown": _w("{member} has no service {service}.", "{member}에는 서비스 {service}이(가) 없습니다."),
        "WalletProviderSizeWrong": _w(
            "The wallet provider's key or name is empty or too long.",
            "지갑 제공자의 키나 이름이 비었거나 너무 깁니다.",
        ),
        "WalletProviderTimeWrong": _w("{validUntil} is past.", "{validUntil}은(는) 이미 지났습니다."),
        "WalletProviderAlreadyDistrusted": _w(
            "The wallet provider's key is distrusted since {distrustedSince}.",
            "이 지갑 제공자의 키는 {distrustedSince}부터 신뢰하지 않습니다.",
        ),
        "WalletProviderUnknown": _w("Nobody trusts this wallet provider.", "신뢰한 적이 없는 지갑 제공자입니다."),
        "WalletProviderDistrustInFuture": _w(
            "{effectiveSince} lies in the future.", "{effectiveSince}은(는) 미래입니다."
        ),
        # Statuses
        "StatusTerminal": _w(
            "Credential {index} of list {list} is revoked, which is final.",
            "목록 {list}의 {index}번 증명서은 폐지되어 되돌릴 수 없습니다.",
        ),
        "StatusNotAllowed": _w("This status cannot be set.", "설정할 수 없는 상태입니다."),
        "StatusIndexCountWrong": _w(
            "{count} credentials are named; 1 to {maximum} are allowed.", "증명서이 {count}건입니다(1~{maximum})."
        ),
        "StatusIndexesNotAscending": _w(
            "The credentials are not in ascending order.", "증명서이 오름차순이 아닙니다."
        ),
        "StatusIndexOutOfRange": _w(
            "A list has {size} places; {index} is none.", "목록은 {size}자리이며 {index}번은 없습니다."
        ),
        "StatusWordOutOfRange": _w("A list has {size} words.", "목록은 {size}워드입니다."),
        "StatusIndexesTorn": _w("The list of credentials is cut off.", "증명서 목록이 잘렸습니다."),
        "StatusCapExceeded": _w(
            "{issuer} would change {changes} statuses in this window; {cap} are allowed.",
            "{issuer}의 이번 기간 변경이 {changes}건으로 한도({cap})를 넘습니다.",
        ),
        "StatusIssuerNotActive": _w(
            "{issuer} is not active and may only suspend and revoke.",
            "{issuer}은(는) 활동 중이 아니므로 정지와 폐지만 할 수 있습니다.",
        ),
        "StatusRegistryIsClosed": _w("The status registry is closed.", "상태 등록부가 닫혔습니다."),
        "StatusPredecessorStillOpen": _w("The predecessor is still open.", "이전 상태 등록부가 아직 열려 있습니다."),
        "StatusLimitMissing": _w("A limit is missing.", "한도가 없습니다."),
        # Network
        "NodeKeyNotOnCurve": _w("The node's key is no point of the curve.", "노드의 키가 곡선 위의 점이 아닙니다."),
        "NodeHostMalformed": _w("The node's host is malformed.", "노드의 호스트 형식이 올바르지 않습니다."),
        "NodePortMissing": _w("The node's port is missing.", "노드의 포트가 없습니다."),
        "NodeAlreadyListed": _w(
            "The node is listed for {member} already.", "노드가 이미 {member}의 것으로 등록되어 있습니다."
        ),
        "NodeNotListed": _w("The node is not listed.", "등록되지 않은 노드입니다."),
        "NetworkAccountMissing": _w("The account is missing.", "계정이 없습니다."),
        "NetworkAccountAlreadyListed": _w(
            "The account {account} is listed for {member} already.",
            "계정 {account}은(는) 이미 {member}의 것으로 등록되어 있습니다.",
        ),
        "NetworkAccountNotListed": _w("The account {account} is not listed.", "등록되지 않은 계정 {account}입니다."),
        "NetworkAccountServes": _w(
            "The account {account} serves {member} and needs no entry.",
            "계정 {account}은(는) {member}이(가) 쓰고 있어 등록이 필요 없습니다.",
        ),
        "AllowlistFull": _w(
            "{member} has {maximum} entries, the most there may be.",
            "{member}의 항목이 최대 수({maximum})에 이르렀습니다.",
        ),
        "AllowlistMemberNotPresent": _w("{member} is unknown or removed.", "{member}은(는) 없거나 제명되었습니다."),
        "AllowlistEntryOfAnother": _w(
            "The entry is {member}'s, not {caller}'s.", "{caller}이(가) 아닌 {member}의 항목입니다."
        ),
        "IsolationNotBySupervisor": _w(
            "{caller} is no supervisor's account.", "{caller}은(는) 감독기관의 계정이 아닙니다."
        ),
        "IsolationWithoutSuspension": _w("{member} is not suspended.", "{member}은(는) 정지 상태가 아닙니다."),
        "IsolationTooSoon": _w(
            "It may be isolated again from {allowedFrom} on.", "{allowedFrom}부터 다시 격리할 수 있습니다."
        ),
        # Logs
        "LogAnchorEmpty": _w("An empty log is not anchored.", "빈 로그는 앵커할 수 없습니다."),
        "LogEpochNotPresent": _w(
            "The log's present epoch is {present}, not {epoch}; the next one is opened, and none twice.",
            "로그의 현재 에폭은 {epoch}이(가) 아니라 {present}입니다. 다음 에폭만, 한 번만 열 수 있습니다.",
        ),
        "LogAnchorExists": _w(
            "A checkpoint of {size} entries stands already.", "항목 {size}개의 체크포인트가 이미 앵커되어 있습니다."
        ),
        "LogAnchorShrinks": _w(
            "A checkpoint of {anchored} entries stands, and {size} are fewer.",
            "항목 {anchored}개의 체크포인트가 있으므로 더 적은 {size}개는 앵커할 수 없습니다.",
        ),
        "LogAnchorForked": _w(
            "Another root of {size} entries stands: {anchored}, not {root}.",
            "항목 {size}개의 루트는 이미 {anchored}이며 {root}이(가) 아닙니다.",
        ),
    }
)

_UNKNOWN = _w("The chain refuses: {error}.", "체인이 거부했습니다: {error}.")


def refusal_in_words(error: str, args: Mapping[str, Any], registry: Registry) -> Words:
    """Say why the chain refused; an error without words is shown by its name."""
    words = REFUSALS.get(error)
    if words is None:
        return Words(*(_UNKNOWN.read(language).format(error=plain(error) or "?") for language in LANGUAGES))
    said = []
    for language in LANGUAGES:
        names = Names(registry, language)
        written = {name: names.write(_KINDS.get(name, Kind.NUMBER), value) for name, value in args.items()}
        try:
            said.append(words.read(language).format(**written))
        except KeyError:
            # The error came without the arguments it should carry: its sentence would have holes.
            said.append(_UNKNOWN.read(language).format(error=plain(error)))
    return Words(*said)
