"""Play the maker of one customer's wallet: the consortium trusts it by vote, so its word on the wallet counts."""

from cli.demo.parties import CLOCK, Party
from cli.demo.votes import Motion
from cli.p256 import P256Key
from cli.sandbox.layout import Sandbox, write_whole
from cli.wallet.attestation import Instance, WalletProvider
from jeung.crypto.canonical_json import canonical
from jeung.domain.identifiers import to_hex

NAME = "Mobile Wallet Works"
CLIENT_ID = "https://wallet.example/headless"

_LIFE_S = 2 * 365 * 86_400


def provider_of(sandbox: Sandbox) -> WalletProvider:
    """Give the sandbox's wallet provider, made at the first call; its key lies beside those of the back offices."""
    file = sandbox.root / "clients" / "wallet-provider.pem"
    if not file.exists():
        write_whole(file, P256Key.generate().pem, 0o600)
    return WalletProvider(P256Key.load(file), NAME)


def is_trusted(witness: Party, provider: WalletProvider) -> bool:
    """Tell whether a vote for the provider was carried out, as some node sees it."""
    key = canonical(provider.key.jwk).hex()
    return any(item["state"] == "executed" and key in item["call"] for item in witness.all("/v1/proposals"))


def trust(provider: WalletProvider) -> Motion:
    """Move that the consortium trust the provider for two years."""
    key = to_hex(canonical(provider.key.jwk))
    return Motion("RelyingPartyRegistry", "trustWalletProvider", (key, NAME, CLOCK.now() + _LIFE_S))


def installed(provider: WalletProvider) -> Instance:
    """Give a freshly installed wallet of the provider's."""
    return Instance(provider, CLIENT_ID, P256Key.generate())
