"""The services of the authorization server over one store, as one process of a node has them."""

from jeung.ports.store import Store
from jeung.services.wallets.access import WalletAccess
from jeung.services.wallets.challenges import ChallengeRules, ChallengeService
from jeung.services.wallets.dpop import DpopRules, DpopVerifier
from tests.common.memory.custody import MemoryVault
from tests.common.memory.world import SetClock, SystemEntropy

URL = "https://bank.example"
TOKEN_URL = f"{URL}/oid4vci/token"


class Stage:
    """Wire one process; `twin` is another process, or the same after a restart, over the same rows and keys."""

    def __init__(self, store: Store, *, clock: SetClock | None = None, vault: MemoryVault | None = None) -> None:
        self.store = store
        self.clock = clock or SetClock()
        self.vault = vault or MemoryVault()
        self.entropy = SystemEntropy()
        self.challenges = ChallengeService(
            store=store, vault=self.vault, clock=self.clock, entropy=self.entropy, rules=ChallengeRules()
        )
        self.dpop = self.verifier(DpopRules())
        self.access = WalletAccess(store=store, dpop=self.dpop, clock=self.clock)

    def verifier(self, rules: DpopRules) -> DpopVerifier:
        """Make a verifier of DPoP proofs with other rules."""
        return DpopVerifier(challenges=self.challenges, clock=self.clock, rules=rules)

    def twin(self) -> "Stage":
        """Give another process of the node."""
        return Stage(self.store, clock=self.clock, vault=self.vault)
