"""Put the authorization server together, once for every place that runs one."""

from collections.abc import Sequence
from dataclasses import dataclass

from jeung.ports.custody import Vault
from jeung.ports.ledger import Ledger
from jeung.ports.store import Store
from jeung.ports.world import Clock, Entropy
from jeung.services.wallets.access import WalletAccess
from jeung.services.wallets.attestation import AttestationRules, ClientAttestations
from jeung.services.wallets.catalogue import offered_types
from jeung.services.wallets.challenges import ChallengeRules, ChallengeService
from jeung.services.wallets.clients import WalletClients
from jeung.services.wallets.consent import ConsentRules, ConsentService
from jeung.services.wallets.descriptions import TypeDescription, describe_type
from jeung.services.wallets.dpop import DpopRules, DpopVerifier
from jeung.services.wallets.grants import GrantRules, WalletGrantService
from jeung.services.wallets.offers import OfferGate, OfferRules, OfferService
from jeung.services.wallets.pushing import PushRules, PushService
from jeung.services.wallets.server_metadata import ServerMetadata, ServerRules


@dataclass(frozen=True, slots=True)
class AuthorizationRules:
    """Bound the authorization server; times in seconds. The settings `wallets.*` explain each."""

    url: str
    attestation_required: bool = True
    offer_ttl_s: int = 600
    tx_code_length: int = 6
    tx_code_attempts: int = 5
    authorization_ttl_s: int = 300
    code_ttl_s: int = 60
    token_ttl_s: int = 3_600
    challenge_ttl_s: int = 300
    proof_max_age_s: int = 300
    clock_skew_s: int = 30
    dpop_nonce: bool = True


class AuthorizationServer:
    """Hold the services of an authorization server over one node's parts."""

    def __init__(
        self,
        *,
        store: Store,
        ledger: Ledger,
        vault: Vault,
        clock: Clock,
        entropy: Entropy,
        rules: AuthorizationRules,
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._url = url = rules.url
        offers = OfferRules(url, rules.offer_ttl_s, rules.tx_code_length, rules.tx_code_attempts)
        gate = OfferGate(vault=vault, rules=offers)
        self.challenges = ChallengeService(
            store=store, vault=vault, clock=clock, entropy=entropy, rules=ChallengeRules(rules.challenge_ttl_s)
        )
        dpop = DpopVerifier(
            challenges=self.challenges,
            clock=clock,
            rules=DpopRules(rules.proof_max_age_s, rules.clock_skew_s, rules.dpop_nonce),
        )
        attestations = ClientAttestations(
            ledger=ledger,
            challenges=self.challenges,
            clock=clock,
            rules=AttestationRules(url, rules.proof_max_age_s, rules.clock_skew_s),
        )
        clients = WalletClients(dpop=dpop, attestations=attestations, attestation_required=rules.attestation_required)
        self.access = WalletAccess(store=store, dpop=dpop, clock=clock)
        self.offers = OfferService(
            store=store, ledger=ledger, vault=vault, clock=clock, entropy=entropy, rules=offers
        )
        self.grants = WalletGrantService(
            store=store,
            clients=clients,
            gate=gate,
            clock=clock,
            entropy=entropy,
            rules=GrantRules(url, rules.token_ttl_s),
        )
        self.pushing = PushService(
            store=store,
            ledger=ledger,
            clients=clients,
            clock=clock,
            entropy=entropy,
            rules=PushRules(url, rules.authorization_ttl_s),
        )
        self.consent = ConsentService(
            store=store,
            gate=gate,
            clock=clock,
            entropy=entropy,
            rules=ConsentRules(url, rules.authorization_ttl_s, rules.code_ttl_s, rules.tx_code_attempts),
        )
        self.metadata = ServerMetadata(ledger=ledger, clock=clock, rules=ServerRules(url, rules.attestation_required))

    def describe(self, configuration_ids: Sequence[str], language: str) -> list[TypeDescription]:
        """Describe credential configurations in a language; one that we may not issue any more goes by its id.

        Raises:
            LedgerStale: the follower has never run.
        """
        known = offered_types(self._ledger, self._url, self._clock.now())
        return [
            describe_type(name, known[name], language) if name in known else TypeDescription(name, ())
            for name in configuration_ids
        ]
