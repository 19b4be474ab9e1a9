"""One member's node over the in-memory ports: real services and keys, a set clock, and the names tests use."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jeung.crypto.hashing import keccak256
from jeung.domain.audits import AuditUnreadable, LastAudit
from jeung.domain.erasure import RetentionRules
from jeung.domain.governance.agenda import Certificate
from jeung.domain.identifiers import Address, MemberId, SchemaId
from jeung.domain.proofing import ProofingMethod, ProofingPolicy
from jeung.domain.registrations import KeyPurpose
from jeung.services.access import AccessRules, TokenService
from jeung.services.approvals import ApprovalService
from jeung.services.attestations import AttestationService
from jeung.services.credentials import CredentialService
from jeung.services.decisions import DecisionService
from jeung.services.dual_control import ActRegistry, DualControlService
from jeung.services.erasure import ErasureAct, SubjectService
from jeung.services.evidence.exporting import EvidenceExporter
from jeung.services.evidence.package import DeploymentFacts
from jeung.services.explorer import ExplorerService
from jeung.services.governance import GovernanceRules, GovernanceService, OwnAccounts
from jeung.services.issuance import IssuanceRules, IssuanceService
from jeung.services.log import LogReader, WitnessService
from jeung.services.metadata import MetadataService
from jeung.services.nonces import NonceRules, NonceService
from jeung.services.presentations import (
    PresentationRules,
    PresentationServices,
    WebhookRules,
    build_presentation_services,
)
from jeung.services.proofing import ProofingService
from jeung.services.receipts import ReceiptDesk, ReceiptSigner
from jeung.services.registry import RegistryService
from jeung.services.request_digests import RequestDigests
from jeung.services.simulations import Questioner, SimulationService
from jeung.services.staff import (
    StaffAccountService,
    StaffEnroller,
    StaffEnrolmentService,
    StaffFederation,
    StaffPasskeyService,
    StaffSessionService,
    StaffTerminals,
)
from jeung.services.status_lists import StatusListRules, StatusListService
from jeung.services.verification import EvidenceService, VerificationRules, VerificationService
from jeung.services.wallets.access import WalletAccess
from jeung.services.wallets.challenges import ChallengeService
from jeung.services.wallets.issuer import CredentialIssuer
from jeung.services.wallets.server import AuthorizationServer
from node.runtime.federation import build_federation
from node.runtime.governing import ArtifactDecoder
from node.runtime.issuer import credential_issuer_rules
from node.runtime.passkeys import WebauthnVerifier
from node.runtime.passwords import Argon2Hasher
from node.runtime.staff import session_rules
from node.runtime.wallets import authorization_rules
from node.settings import Environment, PresentationSettings, Settings
from tests.common.acts import NoteAct
from tests.common.backups import deployment
from tests.common.memory.chain import MemoryLedger
from tests.common.memory.custody import MemoryResponseKeys, MemorySigner, MemoryVault
from tests.common.memory.database import MemoryDatabase
from tests.common.memory.history import MemoryHistory
from tests.common.memory.limiter import MemoryRateLimiter
from tests.common.memory.log import MemoryTransparencyLog, MemoryWitnessMemory
from tests.common.memory.store import MemoryStore
from tests.common.memory.world import AtOnce, SetClock, SystemEntropy

URL = "http://localhost:8101"
VCT = "http://localhost:8101/types/real-name-1"
TYPE = b'{"vct":"http://localhost:8101/types/real-name-1","name":"Real name"}'
PROFILE = "open-account"
HOOKS = "https://backend.example/hooks/"
MEMBER = MemberId(keccak256(URL.encode()))
SCHEMA = SchemaId(hashlib.sha256(TYPE).digest())
PROPOSAL = "0x" + "77" * 32
GOVERNANCE, ATTEST, STATUS, TARGET = (Address("0x" + digit * 40) for digit in "1234")
CONSORTIUM = Address("0x" + "5" * 40)
CHAIN_ID = 31_337
YEAR_S = 365 * 86_400
PERSON = {
    "family_name": "Kim",
    "given_name": "Minji",
    "name_ko": "김민지",
    "birthdate": "1990-05-17",
    "phone_number": "+821012345678",
}
METHODS = (ProofingMethod.MOBILE_PHONE, ProofingMethod.ID_DOCUMENT, ProofingMethod.ACCOUNT_OWNERSHIP)


class FixedHealth:
    """Say what a test has set."""

    def __init__(self) -> None:
        self.parts = {"database": True, "worker": True, "ledger": True}

    def checks(self) -> Mapping[str, bool]:
        return dict(self.parts)

    def measurements(self) -> Mapping[str, float]:
        return {"ledger_head_age_seconds": 1.0}


@dataclass(frozen=True)
class Node:
    """Satisfy `api.runtime.ApiRuntime` over memory."""

    settings: Settings
    clock: SetClock
    entropy: SystemEntropy
    signer: MemorySigner
    limiter: MemoryRateLimiter
    health: FixedHealth
    tokens: TokenService
    proofings: ProofingService
    issuance: IssuanceService
    credentials: CredentialService
    nonces: NonceService
    verification: VerificationService
    evidence: EvidenceService
    receipts: ReceiptSigner
    receipt_desk: ReceiptDesk
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
    challenges: ChallengeService
    wallet_access: WalletAccess
    authorization: AuthorizationServer
    issuer: CredentialIssuer
    staff: StaffSessionService
    passkeys: StaffPasskeyService
    enroller: StaffEnroller
    terminals: StaffTerminals
    federation: StaffFederation | None
    enrolments: StaffEnrolmentService
    dual_control: DualControlService
    request_digests: RequestDigests
    subjects: SubjectService
    presentations: PresentationServices
    staff_accounts: StaffAccountService
    log: LogReader
    witness: WitnessService
    transparency: MemoryTransparencyLog
    memory_of_witness: MemoryWitnessMemory
    explorer: ExplorerService
    last_audit: Callable[[], LastAudit | AuditUnreadable | None]
    genesis_facts: Callable[[], bytes]


def build_node(
    database: MemoryDatabase,
    *,
    api: Mapping[str, Any] | None = None,
    base_url: str = URL,
    limits: dict[str, tuple[int, int]] | None = None,
    environment: str = "sandbox",
    wallets: Mapping[str, Any] | None = None,
    status_lists: Mapping[str, Any] | None = None,
    console: Mapping[str, Any] | None = None,
    oidc: Mapping[str, Any] | None = None,
    explorer: Mapping[str, Any] | None = None,
    last_audit: Callable[[], LastAudit | AuditUnreadable | None] = lambda: None,
    genesis_facts: Callable[[], bytes] | None = None,
) -> Node:
    """Wire a node over a database; `api` and `wallets` are settings, `limits` are (hits, seconds) by name."""
    clock, entropy, vault = SetClock(), SystemEntropy(), MemoryVault()
    signer, store = MemorySigner(*KeyPurpose), MemoryStore(database, MEMBER)
    ledger, hasher = MemoryLedger(database), Argon2Hasher(entropy, unsafe_fast=True)
    transparency, remembered = MemoryTransparencyLog(database), MemoryWitnessMemory()
    settings = Settings(
        node_dir=Path("unused"),
        name="bank",
        environment=Environment(environment),
        base_url=base_url,
        listen_port=8101,
        rpc_urls=("http://localhost:8100",),
        api=dict(api or {}),
        wallets=dict(wallets or {}),
        status_lists=dict(status_lists or {}),
        console=dict(console or {}),
        oidc=dict(oidc or {}),
        explorer=dict(explorer or {}),
        presentations=PresentationSettings(event_stream_s=1),
    )
    authorization = AuthorizationServer(
        store=store,
        ledger=ledger,
        vault=vault,
        clock=clock,
        entropy=entropy,
        rules=authorization_rules(settings),
    )
    questions = Questioner(store=store, clock=clock, entropy=entropy)
    issuance = IssuanceService(
        store=store,
        ledger=ledger,
        signer=signer,
        vault=vault,
        clock=clock,
        entropy=entropy,
        rules=IssuanceRules(URL),
    )
    receipts, reader = ReceiptSigner(signer=signer), LogReader(log=transparency, url=base_url)
    rules, verifier = session_rules(settings), WebauthnVerifier(base_url)
    passkeys = StaffPasskeyService(store=store, verifier=verifier, clock=clock, entropy=entropy, rules=rules)
    erasing = ErasureAct(clock=clock, entropy=entropy, rules=RetentionRules(5 * YEAR_S, 5 * YEAR_S, 86_400))
    return Node(
        settings=settings,
        clock=clock,
        entropy=entropy,
        signer=signer,
        limiter=MemoryRateLimiter(clock, limits),
        health=FixedHealth(),
        tokens=TokenService(store=store, signer=signer, clock=clock, entropy=entropy, rules=AccessRules(URL)),
        proofings=ProofingService(
            store=store,
            vault=vault,
            clock=clock,
            entropy=entropy,
            policy=ProofingPolicy("1", frozenset(METHODS), frozenset({ProofingMethod.VIDEO_CALL}), 7 * 86_400),
        ),
        issuance=issuance,
        credentials=CredentialService(store=store, clock=clock),
        nonces=NonceService(store=store, ledger=ledger, clock=clock, entropy=entropy, rules=NonceRules(URL)),
        verification=VerificationService(
            store=store, ledger=ledger, vault=vault, clock=clock, entropy=entropy, rules=VerificationRules(URL)
        ),
        evidence=EvidenceService(store=store, vault=vault, clock=clock),
        receipts=receipts,
        receipt_desk=ReceiptDesk(
            store=store,
            ledger=ledger,
            vault=vault,
            signer=receipts,
            log=reader,
            clock=clock,
            rules=VerificationRules(URL),
        ),
        attestations=AttestationService(ledger=ledger),
        registry=RegistryService(ledger=ledger),
        governance=GovernanceService(
            store=store,
            ledger=ledger,
            signer=signer,
            clock=clock,
            entropy=entropy,
            accounts=OwnAccounts(GOVERNANCE, ATTEST, STATUS),
            rules=GovernanceRules(URL),
        ),
        decisions=DecisionService(ledger=ledger, decoder=ArtifactDecoder(), clock=clock, own=MEMBER),
        simulations=SimulationService(
            ledger=ledger, decoder=ArtifactDecoder(), questions=questions, clock=clock, governance=GOVERNANCE
        ),
        approvals=ApprovalService(
            store=store,
            ledger=ledger,
            questions=questions,
            clock=clock,
            entropy=entropy,
            own=MEMBER,
            chain_id=CHAIN_ID,
        ),
        certificates=tuple,
        status_lists=StatusListService(
            store=store, ledger=ledger, signer=signer, clock=clock, rules=StatusListRules(URL)
        ),
        metadata=MetadataService(ledger=ledger, signer=signer, url=URL),
        challenges=authorization.challenges,
        wallet_access=authorization.access,
        authorization=authorization,
        presentations=build_presentation_services(
            store=store,
            ledger=ledger,
            signer=signer,
            vault=vault,
            response_keys=MemoryResponseKeys(),
            clock=clock,
            entropy=entropy,
            later=AtOnce(),
            rules=PresentationRules(URL, redirects_need_https=False),
            verification=VerificationRules(URL),
            webhooks=WebhookRules(URL, allowed_urls=(HOOKS,)),
        ),
        issuer=CredentialIssuer(
            store=store,
            ledger=ledger,
            signer=signer,
            vault=vault,
            keys=MemoryResponseKeys(),
            clock=clock,
            entropy=entropy,
            issuance=issuance,
            challenges=authorization.challenges,
            rules=credential_issuer_rules(settings),
        ),
        staff=StaffSessionService(store=store, hasher=hasher, clock=clock, entropy=entropy, rules=rules),
        passkeys=passkeys,
        federation=build_federation(settings, store, signer, clock, entropy, rules),
        enroller=StaffEnroller(store=store, clock=clock, rules=rules, passkeys=passkeys),
        terminals=StaffTerminals(store=store, clock=clock, entropy=entropy, rules=rules),
        enrolments=StaffEnrolmentService(store=store, clock=clock, entropy=entropy, ttl_s=900),
        dual_control=DualControlService(
            store=store, clock=clock, entropy=entropy, registry=ActRegistry([NoteAct(), erasing])
        ),
        request_digests=RequestDigests(store=store, vault=vault, clock=clock),
        subjects=SubjectService(store=store, vault=vault, clock=clock),
        staff_accounts=StaffAccountService(store=store, hasher=hasher, clock=clock, entropy=entropy),
        log=reader,
        witness=WitnessService(memory=remembered, ledger=ledger, signer=signer, clock=clock, url=base_url),
        evidence_exporter=EvidenceExporter(
            evidence=EvidenceService(store=store, vault=vault, clock=clock),
            store=store,
            vault=vault,
            log=reader,
            deployment=lambda: DeploymentFacts(31_337, bytes(20), bytes(32)),
        ),
        transparency=transparency,
        memory_of_witness=remembered,
        explorer=ExplorerService(
            ledger=ledger,
            history=MemoryHistory(database),
            log=transparency,
            witness=remembered,
            url=base_url,
        ),
        last_audit=last_audit,
        genesis_facts=genesis_facts or (lambda: json.dumps(deployment()).encode()),
    )
