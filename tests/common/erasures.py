"""Play a bank with one customer, and everything that erases him."""

from dataclasses import replace
from typing import Any

from jeung.domain.access import Client, Scope
from jeung.domain.dual_control import Act, ActKind, ActState, Channel, Principal, PrincipalKind, Signatory
from jeung.domain.erasure import Erasure, ErasureGround, ErasureState, RetentionRules
from jeung.domain.ledger import CredentialStatus
from jeung.domain.registrations import KeyPurpose
from jeung.domain.staff import StaffAccount, StaffRole
from jeung.services.dual_control import ActRegistry, DualControlService
from jeung.services.erasure import ErasureAct, ErasureWork, SubjectService
from jeung.services.erasure.journal import journal_line
from jeung.services.issuance import IssuedFamily
from tests.common.jose import P256Signer
from tests.common.memory.custody import MemorySigner
from tests.common.parties import BANK, Parties

DAY_S = 86_400
LAW = RetentionRules(proofing_s=5 * 365 * DAY_S, evidence_s=DAY_S, backup_s=30 * DAY_S)
NO_LAW = replace(LAW, proofing_s=0)
ASKER = Principal(PrincipalKind.CLIENT, "back-office", Channel.API, frozenset(Scope))
APPROVER = Principal(PrincipalKind.STAFF, "stf_b", Channel.CONSOLE, frozenset({Scope.APPROVE}))


SAMPLE = Erasure(
    erasure_id="ers_other",
    act_id="act_other",
    request_digest=b"d" * 32,
    subject_id="sub_other",
    ground=ErasureGround.CUSTOMER_REQUEST,
    state=ErasureState.LOCKED,
    began_at=0,
)
BULK = Act(
    act_id="act_bulk",
    kind=ActKind.MASS_REVOCATION,
    parameters={},
    salt=b"s" * 32,
    digest=b"d" * 32,
    reason="a reason",
    state=ActState.DONE,
    requested_by=Signatory(PrincipalKind.CLIENT, "back-office", Channel.API),
    requested_at=0,
    expires_at=1,
)


class Stage:
    """A bank with one customer who got two copies, and everything that erases."""

    def __init__(self, rules: RetentionRules = NO_LAW) -> None:
        self.parties = Parties()
        self.bank, self.clock, self.store = self.parties.bank, self.parties.clock, self.parties.bank.store
        with self.store.write() as tx:
            tx.clients.put(Client("back-office", P256Signer().jwk, frozenset(Scope)))
            tx.staff.add(StaffAccount("stf_b", "bora", frozenset({StaffRole.APPROVER}), "$hash", 0))
        self.signer = MemorySigner(KeyPurpose.RECEIPT_SIGNING)
        self.rules = rules
        self.acts = DualControlService(
            store=self.store,
            clock=self.clock,
            entropy=self.bank.entropy,
            registry=ActRegistry([ErasureAct(clock=self.clock, entropy=self.bank.entropy, rules=rules)]),
        )
        self.scrubbed = True
        self.journal: dict[str, str] = {}
        self.noting: Exception | None = None
        self.subjects = SubjectService(store=self.store, vault=self.bank.vault, clock=self.clock)
        self.family: IssuedFamily = self.parties.attested(2)
        self.subject = self.family.copies[0].record.subject_id
        self.proofing = self.family.copies[0].record.proofing_id

    def work(self, store: Any = None) -> ErasureWork:  # noqa: ANN401 - a store that may fail
        return ErasureWork(
            store=store or self.store,
            clock=self.clock,
            signer=self.signer,
            url=BANK,
            rules=self.rules,
            scrub=lambda: self.scrubbed,
            note=self.note,
        )

    def note(self, erasure: Erasure) -> None:
        if self.noting is not None:
            raise self.noting
        self.journal[erasure.erasure_id] = journal_line(erasure, url=BANK, signer=self.signer)

    def ask(self, **changes: Any) -> Act:  # noqa: ANN401 - parameters
        parameters = {"subject_id": self.subject, "ground": "customer_request", **changes}
        return self.acts.ask(ASKER, ActKind.ERASURE, parameters, "customer_request")

    def approved(self, **changes: Any) -> str:  # noqa: ANN401 - parameters
        act = self.ask(**changes)
        done = self.acts.approve(APPROVER, act.act_id, act.digest)
        assert (done.state, done.parameters, done.reason) == (ActState.DONE, None, None)
        return str((done.result or {})["erasure_id"])

    def revoke_on_chain(self) -> None:
        for copy in self.family.copies:
            place = copy.record.status
            revoked = CredentialStatus.REVOKED
            self.parties.chain.set_statuses(self.bank.member, place.list_number, revoked, place.index)

    def erasure(self, erasure_id: str) -> Erasure:
        return self.subjects.erasure(erasure_id)

    def wanted(self) -> set[CredentialStatus]:
        return {record.wanted_status for record in self.bank.database.read().credentials.values()}


def run(stage: Stage) -> None:
    for _ in range(4):
        stage.work().step()


def locked(stage: Stage) -> str:
    erasure_id = stage.approved()
    stage.revoke_on_chain()
    run(stage)
    assert stage.erasure(erasure_id).state is ErasureState.LOCKED
    return erasure_id
