"""An approved act happens once: by the worker, or where its caller is; whoever dies in between goes on."""

from dataclasses import replace

import pytest

from jeung.domain.access import Scope
from jeung.domain.dual_control import (
    Act,
    ActKind,
    ActState,
    Principal,
)
from jeung.errors import (
    ActChanged,
    ActClosed,
    ActNotPermitted,
    JeungError,
    MalformedInput,
    NotFound,
    StoreBusy,
    SubjectErased,
)
from jeung.services.dual_control import (
    ActRegistry,
    DualControlService,
    Outcome,
)
from jeung.services.dual_control import service as service_module
from tests.common.acts import FetchedAct, NoteAct, SlowAct
from tests.common.memory.world import SystemEntropy
from tests.unit.jeung.services.twofold import RULES, Stage, client, staff


@pytest.fixture
def stage() -> Stage:
    return Stage()


# ---- carried out by the worker


def test_worker_takes_an_approved_act_step_by_step_and_it_forgets_at_its_end() -> None:
    slow = SlowAct(Outcome(done=False), Outcome(done=False, more=False), Outcome(done=True, result={"steps": 3}))
    stage = Stage(slow)
    asked = stage.ask(ActKind.MASS_REVOCATION)
    assert not stage.work.step()
    approved = stage.approve(asked)
    assert (approved.state, slow.begun) == (ActState.EXECUTING, [asked.act_id])
    stage.clock.advance(RULES.decide_within_s)
    assert [stage.work.step() for _ in range(3)] == [True, False, False]
    done = stage.acts.get(asked.act_id)
    assert (done.state, done.result) == (ActState.DONE, {"steps": 3})
    assert (done.parameters, done.salt, done.reason) == (None, None, None)
    assert done.digest == asked.digest
    assert stage.acts.describe(done) is None
    assert stage.acts.describe(asked) is not None


def test_act_that_cannot_go_on_now_waits_and_holds_up_no_other() -> None:
    slow = SlowAct(StoreBusy(retry_after_s=1), Outcome(done=True), Outcome(done=True))
    stage = Stage(slow)
    for note in "ab":
        stage.approve(stage.ask(ActKind.MASS_REVOCATION, note=note))
    stage.work.step()
    states = [act.state for act in stage.acts.page().items]
    assert states == [ActState.DONE, ActState.EXECUTING]
    stage.work.step()
    assert {act.state for act in stage.acts.page().items} == {ActState.DONE}


def test_act_that_can_never_go_on_fails_with_its_code() -> None:
    stage = Stage(SlowAct(SubjectErased()))
    asked = stage.approve(stage.ask(ActKind.MASS_REVOCATION))
    stage.work.step()
    failed = stage.acts.get(asked.act_id)
    assert (failed.state, failed.failure) == (ActState.FAILED, "subject_erased")
    assert stage.events("act_ended")[0][1]["failure"] == "subject_erased"


def test_begun_act_is_not_withdrawn() -> None:
    stage = Stage(SlowAct())
    asked = stage.approve(stage.ask(ActKind.MASS_REVOCATION))
    with pytest.raises(ActClosed):
        stage.acts.withdraw(client(), asked.act_id)


# ---- carried out where its caller is


def fetched(stage: Stage) -> Act:
    return stage.approve(stage.ask(ActKind.KEY_DESTRUCTION))


@pytest.mark.parametrize("by", [client(), staff()], ids=["asker", "approver"])
def test_caller_begins_carries_out_and_reports(stage: Stage, by: Principal) -> None:
    approved = fetched(stage)
    assert approved.state is ActState.APPROVED
    begun = stage.acts.begin(by, approved.act_id, ActKind.KEY_DESTRUCTION)
    stage.clock.advance(RULES.begin_within_s - 1)
    # Its process died: it is given again, with the time it first began.
    assert stage.acts.begin(by, approved.act_id, ActKind.KEY_DESTRUCTION).begun_at == begun.begun_at
    assert not stage.work.step()
    done = stage.acts.finish(approved.act_id, {"key": "k"})
    assert (done.state, done.result) == (ActState.DONE, {"key": "k"})
    with pytest.raises(ActClosed):
        stage.acts.finish(approved.act_id)
    with pytest.raises(ActClosed):
        stage.acts.begin(by, approved.act_id, ActKind.KEY_DESTRUCTION)


