"""Wire the services of the core to one node's parts; each process of the node opens what it needs."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version

from jeung.domain.audits import AuditUnreadable, LastAudit
from jeung.domain.erasure import DAY_S
from jeung.domain.governance.agenda import Certificate
from jeung.domain.proofing import ProofingMethod, ProofingPolicy
from jeung.ports.store import RateLimiter
from jeung.services.access import AccessRules, TokenService
from jeung.services.approvals import ApprovalService
from jeung.services.attestations import AttestationService
from jeung.services.credentials import CredentialService
from jeung.services.decisions import DecisionService
from jeung.services.dual_control import DualControlService
from jeung.services.erasure import SubjectService
from jeung.services.evidence.exporting import EvidenceExporter
from jeung.services.evidence.package import DeploymentFacts
from jeung.services.explorer import ExplorerService
from jeung.services.governance import GovernanceService
from jeung.services.issuance import IssuanceRules, IssuanceService
from jeung.services.log import LogReader, WitnessService
from jeung.services.metadata import MetadataService
from jeung.services.nonces import NonceRules, NonceService
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
from jeung.services.status_lists import StatusListRules, StatusListService
from jeung.services.verification import EvidenceService, VerificationRules, VerificationService
from jeung.services.verification.shown import PresentationRetention
from jeung.services.wallets.access import WalletAccess
from jeung.services.wallets.challenges import ChallengeService
from jeung.services.wallets.issuer import CredentialIssuer
from jeung.services.wallets.server import AuthorizationServer
from keys.envelope import Vault
from node.chain.deployment import DIRECTORY, load_deployment
from node.chain.hexes import address_bytes
from node.runtime.acts import build_dual_control, context_of
from node.runtime.adapters import OsEntropy, SystemClock
from node.runtime.federation import build_federation
from node.runtime.governing import build_governing
from node.runtime.health import NodeHealth
from node.runtime.issuer import build_credential_issuer
from node.runtime.last_audit import read_last_audit
from node.runtime.parts import NodeParts, open_parts
from node.runtime.passkeys import WebauthnVerifier
from node.runtime.passwords import Argon2Hasher
from node.runtime.presentations import build_presentations
from node.runtime.staff import session_rules
from node.runtime.wallets import build_authorization_server
from node.settings import Settings

__all__ = ["ApiServices", "build_api_services", "build_status_lists", "open_parts", "verification_rules"]

PROOFING_POLICY_VERSION = "real-name-1"
"""Three independent checks make a proofing; one of the person itself makes it high."""


@dataclass(frozen=True, slots=True)
class ApiServices:
    """Offer what the HTTP skin calls (`api.runtime.ApiRuntime`)."""

    settings: Settings
    clock: SystemClock
    entropy: OsEntropy
    limiter: RateLimiter
    health: NodeHealth
    tokens: TokenService
    proofings: ProofingService
    issuance: IssuanceService
    credentials: CredentialService
    nonces: NonceService
    verification: VerificationService
    evidence: EvidenceService
    evidence_exporter: EvidenceExporter
    attestations: AttestationService
    registry: RegistryService
    governance: GovernanceService
    decisions: DecisionService
    simulations: SimulationService
    approvals: ApprovalService
    certificates: Callable[[], tuple[Certificate, ...]]
    status_lists: StatusListService
    metadata: MetadataService
    presentations: PresentationServices
    challenges: ChallengeService
    wallet_access: WalletAccess
    authorization: AuthorizationServer
    issuer: CredentialIssuer
    staff: StaffSessionService
    passkeys: StaffPasskeyService
    enroller: StaffEnroller
    terminals: StaffTerminals
    federation: StaffFederation | None
    dual_control: DualControlService
    request_digests: RequestDigests
    subjects: SubjectService
    log: LogReader
    receipts: ReceiptSigner
    receipt_desk: ReceiptDesk
    witness: WitnessService
    explorer: ExplorerService
    last_audit: Callable[[], LastAudit | AuditUnreadable | None]
    genesis_facts: Callable[[], bytes]


def build_api_services(parts: NodeParts) -> ApiServices:
    """Wire everything the API serves."""
    settings, store, ledger, signer = parts.settings, parts.kept.store, parts.kept.ledger, parts.signer
    clock, entropy, vault, url = parts.clock, parts.entropy, Vault(parts.keystore), settings.base_url
    rules = verification_rules(settings)
    authorization = build_authorization_server(parts, vault)
    governing = build_governing(parts)
    log, receipts = LogReader(log=parts.kept.log, url=url), ReceiptSigner(signer=signer)
    issuance = IssuanceService(
        store=store,
        ledger=ledger,
        signer=signer,
        vault=vault,
        clock=clock,
        entropy=entropy,
        rules=IssuanceRules(
            url,
            validity_s=settings.issuance.validity_s,
            time_rounding_s=settings.issuance.time_rounding_s,
            max_copies=settings.issuance.max_copies,
        ),
    )
    passkeys = StaffPasskeyService(
        store=store,
        verifier=WebauthnVerifier(url),
        clock=clock,
        entropy=entropy,
        rules=session_rules(settings),
    )
    return ApiServices(
        settings=settings,
        clock=clock,
        entropy=entropy,
        limiter=parts.kept.limiter,
        health=NodeHealth(database=parts.kept.database, ledger=ledger, clock=clock, rules=rules),
        tokens=TokenService(
            store=store,
            signer=signer,
            clock=clock,
            entropy=entropy,
            rules=AccessRules(url, token_ttl_s=settings.api.token_ttl_s),
        ),
        proofings=ProofingService(
            store=store, vault=vault, clock=clock, entropy=entropy, policy=_proofing_policy(settings)
        ),
        issuance=issuance,
        credentials=CredentialService(store=store, clock=clock),
        nonces=NonceService(
            store=store,
            ledger=ledger,
            clock=clock,
            entropy=entropy,
            rules=NonceRules(url, ttl_s=settings.verification.nonce_ttl_s),
        ),
        verification=VerificationService(
            store=store, ledger=ledger, vault=vault, clock=clock, entropy=entropy, rules=rules
        ),
        evidence=EvidenceService(store=store, vault=vault, clock=clock),
        evidence_exporter=EvidenceExporter(
            evidence=EvidenceService(store=store, vault=vault, clock=clock),
            store=store,
            vault=vault,
            log=LogReader(log=parts.kept.log, url=url),
            deployment=lambda: deployment_facts(settings),
        ),
        attestations=AttestationService(ledger=ledger),
        registry=RegistryService(ledger=ledger),
        governance=governing.governance,
        decisions=governing.decisions,
        simulations=governing.simulations,
        approvals=governing.approvals,
        certificates=governing.certificates,
        status_lists=build_status_lists(parts),
        metadata=MetadataService(ledger=ledger, signer=signer, url=url),
        challenges=authorization.challenges,
        wallet_access=authorization.access,
        authorization=authorization,
        presentations=build_presentations(parts, vault, rules),
        issuer=build_credential_issuer(parts, vault, issuance, authorization.challenges),
        staff=StaffSessionService(
            store=store,
            hasher=Argon2Hasher(entropy, unsafe_fast=settings.unsafe_fast_key_derivation),
            clock=clock,
            entropy=entropy,
            rules=session_rules(settings),
        ),
        passkeys=passkeys,
        federation=build_federation(settings, store, signer, clock, entropy, session_rules(settings)),
        enroller=StaffEnroller(store=store, clock=clock, rules=session_rules(settings), passkeys=passkeys),
        terminals=StaffTerminals(store=store, clock=clock, entropy=entropy, rules=session_rules(settings)),
        dual_control=build_dual_control(context_of(parts)),
        request_digests=RequestDigests(store=store, vault=vault, clock=clock),
        subjects=SubjectService(store=store, vault=vault, clock=clock),
        log=log,
        receipts=receipts,
        receipt_desk=ReceiptDesk(
            store=store, ledger=ledger, vault=vault, signer=receipts, log=log, clock=clock, rules=rules
        ),
        witness=WitnessService(memory=parts.kept.witness, ledger=ledger, signer=signer, clock=clock, url=url),
        explorer=ExplorerService(
            ledger=ledger, history=parts.kept.history, log=parts.kept.log, witness=parts.kept.witness, url=url
        ),
        last_audit=partial(read_last_audit, settings),
        genesis_facts=settings.deployment_path.read_bytes,
    )


def build_status_lists(parts: NodeParts) -> StatusListService:
    """Wire the publisher of status lists; the worker publishes, the API serves what was published."""
    settings = parts.settings
    rules = StatusListRules(
        settings.base_url, lifetime_s=settings.status_lists.validity_s, ttl_s=settings.status_lists.ttl_s
    )
    return StatusListService(
        store=parts.kept.store, ledger=parts.kept.ledger, signer=parts.signer, clock=parts.clock, rules=rules
    )


def deployment_facts(settings: Settings) -> DeploymentFacts:
    """Name the node's consortium, as evidence does.

    Raises:
        DeploymentFailed: the node does not know its consortium's contracts.
    """
    deployment = load_deployment(settings.deployment_path)
    directory = address_bytes(deployment.addresses[DIRECTORY])
    return DeploymentFacts(deployment.chain_id, directory, deployment.block_hash)


def verification_rules(settings: Settings) -> VerificationRules:
    """Give the bounds of a verification as the settings have them."""
    return VerificationRules(
        settings.base_url,
        clock_skew_s=settings.verification.clock_skew_s,
        key_binding_max_age_s=settings.verification.key_binding_max_age_s,
        attestation_grace_s=settings.verification.attestation_grace_s,
        max_poll_age_s=settings.ledger.max_poll_age_s,
        max_blocks_behind=settings.ledger.max_blocks_behind,
        max_head_age_s=settings.ledger.max_head_age_s,
        deployment_id=_deployment_id(settings),
        evidence_kept_s=settings.retention.evidence_days * DAY_S,
        contact=settings.presentations.contact,
        software=f"jeung {version('jeung')}",
        presentations=PresentationRetention(
            settings.retention.presentation_days,
            {rule.profile: rule.presentation_days for rule in settings.retention.profiles},
        ),
    )


def _deployment_id(settings: Settings) -> bytes | None:
    """Give the deployment's id; None before there is one, when nobody can present anything either."""
    if not settings.deployment_path.exists():
        return None
    return load_deployment(settings.deployment_path).deployment_id


def _proofing_policy(settings: Settings) -> ProofingPolicy:
    return ProofingPolicy(
        version=PROOFING_POLICY_VERSION,
        required=frozenset(
            {ProofingMethod.MOBILE_PHONE, ProofingMethod.ID_DOCUMENT, ProofingMethod.ACCOUNT_OWNERSHIP}
        ),
        strengthening=frozenset({ProofingMethod.VIDEO_CALL, ProofingMethod.DELIVERY_CHECK, ProofingMethod.BIOMETRIC}),
        max_check_age_s=settings.issuance.max_check_age_s,
    )
