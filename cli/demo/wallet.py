"""Be the customers' phones: device keys, credentials, and presentations that show only what is asked for.

A wallet belongs to the holder, so nothing of it is a member's: its keys are made here and die with the demo.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace

from cli.p256 import P256Key
from jeung.crypto import base64url
from jeung.crypto.key_binding import bind_key
from jeung.crypto.sd_jwt_issue import present

# The order of P-256 (SEC 2, 2.4.2).
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@dataclass(frozen=True, slots=True)
class Copy:
    """Hold one copy of a credential on a phone, with the device key it is bound to."""

    credential_id: str
    family_id: str
    digest: str
    sd_jwt: str
    key: P256Key

    def __repr__(self) -> str:
        """Show which copy it is and nothing of the person."""
        return f"Copy({self.credential_id})"

    def present(self, claims: Collection[str], *, audience: str, nonce: str, now: int) -> str:
        """Make a presentation for one audience and one nonce; `now` is seconds UTC.

        Args:
            claims: what is shown, for example "name_ko" or, within an object, "age_equal_or_over.19".
            audience: the verifier's URL.
            nonce: what the verifier gave out for this presentation.
            now: when it is made.

        """
        shown = present(self.sd_jwt, [tuple(claim.split(".")) for claim in claims])
        return bind_key(shown, audience=audience, nonce=nonce, issued_at=now, sign=self.key.sign)

    def forged(self, forger: P256Key) -> "Copy":
        """Give the same credential, signed by somebody who does not have the issuer's key."""
        issuer_signed, _, disclosures = self.sd_jwt.partition("~")
        signing_input, _, _ = issuer_signed.rpartition(".")
        signature = base64url.encode(forger.sign(signing_input.encode("ascii")))
        return replace(self, sd_jwt=f"{signing_input}.{signature}~{disclosures}")

    def twin(self) -> "Copy":
        """Give the same credential under the issuer's other signature, which verifies as well.

        For an ECDSA signature (r, s) the pair (r, n - s) verifies too, and anybody can compute it. The bytes differ,
        so the digest does: this is a credential the issuer's key vouches for and the issuer never attested.
        """
        issuer_signed, _, disclosures = self.sd_jwt.partition("~")
        signing_input, _, text = issuer_signed.rpartition(".")
        signature = base64url.decode(text)
        other = _ORDER - int.from_bytes(signature[32:])
        twin = base64url.encode(signature[:32] + other.to_bytes(32))
        return replace(self, sd_jwt=f"{signing_input}.{twin}~{disclosures}")
