"""Wire what governs: the services of the API, and the worker's reminders."""

import base64
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from cryptography import x509

from jeung.crypto.hashing import sha256
from jeung.domain.chain import ChainAccount, ChainCall
from jeung.domain.governance.agenda import Certificate, ReminderRules
from jeung.domain.registrations import KeyPurpose
from jeung.errors import KeyUnavailable, LedgerStale
from jeung.ports.custody import Signer
from jeung.ports.store import Store
from jeung.ports.world import Clock
from jeung.services.approvals import ApprovalService
from jeung.services.decisions import DecisionService
from jeung.services.governance import GovernanceRules, GovernanceService, OwnAccounts
from jeung.services.simulations import Questioner, SimulationService
from node.chain.abi import decode_call
from node.chain.deployment import load_deployment
from node.chain.errors import DeploymentFailed
from node.runtime.database import own_id
from node.runtime.parts import NodeParts
from node.settings import Settings

_LOG = structlog.get_logger(__name__)
_DAY_S = 86_400
_KIND = "reminder"


class ArtifactDecoder:
    """Read calldata by the contracts that are shipped (jeung.ports.chain.CallDecoder)."""

    def decode(self, contract: str, data: bytes) -> ChainCall | None:
        """Give the call that calldata makes of a contract, or None where it is none that reads in one way only."""
        return decode_call(contract, data)


@dataclass(frozen=True, slots=True)
class Governing:
    """Hold the services that govern."""

    governance: GovernanceService
    decisions: DecisionService
    simulations: SimulationService
    approvals: ApprovalService
    certificates: Callable[[], tuple[Certificate, ...]]


def build_governing(parts: NodeParts) -> Governing:
    """Wire the services that govern."""
    settings, store, ledger = parts.settings, parts.kept.store, parts.kept.ledger
    clock, entropy, decoder = parts.clock, parts.entropy, ArtifactDecoder()
    accounts = OwnAccounts(
        governance=parts.chain_signer.address(ChainAccount.GOVERNANCE),
        attest=parts.chain_signer.address(ChainAccount.ATTEST),
        status=parts.chain_signer.address(ChainAccount.STATUS),
    )
    questions = Questioner(store=store, clock=clock, entropy=entropy)
    return Governing(
        governance=GovernanceService(
            store=store,
            ledger=ledger,
            signer=parts.signer,
            clock=clock,
            entropy=entropy,
            accounts=accounts,
            rules=GovernanceRules(settings.base_url),
        ),
        decisions=_decisions(parts),
        simulations=SimulationService(
            ledger=ledger, decoder=decoder, questions=questions, clock=clock, governance=accounts.governance
        ),
        approvals=ApprovalService(
            store=store,
            ledger=ledger,
            questions=questions,
            clock=clock,
            entropy=entropy,
            own=own_id(settings),
            chain_id=_chain_id(settings),
        ),
        certificates=certificate_reader(parts.signer),
    )


def certificate_reader(signer: Signer) -> Callable[[], tuple[Certificate, ...]]:
    """Give what reads when the certificates of our active keys end."""

    def read() -> tuple[Certificate, ...]:
        found = []
        for purpose in KeyPurpose:
            try:
                key = signer.active_key(purpose)
            except KeyUnavailable:
                continue
            if key.x5c:
                leaf = x509.load_der_x509_certificate(base64.b64decode(key.x5c[0]))
                ends = int(leaf.not_valid_after_utc.timestamp())
                found.append(Certificate(key.key_id, purpose.name.lower(), ends))
        return tuple(found)

    return read


class Reminder:
    """Say in the log, once a day for each thing, what will lapse soon; a restart says nothing twice."""

    def __init__(
        self,
        *,
        decisions: DecisionService,
        certificates: Callable[[], tuple[Certificate, ...]],
        store: Store,
        clock: Clock,
    ) -> None:
        """Look at nothing yet."""
        self._decisions = decisions
        self._certificates = certificates
        self._store = store
        self._clock = clock

    def step(self) -> int:
        """Say what was not said today; give how many things that were."""
        try:
            items = self._decisions.agenda(self._certificates())
        except LedgerStale:
            return 0
        today = self._clock.now() // _DAY_S
        said = 0
        for item in items:
            thing = sha256(f"{item.kind}/{item.identifier}/{today}".encode()).hex()
            with self._store.write() as tx:
                first = tx.replays.claim(_KIND, thing, (today + 2) * _DAY_S)
            if first:
                said += 1
                _LOG.warning(
                    "governance_due", what=item.kind.value, ours=item.ours, due=item.due_at, said=item.words.en
                )
        return said


def build_reminder(parts: NodeParts) -> Reminder:
    """Wire the worker's reminders."""
    return Reminder(
        decisions=_decisions(parts),
        certificates=certificate_reader(parts.signer),
        store=parts.kept.store,
        clock=parts.clock,
    )


def _decisions(parts: NodeParts) -> DecisionService:
    ahead = parts.settings.governance
    return DecisionService(
        ledger=parts.kept.ledger,
        decoder=ArtifactDecoder(),
        clock=parts.clock,
        own=own_id(parts.settings),
        rules=ReminderRules(
            accreditation_days=ahead.remind_accreditation_days,
            key_days=ahead.remind_key_days,
            proposal_days=ahead.remind_proposal_days,
            wallet_provider_days=ahead.remind_wallet_provider_days,
            certificate_days=ahead.remind_certificate_days,
        ),
    )


def _chain_id(settings: Settings) -> int | None:
    """Give the chain's id, or None where the node was not given its consortium's contracts yet."""
    try:
        return load_deployment(settings.deployment_path).chain_id
    except DeploymentFailed:
        return None
