"""The authorization server of a bank over one store, as one process of its node has it, and the wallets around it."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jeung.crypto import base64url, canonical_json
from jeung.crypto.hashing import sha256
from jeung.domain.members import Role
from jeung.domain.proofing import ProofingPolicy
from jeung.domain.wallets import ChallengeKind
from jeung.services.proofing import ProofingService
from jeung.services.wallets.clients import Shown
from jeung.services.wallets.consent import ConsentGiven, ConsentPage
from jeung.services.wallets.dpop import DpopRules, DpopVerifier
from jeung.services.wallets.grants import GivenToken
from jeung.services.wallets.offers import OfferPapers
from jeung.services.wallets.pushing import Pushed, PushedReference
from jeung.services.wallets.server import AuthorizationRules, AuthorizationServer
from tests.common.consortium import Consortium
from tests.common.dpop import DpopKey
from tests.common.memory.custody import MemoryVault
from tests.common.memory.world import SetClock, SystemEntropy
from tests.common.parties import PERSON
from tests.common.stores import Subject
from tests.common.wallet_provider import Installed, Provider

URL = "https://bank.example"
TOKEN_URL = f"{URL}/oid4vci/token"
PAR_URL = f"{URL}/oid4vci/par"
TYPE, OTHER = "real-name-1", "membership-1"
VERIFIER = "v" * 43
REDIRECT = "https://wallet.example/cb"
METADATA: Mapping[str, Any] = {
    "vct": f"https://consortium.example/types/{TYPE}",
    "name": "Real-name credential",
    "display": [{"locale": "en", "name": "Real name"}, {"locale": "ko-KR", "name": "실명증명"}],
    "claims": [
        {"path": ["name_ko"], "display": [{"locale": "en", "label": "Name"}, {"locale": "ko", "label": "성명"}]},
        {"path": ["account", "number"], "display": [{"locale": "en", "label": "Number"}]},
    ],
}


def challenge_of(verifier: str = VERIFIER) -> str:
    """Give the S256 challenge of a verifier."""
    return base64url.encode(sha256(verifier.encode()))


@dataclass
class Browser:
    """Keep what the customer's browser keeps."""

    session: str | None = None
    page: ConsentPage | None = None


