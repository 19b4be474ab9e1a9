"""Judge whether whoever asks about a receipt is the holder it was given to.

 1. The receipt is one of ours: its type, our URL in it, and the signature of a key that the ledger has registered for
    our receipts and that was good when it was signed by what is known now. A key that expired or was replaced since
    is still believed, or holders could ask for two years and not for the five a record is kept.
 2. The proof is fresh, for us, about this very receipt, and signed by the key in its header.
 3. It holds the key-binding JWT whose digest the receipt names, and that key signed it. So nobody asks but whoever
    holds the device key of the presentation, and no receipt needs to name that key.
Whatever fails is refused in the same words: an answer tells a stranger neither that a record exists nor that it does
not. That a proof is good for one question is for the caller to see to, once it knows that everything else holds.
"""

from collections.abc import Mapping
from typing import Any, Final

from jeung.crypto import base64url
from jeung.crypto.claims import text, timestamp
from jeung.crypto.hashing import sha256
from jeung.crypto.jwk import ES256, VerifyingKey, parse_jwk
from jeung.crypto.jws import parse_jws, verify_jws
from jeung.crypto.key_binding import KEY_BINDING_TYPE
from jeung.crypto.values import light_value
from jeung.domain.identifiers import KeyThumbprint
from jeung.domain.receipts import (
    MAX_PROOF_CHARACTERS,
    MAX_RECEIPT_CHARACTERS,
    PROOF_AGE_S,
    PROOF_TYPE,
    RECEIPT_TYPE,
    VERSION,
)
from jeung.domain.registrations import KeyPurpose, KeyState
from jeung.domain.registry import Registry
from jeung.errors import InvalidSignature, JeungError, ReceiptProofRefused

_MIN_JTI: Final = 16
_MAX_JTI: Final = 128
_GOOD: Final = frozenset({KeyState.ACTIVE, KeyState.EXPIRED, KeyState.REVOKED})


@light_value
class ProvenQuestion:
    """Hold a question whose asker is the holder; `once` names the proof, which is good once until `good_until`."""

    receipt: Mapping[str, Any]
    receipt_digest: str
    binding: str
    holder: VerifyingKey
    once: str
    good_until: int


def judge_question(
    receipt: str, proof: str, *, url: str, registry: Registry, now: int, clock_skew_s: int
) -> ProvenQuestion:
    """Give the question once steps 1 to 3 hold.

    Raises:
        ReceiptProofRefused: one of them does not.
    """
    try:
        claims = _own_receipt(receipt, url, registry)
        return _proven(claims, receipt, proof, url=url, now=now, clock_skew_s=clock_skew_s)
    except ReceiptProofRefused:
        raise
    except JeungError:
        raise ReceiptProofRefused from None


def _own_receipt(receipt: str, url: str, registry: Registry) -> Mapping[str, Any]:
    """Take step 1."""
    jws = parse_jws(receipt, typ=RECEIPT_TYPE, max_characters=MAX_RECEIPT_CHARACTERS)
    key = parse_jwk(jws.header.get("jwk"))
    verify_jws(jws, key)
    claims = jws.claims()
    member, issued_at = registry.member_at(url), timestamp(claims, "iat", InvalidSignature)
    if member is None or issued_at is None or claims.get("iss") not in member.urls or claims.get("v") != VERSION:
        raise ReceiptProofRefused
    registered = registry.keys.get((member.member, KeyThumbprint(key.thumbprint)))
    if registered is None or registered.purpose is not KeyPurpose.RECEIPT_SIGNING:
        raise ReceiptProofRefused
    if registered.state_at(issued_at) not in _GOOD:
        raise ReceiptProofRefused
    return claims


def _proven(
    claims: Mapping[str, Any], receipt: str, proof: str, *, url: str, now: int, clock_skew_s: int
) -> ProvenQuestion:
    """Take steps 2 and 3."""
    jws = parse_jws(proof, typ=PROOF_TYPE, algorithms={ES256}, max_characters=MAX_PROOF_CHARACTERS)
    holder = parse_jwk(jws.header.get("jwk"))
    verify_jws(jws, holder)
    said = jws.claims()
    made_at, once = timestamp(said, "iat", ReceiptProofRefused), text(said, "jti", ReceiptProofRefused)
    binding, digest = text(said, "key_binding", ReceiptProofRefused), base64url.encode(sha256(receipt.encode()))
    if made_at is None or once is None or binding is None or not _MIN_JTI <= len(once) <= _MAX_JTI:
        raise ReceiptProofRefused
    if said.get("aud") != url or said.get("receipt") != digest:
        raise ReceiptProofRefused
    if not now - PROOF_AGE_S - clock_skew_s <= made_at <= now + clock_skew_s:
        raise ReceiptProofRefused
    if base64url.encode(sha256(binding.encode("utf-8", "replace"))) != claims.get("presented"):
        raise ReceiptProofRefused
    verify_jws(parse_jws(binding, typ=KEY_BINDING_TYPE, algorithms={ES256}), holder)
    return ProvenQuestion(
        receipt=claims,
        receipt_digest=digest,
        binding=binding,
        holder=holder,
        once=base64url.encode(sha256(holder.thumbprint + once.encode("utf-8", "replace"))),
        good_until=made_at + PROOF_AGE_S + clock_skew_s + 1,
    )
