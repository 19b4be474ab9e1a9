"""A person is erased by two people, step by step, from whatever point a process that died left it at."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

import pytest

from jeung.crypto import canonical_json
from jeung.crypto.jws import parse_jws, sign_jws
from jeung.domain.access import Client, RequestKey, Scope
from jeung.domain.dual_control import Act, ActKind, ActState, Channel, Principal, PrincipalKind, Signatory
from jeung.domain.erasure import Erasure, ErasureGround, ErasureState, RetentionRules
from jeung.domain.ledger import CredentialStatus
from jeung.domain.registrations import KeyPurpose
from jeung.domain.staff import StaffAccount, StaffRole
from jeung.errors import (
    ActClosed,
    ActPending,
    Conflict,
    KeyUnavailable,
    MalformedInput,
    NotFound,
    StoreBusy,
    SubjectErased,
    SubjectLocked,
)
from jeung.services.dual_control import ActRegistry, DualControlService
from jeung.services.erasure import ErasureAct, ErasureWork, SubjectService
from jeung.services.erasure.certificate import certificate
from jeung.services.erasure.journal import erase_again, journal_line, read_line
from jeung.services.issuance import IssuedFamily
from jeung.services.proofing import CheckReport
from tests.common.jose import P256Signer
from tests.common.memory.custody import MemorySigner
from tests.common.memory.store import MemoryStore, MemoryTransaction
from tests.common.parties import BANK, PERSON, POLICY, VCT, Parties

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


def test_nothing_happens_before_a_second_person_approves() -> None:
    stage = Stage()
    act = stage.ask()
    run(stage)
    assert stage.wanted() == {CredentialStatus.VALID}
    assert stage.parties.proofing.read_person(stage.proofing, reader="stf_x")["family_name"]
    description = stage.acts.describe(act)
    assert description is not None
    assert description.facts[0].value == stage.subject


def test_approval_revokes_everything_and_destroys_the_data_key_at_once() -> None:
    stage = Stage()
    erasure = stage.erasure(stage.approved())
    assert (erasure.state, erasure.subject_id) == (ErasureState.REVOKING, stage.subject)
    assert stage.wanted() == {CredentialStatus.REVOKED}
    tables = stage.bank.database.read()
    assert stage.subject not in tables.data_keys
    assert {record.sealed for record in tables.credentials.values()} == {b""}
    with pytest.raises(SubjectErased):
        stage.parties.proofing.read_person(stage.proofing, reader="stf_x")


def test_records_wait_until_the_ledger_shows_the_revocation_then_nothing_is_left() -> None:
    stage = Stage()
    erasure_id = stage.approved()
    run(stage)
    assert stage.erasure(erasure_id).state is ErasureState.REVOKING
    stage.revoke_on_chain()
    stage.scrubbed = False
    run(stage)
    erasing = stage.erasure(erasure_id)
    assert (erasing.state, erasing.subject_id, erasing.certificate) == (ErasureState.ERASING, None, None)
    assert erasing.backups_until == stage.clock.now() + NO_LAW.backup_s
    with pytest.raises(NotFound):
        stage.subjects.get(stage.subject)
    stage.scrubbed = True
    run(stage)
    assert stage.erasure(erasure_id).state is ErasureState.ERASED
    tables = stage.bank.database.read()
    assert (tables.proofings, tables.credentials, tables.log_names) == ({}, {}, {})
    assert stage.subject not in tables.data_keys
    assert tables.erased_digests == {copy.record.digest for copy in stage.family.copies}


def test_certificate_says_what_was_done_and_names_nobody() -> None:
    stage = Stage()
    erasure_id = stage.approved()
    stage.revoke_on_chain()
    run(stage)
    text = stage.erasure(erasure_id).certificate
    assert text is not None
    claims = parse_jws(text, typ="erasure-certificate+jwt", algorithms={"ES256"}, max_characters=8_192).claims()
    assert (claims["jti"], claims["iss"], claims["ground"]) == (erasure_id, BANK, "customer_request")
    assert stage.subject not in str(claims)
    assert stage.subject not in repr(stage.erasure(erasure_id))


def test_log_names_no_id_of_the_person() -> None:
    stage = Stage()
    stage.approved()
    stage.revoke_on_chain()
    run(stage)
    events = stage.bank.database.read().events
    log = b"".join(entry.body for entry in events)
    ids = [stage.subject, stage.proofing, *(copy.record.credential_id for copy in stage.family.copies)]
    assert not any(name.encode() in log for name in ids)
    kinds = [entry.kind for entry in events]
    assert [kind for kind in kinds if "eras" in kind] == ["erasure_begun", "credentials_erased", "subject_erased"]
    copies = next(entry.body for entry in events if entry.kind == "credentials_erased")
    assert canonical_json.parse_object(copies)["copies"] == 2


def test_certificate_waits_for_its_key() -> None:
    stage = Stage()
    erasure_id = stage.approved()
    stage.revoke_on_chain()
    stage.scrubbed = False
    run(stage)
    whole, stage.signer, stage.scrubbed = stage.signer, MemorySigner(), True
    run(stage)
    assert stage.erasure(erasure_id).state is ErasureState.ERASING
    stage.signer = whole
    run(stage)
    assert stage.erasure(erasure_id).state is ErasureState.ERASED


class Dying:
    """A store whose process dies before the commit of its nth write transaction."""

    def __init__(self, store: MemoryStore, dies_at: int) -> None:
        self._store, self._left = store, dies_at
        self.read = store.read

    @contextmanager
    def write(self) -> Iterator[MemoryTransaction]:
        with self._store.write() as tx:
            yield tx
            self._left -= 1
            if self._left < 0:
                raise StoreBusy(retry_after_s=1)


@pytest.mark.parametrize("dies_at", range(3))
@pytest.mark.parametrize("rules", [NO_LAW, LAW], ids=["erased", "locked"])
def test_erasure_goes_on_from_wherever_its_process_died(dies_at: int, rules: RetentionRules) -> None:
    stage = Stage(rules)
    erasure_id = stage.approved()
    stage.revoke_on_chain()
    dying = stage.work(Dying(stage.store, dies_at))
    with suppress(StoreBusy):
        for _ in range(4):
            dying.step()
            stage.clock.advance(6 * 365 * DAY_S)
    run(stage)
    stage.clock.advance(6 * 365 * DAY_S)
    run(stage)
    assert stage.erasure(erasure_id).state is ErasureState.ERASED
    kinds = [entry.kind for entry in stage.bank.database.read().events]
    assert (kinds.count("credentials_erased"), kinds.count("subject_erased")) == (1, 1)


def test_step_that_another_worker_took_meanwhile_is_not_taken_again(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(LAW)
    erasure_id = stage.approved()
    stage.revoke_on_chain()
    stale = stage.erasure(erasure_id)
    work = stage.work()
    run(stage)
    locked = stage.erasure(erasure_id)
    assert locked.state is ErasureState.LOCKED
    stage.clock.advance(6 * 365 * DAY_S)
    run(stage)
    done = stage.erasure(erasure_id)
    for found in (stale, locked, replace(done, state=ErasureState.ERASING)):
        seen = {found.state: [found]}
        monkeypatch.setattr(ErasureWork, "_in", lambda _work, state, seen=seen: seen.get(state, []))
        assert not work.step()
    assert stage.erasure(erasure_id) == done


# ---- what the law keeps


def locked(stage: Stage) -> str:
    erasure_id = stage.approved()
    stage.revoke_on_chain()
    run(stage)
    assert stage.erasure(erasure_id).state is ErasureState.LOCKED
    return erasure_id


def test_completed_proofing_is_locked_until_the_duty_lapses_then_erased() -> None:
    stage = Stage(LAW)
    erasure_id = locked(stage)
    assert stage.erasure(erasure_id).locked_until == stage.clock.now() + LAW.proofing_s
    view = stage.subjects.get(stage.subject)
    assert (view.records.credentials, len(view.records.proofings)) == ((), 1)
    assert view.erasure is not None
    stage.clock.advance(LAW.proofing_s - 1)
    run(stage)
    assert stage.erasure(erasure_id).state is ErasureState.LOCKED
    stage.clock.advance(1)
    run(stage)
    assert stage.erasure(erasure_id).state is ErasureState.ERASED
    assert stage.subject not in stage.bank.database.read().data_keys


def test_duty_counts_from_the_end_of_the_relationship() -> None:
    stage = Stage(LAW)
    ended = stage.clock.now()
    stage.clock.advance(LAW.proofing_s)
    assert stage.erasure(stage.approved(relationship_ended_at=ended)).locked_until is None
    other = Stage(LAW)
    ended = other.clock.now()
    other.clock.advance(100)
    assert other.erasure(other.approved(relationship_ended_at=ended)).locked_until == ended + LAW.proofing_s


def test_end_of_a_relationship_is_not_dated_back_to_escape_the_duty() -> None:
    stage = Stage(LAW)
    with pytest.raises(MalformedInput, match="before its last proofing"):
        stage.ask(relationship_ended_at=stage.clock.now() - 1)


@pytest.mark.parametrize(
    ("ended_after", "rules", "ended", "kept"),
    [
        (None, LAW, "moment of the approval", "~ 20"),
        (0, LAW, "20", "not kept"),
        (None, NO_LAW, "approval", "not kept"),
    ],
    ids=["now", "long ago", "no duty"],
)
def test_approver_reads_from_when_a_duty_counts_and_until_when_it_keeps(
    ended_after: int | None, rules: RetentionRules, ended: str, kept: str
) -> None:
    stage = Stage(rules)
    ended_at = None if ended_after is None else stage.clock.now() + ended_after
    stage.clock.advance(LAW.proofing_s)
    description = stage.acts.describe(stage.ask(relationship_ended_at=ended_at))
    assert description is not None
    facts = {fact.label.en: fact.value for fact in description.facts}
    assert ended in facts["relationship ended (UTC)"]
    assert kept in facts["completed proofings are kept"]


def test_duty_that_runs_for_years_does_not_stand_before_one_that_has_lapsed(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(LAW)
    began = stage.clock.now()
    with stage.store.write() as tx:
        long = replace(SAMPLE, state=ErasureState.LOCKED, locked_until=began + 9 * LAW.proofing_s)
        tx.erasures.add(long)
    erasure_id = stage.approved(relationship_ended_at=began)
    stage.revoke_on_chain()
    run(stage)
    monkeypatch.setattr("jeung.services.erasure.work.AT_ONCE", 1)
    assert stage.erasure(erasure_id).state is ErasureState.LOCKED
    stage.clock.advance(LAW.proofing_s)
    run(stage)
    assert stage.erasure(erasure_id).state is ErasureState.ERASED


def test_act_that_named_an_erased_person_forgets_whom_it_was_about() -> None:
    stage = Stage()
    family = stage.family.copies[0].record.family_id
    named = {"subject": stage.subject, "family": family}
    with stage.store.write() as tx:
        for act_id, parameters in (("act_bulk", named), ("act_other", {"signing_key": "key"})):
            tx.acts.add(replace(BULK, act_id=act_id, parameters=parameters))
    stage.approved()
    stage.revoke_on_chain()
    run(stage)
    bulk, other = stage.acts.get("act_bulk"), stage.acts.get("act_other")
    assert (bulk.parameters, bulk.salt, bulk.reason, bulk.state) == (None, None, None, ActState.DONE)
    assert (other.parameters, other.reason) == ({"signing_key": "key"}, "a reason")


def test_request_for_an_erasure_that_was_rejected_leaves_no_trace_of_whom_it_was_about() -> None:
    stage = Stage()
    parameters = {"subject_id": stage.subject, "ground": "customer_request"}
    key = RequestKey("back-office", "k1", f"DELETE /v1/subjects/{stage.subject}", b"b" * 32)
    act = stage.acts.ask(ASKER, ActKind.ERASURE, parameters, "customer_request", request=key)
    stage.acts.reject(APPROVER, act.act_id)
    with stage.store.read() as tx:
        assert tx.idempotency.find(key) is None


def test_proofing_that_was_never_completed_is_kept_by_no_law() -> None:
    stage = Stage(LAW)
    opened = stage.parties.proofing.open(PERSON)
    erasure_id = stage.approved(subject_id=opened.subject_id)
    run(stage)
    assert stage.erasure(erasure_id).state is ErasureState.ERASED


def test_locked_subject_is_read_by_nobody_and_gets_nothing_new() -> None:
    stage = Stage(LAW)
    locked(stage)
    proofing, subject = stage.parties.proofing, stage.subject
    with pytest.raises(SubjectLocked):
        proofing.read_person(stage.proofing, reader="stf_x")
    with pytest.raises(SubjectLocked):
        proofing.open(PERSON, subject_id=subject)
    with pytest.raises(SubjectLocked):
        stage.parties.issuance.issue(stage.proofing, VCT, stage.parties.wallet.new_keys(1))


def test_open_proofing_of_a_locked_subject_goes_no_further() -> None:
    stage = Stage(LAW)
    second = stage.parties.proofing.open(PERSON, subject_id=stage.subject)
    report = CheckReport(min(POLICY.required), stage.clock.now(), b"d" * 32, True)
    ready = stage.parties.proofing.open(PERSON, subject_id=stage.subject)
    for method in POLICY.required:
        stage.parties.proofing.record_check(ready.proofing_id, replace(report, method=method))
    locked(stage)
    with pytest.raises(SubjectLocked):
        stage.parties.proofing.record_check(second.proofing_id, report)
    with pytest.raises(SubjectLocked):
        stage.parties.proofing.complete(ready.proofing_id)


def test_audit_reads_what_is_kept_and_is_logged_for_it() -> None:
    stage = Stage(LAW)
    locked(stage)
    (record,) = stage.subjects.read_retained(stage.subject, reader="auditor")
    assert record.person == PERSON
    assert record.proofing.proofing_id == stage.proofing
    assert "Kim" not in repr(record)
    kind, body = stage.bank.events()[-1]
    assert (kind, canonical_json.parse_object(body)["client"]) == ("retained_record_read", "auditor")


def test_nothing_is_read_as_kept_that_is_not_locked() -> None:
    stage = Stage(LAW)
    with pytest.raises(Conflict):
        stage.subjects.read_retained(stage.subject, reader="auditor")
    with pytest.raises(NotFound):
        stage.subjects.read_retained("sub_x", reader="auditor")
    locked(stage)
    with stage.store.write() as tx:
        tx.data_keys.destroy(stage.subject)
    with pytest.raises(SubjectErased):
        stage.subjects.read_retained(stage.subject, reader="auditor")


# ---- what is refused


@pytest.mark.parametrize(
    "change",
    [
        *({"subject_id": 1}, {"ground": "boredom"}, {"ground": None}, {"name": "Kim"}),
        *({"relationship_ended_at": time} for time in ("now", -1, 1 << 50, True)),
    ],
    ids=str,
)
def test_request_of_another_shape_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(MalformedInput):
        Stage().ask(**change)


def test_nobody_is_erased_who_is_not_there() -> None:
    with pytest.raises(NotFound):
        Stage().ask(subject_id="sub_x")


def test_subject_is_erased_once() -> None:
    stage = Stage()
    first, second = stage.ask(), stage.ask(ground="ordered")
    with pytest.raises(ActPending):
        stage.ask()
    stage.acts.approve(APPROVER, first.act_id, first.digest)
    with pytest.raises(ActPending):
        stage.acts.approve(APPROVER, second.act_id, second.digest)
    with pytest.raises(ActClosed):
        stage.acts.approve(APPROVER, first.act_id, first.digest)
    with pytest.raises(ActPending):
        stage.ask(ground="ordered", relationship_ended_at=stage.clock.now())


def test_subject_that_went_between_request_and_execution_is_not_found() -> None:
    stage = Stage()
    act = stage.ask()
    handler = ErasureAct(clock=stage.clock, entropy=stage.bank.entropy, rules=NO_LAW)
    with pytest.raises(NotFound), stage.store.write() as tx:
        handler.perform(tx, replace(act, parameters={**(act.parameters or {}), "subject_id": "sub_x"}), 0)


def test_already_revoked_copies_are_not_revoked_again() -> None:
    stage = Stage()
    with stage.store.write() as tx:
        ids = [copy.record.credential_id for copy in stage.family.copies]
        tx.credentials.want_status(ids, CredentialStatus.REVOKED, stage.clock.now())
    stage.revoke_on_chain()
    changes = stage.bank.database.read().next_change
    stage.approved()
    assert stage.bank.database.read().next_change == changes


def test_unknown_erasure_is_not_found_and_known_ones_are_listed() -> None:
    stage = Stage()
    with pytest.raises(NotFound):
        stage.erasure("ers_x")
    erasure_id = stage.approved()
    assert [one.erasure_id for one in stage.subjects.erasures(limit=10_000).items] == [erasure_id]


# ---- the journal outside of the database


def test_nothing_is_deleted_before_the_journal_has_it() -> None:
    stage = Stage()
    erasure_id = stage.approved()
    stage.revoke_on_chain()
    stage.noting = KeyUnavailable()
    run(stage)
    assert stage.erasure(erasure_id).state is ErasureState.REVOKING
    stage.noting = StoreBusy(retry_after_s=1)
    with pytest.raises(StoreBusy):
        run(stage)
    assert stage.erasure(erasure_id).state is ErasureState.REVOKING
    stage.noting = None
    run(stage)
    assert stage.erasure(erasure_id).state is ErasureState.ERASED


def noted(rules: RetentionRules = NO_LAW) -> tuple[Stage, str]:
    """Give a bank as a backup knew it before an erasure, and the journal's line of that erasure."""
    stage = Stage(rules)
    before = stage.bank.database.read()
    kept = {name: dict(getattr(before, name)) for name in ("proofings", "data_keys", "credentials", "erasures")}
    erasure_id = stage.approved()
    stage.revoke_on_chain()
    run(stage)
    line = stage.journal[erasure_id]
    tables = stage.bank.database.read()
    for name, rows in kept.items():
        getattr(tables, name).clear()
        getattr(tables, name).update(rows)
    return stage, line


