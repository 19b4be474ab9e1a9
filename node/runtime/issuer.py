"""Wire the credential issuer's endpoints to one node's parts."""

from jeung.crypto.key_proof import ProofRules
from jeung.ports.custody import Vault
from jeung.services.issuance import IssuanceService
from jeung.services.wallets.challenges import ChallengeService
from jeung.services.wallets.issuer import CredentialIssuer, CredentialIssuerRules
from jeung.services.wallets.issuer_metadata import IssuerRules
from jeung.services.wallets.issuing import DeferralRules
from keys.response_keys import KeystoreResponseKeys
from node.runtime.parts import NodeParts
from node.settings import Settings


def build_credential_issuer(
    parts: NodeParts, vault: Vault, issuance: IssuanceService, challenges: ChallengeService
) -> CredentialIssuer:
    """Wire the credential issuer as the settings have it."""
    return CredentialIssuer(
        store=parts.kept.store,
        ledger=parts.kept.ledger,
        signer=parts.signer,
        vault=vault,
        keys=KeystoreResponseKeys(parts.keystore),
        clock=parts.clock,
        entropy=parts.entropy,
        issuance=issuance,
        challenges=challenges,
        rules=credential_issuer_rules(parts.settings),
    )


def credential_issuer_rules(settings: Settings) -> CredentialIssuerRules:
    """Give the credential issuer's rules as the settings have them."""
    url, issuance = settings.base_url, settings.issuance
    return CredentialIssuerRules(
        issuer=IssuerRules(
            url,
            names=settings.names.by_language(settings.name),
            batch_size=issuance.max_copies,
            least_storage=issuance.least_key_storage,
        ),
        proofs=ProofRules(
            url, max_age_s=settings.wallets.proof_max_age_s, clock_skew_s=settings.verification.clock_skew_s
        ),
        deferral=DeferralRules(
            interval_s=issuance.deferred_interval_s,
            ttl_s=issuance.deferred_ttl_s,
            wait_for_ledger=issuance.wait_for_ledger,
        ),
    )
