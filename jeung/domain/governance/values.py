"""Write the values of a governed call as a person reads them: names instead of hashes, dates instead of seconds.

What a proposal carries was written by one member and is read by the others before they approve it, so its texts are
judged like any input: a character that does not print could make a sentence say something else.
"""

import datetime
import enum
import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from jeung.crypto import canonical_json
from jeung.crypto.jwk import parse_jwk
from jeung.domain.governance import Language
from jeung.domain.governance.plain import plain, quoted, ranges
from jeung.domain.identifiers import Address, KeyThumbprint, MemberId, SchemaId, ServiceId, to_hex
from jeung.domain.ledger import CredentialStatus
from jeung.domain.members import OperatorPurpose, Role
from jeung.domain.profiles import parse_profile, service_id
from jeung.domain.registry import Registry
from jeung.errors import JeungError

_UNITS = ((86_400, "day", "일"), (3_600, "hour", "시간"), (60, "minute", "분"), (1, "second", "초"))
_ROLES = {
    Role.ISSUER: ("issuer", "발급"),
    Role.RELYING_PARTY: ("relying party", "검증"),
    Role.SUPERVISOR: ("supervisor", "감독"),
}
STATUS_WORDS = {
    CredentialStatus.VALID: ("valid", "유효"),
    CredentialStatus.REVOKED: ("revoked", "폐지"),
    CredentialStatus.SUSPENDED: ("suspended", "정지"),
    CredentialStatus.REFUSED: ("refused", "거부"),
}


class Kind(enum.Enum):
    """Say what an argument is, and so how it is written."""

    TEXT = "text"
    MEMBER = "member"
    ACCOUNT = "account"
    ROLES = "roles"
    PURPOSE = "purpose"
    SCHEMA = "schema"
    SERVICE = "service"
    KEY = "key"
    WALLET_KEY = "wallet_key"
    DIGEST = "digest"
    TIME = "time"
    MOMENT = "moment"
    NUMBER = "number"
    DURATION = "duration"
    CAUSE = "cause"
    NAME = "name"
    METADATA = "metadata"
    PROFILE = "profile"
    JWK = "jwk"
    STATUS = "status"
    INDEXES = "indexes"
    ENDPOINT = "endpoint"
    NODE = "node"


def moment(seconds: int) -> str:
    """Write a time, seconds UTC; one that no calendar has stays a number."""
    try:
        at = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    except (OverflowError, ValueError, OSError):
        return str(seconds)
    return at.strftime("%Y-%m-%d %H:%M:%S UTC")


def duration(seconds: int, language: Language) -> str:
    """Write a length of time in its largest whole unit."""
    for size, english, korean in _UNITS:
        if seconds % size == 0 and seconds >= size:
            count = seconds // size
            return f"{count}{korean}" if language == "ko" else f"{count} {english}{'' if count == 1 else 's'}"
    return "0초" if language == "ko" else "0 seconds"


def roles(mask: int, language: Language) -> str:
    """Name the roles of a mask; a bit that no role has is shown as what it is."""
    named = [words[language == "ko"] for role, words in _ROLES.items() if mask & role]
    strange = mask & ~sum(_ROLES)
    named += [f"? ({strange})"] if strange else []
    return ", ".join(named) or ("없음" if language == "ko" else "none")