def test_line_of_the_journal_names_nobody_and_the_subject_is_found_by_it() -> None:
    stage, line = noted()
    assert stage.subject not in line
    read = read_line(line)
    assert (read.issuer, read.locked_until) == (BANK, None)
    assert stage.subject not in repr(read)


@pytest.mark.parametrize("rules", [NO_LAW, LAW], ids=["nothing kept", "kept by law"])
def test_whoever_a_backup_brings_back_is_erased_again(rules: RetentionRules) -> None:
    stage, text = noted(rules)
    line = read_line(text)
    with stage.store.write() as tx:
        assert tx.subjects.records(stage.subject) is not None
        assert erase_again(tx, ["sub_other", stage.subject], [line], stage.clock.now()) == 1
        assert erase_again(tx, [stage.subject], [line], stage.clock.now()) == 0
    with pytest.raises((SubjectErased, SubjectLocked)):
        stage.parties.proofing.read_person(stage.proofing, reader="stf_x")
    run(stage)
    stage.clock.advance(2 * LAW.proofing_s)
    run(stage)
    again = stage.erasure(line.erasure_id)
    assert (again.state, again.act_id) == (ErasureState.ERASED, line.act_id)
    assert again.certificate is not None
    assert stage.subject not in stage.bank.database.read().data_keys


