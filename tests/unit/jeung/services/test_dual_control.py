"""What nobody does alone: who asks does not decide, what was read is what happens, and it happens once."""

from dataclasses import replace
from typing import Any

import pytest

from jeung.domain.access import RequestKey, Scope
from jeung.domain.dual_control import (
    MAX_PARAMETERS_BYTES,
    ActKind,
    ActState,
    Channel,
    Principal,
    PrincipalKind,
    act_digest,
)
from jeung.errors import (
    ActChanged,
    ActClosed,
    ActNotPermitted,
    ActPending,
    Conflict,
    IdempotencyKeyReused,
    MalformedInput,
    NotFound,
    SecondPersonRequired,
    TooManyActs,
)
from tests.common.acts import NoteAct
from tests.common.memory.store import MemoryStore
from tests.unit.jeung.services.twofold import NOTE, RULES, WHY, Stage, client, staff


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_act_waits_until_another_person_approves_it_and_happens_with_the_approval(stage: Stage) -> None:
    asked = stage.ask()
    assert (asked.state, stage.events("noted")) == (ActState.REQUESTED, [])
    assert stage.acts.waiting() == [asked]
    done = stage.approve(asked)
    assert (done.state, done.result, len(stage.events("noted"))) == (ActState.DONE, {"noted": True}, 1)
    assert done.begun_at == done.ended_at == done.decided_at == stage.clock.now()
    assert stage.acts.get(asked.act_id) == done
    assert stage.acts.waiting() == []


def test_log_says_who_did_what_and_holds_no_reason_and_no_parameter(stage: Stage) -> None:
    stage.approve(stage.ask())
    kinds = [kind for kind, _ in stage.events()]
    assert kinds == ["act_requested", "act_approved", "noted", "act_ended"]
    (_, asked), (_, approved) = stage.events("act_requested", "act_approved")
    assert asked["by"] == {"kind": "client", "id": "back-office", "channel": "api"}
    assert approved["by"] == {"kind": "staff", "id": "stf_b", "channel": "console"}
    assert asked["digest"] == approved["digest"]
    assert WHY not in str(stage.events())


def test_digest_is_salted_so_that_it_gives_no_parameter_away(stage: Stage) -> None:
    first = stage.ask()
    stage.acts.withdraw(client(), first.act_id)
    second = stage.ask()
    assert first.digest != second.digest
    assert second.salt is not None
    assert second.digest == act_digest(second.kind, NOTE, second.salt)
    assert repr(second.salt) not in repr(second)


@pytest.mark.parametrize("channel", list(Channel))
def test_member_of_staff_does_not_approve_what_he_asked_for_wherever_he_sits(stage: Stage, channel: Channel) -> None:
    asked = stage.ask(by=staff("stf_a", *Scope))
    with pytest.raises(SecondPersonRequired):
        stage.approve(asked, staff("stf_a", Scope.APPROVE, channel=channel))
    with pytest.raises(SecondPersonRequired):
        stage.acts.reject(staff("stf_a", Scope.APPROVE, channel=channel), asked.act_id)
    assert stage.acts.get(asked.act_id) == asked


def test_client_counts_as_who_keeps_its_key(stage: Stage) -> None:
    stage.register("areums-script", "two", kept_by="areum")
    asked = stage.ask(by=staff("stf_a", *Scope))
    with pytest.raises(SecondPersonRequired):
        stage.approve(asked, client("areums-script"))
    theirs = stage.ask(by=client("areums-script"), note="two")
    with pytest.raises(SecondPersonRequired):
        stage.approve(theirs, staff("stf_a"))
    assert stage.approve(theirs, staff("stf_b")).state is ActState.DONE


def test_two_clients_with_one_key_are_one(stage: Stage) -> None:
    stage.register("twin", "one")
    asked = stage.ask()
    with pytest.raises(SecondPersonRequired):
        stage.approve(asked, client("twin"))


def test_person_is_judged_by_what_was_known_when_he_asked(stage: Stage) -> None:
    stage.register("shifting", "two", kept_by="areum")
    asked = stage.ask(by=client("shifting"))
    stage.register("shifting", "two", kept_by="bora")
    with pytest.raises(SecondPersonRequired):
        stage.approve(asked, staff("stf_a"))


def test_client_whose_keeper_nobody_knows_neither_asks_nor_decides(stage: Stage) -> None:
    stage.register("orphan", "two", kept_by="nobody")
    with pytest.raises(ActNotPermitted):
        stage.ask(by=client("orphan"))
    with pytest.raises(ActNotPermitted):
        stage.approve(stage.ask(), client("orphan"))


