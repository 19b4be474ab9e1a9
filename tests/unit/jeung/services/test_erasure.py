"""A person is erased by two people, step by step, from whatever point a process that died left it at."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

import pytest

from jeung.crypto import canonical_json
from jeung.crypto.jws import parse_jws
from jeung.domain.access import RequestKey
from jeung.domain.dual_control import ActKind, ActState
from jeung.domain.erasure import ErasureState, RetentionRules
from jeung.domain.ledger import CredentialStatus
from jeung.errors import (
    ActClosed,
    ActPending,
    MalformedInput,
    NotFound,
    StoreBusy,
    SubjectErased,
)
from jeung.services.erasure import ErasureAct, ErasureWork
from tests.common.erasures import APPROVER, ASKER, BULK, DAY_S, LAW, NO_LAW, Stage, run
from tests.common.memory.custody import MemorySigner
from tests.common.memory.erasure import MemoryErasures
from tests.common.memory.store import MemoryStore, MemoryTransaction
from tests.common.parties import BANK


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
        lapsed = seen.get(ErasureState.LOCKED, [])
        monkeypatch.setattr(MemoryErasures, "lapsed", lambda *_, lapsed=lapsed: lapsed)
        assert not work.step()
    assert stage.erasure(erasure_id) == done


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