def test_begun_act_is_no_standing_authority(stage: Stage) -> None:
    approved = fetched(stage)
    stage.acts.begin(client(), approved.act_id, ActKind.KEY_DESTRUCTION)
    stage.clock.advance(RULES.begin_within_s)
    with pytest.raises(ActClosed):
        stage.acts.begin(client(), approved.act_id, ActKind.KEY_DESTRUCTION)
    stage.work.step()
    ended = stage.acts.get(approved.act_id)
    assert (ended.state, ended.failure) == (ActState.FAILED, "act_abandoned")


def test_act_that_was_reported_meanwhile_is_not_ended_once_more(stage: Stage) -> None:
    approved = fetched(stage)
    begun = stage.acts.begin(client(), approved.act_id, ActKind.KEY_DESTRUCTION)
    stage.acts.finish(approved.act_id)
    stage.clock.advance(RULES.begin_within_s)
    stage.work._advanced(begun)
    assert stage.acts.get(approved.act_id).state is ActState.DONE


@pytest.mark.parametrize("kind", [ActKind.KEY_DESTRUCTION, ActKind.MASS_REVOCATION])
def test_act_whose_row_was_changed_after_the_approval_is_not_carried_out(kind: ActKind) -> None:
    stage = Stage(SlowAct(Outcome(done=True)), FetchedAct())
    approved = stage.approve(stage.ask(kind))
    with stage.store.write() as tx:
        tx.acts.replace(replace(approved, parameters={"note": "another"}))
    if kind is ActKind.KEY_DESTRUCTION:
        with pytest.raises(ActChanged):
            stage.acts.begin(client(), approved.act_id, kind)
        return
    stage.work.step()
    ended = stage.acts.get(approved.act_id)
    assert (ended.state, ended.failure) == (ActState.FAILED, "act_changed")


def test_caller_reports_a_failure(stage: Stage) -> None:
    approved = fetched(stage)
    stage.acts.begin(staff(), approved.act_id, ActKind.KEY_DESTRUCTION)
    assert stage.acts.fail(approved.act_id, "key_unavailable").failure == "key_unavailable"


def test_nothing_begins_before_its_approval(stage: Stage) -> None:
    asked = stage.ask(ActKind.KEY_DESTRUCTION)
    with pytest.raises(ActClosed):
        stage.acts.begin(client(), asked.act_id, ActKind.KEY_DESTRUCTION)
    with pytest.raises(ActClosed):
        stage.acts.finish(asked.act_id)


def test_approval_that_is_not_used_lapses(stage: Stage) -> None:
    approved = fetched(stage)
    stage.clock.advance(RULES.begin_within_s)
    with pytest.raises(ActClosed):
        stage.acts.begin(client(), approved.act_id, ActKind.KEY_DESTRUCTION)


def test_third_person_begins_nothing(stage: Stage) -> None:
    with pytest.raises(ActNotPermitted):
        stage.acts.begin(staff("stf_a", *Scope), fetched(stage).act_id, ActKind.KEY_DESTRUCTION)


def test_authority_for_one_kind_is_none_for_another(stage: Stage) -> None:
    asked = stage.ask()
    for kind in (ActKind.KEY_DESTRUCTION, ActKind.POLICY_CHANGE):
        with pytest.raises(NotFound):
            stage.acts.begin(client(), asked.act_id, kind)


def test_approved_act_may_still_be_withdrawn(stage: Stage) -> None:
    approved = fetched(stage)
    assert stage.acts.withdraw(client(), approved.act_id).state is ActState.WITHDRAWN


# ---- the registry


def test_registry_has_one_handler_a_kind() -> None:
    with pytest.raises(ValueError, match="two handlers"):
        ActRegistry([NoteAct(), NoteAct()])
    assert Stage().acts.kinds() == (ActKind.POLICY_CHANGE, ActKind.MASS_REVOCATION, ActKind.KEY_DESTRUCTION)


def test_act_of_a_kind_that_is_served_no_more_can_be_rejected(stage: Stage) -> None:
    asked = stage.ask()
    later = DualControlService(
        store=stage.store, clock=stage.clock, entropy=SystemEntropy(), registry=ActRegistry(), rules=None
    )
    assert later.describe(asked) is None
    with pytest.raises(MalformedInput):
        later.approve(staff(), asked.act_id, asked.digest)
    assert later.reject(staff(), asked.act_id).state is ActState.REJECTED


def test_pages_are_bounded(stage: Stage) -> None:
    for note in "ab":
        stage.ask(note=note)
    first = stage.acts.page(limit=1)
    assert [act.parameters for act in first.items] == [{"note": "b"}]
    assert stage.acts.page(cursor=first.next_cursor, limit=10_000).next_cursor is None
    assert service_module.MAX_PAGE == 200
    assert issubclass(ActNotPermitted, JeungError)
