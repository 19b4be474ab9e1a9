"""Judge validity, holder binding and policy: steps 6, 8 and 9 of the verification procedure."""

from collections.abc import Mapping
from typing import Any, Final

from jeung.crypto.jwk import parse_jwk
from jeung.crypto.key_binding import KeyBinding, verify_key_binding, verify_sd_hash
from jeung.crypto.sd_jwt import UnverifiedSdJwt
from jeung.crypto.sd_jwt_vc import REGISTERED_CLAIMS, UnverifiedCredential
from jeung.domain.identifiers import SchemaId
from jeung.domain.key_storage import KeyStorage
from jeung.domain.profiles import permits
from jeung.domain.proofing import AssuranceLevel
from jeung.domain.registrations import RequestProfile
from jeung.domain.verification import Channel, IssuedNonce
from jeung.errors import (
    AssuranceTooLow,
    ClaimsNotPermitted,
    CredentialExpired,
    CredentialNotYetValid,
    IssuedInFuture,
    KeyBindingInFuture,
    KeyBindingStale,
    MalformedKey,
    MissingExp,
    MissingKeyBinding,
    NonceExpired,
    NonceProfileMismatch,
    NonceReplayed,
    NonceUnknown,
    RequiredClaimMissing,
    SchemaNotPermitted,
    WrongAudience,
)
from jeung.services.verification.rules import VerificationRules

_PROOFING: Final = "proofing"
_LEVEL: Final = "assurance_level"
# Nothing shown ranks as the weakest level.
_RANKS: Final[Mapping[str | None, int]] = {level.value: level.rank for level in AssuranceLevel}
_STORAGE_RANKS: Final[Mapping[str, int]] = {storage.value: storage.rank for storage in KeyStorage}
_SOFTWARE: Final = KeyStorage.SOFTWARE.value


def judge_validity(credential: UnverifiedCredential, rules: VerificationRules, now: int) -> dict[str, Any]:
    """Hold `exp`, `nbf` and `iat` against our clock (step 6).

    Raises:
        MissingExp, CredentialExpired, CredentialNotYetValid, IssuedInFuture: as their names say.
    """
    skew = rules.clock_skew_s
    if credential.expires_at is None:
        raise MissingExp
    if now - skew >= credential.expires_at:
        raise CredentialExpired
    if credential.not_before is not None and credential.not_before > now + skew:
        raise CredentialNotYetValid
    if credential.issued_at is not None and credential.issued_at > now + skew:
        raise IssuedInFuture
    return {"expires_at": credential.expires_at, "judged_at": now}


def verified_binding(sd_jwt: UnverifiedSdJwt, credential: UnverifiedCredential) -> KeyBinding:
    """Return what the holder signed, once the signature verifies under the credential's holder key (step 8).

    Raises:
        MissingKeyBinding: no key binding, or no usable holder key.
        Refused: a refusal of `verify_key_binding`.
    """
    if sd_jwt.key_binding is None or credential.holder_jwk is None:
        raise MissingKeyBinding
    try:
        holder_key = parse_jwk(credential.holder_jwk)
    except MalformedKey:
        raise MissingKeyBinding("the credential's holder key is not usable") from None
    return verify_key_binding(sd_jwt, holder_key)


def judge_binding(
    binding: KeyBinding,
    sd_jwt: UnverifiedSdJwt,
    *,
    audience: str,
    nonce: IssuedNonce | None,
    expected_nonce: str | None,
    expected_profile: str | None,
    channel: Channel,
    rules: VerificationRules,
    now: int,
) -> IssuedNonce:
    """Return the nonce the holder answered, once audience, nonce, time and disclosures are as they must be (step 8).

    `audience` is whom the presentation must name, and `nonce` what we keep of the nonce that the presentation or the
    caller names, if it is one of ours.

    Raises:
        Refused: one of the refusals of step 8.
    """
    if binding.audience != audience:
        raise WrongAudience
    if expected_nonce is not None and binding.nonce != expected_nonce:
        raise NonceUnknown("the presentation answers another nonce")
    if nonce is None or nonce.nonce != binding.nonce:
        raise NonceUnknown
    if nonce.used_at is not None:
        raise NonceReplayed
    if nonce.expires_at <= now:
        raise NonceExpired
    if nonce.channel is not channel or expected_profile not in (None, nonce.profile):
        raise NonceProfileMismatch
    if nonce.audience != binding.audience:
        raise WrongAudience
    # A presentation answers its nonce, so it was not made before the nonce was.
    earliest = max(now - rules.key_binding_max_age_s, nonce.issued_at)
    if binding.issued_at < earliest - rules.clock_skew_s:
        raise KeyBindingStale
    if binding.issued_at > now + rules.clock_skew_s:
        raise KeyBindingInFuture
    verify_sd_hash(sd_jwt, binding)
    return nonce


def judge_policy(credential: UnverifiedCredential, profile: RequestProfile) -> dict[str, Any]:
    """Judge what was shown by what the relying party may see and needs (step 9).

    Raises:
        SchemaNotPermitted, ClaimsNotPermitted, RequiredClaimMissing, AssuranceTooLow: as their names say.
    """
    if SchemaId(credential.schema_id) not in profile.schemas:
        raise SchemaNotPermitted
    shown = shown_claims(credential)
    for name in shown - profile.claims:
        if not permits(profile.claims, name):
            raise ClaimsNotPermitted
    for name in profile.required - shown:
        if not _is_shown(name, shown, credential.claims):
            raise RequiredClaimMissing
    level = _assurance_level(credential.claims)
    if _RANKS.get(level, 0) < _RANKS[profile.assurance_level]:
        raise AssuranceTooLow
    storage = _key_storage(credential.claims)
    if _STORAGE_RANKS[storage] < _STORAGE_RANKS[profile.key_storage]:
        raise AssuranceTooLow
    return {
        "profile": profile.name,
        "profile_digest": "0x" + profile.digest.hex(),
        "shown": sorted(shown),
        "assurance_level": level,
        "key_storage": storage,
    }


def shown_claims(credential: UnverifiedCredential) -> set[str]:
    """Name what the presentation tells about the subject, disclosed or plain.

    A member of an object is named `claim.member` where the members are disclosed one by one; an object of which
    nothing is disclosed tells nothing.
    """
    disclosed = {path for path, _ in credential.disclosed}
    shown: set[str] = set()
    for name, value in credential.claims.items():
        if name in REGISTERED_CLAIMS:
            continue
        if isinstance(value, dict) and (name,) not in disclosed:
            for member in value:
                shown.add(f"{name}.{member}")
        else:
            shown.add(name)
    return shown


def _is_shown(required: str, shown: set[str], claims: Mapping[str, Any]) -> bool:
    """Tell whether a required claim was shown in part, or a required member along with its whole claim."""
    name, _, member = required.partition(".")
    if member:
        value = claims.get(name)
        return isinstance(value, dict) and member in value
    return any(other.startswith(f"{name}.") for other in shown)


def _key_storage(claims: Mapping[str, Any]) -> str:
    """Read how the device key is kept, where it was shown and is a grade we know; else nobody vouches for it."""
    device_key = claims.get("device_key")
    storage = device_key.get("storage") if isinstance(device_key, dict) else None
    return storage if isinstance(storage, str) and storage in _STORAGE_RANKS else _SOFTWARE


def _assurance_level(claims: Mapping[str, Any]) -> str | None:
    """Read the proofing's assurance level, where it was shown and is one we know."""
    proofing = claims.get(_PROOFING)
    level = proofing.get(_LEVEL) if isinstance(proofing, dict) else None
    return level if isinstance(level, str) and level in _RANKS else None
