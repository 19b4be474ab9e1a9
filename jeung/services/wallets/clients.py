"""Find out which wallet speaks: its attestation, the key it binds tokens to, the name it gives itself.

Identifying only reads; what must count once (a proof's `jti`, a challenge) is claimed in the transaction of the act.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from jeung.domain.wallets import ChallengeKind
from jeung.errors import InvalidClient, InvalidDpopProof
from jeung.ports.store import Transaction
from jeung.services.wallets.attestation import CLIENT_ID, AttestedClient, ClientAttestations
from jeung.services.wallets.dpop import DpopProof, DpopVerifier


@dataclass(frozen=True, slots=True)
class Shown:
    """Hold what a wallet shows of itself: `client_id` of the form, and the values of each header."""

    client_id: str | None = None
    dpop: Sequence[str] = field(default=(), repr=False)
    attestation: Sequence[str] = field(default=(), repr=False)
    attestation_pop: Sequence[str] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class WalletClient:
    """Say which wallet speaks; `client_id` is None for an anonymous one, `attestation` for one nobody vouches for."""

    client_id: str | None
    dpop: DpopProof | None
    attestation: AttestedClient | None

    @property
    def attested_by(self) -> str | None:
        """Give the name of the provider that vouches for the wallet."""
        return None if self.attestation is None else self.attestation.provider


class WalletClients:
    """Identify wallets."""

    def __init__(self, *, dpop: DpopVerifier, attestations: ClientAttestations, attestation_required: bool) -> None:
        self._dpop = dpop
        self._attestations = attestations
        self._attestation_required = attestation_required

    def identify(self, shown: Shown, *, url: str, authenticated: bool = False, bound: bool = False) -> WalletClient:
        """Verify everything a wallet shows of itself in a POST.

        Args:
            shown: what it shows.
            url: the address it posts to, as we publish it.
            authenticated: it must say who it is and, where the settings demand it, show an attestation.
            bound: it must show a DPoP proof.

        Raises:
            InvalidClient: it does not say who it is, shows no attestation where one is demanded, or another client's.
            InvalidClientAttestation, UseAttestationChallenge, UseFreshAttestation: as `ClientAttestations.verify`.
            InvalidDpopProof, UseDpopNonce: as `DpopVerifier.verify`, or a demanded proof is missing.
        """
        if shown.client_id is not None and CLIENT_ID.fullmatch(shown.client_id) is None:
            raise InvalidClient("`client_id` is not 1 to 512 printable ASCII characters")
        # One proof may serve as both (the attestation draft's DPoP combined mode).
        combined = bool(shown.attestation and shown.dpop and not shown.attestation_pop)
        proof = self._proof(shown.dpop, url, bound=bound, combined=combined)
        attested = None
        if shown.attestation or shown.attestation_pop:
            combined_key = proof.jkt if combined and proof is not None else None
            attested = self._attestations.verify(
                shown.attestation, shown.attestation_pop, client_id=shown.client_id, proved_key=combined_key
            )
        elif authenticated and self._attestation_required:
            raise InvalidClient("this server demands a wallet attestation")
        client_id = shown.client_id if attested is None else attested.client_id
        if authenticated and client_id is None:
            raise InvalidClient("`client_id` is missing")
        return WalletClient(client_id, proof, attested)

    def claim(self, tx: Transaction, client: WalletClient) -> None:
        """Use up the proofs of one request.

        Raises:
            InvalidDpopProof, InvalidClientAttestation, UseAttestationChallenge: one was used before.
        """
        if client.dpop is not None:
            self._dpop.claim(tx, client.dpop)
        if client.attestation is not None:
            self._attestations.claim(tx, client.attestation)

    def _proof(self, proofs: Sequence[str], url: str, *, bound: bool, combined: bool) -> DpopProof | None:
        if not proofs:
            if bound:
                raise InvalidDpopProof("this request needs a DPoP proof")
            return None
        kinds = {ChallengeKind.DPOP_NONCE, ChallengeKind.ATTESTATION} if combined else {ChallengeKind.DPOP_NONCE}
        return self._dpop.verify(proofs, method="POST", url=url, nonce_kinds=kinds)
