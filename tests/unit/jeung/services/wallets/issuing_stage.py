"""A bank that hands credentials out to wallets: the parties of `tests.common`, and what its endpoints stand on."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from jeung.crypto.key_proof import ProofRules
from jeung.domain.identifiers import to_hex
from jeung.domain.key_storage import KeyStorage
from jeung.domain.wallets import ChallengeKind, WalletGrant
from jeung.services.proofing import CheckReport
from jeung.services.wallets.challenges import ChallengeRules, ChallengeService
from jeung.services.wallets.credential_request import CredentialRequest, DeferredRequest
from jeung.services.wallets.issuing import Deferral, DeferralRules, Delivery, WalletIssuance
from jeung.services.wallets.key_proofs import KeyDemands, KeyProofs
from tests.common.key_proofs import Device, Provider
from tests.common.parties import BANK, POLICY, Parties
from tests.common.rows_wallets import grant

CONFIGURATION = "real-name-1"
BATCH = 4


class IssuingStage:
    """Wire the credential issuer over the bank's rows."""

    def __init__(
        self, *, rules: DeferralRules | None = None, least_storage: KeyStorage = KeyStorage.SOFTWARE
    ) -> None:
        self.parties = Parties()
        self.clock, self.bank, self.store = self.parties.clock, self.parties.bank, self.parties.bank.store
        self.challenges = ChallengeService(
            store=self.store,
            vault=self.bank.vault,
            clock=self.clock,
            entropy=self.bank.entropy,
            rules=ChallengeRules(ttl_s=120),
        )
        self.proofs = KeyProofs(
            challenges=self.challenges,
            clock=self.clock,
            demands=KeyDemands(ProofRules(BANK), batch_size=BATCH, least_storage=least_storage),
        )
        self.parties.issuance._rules = replace(self.parties.issuance._rules, max_copies=BATCH)
        self.issuing = WalletIssuance(
            store=self.store,
            ledger=self.parties.ledger,
            vault=self.bank.vault,
            clock=self.clock,
            entropy=self.bank.entropy,
            issuance=self.parties.issuance,
            proofs=self.proofs,
            challenges=self.challenges,
            rules=rules or DeferralRules(interval_s=10, ttl_s=1_000),
        )
        self.provider = Provider()
        self.chain = self.parties.chain
        self.trust(self.provider)

    def trust(self, provider: Provider, *, until: int = 1 << 40) -> None:
        """Let the consortium trust a wallet provider."""
        jwk = b'{"crv":"P-256","kty":"EC","x":"%s","y":"%s"}' % (
            provider.signer.jwk["x"].encode(),
            provider.signer.jwk["y"].encode(),
        )
        args = {"thumbprint": to_hex(provider.thumbprint), "name": "Wallet", "jwk": to_hex(jwk), "validUntil": until}
        self.chain.emit("RelyingPartyRegistry", "WalletProviderTrusted", args)

    def distrust(self, provider: Provider, since: int) -> None:
        """Let the consortium trust it no more."""
        args = {"thumbprint": to_hex(provider.thumbprint), "effectiveSince": since}
        self.chain.emit("RelyingPartyRegistry", "WalletProviderDistrusted", args)

    def grant(self, proofing_id: str | None = None, number: int = 1, **changes: Any) -> WalletGrant:  # noqa: ANN401
        """Give a wallet an access token for a proofing, by default a completed one."""
        proofing_id = proofing_id or self.parties.proofed()
        values = {
            "proofing_id": proofing_id,
            "subject_id": self.parties.proofing.get(proofing_id).subject_id,
            "configuration_ids": (CONFIGURATION,),
            "credential_identifiers": (),
            "client_id": None,
            "issued_at": self.clock.now(),
            "expires_at": self.clock.now() + 300,
        }
        made = grant(number, **{**values, **changes})
        with self.store.write() as tx:
            tx.grants.add(made)
        return made

    def nonce(self) -> str:
        """Fetch a nonce."""
        return self.challenges.issue(ChallengeKind.C_NONCE)

    def jwts(self, *devices: Device, nonce: str | None = None, **changes: Any) -> dict[str, list[str]]:  # noqa: ANN401
        """Prove devices under one nonce."""
        nonce = nonce or self.nonce()
        at = self.clock.now()
        return {"jwt": [device.proof(BANK, nonce=nonce, at=at, **changes) for device in devices]}

    def attestation(self, devices: Sequence[Device], *, nonce: str | None = None, **changes: Any) -> str:  # noqa: ANN401
        """Let the provider attest devices."""
        return self.provider.attestation(devices, nonce=nonce or self.nonce(), at=self.clock.now(), **changes)

    def ask(self, under: WalletGrant, proofs: object, **changes: Any) -> Delivery | Deferral:  # noqa: ANN401
        """Send a credential request."""
        request = CredentialRequest(CONFIGURATION, None, proofs, None)
        return self.issuing.request(under, replace(request, **changes))

    def receive(self, under: WalletGrant, *devices: Device) -> Delivery:
        """Ask for copies for devices and get them."""
        given = self.ask(under, self.jwts(*devices))
        assert isinstance(given, Delivery)
        return given

    def fetch(self, under: WalletGrant, transaction_id: str) -> Delivery | Deferral:
        """Ask for what had to wait."""
        return self.issuing.deferred(under, DeferredRequest(transaction_id, None))

    def copies(self) -> int:
        """Count what was issued."""
        return len(self.bank.database.read().credentials)

    def complete(self, proofing_id: str, *, passed: bool = True) -> None:
        """Bring an open proofing to its end."""
        for method in sorted(POLICY.required):
            report = CheckReport(method, self.clock.now(), b"-" * 32, passed)
            self.parties.proofing.record_check(proofing_id, report)
            if not passed:
                return
        self.parties.proofing.complete(proofing_id)