class Names:
    """Find names in one picture of the consortium, in one language."""

    def __init__(self, registry: Registry, language: Language) -> None:
        self.registry = registry
        self.language = language

    def member(self, identifier: str) -> str:
        """Name a member by its URL."""
        member = self.registry.members.get(MemberId(_bytes(identifier)))
        return plain(member.url) if member else self._unknown(identifier)

    def schema(self, identifier: str) -> str:
        """Name a credential type by its `vct`."""
        schema = self.registry.schemas.get(SchemaId(_bytes(identifier)))
        return plain(schema.vct) if schema else self._unknown(identifier)

    def service(self, identifier: str) -> str:
        """Name a relying party's service."""
        wanted = ServiceId(_bytes(identifier))
        found = next((profile for (_, one), profile in self.registry.profiles.items() if one == wanted), None)
        return plain(found.name) if found else self._unknown(identifier)

    def key(self, identifier: str) -> str:
        """Name a member's key by its purpose and the beginning of its thumbprint."""
        wanted = KeyThumbprint(_bytes(identifier))
        found = next((key for (_, one), key in self.registry.keys.items() if one == wanted), None)
        return f"{found.purpose.name.lower()} {identifier[:18]}…" if found else self._unknown(identifier)

    def wallet_key(self, identifier: str) -> str:
        """Name a wallet provider."""
        found = self.registry.wallet_providers.get(KeyThumbprint(_bytes(identifier)))
        # Two providers may bear one name.
        return f"{quoted(found.name)} {identifier[:18]}…" if found else self._unknown(identifier)

    def account(self, address: str) -> str:
        """Write an account; who holds it stands beside it where the chain knows."""
        for name, addresses in self.registry.contracts.items():
            if address in addresses:
                return f"{address} ({plain(name)})"
        korean = self.language == "ko"
        governs = next((one.url for one in self.registry.members.values() if one.governance == address), None)
        if governs is not None:
            return f"{plain(address)} ({f'{governs}의 거버넌스 계정' if korean else f'governs {governs}'})"
        operator = self.registry.operators.get(Address(address))
        if operator is not None:
            return f"{plain(address)} ({self.member(to_hex(operator.member))} {operator.purpose.name})"
        return plain(address)

    def write(self, kind: Kind, value: Any) -> str:  # noqa: ANN401 - a JSON argument of a call
        """Write one argument; what has not the form its kind demands is shown as it is."""
        try:
            return self._writers()[kind](value)
        except (JeungError, KeyError, ValueError, TypeError, IndexError, AttributeError):
            return plain(value)

    def _writers(self) -> Mapping[Kind, Callable[[Any], str]]:
        korean = self.language == "ko"
        return {
            Kind.TEXT: quoted,
            Kind.MEMBER: self.member,
            Kind.ACCOUNT: self.account,
            Kind.ROLES: lambda mask: roles(mask, self.language),
            Kind.PURPOSE: lambda number: OperatorPurpose(number).name,
            Kind.SCHEMA: self.schema,
            Kind.SERVICE: self.service,
            Kind.KEY: self.key,
            Kind.WALLET_KEY: self.wallet_key,
            Kind.DIGEST: plain,
            Kind.TIME: lambda time: moment(time) if time else ("실행되는 때" if korean else "the time of execution"),
            Kind.MOMENT: moment,
            Kind.NUMBER: plain,
            Kind.DURATION: lambda seconds: duration(seconds, self.language),
            Kind.CAUSE: lambda cause: (("사유 있음", "원만한 탈퇴") if korean else ("for cause", "in good order"))[
                not cause
            ],
            Kind.NAME: lambda name: quoted(_bytes(name).rstrip(b"\0").decode("ascii", "replace")),
            Kind.METADATA: _metadata,
            Kind.PROFILE: self._profile,
            Kind.JWK: lambda jwk: "0x" + parse_jwk(canonical_json.parse_object(_bytes(jwk))).thumbprint.hex(),
            Kind.STATUS: lambda number: STATUS_WORDS[CredentialStatus(number)][korean],
            Kind.INDEXES: lambda indexes: f"{len(indexes)}{'건' if korean else ''} ({ranges(indexes)})",
            Kind.ENDPOINT: _endpoint,
            Kind.NODE: plain,
        }

    def _profile(self, document: str) -> str:
        """Write what a profile permits; the whole of it, because it is what the members approve."""
        body = canonical_json.parse_object(_bytes(document))
        service = service_id(str(body["name"]))
        profile = parse_profile(MemberId(b""), service, _bytes(document), 0)
        if profile is None:
            wrong = (
                "형식에 맞지 않아 아무것도 허용하지 않음" if self.language == "ko" else "malformed, permits nothing"
            )
            return f"{wrong}: {plain(json.dumps(body, ensure_ascii=False))}"
        schemas = ", ".join(self.schema("0x" + schema.hex()) for schema in profile.schemas)
        asks, needs, of, why, level = (
            ("요청 가능", "필수", "유형", "목적", "보증수준")
            if self.language == "ko"
            else ("may ask for", "needs", "of", "purpose", "assurance")
        )
        return (
            f"{quoted(profile.name)}: {asks} {', '.join(map(plain, sorted(profile.claims)))}; "
            f"{needs} {', '.join(map(plain, sorted(profile.required))) or '—'}; {of} {schemas}; "
            f"{why} {quoted(profile.purpose)}; {level} {profile.assurance_level}, {profile.key_storage}"
        )

    def _unknown(self, identifier: str) -> str:
        return f"{'알 수 없는' if self.language == 'ko' else 'unknown'} {plain(identifier)}"


def _metadata(document: str) -> str:
    content = _bytes(document)
    return f"{len(content)} bytes, SHA-256 {hashlib.sha256(content).hexdigest()}"


def _endpoint(endpoint: list[Any]) -> str:
    """Write a node's endpoint as its enode URL has it, its host as it stands on the chain."""
    key_x, key_y, ip, domain, port, discovery = endpoint
    host = plain(domain) if domain else _ip(_bytes(ip))
    return f"enode://{key_x[2:]}{key_y[2:]}@{host}:{port}" + ("" if discovery == port else f"?discport={discovery}")


def _ip(packed: bytes) -> str:
    if packed[:12] == b"\0" * 10 + b"\xff\xff":
        return ".".join(str(octet) for octet in packed[12:])
    return "[" + ":".join(packed[at : at + 2].hex() for at in range(0, 16, 2)) + "]"


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text[2:])
