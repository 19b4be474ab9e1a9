"""Turn a proofed person into the claims of the real-name credential, each selectively disclosable on its own."""

from collections.abc import Mapping
from typing import Any

from jeung.crypto.sd_jwt_issue import Disclosable
from jeung.domain.key_storage import HolderKey
from jeung.domain.person import AGE_THRESHOLDS, age_at, parse_birthdate
from jeung.domain.proofing import Proofing


def subject_claims(person: Mapping[str, Any], proofing: Proofing, issued_at: int) -> dict[str, object]:
    """Give the claims with their `Disclosable` marks.

    `age_equal_or_over` and `proofing` are objects whose members are disclosable one by one: who proves to be an adult
    shows neither the birthdate nor the other age, who proves the assurance level does not show when it was given.
    """
    age = age_at(parse_birthdate(person["birthdate"]), issued_at)
    claims: dict[str, object] = {name: Disclosable(value) for name, value in person.items()}
    claims["age_equal_or_over"] = {str(threshold): Disclosable(age >= threshold) for threshold in AGE_THRESHOLDS}
    level = proofing.assurance_level
    claims["proofing"] = {
        "methods": Disclosable(sorted({check.method.value for check in proofing.checks if check.passed})),
        "assurance_level": Disclosable(level.value if level is not None else None),
        "verified_at": Disclosable(proofing.completed_at),
    }
    return claims


def device_claims(key: HolderKey) -> dict[str, object]:
    """Give what a credential says of the device key it is bound to, for a verifier that has nothing else.

    Both grades are always there and always concealed: which one is shown is the holder's choice, and a credential
    whose key nobody attested cannot be told from one that withholds it (ADR 0012).
    """
    return {"device_key": {"storage": Disclosable(key.storage.value), "guard": Disclosable(key.guard.value)}}
