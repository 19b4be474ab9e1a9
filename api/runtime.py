"""State what the HTTP skin needs of a node; `node.runtime` satisfies it without knowing it."""

from collections.abc import Callable, Mapping
from typing import Protocol

from jeung.domain.audits import AuditUnreadable, LastAudit
from jeung.domain.governance.agenda import Certificate
from jeung.ports.store import RateLimiter
from jeung.ports.world import Clock, Entropy
from jeung.services.access import TokenService
from jeung.services.approvals import ApprovalService
from jeung.services.attestations import AttestationService
from jeung.services.credentials import CredentialService
from jeung.services.decisions import DecisionService
from jeung.services.dual_control import DualControlService
from jeung.services.erasure import SubjectService
from jeung.services.evidence.exporting import EvidenceExporter
from jeung.services.explorer import ExplorerService
from jeung.services.governance import GovernanceService
from jeung.services.issuance import IssuanceService
from jeung.services.log import LogReader, WitnessService
from jeung.services.metadata import MetadataService
from jeung.services.nonces import NonceService
from jeung.services.presentations import PresentationServices
from jeung.services.proofing import ProofingService
from jeung.services.receipts import ReceiptDesk, ReceiptSigner
from jeung.services.registry import RegistryService
from jeung.services.request_digests import RequestDigests
from jeung.services.simulations import SimulationService
from jeung.services.staff import (
    StaffEnroller,
    StaffFederation,
    StaffPasskeyService,
    StaffSessionService,
    StaffTerminals,
)
from jeung.services.status_lists import StatusListService
from jeung.services.verification import EvidenceService, VerificationService
from jeung.services.wallets.access import WalletAccess
from jeung.services.wallets.challenges import ChallengeService
from jeung.services.wallets.issuer import CredentialIssuer
from jeung.services.wallets.server import AuthorizationServer
from node.settings import Settings


class Health(Protocol):
    """Say how the node is; every call is bounded in time and raises nothing."""

    def checks(self) -> Mapping[str, bool]:
        """Tell which parts are fit for work, by name: the database, the worker's lease, the ledger's freshness."""
        ...

    def measurements(self) -> Mapping[str, float]:
        """Give what the metrics page shows beside the requests, by name with its unit (`ledger_head_age_seconds`)."""
        ...


class ApiRuntime(Protocol):
    """Offer the services of one node, wired to its parts."""

    @property
    def settings(self) -> Settings:
        """Give the node's settings."""
        ...

    @property
    def clock(self) -> Clock:
        """Give the time."""
        ...

    @property
    def entropy(self) -> Entropy:
        """Give unpredictable bytes, here for request ids."""
        ...

    @property
    def limiter(self) -> RateLimiter:
        """Give the counter of requests; it knows the names of `api.limits.Limit`."""
        ...

    @property
    def health(self) -> Health:
        """Give the node's state of health."""
        ...

    @property
    def tokens(self) -> TokenService:
        """Give the service for who may call."""
        ...

    @property
    def proofings(self) -> ProofingService:
        """Give the service for identity proofing."""
        ...

    @property
    def issuance(self) -> IssuanceService:
        """Give the service for issuing."""
        ...

    @property
    def credentials(self) -> CredentialService:
        """Give the service for issued credentials and their status."""
        ...

    @property
    def nonces(self) -> NonceService:
        """Give the service for nonces for presentations."""
        ...

    @property
    def attestations(self) -> AttestationService:
        """Give the service for proofs of attestation."""
        ...

    @property
    def registry(self) -> RegistryService:
        """Give the service for what the consortium has registered."""
        ...

    @property
    def governance(self) -> GovernanceService:
        """Give the service for this member's acts in the consortium."""
        ...

    @property
    def decisions(self) -> DecisionService:
        """Give the service that reads proposals in words, and what is due soon."""
        ...

    @property
    def simulations(self) -> SimulationService:
        """Give the service that tries governance acts before anything is sent."""
        ...

    @property
    def approvals(self) -> ApprovalService:
        """Give the service for approvals that are signed off line."""
        ...

    @property
    def certificates(self) -> Callable[[], tuple[Certificate, ...]]:
        """Give the reader of our certificates' ends."""
        ...

    @property
    def status_lists(self) -> StatusListService:
        """Give the service for published status lists."""
        ...

    @property
    def metadata(self) -> MetadataService:
        """Give the service for published metadata."""
        ...

    @property
    def challenges(self) -> ChallengeService:
        """Give the service for nonces and challenges that wallets answer."""
        ...

    @property
    def authorization(self) -> AuthorizationServer:
        """Give the services of the authorization server: offers, pushed requests, consent, tokens, metadata."""
        ...

    @property
    def issuer(self) -> CredentialIssuer:
        """Give the services of the credential issuer: issuing to wallets, metadata, encrypted requests."""
        ...

    @property
    def wallet_access(self) -> WalletAccess:
        """Give the service that lets wallets in."""
        ...

    @property
    def verification(self) -> VerificationService:
        """Give the service for verifying presentations."""
        ...

    @property
    def presentations(self) -> PresentationServices:
        """Give the services that ask wallets for presentations and take their answers."""
        ...

    @property
    def staff(self) -> StaffSessionService:
        """Give the service for the sessions of staff at the desk."""
        ...

    @property
    def passkeys(self) -> StaffPasskeyService:
        """Give the service for passkeys of staff."""
        ...

    @property
    def terminals(self) -> StaffTerminals:
        """Give the service that ties a command at a terminal to a session at the console."""
        ...

    @property
    def enroller(self) -> StaffEnroller:
        """Give the service that lets somebody with a code add a passkey."""
        ...

    @property
    def federation(self) -> StaffFederation | None:
        """Give the service that lets staff in through an identity provider, where one is named."""
        ...

    @property
    def dual_control(self) -> DualControlService:
        """Give the service for acts that two people must want."""
        ...

    @property
    def request_digests(self) -> RequestDigests:
        """Give the service that digests the bodies of repeatable requests."""
        ...

    @property
    def subjects(self) -> SubjectService:
        """Give the service for subjects and their erasure."""
        ...

    @property
    def evidence(self) -> EvidenceService:
        """Give the service for the evidence of verifications."""
        ...

    @property
    def receipts(self) -> ReceiptSigner:
        """Give what signs consent receipts as they are handed out."""
        ...

    @property
    def receipt_desk(self) -> ReceiptDesk:
        """Give the service that holders ask about their receipts."""
        ...

    @property
    def evidence_exporter(self) -> EvidenceExporter:
        """Give the service that puts packages of evidence together."""
        ...

    @property
    def log(self) -> LogReader:
        """Give the reader of this member's transparency log."""
        ...

    @property
    def witness(self) -> WitnessService:
        """Give the witness of the other members' logs."""
        ...

    @property
    def explorer(self) -> ExplorerService:
        """Give the service that looks back along the chain and at the members' logs."""
        ...

    @property
    def last_audit(self) -> Callable[[], LastAudit | AuditUnreadable | None]:
        """Give the reader of what the latest audit found; None where none was kept."""
        ...

    @property
    def genesis_facts(self) -> Callable[[], bytes]:
        """Give the reader of the description of this consortium's contracts, by which evidence is judged."""
        ...
