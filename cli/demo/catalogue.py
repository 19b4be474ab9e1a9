"""Hold what the demo's consortium agrees on: the real-name credential type, and what each service may ask for."""

from cli.demo.parties import Party
from cli.demo.votes import Motion
from jeung.crypto.canonical_json import canonical
from jeung.crypto.integrity import schema_id
from jeung.domain.identifiers import SchemaId, to_hex
from jeung.domain.profiles import profile_document, service_id
from jeung.domain.proofing import AssuranceLevel

TYPE_NAME = "real-name-1"
OPENING = "account-opening"
SHOWN = ("name_ko", "age_equal_or_over.19", "proofing.assurance_level")

_LABELS = {
    "family_name": ("Family name", "성(로마자)"),
    "given_name": ("Given name", "이름(로마자)"),
    "name_ko": ("Name in Hangul", "성명"),
    "birthdate": ("Date of birth", "생년월일"),
    "sex": ("Sex", "성별"),
    "nationality": ("Nationality", "국적"),
    "phone_number": ("Mobile phone", "휴대전화번호"),
    "address": ("Address", "주소"),
    "account": ("Verified bank account", "확인된 계좌"),
    "age_equal_or_over": ("Age at least", "연령 이상"),
    "proofing": ("How identity was proofed", "신원확인 방법"),
}


class Catalogue:
    """Name the type by the founding bank's URL; any member serves the same bytes."""

    def __init__(self, founder_url: str) -> None:
        """Write the type's metadata and with it the schema's id."""
        self.vct = f"{founder_url}/types/{TYPE_NAME}"
        self.metadata = canonical(
            {
                "vct": self.vct,
                "name": "Real-name credential",
                "description": "A customer's identity as an accredited member verified it.",
                "claims": [
                    {
                        "path": [name],
                        "sd": "always",
                        "display": [{"locale": "en", "label": english}, {"locale": "ko", "label": korean}],
                    }
                    for name, (english, korean) in _LABELS.items()
                ],
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

    def permit(self, member: Party) -> Motion:
        """Move that a member's service may ask for a few claims, and needs three of them."""
        document = profile_document(
            name=OPENING,
            schemas=(self.schema,),
            claims=frozenset({"name_ko", "birthdate", "phone_number", "account", "age_equal_or_over", "proofing"}),
            required=frozenset(SHOWN),
            purpose="Opening an account",
            assurance_level=AssuranceLevel.SUBSTANTIAL,
        )
        service = to_hex(service_id(OPENING))
        return Motion(
            "RelyingPartyRegistry", "registerProfile", (member.member_id, service, to_hex(canonical(document)))
        )