class Stage:
    """Wire one process; `twin` is another process, or the same after a restart, over the same rows and keys."""

    def __init__(
        self,
        subject: Subject,
        *,
        clock: SetClock | None = None,
        vault: MemoryVault | None = None,
        **rules: Any,  # noqa: ANN401 - fields of AuthorizationRules
    ) -> None:
        self.subject = subject
        self.store = subject.store
        self.clock = clock or SetClock()
        self.vault = vault or MemoryVault()
        self.entropy = SystemEntropy()
        self.chain = Consortium(subject.index, self.clock, fence=subject.fence)
        self._rules = {"attestation_required": False, **rules}
        self.server = AuthorizationServer(
            store=self.store,
            ledger=subject.ledger,
            vault=self.vault,
            clock=self.clock,
            entropy=self.entropy,
            rules=AuthorizationRules(URL, **self._rules),
        )
        self.challenges = self.server.challenges
        self.access = self.server.access
        self.dpop = self.verifier(DpopRules())
        self.proofings = ProofingService(
            store=self.store,
            vault=self.vault,
            clock=self.clock,
            entropy=self.entropy,
            policy=ProofingPolicy("1", frozenset(), frozenset(), 86_400),
        )

    def found(self) -> "Stage":
        """Let the chain begin: the bank may issue two types."""
        member = self.chain.admit(URL, Role.ISSUER)
        for name in (TYPE, OTHER):
            vct = f"https://consortium.example/types/{name}"
            metadata = canonical_json.canonical({**METADATA, "vct": vct})
            self.chain.accredit(member, self.chain.register_schema(vct, metadata))
        self.member = member
        return self

    def verifier(self, rules: DpopRules) -> DpopVerifier:
        """Make a verifier of DPoP proofs with other rules."""
        return DpopVerifier(challenges=self.challenges, clock=self.clock, rules=rules)

    def twin(self, **rules: Any) -> "Stage":  # noqa: ANN401 - fields of AuthorizationRules
        """Give another process of the node."""
        return Stage(self.subject, clock=self.clock, vault=self.vault, **{**self._rules, **rules})

    # ---- the bank

    def proofing(self) -> str:
        """Open a proofing."""
        return self.proofings.open(PERSON).proofing_id

    def offer(self, *configuration_ids: str) -> OfferPapers:
        """Make an offer to a new customer."""
        return self.server.offers.create(self.proofing(), configuration_ids or (TYPE,), created_by="back-office")

    # ---- wallets

    def proof(self, key: DpopKey, url: str = TOKEN_URL, **changes: Any) -> str:  # noqa: ANN401 - claims
        """Make a good DPoP proof."""
        nonce = self.challenges.issue(ChallengeKind.DPOP_NONCE)
        return key.proof("POST", url, **{"at": self.clock.now(), "nonce": nonce, **changes})

    def attested(self, wallet: Installed, client_id: str | None = None, dpop: DpopKey | None = None) -> Shown:
        """Show a good attestation, and a DPoP proof for the token endpoint where there is a key for one."""
        challenge = self.challenges.issue(ChallengeKind.ATTESTATION)
        return Shown(
            client_id=client_id,
            dpop=[] if dpop is None else [self.proof(dpop)],
            attestation=[wallet.attestation(at=self.clock.now())],
            attestation_pop=[wallet.proof(URL, at=self.clock.now(), challenge=challenge)],
        )

    def trusted_wallet(self) -> Installed:
        """Install a wallet whose provider the consortium trusts."""
        return Installed(Provider().trusted_in(self.chain))

    def redeem(self, papers: OfferPapers, tx_code: str | None = None, **arguments: Any) -> GivenToken:  # noqa: ANN401
        """Redeem the pre-authorized code of an offer, anonymously unless said otherwise."""
        return self.server.grants.redeem_offer(
            arguments.pop("shown", Shown()),
            code=arguments.pop("code", code_of(papers)),
            tx_code=papers.transaction_code if tx_code is None else tx_code,
            **arguments,
        )

    def push(self, shown: Shown | None = None, **changes: Any) -> PushedReference:  # noqa: ANN401 - fields of Pushed
        """Push a good request, changed as asked."""
        fields: dict[str, Any] = {
            "response_type": "code",
            "redirect_uri": REDIRECT,
            "scope": TYPE,
            "state": "state-1",
            "code_challenge": challenge_of(),
            "code_challenge_method": "S256",
        }
        return self.server.pushing.push(shown or Shown(client_id="wallet-1"), Pushed(**{**fields, **changes}))

    def open(
        self, reference: PushedReference, browser: Browser | None = None, client_id: str = "wallet-1"
    ) -> Browser:
        """Open the consent page in a browser."""
        browser = browser or Browser()
        browser.page = self.server.consent.open(reference.request_uri, client_id, browser.session)
        browser.session = browser.page.session
        return browser

    def say(
        self,
        reference: PushedReference,
        browser: Browser,
        *,
        client_id: str = "wallet-1",
        **changes: Any,  # noqa: ANN401 - fields of ConsentGiven
    ) -> ConsentPage | str:
        """Send the page's form; give the page again, or the address that leads back."""
        assert browser.page is not None
        fields = {"session": browser.session or "", "token": browser.page.token, "approved": True, **changes}
        return self.server.consent.answer(reference.request_uri, client_id, ConsentGiven(**fields))


def code_of(papers: OfferPapers) -> str:
    """Give an offer's pre-authorized code."""
    grants = papers.document["grants"]
    return str(grants["urn:ietf:params:oauth:grant-type:pre-authorized_code"]["pre-authorized_code"])


def issuer_state_of(papers: OfferPapers) -> str:
    """Give an offer's `issuer_state`."""
    return str(papers.document["grants"]["authorization_code"]["issuer_state"])


def wrong(transaction_code: str) -> str:
    """Give a transaction code that is another one."""
    return str((int(transaction_code) + 1) % 10 ** len(transaction_code)).zfill(len(transaction_code))


def all_at_once(*acts: Any) -> list[Any]:  # noqa: ANN401 - what each gives, or raises
    """Run acts in threads that start together; give what each gave or raised."""
    outcomes: list[Any] = [None] * len(acts)
    gate = threading.Barrier(len(acts))

    def run(number: int) -> None:
        gate.wait()
        try:
            outcomes[number] = acts[number]()
        except Exception as error:
            outcomes[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes
