"""Wire what wallets call to one node's parts."""

from dataclasses import dataclass

from jeung.ports.custody import Vault
from jeung.services.wallets.access import WalletAccess
from jeung.services.wallets.challenges import ChallengeRules, ChallengeService
from jeung.services.wallets.dpop import DpopRules, DpopVerifier
from node.runtime.parts import NodeParts


@dataclass(frozen=True, slots=True)
class WalletServices:
    """Hold the services of the authorization server."""

    challenges: ChallengeService
    access: WalletAccess


def build_wallet_services(parts: NodeParts, vault: Vault) -> WalletServices:
    """Wire the authorization server as the settings have it."""
    settings, store, clock = parts.settings.wallets, parts.kept.store, parts.clock
    challenges = ChallengeService(
        store=store,
        vault=vault,
        clock=clock,
        entropy=parts.entropy,
        rules=ChallengeRules(ttl_s=settings.challenge_ttl_s),
    )
    dpop = DpopVerifier(
        challenges=challenges,
        clock=clock,
        rules=DpopRules(
            max_age_s=settings.proof_max_age_s,
            clock_skew_s=settings.clock_skew_s,
            nonce_required=settings.dpop_nonce,
        ),
    )
    return WalletServices(challenges=challenges, access=WalletAccess(store=store, dpop=dpop, clock=clock))