def test_client_whose_keeper_was_shut_out_neither_asks_nor_decides(stage: Stage) -> None:
    stage.register("leaver", "two", kept_by="areum")
    asked = stage.ask()
    with stage.store.write() as tx:
        keeper = tx.staff.get("stf_a")
        assert keeper is not None
        tx.staff.replace(replace(keeper, disabled_at=1))
    with pytest.raises(ActNotPermitted):
        stage.ask(by=client("leaver"), note="two")
    with pytest.raises(ActNotPermitted):
        stage.approve(asked, client("leaver"))


@pytest.mark.parametrize(
    "change",
    [{"parameters": {"note": "two"}}, {"parameters": None}, {"salt": b"z" * 32}, {"salt": None}],
    ids=["other", "none", "other salt", "no salt"],
)
def test_act_whose_row_was_changed_is_not_approved(stage: Stage, change: dict[str, Any]) -> None:
    asked = stage.ask()
    with stage.store.write() as tx:
        tx.acts.replace(replace(asked, **change))
    with pytest.raises(ActChanged):
        stage.approve(asked)
    assert stage.events("noted") == []


def test_whatever_an_act_leaves_in_the_log_names_who_did_it(stage: Stage) -> None:
    stage.approve(stage.ask())
    actors = [(kind, body["actor"]) for kind, body in stage.events()]
    assert actors == [
        ("act_requested", "client:back-office"),
        *((kind, "staff:stf_b") for kind in ("act_approved", "noted", "act_ended")),
    ]


def test_what_an_act_is_about_is_read_by_who_asked_may_ask_decides_or_audits(stage: Stage) -> None:
    asked = stage.ask()
    assert stage.acts.may_read(Principal(PrincipalKind.CLIENT, "back-office", Channel.API), asked)
    for scope in Scope:
        may = scope in {Scope.GOVERN, Scope.APPROVE, Scope.AUDIT}
        assert stage.acts.may_read(staff("stf_a", scope), asked) is may
    assert not stage.acts.may_read(Principal(PrincipalKind.STAFF, "back-office", Channel.API), asked)


@pytest.mark.parametrize("who", [staff("stf_x"), client("unknown")], ids=["staff", "client"])
def test_account_that_is_not_there_decides_nothing(stage: Stage, who: Principal) -> None:
    with pytest.raises(ActNotPermitted):
        stage.approve(stage.ask(), who)


def test_disabled_account_decides_nothing(stage: Stage) -> None:
    with stage.store.write() as tx:
        account = tx.staff.get("stf_b")
        assert account is not None
        tx.staff.replace(replace(account, disabled_at=1))
    with pytest.raises(ActNotPermitted):
        stage.approve(stage.ask())


@pytest.mark.parametrize("scope", sorted(set(Scope) - {Scope.APPROVE}))
def test_no_other_scope_decides(stage: Stage, scope: Scope) -> None:
    asked = stage.ask()
    with pytest.raises(ActNotPermitted):
        stage.approve(asked, staff("stf_b", scope))
    with pytest.raises(ActNotPermitted):
        stage.acts.reject(staff("stf_b", scope), asked.act_id)


def test_approver_without_the_kinds_scope_asks_for_nothing(stage: Stage) -> None:
    with pytest.raises(ActNotPermitted):
        stage.ask(by=staff())


def test_kind_this_node_does_not_serve_is_refused(stage: Stage) -> None:
    with pytest.raises(MalformedInput):
        stage.ask(ActKind.BACKUP_EXPORT)


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501, "a\nb"], ids=["empty", "blank", "long", "lines"])
def test_reason_is_needed(stage: Stage, reason: str) -> None:
    with pytest.raises(MalformedInput):
        stage.acts.ask(client(), ActKind.POLICY_CHANGE, NOTE, reason)


@pytest.mark.parametrize("parameters", [{}, {"note": 1}, {"note": "x" * MAX_PARAMETERS_BYTES}])
def test_parameters_of_another_shape_are_refused(stage: Stage, parameters: dict[str, Any]) -> None:
    with pytest.raises(MalformedInput):
        stage.acts.ask(client(), ActKind.POLICY_CHANGE, parameters, WHY)
    assert stage.acts.waiting() == []


def test_digest_of_something_else_approves_nothing(stage: Stage) -> None:
    asked = stage.ask()
    with pytest.raises(ActChanged):
        stage.acts.approve(staff(), asked.act_id, b"\x00" * 32)
    assert stage.acts.get(asked.act_id).state is ActState.REQUESTED


