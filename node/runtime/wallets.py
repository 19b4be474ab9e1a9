"""Wire the authorization server to one node's parts, as its settings have it."""

from jeung.ports.custody import Vault
from jeung.services.wallets.server import AuthorizationRules, AuthorizationServer
from node.runtime.parts import NodeParts
from node.settings import Settings, WalletAttestation


def build_authorization_server(parts: NodeParts, vault: Vault) -> AuthorizationServer:
    """Wire the authorization server."""
    return AuthorizationServer(
        store=parts.kept.store,
        ledger=parts.kept.ledger,
        vault=vault,
        clock=parts.clock,
        entropy=parts.entropy,
        rules=authorization_rules(parts.settings),
    )


def authorization_rules(settings: Settings) -> AuthorizationRules:
    """Give the bounds of the authorization server as the settings have them."""
    values = settings.wallets.model_dump(exclude={"attestation"})
    required = settings.wallets.attestation is WalletAttestation.REQUIRED
    return AuthorizationRules(settings.base_url, attestation_required=required, **values)
