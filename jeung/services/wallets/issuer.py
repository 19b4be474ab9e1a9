"""Put together what the credential issuer's endpoints call."""

from dataclasses import dataclass, field

from jeung.crypto.key_proof import ProofRules
from jeung.ports.custody import ResponseKeys, Signer, Vault
from jeung.ports.ledger import Ledger
from jeung.ports.store import Store
from jeung.ports.world import Clock, Entropy
from jeung.services.issuance import IssuanceService
from jeung.services.wallets.challenges import ChallengeService
from jeung.services.wallets.issuer_metadata import IssuerMetadata, IssuerRules
from jeung.services.wallets.issuing import DeferralRules, WalletIssuance
from jeung.services.wallets.key_proofs import KeyDemands, KeyProofs
from jeung.services.wallets.request_encryption import EncryptionRules, RequestEncryption


@dataclass(frozen=True, slots=True)
class CredentialIssuerRules:
    """Say who issues, what proofs must be like, how long things wait, and how long a key opens requests."""

    issuer: IssuerRules
    proofs: ProofRules
    deferral: DeferralRules = field(default_factory=DeferralRules)
    encryption: EncryptionRules = field(default_factory=EncryptionRules)


class CredentialIssuer:
    """Offer the services of the credential issuer of OpenID4VCI: `issuing`, `metadata`, `encryption`."""

    def __init__(
        self,
        *,
        store: Store,
        ledger: Ledger,
        signer: Signer,
        vault: Vault,
        keys: ResponseKeys,
        clock: Clock,
        entropy: Entropy,
        issuance: IssuanceService,
        challenges: ChallengeService,
        rules: CredentialIssuerRules,
    ) -> None:
        self.encryption = RequestEncryption(store=store, keys=keys, clock=clock, rules=rules.encryption)
        self.metadata = IssuerMetadata(
            ledger=ledger, signer=signer, clock=clock, encryption=self.encryption, rules=rules.issuer
        )
        demands = KeyDemands(
            rules.proofs, batch_size=rules.issuer.batch_size, least_storage=rules.issuer.least_storage
        )
        self.issuing = WalletIssuance(
            store=store,
            ledger=ledger,
            vault=vault,
            clock=clock,
            entropy=entropy,
            issuance=issuance,
            proofs=KeyProofs(challenges=challenges, clock=clock, demands=demands),
            challenges=challenges,
            rules=rules.deferral,
        )
