"""Certify an erasure: a JWS that names what was done and when, and nobody."""

from typing import Final

from jeung.crypto import base64url
from jeung.crypto.jwk import ES256
from jeung.crypto.jws import sign_jws
from jeung.domain.erasure import Erasure
from jeung.domain.registrations import KeyPurpose
from jeung.ports.custody import Signer

TYPE: Final = "erasure-certificate+jwt"
DONE: Final = (
    "credentials_revoked_on_chain",
    "credential_contents_deleted",
    "wallet_grants_deleted",
    "proofings_deleted",
    "data_key_destroyed",
    "request_traces_deleted",
    "log_names_deleted",
    "write_ahead_log_truncated",
)


def certificate(erasure: Erasure, *, url: str, signer: Signer, now: int) -> str:
    """Give the certificate as a compact JWS (ES256) under our key for receipts.

    `request_digest` is that of the act two people wanted: whoever kept the act's salt and parameters can show later
    whose erasure this certifies, and nobody else can. The times are seconds UTC; from `backups_until` on no backup
    of the data keys that was made before the deletion exists any more, by the settings of this node.

    Raises:
        KeyUnavailable: no active key signs receipts.
    """
    key = signer.active_key(KeyPurpose.RECEIPT_SIGNING)
    claims = {
        "iss": url,
        "iat": now,
        "jti": erasure.erasure_id,
        "act": erasure.act_id,
        "request_digest": base64url.encode(erasure.request_digest),
        "ground": erasure.ground.value,
        "began_at": erasure.began_at,
        "deleted_at": erasure.deleted_at,
        "locked_until": erasure.locked_until,
        "backups_until": erasure.backups_until,
        "done": list(DONE),
    }
    header = {"alg": ES256, "typ": TYPE, "kid": key.key_id}
    return sign_jws(header, claims, lambda message: signer.sign(key.key_id, KeyPurpose.RECEIPT_SIGNING, message))
