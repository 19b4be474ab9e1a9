"""Write what a holder is told about his presentation: the content of the consent receipt, made with the record.

Who asked (member and service), for what purpose and under which registered profile, which claims were shown (their
names), when, what came of it, for how long it is kept and whom to ask: what PIPA article 15(2) has a controller tell
and what the consent receipts of Kantara and ISO/IEC TS 27560 record, in the words of this consortium.

The content is part of the sealed package of evidence, so that it is kept in the transaction of the judgement and
cannot be another one afterwards. Only then come the two members that point at the package: the commitment that the
log holds to it, and where it lies, sealed under the data key of its day. With that key goes the last thing that
leads from a receipt to a record. The signature is made when the receipt is handed out (`jeung.services.receipts`).
"""

from collections.abc import Mapping
from typing import Any, Final

from jeung.crypto import base64url, canonical_json
from jeung.crypto.hashing import sha256
from jeung.crypto.values import light_value
from jeung.domain.receipts import QUERY_PATH, VERSION
from jeung.domain.registrations import RequestProfile
from jeung.domain.verification import Channel, IssuedNonce, Verdict
from jeung.ports.custody import Vault
from jeung.services.verification.rules import VerificationRules

_DAY_S: Final = 86_400
_MAX_TOLD_BYTES: Final = 9_000
"""What purpose and names may take together: the receipt then stays within the bound that it can be asked about with.

A registered profile, which holds the purpose, is smaller.
"""


@light_value
class Consent:
    """Hold what a holder was asked and what he showed, as far as it is known when the judgement is made.

    `claims` are names, None where no member's signature over them was verified; `transactions` are digests (base64url
    SHA-256) of what he was asked to confirm.
    """

    service: str
    purpose: str | None
    profile_digest: str | None
    channel: Channel
    audience: str
    nonce: str
    claims: tuple[str, ...] | None
    transactions: tuple[str, ...] = ()


def direct_consent(
    nonce: IssuedNonce | None, profile: RequestProfile | None, claims: tuple[str, ...] | None
) -> Consent | None:
    """Say what a presentation answered that was posted to us; None where it answers nothing that we asked."""
    if nonce is None:
        return None
    return Consent(
        service=nonce.profile,
        purpose=None if profile is None else profile.purpose,
        profile_digest=None if profile is None else profile.digest.hex(),
        channel=nonce.channel,
        audience=nonce.audience,
        nonce=nonce.nonce,
        claims=claims,
    )


def receipt_content(
    consent: Consent | None,
    presentation: str,
    *,
    receipt_id: str,
    verdict: Verdict,
    code: str | None,
    judged_at: int,
    rules: VerificationRules,
) -> dict[str, Any] | None:
    """Write a receipt's content; None without a key binding, for then no holder was there to be told anything."""
    binding = binding_of(presentation)
    if consent is None or not binding:
        return None
    return {
        "v": VERSION,
        "iss": rules.url,
        "jti": receipt_id,
        "iat": judged_at,
        "deployment": deployment_named(rules),
        "service": consent.service,
        "purpose": consent.purpose,
        "profile_digest": consent.profile_digest,
        "channel": consent.channel.value,
        "audience": consent.audience,
        "nonce": consent.nonce,
        "presented": base64url.encode(sha256(binding.encode())),
        "claims": _named(consent),
        "transactions": list(consent.transactions),
        "result": verdict.value,
        "code": code,
        "kept_until": kept_until(judged_at, rules.evidence_kept_s),
        "ask": rules.url + QUERY_PATH,
        "contact": rules.contact or rules.url,
    }


def _named(consent: Consent) -> list[str] | None:
    """Name the claims; None where they are unknown, or so long that nobody could ask about the receipt."""
    if consent.claims is None:
        return None
    names = list(consent.claims)
    told = len(canonical_json.canonical({"claims": names, "purpose": consent.purpose}))
    return names if told <= _MAX_TOLD_BYTES else None


def pointing(
    content: Mapping[str, Any] | None, *, package: bytes, evidence_id: str, vault: Vault, key: tuple[str, bytes]
) -> dict[str, Any] | None:
    """Add to a content what points at its package of evidence; `key` is the owner and the wrapped key of its day."""
    if content is None:
        return None
    owner, wrapped = key
    reference = vault.seal(wrapped, owner, reference_context(content["jti"]), evidence_id.encode())
    return {
        **content,
        "commitment": base64url.encode(sha256(package)),
        "reference": base64url.encode(reference),
    }


def deployment_named(rules: VerificationRules) -> str | None:
    """Write the deployment's id; None on a node whose consortium is not deployed yet."""
    return None if rules.deployment_id is None else "0x" + rules.deployment_id.hex()


def reference_context(receipt_id: str) -> str:
    """Name the context that a receipt's reference to its record is sealed for."""
    return f"receipt/{receipt_id}"


def binding_of(presentation: str) -> str:
    """Give the key-binding JWT of a presentation; empty without one."""
    return presentation.rpartition("~")[2]


def kept_until(judged_at: int, kept_s: int) -> int:
    """Give when a record is erased at the latest that retention of `kept_s` asks for: records go by the whole day."""
    return (judged_at // _DAY_S + 1) * _DAY_S + kept_s
