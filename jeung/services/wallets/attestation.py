"""Authenticate a wallet by the word of its provider (draft-ietf-oauth-attestation-based-client-auth-10).

The attestation is the provider's: this instance of my wallet holds this key. The proof is the instance's own, made
for us. In this order:
 1. There is exactly one attestation; it is a strict JWS, ES256, of its type.
 2. Its signature verifies under the key of a provider that the consortium trusts now; the key comes from the ledger,
    never from the token, and what its `x5c` or `kid` say decides nothing.
 3. It names the client (`sub`), an instance key (`cnf.jwk`, a public key on P-256) and its end (`exp`), and has not
    ended. The form's `client_id`, where given, is the same.
 4. There is exactly one proof: a JWS of its type under the instance key, for our issuer URL (`aud`), made just now.
    Or there is none, and the DPoP proof, verified before, is under the instance key (the combined mode).
 5. The proof carries a fresh challenge of ours. The older shape of the proof, which wallets in the field still send
    and which names its client as `iss`, knows no challenge endpoint, so it may carry none; one it carries is good.
 6. Challenge and `jti` were never used before; `claim` keeps both in the database.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from jeung.crypto import base64url
from jeung.crypto.claims import numeric_date, text
from jeung.crypto.hashing import sha256
from jeung.crypto.jwk import ES256, VerifyingKey, parse_jwk
from jeung.crypto.jws import parse_jws, verify_jws
from jeung.domain.registrations import WalletProvider
from jeung.domain.registry import Registry
from jeung.domain.wallet_providers import signing_provider
from jeung.domain.wallets import ChallengeKind
from jeung.errors import (
    ChallengeRefused,
    InvalidClientAttestation,
    JeungError,
    UseAttestationChallenge,
    UseFreshAttestation,
    WalletError,
)
from jeung.ports.ledger import Ledger
from jeung.ports.store import Transaction
from jeung.ports.world import Clock
from jeung.services.wallets.challenges import ChallengeService

ATTESTATION_TYPE: Final = "oauth-client-attestation+jwt"
POP_TYPE: Final = "oauth-client-attestation-pop+jwt"
MAX_ATTESTATION_CHARACTERS: Final = 16_384
MAX_JTI_CHARACTERS: Final = 256
_REPLAY_KIND = "attestation_pop"
# RFC 6749 appendix A.1. People read it on the consent page: no letter that looks like another, or turns the line.
CLIENT_ID = re.compile(r"[ -~]{1,512}")


@dataclass(frozen=True, slots=True)
class AttestationRules:
    """Say for whom a proof must be made (our issuer URL), how old it may be, how far clocks may differ; seconds."""

    url: str
    max_age_s: int = 300
    clock_skew_s: int = 30


@dataclass(frozen=True, slots=True)
class AttestedClient:
    """Name a wallet that its provider vouches for, with what must be claimed of its proof.

    `replay_value` and `challenge` are None where the DPoP proof took the proof's place.
    """

    client_id: str
    provider: str
    replay_value: str | None = field(repr=False)
    challenge: str | None = field(repr=False)
    remember_until: int


class ClientAttestations:
    """Verify wallet attestations and their proofs of possession."""

    def __init__(
        self, *, ledger: Ledger, challenges: ChallengeService, clock: Clock, rules: AttestationRules
    ) -> None:
        self._ledger = ledger
        self._challenges = challenges
        self._clock = clock
        self._rules = rules

    def verify(
        self,
        attestations: Sequence[str],
        proofs: Sequence[str],
        *,
        client_id: str | None,
        proved_key: str | None = None,
    ) -> AttestedClient:
        """Verify what a wallet shows; steps 1 to 5 above.

        Args:
            attestations: the values of all `OAuth-Client-Attestation` headers.
            proofs: the values of all `OAuth-Client-Attestation-PoP` headers.
            client_id: the one the form names, if it does.
            proved_key: thumbprint of the key of a verified DPoP proof that stands in for the proof of possession.

        Raises:
            InvalidClientAttestation: any step but those below; why, only its maker needs to know.
            UseFreshAttestation: it has ended.
            UseAttestationChallenge: step 5.
            LedgerStale: the follower has never run.
        """
        if len(attestations) != 1:
            raise InvalidClientAttestation("expected exactly one wallet attestation")
        now = self._clock.now()
        with self._ledger.view() as view:
            registry = view.registry
        try:
            provider, claims = _attested(attestations[0], registry, now)
            name, instance_key = self._instance(claims, now)
            if client_id is not None and client_id != name:
                raise InvalidClientAttestation("the attestation is another client's")
            if proved_key is not None:
                if base64url.encode(instance_key.thumbprint) != proved_key:
                    raise InvalidClientAttestation("the DPoP proof is under another key than the attested one")
                return AttestedClient(name, provider.name, None, None, now)
            if len(proofs) != 1:
                raise InvalidClientAttestation("expected exactly one proof of possession")
            return self._proved(proofs[0], name, provider.name, instance_key, now)
        except WalletError:
            raise
        except JeungError:
            raise InvalidClientAttestation from None

    def claim(self, tx: Transaction, client: AttestedClient) -> None:
        """Use the proof up; step 6.

        Raises:
            InvalidClientAttestation: its `jti` was used before.
            UseAttestationChallenge: its challenge was.
        """
        if client.replay_value is not None and not tx.replays.claim(
            _REPLAY_KIND, client.replay_value, client.remember_until
        ):
            raise InvalidClientAttestation("the proof of possession was used before")
        if client.challenge is not None:
            try:
                self._challenges.consume(tx, ChallengeKind.ATTESTATION, client.challenge)
            except ChallengeRefused:
                raise UseAttestationChallenge from None

    def _instance(self, claims: dict[str, Any], now: int) -> tuple[str, VerifyingKey]:
        # 3.
        name, confirmation = text(claims, "sub", InvalidClientAttestation), claims.get("cnf")
        expires_at = numeric_date(claims, "exp", InvalidClientAttestation)
        if name is None or expires_at is None or CLIENT_ID.fullmatch(name) is None:
            raise InvalidClientAttestation
        if not isinstance(confirmation, dict):
            raise InvalidClientAttestation
        instance_key = parse_jwk(confirmation.get("jwk"))
        if expires_at + self._rules.clock_skew_s <= now:
            raise UseFreshAttestation
        for beginning in ("iat", "nbf"):
            if (numeric_date(claims, beginning, InvalidClientAttestation) or 0) > now + self._rules.clock_skew_s:
                raise InvalidClientAttestation("the attestation lies in the future")
        return name, instance_key

    def _proved(
        self, proof: str, client_id: str, provider: str, instance_key: VerifyingKey, now: int
    ) -> AttestedClient:
        # 4.
        jws = parse_jws(proof, typ=POP_TYPE, algorithms={ES256}, max_characters=MAX_ATTESTATION_CHARACTERS)
        verify_jws(jws, instance_key)
        claims = jws.claims()
        jti, issuer = text(claims, "jti", InvalidClientAttestation), text(claims, "iss", InvalidClientAttestation)
        if jti is None or len(jti) > MAX_JTI_CHARACTERS or issuer not in (None, client_id):
            raise InvalidClientAttestation
        audience = claims.get("aud")
        if (audience[0] if isinstance(audience, list) and len(audience) == 1 else audience) != self._rules.url:
            raise InvalidClientAttestation("the proof of possession is for another server")
        self._check_age(claims, now)
        challenge = self._challenge(claims, older=issuer is not None)
        replay_value = base64url.encode(sha256(instance_key.thumbprint + jti.encode()))
        remember_until = now + self._rules.max_age_s + 2 * self._rules.clock_skew_s
        return AttestedClient(client_id, provider, replay_value, challenge, remember_until)

    def _check_age(self, claims: dict[str, Any], now: int) -> None:
        skew = self._rules.clock_skew_s
        issued_at = numeric_date(claims, "iat", InvalidClientAttestation)
        expires_at = numeric_date(claims, "exp", InvalidClientAttestation)
        # The oldest shape had no `iat`, only an `exp`, which then must not lie further ahead than a proof may be old.
        if issued_at is None and expires_at is None:
            raise InvalidClientAttestation
        if issued_at is not None and not now - self._rules.max_age_s - skew <= issued_at <= now + skew:
            raise InvalidClientAttestation("the proof of possession was not made just now")
        if expires_at is not None and expires_at + skew <= now:
            raise InvalidClientAttestation("the proof of possession has ended")
        if issued_at is None and expires_at is not None and expires_at > now + self._rules.max_age_s + skew:
            raise InvalidClientAttestation("the proof of possession was not made just now")

    def _challenge(self, claims: dict[str, Any], *, older: bool) -> str | None:
        # 5.
        challenge = claims.get("challenge", claims.get("nonce"))
        if challenge is None and older:
            return None
        if not isinstance(challenge, str):
            raise UseAttestationChallenge
        try:
            self._challenges.check(ChallengeKind.ATTESTATION, challenge)
        except ChallengeRefused:
            raise UseAttestationChallenge from None
        return challenge


def _attested(attestation: str, registry: Registry, now: int) -> tuple[WalletProvider, dict[str, Any]]:
    # 1.
    jws = parse_jws(attestation, typ=ATTESTATION_TYPE, algorithms={ES256}, max_characters=MAX_ATTESTATION_CHARACTERS)
    # 2.
    provider = signing_provider(registry, jws, now)
    if provider is None:
        raise InvalidClientAttestation("no wallet provider that the consortium trusts signed the attestation")
    return provider, jws.claims()