def test_subject_nothing_is_left_of_is_not_erased_again() -> None:
    stage, text = noted()
    with stage.store.write() as tx:
        tx.data_keys.destroy(stage.subject)
        tx.subjects.forget_proofings(stage.subject)
        assert erase_again(tx, [stage.subject], [read_line(text)], stage.clock.now()) == 0


def claims_of(line: str) -> dict[str, Any]:
    return parse_jws(line, typ="erasure-journal+jwt", algorithms={"ES256"}, max_characters=4_096).claims()


def relined(stage: Stage, line: str, **changes: Any) -> str:  # noqa: ANN401 - claims
    key = stage.signer.active_key(KeyPurpose.RECEIPT_SIGNING)
    header = {"alg": "ES256", "typ": "erasure-journal+jwt", "jwk": dict(key.jwk)}
    claims = {**claims_of(line), **changes}
    kept = {name: value for name, value in claims.items() if value != "left out"}
    return sign_jws(header, kept, lambda data: stage.signer.sign(key.key_id, KeyPurpose.RECEIPT_SIGNING, data))


@pytest.mark.parametrize(
    "changes",
    [
        {"subject_digest": "AA"},
        {"request_digest": "left out"},
        {"began_at": "1"},
        {"began_at": True},
        {"locked_until": "1"},
        {"ground": "boredom"},
    ],
    ids=["digest", "missing", "time", "truth", "lock", "ground"],
)
def test_line_of_another_shape_is_refused(changes: dict[str, Any]) -> None:
    stage, line = noted()
    assert read_line(relined(stage, line))
    with pytest.raises(MalformedInput):
        read_line(relined(stage, line, **changes))


def test_line_that_was_changed_or_is_a_certificate_is_refused() -> None:
    stage, line = noted()
    head, body, signature = line.split(".")
    for text in (f"{head}.{body}.{signature[:-4]}AAAA", f"{head}.{body}", "", line + line):
        with pytest.raises(MalformedInput):
            read_line(text)
    erasure = replace(SAMPLE, began_at=1, deleted_at=2, backups_until=3)
    with pytest.raises(MalformedInput):
        read_line(certificate(erasure, url=BANK, signer=stage.signer, now=3))
