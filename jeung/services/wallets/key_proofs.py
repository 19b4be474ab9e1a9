"""Judge the key proofs of a credential request: which keys, how well kept, under which nonces.

In this order (OpenID4VCI 1.0, appendix F):
 1. `proofs` holds exactly one type we support, with 1 to `batch_size` proofs (of `attestation` exactly one).
 2. Each is well-formed (`jeung.crypto.key_proof`, `jeung.crypto.key_attestation`).
 3. Each nonce, those of key attestations included, is a `c_nonce` of ours that is still fresh.
 4. Each key attestation is signed by a wallet provider that the consortium trusts now, and is current.
 5. Each proof of the type `jwt` is for us, by this wallet, of now, and signed with its key.
 6. No key is proved twice, the keys are not more than a batch, and each is kept as well as we demand.
The caller must still use the nonces up, in the transaction that issues.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jeung.crypto.key_attestation import (
    UnverifiedKeyAttestation,
    check_attestation_times,
    parse_key_attestation,
)
from jeung.crypto.key_proof import ProofRules, UnverifiedKeyProof, parse_key_proof, verify_key_proof
from jeung.domain.key_storage import HolderKey, KeyStorage, strongest
from jeung.domain.registry import Registry
from jeung.domain.wallet_providers import signing_provider
from jeung.domain.wallets import ChallengeKind
from jeung.errors import ChallengeRefused, InvalidKeyProof, InvalidProofNonce, UntrustedKeyAttestation
from jeung.ports.world import Clock
from jeung.services.wallets.challenges import ChallengeService


@dataclass(frozen=True, slots=True)
class ProvedKeys:
    """Give the keys to bind copies to, in the order of the proofs, and the nonces that must be used up."""

    keys: tuple[HolderKey, ...]
    nonces: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeyDemands:
    """Say what proofs must be like, how many keys one request may bring, and how well each must be kept."""

    proofs: ProofRules
    batch_size: int = 32
    least_storage: KeyStorage = KeyStorage.SOFTWARE


class KeyProofs:
    """Judge the `proofs` of credential requests."""

    def __init__(self, *, challenges: ChallengeService, clock: Clock, demands: KeyDemands) -> None:
        self._challenges = challenges
        self._clock = clock
        self._demands = demands

    def verify(self, proofs: object, registry: Registry, *, client_id: str | None) -> ProvedKeys:
        """Return what the proofs prove; steps 1 to 6 above.

        Args:
            proofs: the member `proofs` of the request.
            registry: names the trusted wallet providers.
            client_id: the wallet the access token was given to, None for an anonymous one.

        Raises:
            InvalidKeyProof: steps 1, 2, 5 and 6, and a key attestation that is not current.
            InvalidProofNonce: step 3.
            UntrustedKeyAttestation: step 4.
            StoreUnavailable: the challenges' key cannot be read.
        """
        jwts = _one_type(proofs, "jwt", self._demands.batch_size)
        if jwts is None:
            return self._attested(_one_type(proofs, "attestation", 1), registry)
        parsed = [parse_key_proof(jwt) for jwt in jwts]
        attestations = _distinct([proof.attestation for proof in parsed if proof.attestation is not None])
        if any(attestation.expires_at is None for attestation in attestations):
            raise InvalidKeyProof("the key attestation lacks `exp`")
        nonces = self._fresh_nonces([*(proof.nonce for proof in parsed), *map(_nonce_of, attestations)])
        attested = self._verified(attestations, registry)
        for proof in parsed:
            verify_key_proof(proof, self._demands.proofs, client_id=client_id, now=self._clock.now())
        return self._bounded(_proved(parsed, attested), nonces)

    def _attested(self, tokens: Sequence[str] | None, registry: Registry) -> ProvedKeys:
        if tokens is None:
            raise InvalidKeyProof("expected `proofs` of the type `jwt` or `attestation`")
        attestation = parse_key_attestation(tokens[0])
        nonces = self._fresh_nonces([_nonce_of(attestation)])
        return self._bounded([*self._verified([attestation], registry).values()], nonces)

    def _fresh_nonces(self, nonces: Sequence[str]) -> tuple[str, ...]:
        different = tuple(dict.fromkeys(nonces))
        try:
            for nonce in different:
                self._challenges.check(ChallengeKind.C_NONCE, nonce)
        except ChallengeRefused:
            raise InvalidProofNonce from None
        return different

    def _verified(
        self, attestations: Sequence[UnverifiedKeyAttestation], registry: Registry
    ) -> dict[bytes, HolderKey]:
        """Verify attestations and give their keys by thumbprint, in the order they stand there."""
        now, found = self._clock.now(), dict[bytes, HolderKey]()
        for attestation in attestations:
            if signing_provider(registry, attestation.jws, now) is None:
                raise UntrustedKeyAttestation
            check_attestation_times(attestation, now=now, skew_s=self._demands.proofs.clock_skew_s)
            storage, guard = strongest(attestation.key_storage), strongest(attestation.user_authentication)
            for attested in attestation.keys:
                found[attested.key.thumbprint] = HolderKey(attested.key, storage, guard)
        return found

    def _bounded(self, keys: Sequence[HolderKey], nonces: tuple[str, ...]) -> ProvedKeys:
        if len(keys) > self._demands.batch_size:
            raise InvalidKeyProof(f"at most {self._demands.batch_size} keys make a batch")
        if any(key.storage.rank < self._demands.least_storage.rank for key in keys):
            raise InvalidKeyProof("a key is not attested to be kept as well as this issuer demands")
        return ProvedKeys(tuple(keys), nonces)


def _one_type(proofs: object, wanted: str, most: int) -> Sequence[str] | None:
    """Give the proofs of a type, or None where they are of another.

    Raises:
        InvalidKeyProof: there are none, of more than one type, too many, or they are not texts.
    """
    if not isinstance(proofs, Mapping) or len(proofs) != 1:
        raise InvalidKeyProof("expected `proofs` of exactly one type")
    if wanted not in proofs:
        return None
    values: Any = proofs[wanted]
    if not isinstance(values, list) or not 0 < len(values) <= most:
        raise InvalidKeyProof(f"expected 1 to {most} proofs of the type `{wanted}`")
    if not all(isinstance(value, str) for value in values):
        raise InvalidKeyProof("a proof is not text")
    return values


def _distinct(attestations: Sequence[UnverifiedKeyAttestation]) -> list[UnverifiedKeyAttestation]:
    """Leave out repetitions: wallets put one attestation of all keys beside each proof, and it is verified once."""
    return list({(found.jws.signing_input, found.jws.signature): found for found in attestations}.values())


def _nonce_of(attestation: UnverifiedKeyAttestation) -> str:
    if attestation.nonce is None:
        raise InvalidKeyProof("the key attestation lacks `nonce`")
    return attestation.nonce


def _proved(proofs: Sequence[UnverifiedKeyProof], attested: Mapping[bytes, HolderKey]) -> list[HolderKey]:
    """Give the proved keys, then those that an attestation vouches for beside one of them.

    Raises:
        InvalidKeyProof: a key is proved twice: two copies under one key could be linked by it.
    """
    keys = {proof.key.thumbprint: attested.get(proof.key.thumbprint, HolderKey(proof.key)) for proof in proofs}
    if len(keys) != len(proofs):
        raise InvalidKeyProof("a key is proved twice")
    return list({**keys, **attested}.values())