def test_act_that_cannot_be_done_is_not_approved_either() -> None:
    handler = NoteAct(refusal=Conflict("not now"))
    stage = Stage(handler)
    asked = stage.ask()
    with pytest.raises(Conflict):
        stage.approve(asked)
    assert stage.acts.get(asked.act_id) == asked
    assert [kind for kind, _ in stage.events()] == ["act_requested"]
    handler.refusal = None
    assert stage.approve(asked).state is ActState.DONE


def test_nothing_is_decided_twice(stage: Stage) -> None:
    asked = stage.ask()
    stage.approve(asked)
    with pytest.raises(ActClosed):
        stage.approve(asked)
    with pytest.raises(ActClosed):
        stage.acts.reject(staff(), asked.act_id)
    with pytest.raises(ActClosed):
        stage.acts.withdraw(client(), asked.act_id)
    assert len(stage.events("noted")) == 1


def test_rejected_act_never_happens(stage: Stage) -> None:
    asked = stage.ask()
    rejected = stage.acts.reject(staff(), asked.act_id)
    assert (rejected.state, rejected.parameters, rejected.reason) == (ActState.REJECTED, NOTE, WHY)
    with pytest.raises(ActClosed):
        stage.approve(asked)
    assert [kind for kind, _ in stage.events()] == ["act_requested", "act_rejected"]


def test_only_who_asked_withdraws(stage: Stage) -> None:
    asked = stage.ask()
    with pytest.raises(ActNotPermitted):
        stage.acts.withdraw(staff(), asked.act_id)
    assert stage.acts.withdraw(client(), asked.act_id).state is ActState.WITHDRAWN


def test_act_nobody_decides_lapses(stage: Stage) -> None:
    asked = stage.ask()
    stage.clock.advance(RULES.decide_within_s)
    assert asked.state_at(stage.clock.now()) is ActState.EXPIRED
    with pytest.raises(ActClosed):
        stage.approve(asked)
    with pytest.raises(ActClosed):
        stage.acts.withdraw(client(), asked.act_id)
    assert stage.acts.waiting() == []
    assert not stage.work.step()
    assert stage.acts.get(asked.act_id).state is ActState.EXPIRED
    assert [kind for kind, _ in stage.events()] == ["act_requested", "act_expired"]
    assert not stage.work.step()
    assert len(stage.events("act_expired")) == 1


def test_act_decided_while_the_worker_looked_does_not_lapse(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = stage.ask()
    stage.clock.advance(RULES.decide_within_s)
    acts_type = type(stage.store)
    real = acts_type.write

    def raced(store: MemoryStore) -> Any:  # noqa: ANN401 - a context manager
        with stage.database.write() as tables:
            tables.acts[asked.act_id] = replace(asked, state=ActState.REJECTED)
        return real(store)

    monkeypatch.setattr(acts_type, "write", raced)
    stage.work.step()
    assert stage.acts.get(asked.act_id).state is ActState.REJECTED


def test_same_act_does_not_wait_twice(stage: Stage) -> None:
    asked = stage.ask()
    with pytest.raises(ActPending):
        stage.ask(by=staff("stf_a", *Scope))
    stage.acts.reject(staff(), asked.act_id)
    assert stage.ask().act_id != asked.act_id


def test_as_many_wait_as_may_of_one_person_and_in_all(stage: Stage) -> None:
    for note in "abc":
        stage.ask(note=note)
    with pytest.raises(TooManyActs):
        stage.ask(note="d")
    stage.ask(by=staff("stf_a", *Scope), note="d")
    with pytest.raises(TooManyActs):
        stage.ask(by=staff("stf_a", *Scope), note="e")


def test_request_that_comes_again_asks_once(stage: Stage) -> None:
    key = RequestKey("back-office", "k", "POST /v1/acts", b"\x01" * 32)
    first = stage.acts.ask(client(), ActKind.POLICY_CHANGE, NOTE, WHY, request=key)
    assert stage.acts.ask(client(), ActKind.POLICY_CHANGE, NOTE, WHY, request=key) == first
    with pytest.raises(IdempotencyKeyReused):
        stage.acts.ask(client(), ActKind.POLICY_CHANGE, NOTE, WHY, request=replace(key, body_digest=b"\x02" * 32))


@pytest.mark.parametrize("name", ["get", "reject", "withdraw", "finish", "fail", "begin"])
def test_act_that_is_not_there_is_not_found(stage: Stage, name: str) -> None:
    arguments: dict[str, tuple[object, ...]] = {
        "get": ("act_x",),
        "finish": ("act_x",),
        "fail": ("act_x", "code"),
        "begin": (client(), "act_x", ActKind.KEY_DESTRUCTION),
    }
    with pytest.raises(NotFound):
        getattr(stage.acts, name)(*arguments.get(name, (staff(), "act_x")))
