"""Hold what the demo's consortium agrees on: the real-name credential type, and what each service may ask for."""

from typing import Any

from cli.demo.card import ENGLISH, KOREAN, display
from cli.demo.parties import Party
from cli.demo.votes import Motion
from jeung.crypto.canonical_json import canonical
from jeung.crypto.integrity import schema_id
from jeung.domain.identifiers import SchemaId, to_hex
from jeung.domain.profiles import profile_document, service_id
from jeung.domain.proofing import AssuranceLevel

TYPE_NAME = "real-name-1"
OPENING = "account-opening"
ASKED = frozenset({"name_ko", "birthdate", "phone_number", "account", "age_equal_or_over", "proofing"})
SHOWN = ("name_ko", "age_equal_or_over.19", "proofing.assurance_level")

_ALWAYS, _NEVER = "always", "never"
_MANDATORY = {
    ("family_name",),
    ("given_name",),
    ("birthdate",),
    *(("age_equal_or_over", age) for age in ("14", "19")),
    *(("proofing", part) for part in ("methods", "assurance_level", "verified_at")),
    *(("device_key", part) for part in ("storage", "guard")),
}
# What holds parts that are disclosed one by one is itself always there; parts of an account come with the whole.
_CLAIMS: dict[tuple[str, ...], tuple[str, str, str]] = {
    ("family_name",): (_ALWAYS, "Family name", "성(로마자)"),
    ("given_name",): (_ALWAYS, "Given name", "이름(로마자)"),
    ("name_ko",): (_ALWAYS, "Name in Hangul", "성명"),
    ("birthdate",): (_ALWAYS, "Date of birth", "생년월일"),
    ("sex",): (_ALWAYS, "Sex", "성별"),
    ("nationality",): (_ALWAYS, "Nationality", "국적"),
    ("phone_number",): (_ALWAYS, "Mobile phone", "휴대전화번호"),
    ("address",): (_ALWAYS, "Address", "주소"),
    ("account",): (_ALWAYS, "Verified bank account", "확인된 계좌"),
    ("account", "bank"): (_NEVER, "Bank", "은행"),
    ("account", "number"): (_NEVER, "Account number", "계좌번호"),
    ("account", "verified_at"): (_NEVER, "Account verified at", "계좌 확인 시각"),
    ("age_equal_or_over",): (_NEVER, "Age at least", "연령 이상"),
    ("age_equal_or_over", "14"): (_ALWAYS, "14 or older", "만 14세 이상"),
    ("age_equal_or_over", "19"): (_ALWAYS, "19 or older (adult)", "만 19세 이상(성인)"),
    ("proofing",): (_NEVER, "How identity was proofed", "신원확인 방법"),
    ("proofing", "methods"): (_ALWAYS, "Checks performed", "수행한 확인 절차"),
    ("proofing", "assurance_level"): (_ALWAYS, "Assurance level", "신원확인 보증수준"),
    ("proofing", "verified_at"): (_ALWAYS, "Identity verified at", "신원확인 시각"),
    ("device_key",): (_NEVER, "How the device key is kept", "기기 키 보호"),
    ("device_key", "storage"): (_ALWAYS, "Key storage", "키 저장 수준"),
    ("device_key", "guard"): (_ALWAYS, "User authentication", "사용자 인증 수준"),
}
_DRAWN = {"family_name", "given_name", "name_ko", "birthdate", "nationality"}


class Catalogue:
    """Name the type by the founding bank's URL; any member serves the same bytes."""

    def __init__(self, founder_url: str) -> None:
        """Write the type's metadata and with it the schema's id."""
        self.vct = f"{founder_url}/types/{TYPE_NAME}"
        self.metadata = canonical(
            {
                "vct": self.vct,
                "name": "Real-name credential",
                "description": ENGLISH.description,
                "display": [display(KOREAN), display(ENGLISH)],
                "claims": [_claim(path, *described) for path, described in _CLAIMS.items()],
            }
        )
        self.schema = SchemaId(schema_id(self.metadata))

    def register_type(self) -> Motion:
        """Move that the type be registered."""
        return Motion("SchemaRegistry", "registerSchema", (to_hex(self.metadata), self.vct))

    def accredit(self, member: Party, until: int) -> Motion:
        """Move that a member may issue the type from the execution on until a time, seconds UTC."""
        return Motion("AccreditationRegistry", "grant", (member.member_id, to_hex(self.schema), 0, until))

    def withdraw(self, member: Party, grant: int, since: int) -> Motion:
        """Move that a member's grant be withdrawn as of a time, seconds UTC."""
        return Motion("AccreditationRegistry", "withdraw", (member.member_id, to_hex(self.schema), grant, since))

    def permit(self, member: Party, claims: frozenset[str] = ASKED) -> Motion:
        """Move that a member's service may ask for some claims, and needs three of them."""
        document = profile_document(
            name=OPENING,
            schemas=(self.schema,),
            claims=claims,
            required=frozenset(SHOWN),
            purpose="Opening an account",
            assurance_level=AssuranceLevel.SUBSTANTIAL,
        )
        service = to_hex(service_id(OPENING))
        return Motion(
            "RelyingPartyRegistry", "registerProfile", (member.member_id, service, to_hex(canonical(document)))
        )


def _claim(path: tuple[str, ...], disclosable: str, english: str, korean: str) -> dict[str, Any]:
    """Describe one claim as SD-JWT VC type metadata do (section 4.6)."""
    claim: dict[str, Any] = {
        "path": list(path),
        "sd": disclosable,
        "display": [{"locale": "ko", "label": korean}, {"locale": "en", "label": english}],
    }
    if path in _MANDATORY or (disclosable == _NEVER and path[0] != "account"):
        claim["mandatory"] = True
    if len(path) == 1 and path[0] in _DRAWN:
        claim["svg_id"] = path[0]
    return claim
