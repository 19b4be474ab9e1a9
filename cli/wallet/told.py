"""Hold a receipt against what the holder was told before he showed anything.

The register says for what purpose a party may ask, and the request under which of its profiles it asks and for how
long it keeps the record. A party that shows one purpose and signs another has signed that it did: such a receipt is
kept, and the holder is told what is wrong with it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

PROFILE_FORMAT: Final = "urn:jeung:request-profile:1"
OTHER_PURPOSE: Final = "receipt_of_another_purpose"
KEPT_LONGER: Final = "receipt_kept_longer"
_DAY_S: Final = 86_400


@dataclass(frozen=True, slots=True)
class Purpose:
    """Say what something is for: the profile's name, its purpose and the digest of its registered bytes (hex).

    What is None was not said.
    """

    service: str | None = None
    purpose: str | None = None
    profile_digest: str | None = None

    def contradicts(self, other: "Purpose") -> bool:
        """Tell whether both say something and not the same."""
        pairs = (
            (self.service, other.service),
            (self.purpose, other.purpose),
            (self.profile_digest, other.profile_digest),
        )
        return any(one is not None and two is not None and one != two for one, two in pairs)


@dataclass(frozen=True, slots=True)
class Told:
    """Hold what a request says about itself; `kept_for_s` is for how long the record is kept, None where unsaid."""

    asked: Purpose = Purpose()
    kept_for_s: int | None = None


def told_by(request: Mapping[str, Any]) -> Told:
    """Read a signed request's claims; what has another shape says nothing."""
    infos = request.get("verifier_info")
    for info in infos if isinstance(infos, list) else ():
        if isinstance(info, dict) and info.get("format") == PROFILE_FORMAT and isinstance(info.get("data"), dict):
            data = info["data"]
            kept = data.get("kept_for_s")
            asked = Purpose(_text(data.get("profile")), _text(data.get("purpose")), _text(data.get("digest")))
            return Told(asked, kept if type(kept) is int and kept >= 0 else None)
    return Told()


def registered_purpose(profile: Mapping[str, Any]) -> Purpose:
    """Read a profile of the list of relying parties."""
    return Purpose(_text(profile.get("name")), _text(profile.get("purpose")), _text(profile.get("digest")))


def contradictions(
    receipt: Mapping[str, Any], told: Told, registered: frozenset[Purpose] | None, *, accepted: bool
) -> list[str]:
    """Say in stable words where a receipt contradicts what was told before.

    Args:
        receipt: its claims; `iat` is an integer.
        told: what the request said.
        registered: the profiles that the register lists for the party; None where there is no register.
        accepted: a receipt of an accepted presentation says all of it; a refusal may have come before it was known.

    """
    said = Purpose(*(_text(receipt.get(name)) for name in ("service", "purpose", "profile_digest")))
    found = []
    whole = not accepted or None not in (said.service, said.purpose, said.profile_digest)
    listed = registered is None or not all(said.contradicts(one) for one in registered)
    if not whole or not listed or said.contradicts(told.asked):
        found.append(OTHER_PURPOSE)
    made_at, kept_until = receipt["iat"], receipt.get("kept_until")
    # Records go by the whole day, so the day they were made on comes on top.
    most = None if told.kept_for_s is None else made_at + _DAY_S + told.kept_for_s
    if type(kept_until) is not int or kept_until < made_at or (most is not None and kept_until > most):
        found.append(KEPT_LONGER)
    return found


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
