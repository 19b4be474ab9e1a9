"""Verify DPoP proofs: the twelve checks of RFC 9449 section 4.3, by the numbers there.

 1. There is not more than one `DPoP` header.
 2. It is one well-formed JWT.
 3. It has every claim it must have: `jti`, `htm`, `htu`, `iat`.
 4. Its `typ` is `dpop+jwt`.
 5. Its `alg` is asymmetric and on our list: ES256 alone, as HAIP 1.0 has it.
 6. Its signature verifies under the key in its `jwk` header.
 7. That key is no private key.
 8. `htm` is the method of this request.
 9. `htu` is the address of this request, without query and fragment, both normalised.
10. Its `nonce` is one of ours and fresh.
11. `iat` lies within the window.
12. With an access token: `ath` is the token's digest, and the token is bound to this key.
And once all that holds, its `jti` was never shown before with this key (section 11.1): `claim` keeps it in the
database, for every process and past every restart.

The caller must still say which address was asked (from its own configuration, never from the Host header), and call
`claim` in the transaction of the act that the proof is for.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from jeung.crypto import base64url
from jeung.crypto.claims import numeric_date, text
from jeung.crypto.hashing import sha256
from jeung.crypto.jwk import ES256, parse_jwk
from jeung.crypto.jws import parse_jws, verify_jws
from jeung.domain.wallets import ChallengeKind
from jeung.errors import ChallengeRefused, InvalidDpopProof, JeungError, UseDpopNonce
from jeung.ports.store import Transaction
from jeung.ports.world import Clock
from jeung.services.wallets.challenges import ChallengeService

DPOP_TYPE: Final = "dpop+jwt"
MAX_PROOF_CHARACTERS: Final = 4_096
MAX_JTI_CHARACTERS: Final = 256
_REPLAY_KIND = "dpop"

# Scheme and host know no case, and a default port may be left out (RFC 3986 sections 6.2.2 and 6.2.3).
_ADDRESS = re.compile(
    r"(?P<scheme>[A-Za-z]+)://(?P<host>[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{0,5}))?"
    r"(?P<path>/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?(?:\?[!-\"$-~]*)?(?:#[!-~]*)?"
)
_DEFAULT_PORTS = {"http": "80", "https": "443"}


@dataclass(frozen=True, slots=True)
class DpopRules:
    """Bound a proof: its age and how far clocks may differ, in seconds, and whether it must carry our nonce."""

    max_age_s: int = 300
    clock_skew_s: int = 30
    nonce_required: bool = True


@dataclass(frozen=True, slots=True)
class DpopProof:
    """Hold what a good proof says: the thumbprint of its key (RFC 7638, base64url), and what must be claimed."""

    jkt: str
    replay_value: str = field(repr=False)
    remember_until: int


class DpopVerifier:
    """Verify DPoP proofs."""

    def __init__(self, *, challenges: ChallengeService, clock: Clock, rules: DpopRules) -> None:
        self._challenges = challenges
        self._clock = clock
        self._rules = rules

    def verify(
        self,
        proofs: Sequence[str],
        *,
        method: str,
        url: str,
        access_token: str | None = None,
        bound_to: str | None = None,
        nonce_kinds: Collection[ChallengeKind] = frozenset({ChallengeKind.DPOP_NONCE}),
    ) -> DpopProof:
        """Verify the proof of one request; checks 1 to 12 above.

        Args:
            proofs: the values of all `DPoP` headers.
            method: the request's method.
            url: its address, without query.
            access_token: the token shown with it, or None at the authorization server.
            bound_to: the thumbprint the token, or the code, is bound to; None where none is yet.
            nonce_kinds: what kinds of our challenges its `nonce` may be.

        Raises:
            InvalidDpopProof: any check but the tenth, whichever: what is wrong, its maker knows.
            UseDpopNonce: the tenth.
        """
        # 1.
        if len(proofs) != 1:
            raise InvalidDpopProof("expected exactly one DPoP header")
        try:
            proof, claims = _verified(proofs[0], self._clock.now() + self._rules.max_age_s + self._rules.clock_skew_s)
            # 8. and 9.
            if claims["htm"] != method or _normalised(claims["htu"]) != _normalised(url):
                raise InvalidDpopProof("the proof is for another request")
            self._check_age(claims["iat"])
            # 12.
            if access_token is not None and claims.get("ath") != token_digest(access_token):
                raise InvalidDpopProof("the proof is for another access token")
        except JeungError as error:
            raise error if isinstance(error, InvalidDpopProof) else InvalidDpopProof() from None
        if bound_to is not None and proof.jkt != bound_to:
            raise InvalidDpopProof("the proof is signed with another key")
        self._check_nonce(claims, nonce_kinds)
        return proof

    def claim(self, tx: Transaction, proof: DpopProof) -> None:
        """Use a proof up.

        Raises:
            InvalidDpopProof: it was shown before.
        """
        if not tx.replays.claim(_REPLAY_KIND, proof.replay_value, proof.remember_until):
            raise InvalidDpopProof("the proof was used before")

    def _check_age(self, issued_at: int) -> None:
        # 11.
        now = self._clock.now()
        if issued_at > now + self._rules.clock_skew_s:
            raise InvalidDpopProof("the proof lies in the future")
        if issued_at < now - self._rules.max_age_s - self._rules.clock_skew_s:
            raise InvalidDpopProof("the proof is too old")

    def _check_nonce(self, claims: dict[str, Any], kinds: Collection[ChallengeKind]) -> None:
        # 10. A nonce that is shown must be good even where none is demanded.
        nonce = claims.get("nonce")
        if nonce is None and not self._rules.nonce_required:
            return
        if not isinstance(nonce, str) or not any(self._is_fresh(kind, nonce) for kind in kinds):
            raise UseDpopNonce

    def _is_fresh(self, kind: ChallengeKind, nonce: str) -> bool:
        try:
            self._challenges.check(kind, nonce)
        except ChallengeRefused:
            return False
        return True


def token_digest(access_token: str) -> str:
    """Give the `ath` of an access token (RFC 9449 section 4.2)."""
    return base64url.encode(sha256(access_token.encode("ascii")))


def _verified(text_of_proof: str, remember_until: int) -> tuple[DpopProof, dict[str, Any]]:
    """Run checks 2 to 7; give the proof and its claims, those it must have of the type they must have."""
    # 2., 4., 5.
    jws = parse_jws(text_of_proof, typ=DPOP_TYPE, algorithms={ES256}, max_characters=MAX_PROOF_CHARACTERS)
    # 7., then 6.
    key = parse_jwk(jws.header.get("jwk"))
    verify_jws(jws, key)
    # 3.
    claims = jws.claims()
    jti, issued_at = text(claims, "jti", InvalidDpopProof), numeric_date(claims, "iat", InvalidDpopProof)
    method, address = text(claims, "htm", InvalidDpopProof), text(claims, "htu", InvalidDpopProof)
    if jti is None or issued_at is None or method is None or address is None:
        raise InvalidDpopProof("a claim of the proof is missing")
    if len(jti) > MAX_JTI_CHARACTERS:
        raise InvalidDpopProof("the proof's `jti` is too long")
    jkt = base64url.encode(key.thumbprint)
    # A proof of another's making with the same `jti` must not use this one up.
    replay_value = base64url.encode(sha256(f"{jkt}/{jti}".encode()))
    return DpopProof(jkt, replay_value, remember_until), claims


def _normalised(address: str) -> tuple[str, str, str, str]:
    """Give scheme, host, port and path of an address in one spelling.

    Raises:
        InvalidDpopProof: it is no address, or one with a user in it.
    """
    match = _ADDRESS.fullmatch(address)
    if match is None:
        raise InvalidDpopProof("`htu` is not an address")
    scheme = match["scheme"].lower()
    return scheme, match["host"].lower(), match["port"] or _DEFAULT_PORTS.get(scheme, ""), match["path"] or "/"
