"""Acts are tried before they are sent: what the chain answered is told in words, with what would change."""

from collections.abc import Mapping
from typing import Any

import pytest

from jeung.domain.chain import ChainCall
from jeung.domain.identifiers import MemberId, ProposalId, to_hex
from jeung.domain.questions import QuestionKind
from jeung.errors import MalformedInput, NotFound, ProposalClosed, Unavailable
from jeung.services.decisions import UNREADABLE
from jeung.services.simulations import MAX_WAITING, Simulation
from tests.common.parties import EXCHANGE
from tests.unit.jeung.services.governing import ACCREDITATIONS, CONSORTIUM, RIPENING_S, STATUSES, Stage

GRANTED = "AccreditationGranted"


@pytest.fixture
def stage() -> Stage:
    return Stage()


def asked(stage: Stage) -> Mapping[str, Any]:
    with stage.parties.bank.store.read() as tx:
        return tx.questions.waiting(stage.now, 1)[0].asked


def answered(stage: Stage, trial: Simulation, *outcomes: tuple[str, str | None], **more: Any) -> Simulation:  # noqa: ANN401
    """Answer as the worker would: each step's name, and its error or None."""
    steps = [
        {"name": name, "accepted": error is None, "error": error, "args": more.get("args", {})}
        for name, error in outcomes
    ]
    answer = {"block": 9, "time": stage.now, "steps": steps, "events": more.get("events")}
    with stage.parties.bank.store.write() as tx:
        tx.questions.answer(trial.simulation_id, answer, stage.now)
    return stage.simulations.simulation(trial.simulation_id)


def test_a_proposal_is_tried_as_we_would_send_it_and_as_the_consortium_would_call(stage: Stage) -> None:
    trial = stage.simulations.try_proposal(stage.call)
    assert (trial.accepted, trial.steps, trial.block) == (None, (), None)
    ours, inner = asked(stage)["steps"]
    assert (ours["from"], ours["to"], ours["call"]["function"]) == (stage.governance("bank"), CONSORTIUM, "propose")
    assert (inner["from"], inner["to"], inner["time"]) == (CONSORTIUM, ACCREDITATIONS, stage.now + RIPENING_S)


def test_without_the_chains_events_the_effect_is_predicted(stage: Stage) -> None:
    trial = stage.simulations.try_proposal(stage.call)
    done = answered(stage, trial, ("propose", None), ("call", None))
    assert (done.accepted, done.simulated, done.block) == (True, False, 9)
    assert [change.label for change in done.changes] == ["accreditation"]


def test_the_chains_own_events_make_the_effect(stage: Stage) -> None:
    trial = stage.simulations.try_proposal(stage.call)
    member, schema = stage.call.args[:2]
    args = {"member": member, "schema": schema, "grantIndex": 0, "validFrom": 5, "validUntil": 10}
    event = {"contract": "AccreditationRegistry", "name": GRANTED, "args": args}
    done = answered(stage, trial, ("propose", None), ("call", None), events=[event])
    assert done.simulated
    (change,) = done.changes
    assert change.after is not None
    assert change.after.en == "1970-01-01 00:00:05 UTC – 1970-01-01 00:00:10 UTC"


def test_events_of_a_chain_that_is_ahead_of_us_fall_back_to_the_prediction(stage: Stage) -> None:
    trial = stage.simulations.try_proposal(stage.call)
    event = {"contract": "Consortium", "name": "MemberReinstated", "args": {"member": "0x" + "99" * 32}}
    done = answered(stage, trial, ("propose", None), ("call", None), events=[event])
    assert not done.simulated
    assert done.changes


def test_a_refusal_is_told_in_words_and_changes_nothing(stage: Stage) -> None:
    trial = stage.simulations.try_proposal(stage.call)
    error = {"member": stage.call.args[0], "roles": 2}
    done = answered(stage, trial, ("propose", None), ("call", "AccreditationMemberNotIssuer"), args=error)
    assert (done.accepted, done.changes) == (False, ())
    assert done.steps[0].refusal is None
    assert done.steps[1].refusal is not None
    assert done.steps[1].refusal.en == f"{EXCHANGE} is no issuer (roles: relying party), or was removed."


@pytest.mark.parametrize(
    ("act", "functions"),
    [
        ("approve", ["approve", "call"]),
        ("execute", ["execute", "call"]),
        ("withdraw", ["withdrawApproval"]),
        ("cancel", ["cancel"]),
    ],
)
def test_a_vote_is_tried(stage: Stage, act: str, functions: list[str]) -> None:
    proposal = stage.propose()
    trial = stage.simulations.try_vote(act, proposal)
    steps = asked(stage)["steps"]
    assert [step["name"] for step in steps] == functions
    assert steps[0]["call"]["args"][0] == to_hex(proposal)
    assert trial.words.en.startswith("Accredit")
    done = answered(stage, trial, *[(name, None) for name in functions])
    # Taking a word back, or cancelling, does nothing of what the call would do.
    assert len(done.changes) == (1 if "call" in functions else 0)


def test_an_approval_is_tried_at_the_time_at_which_it_would_be_ripe(stage: Stage) -> None:
    proposal = stage.propose()
    stage.parties.clock.advance(100)
    stage.simulations.try_vote("approve", proposal)
    assert asked(stage)["steps"][1]["time"] == stage.now + RIPENING_S


def test_an_execution_is_tried_when_enough_approvals_of_active_members_are_ripe(stage: Stage) -> None:
    proposal = stage.propose()
    stage.parties.clock.advance(50)
    stage.approve(proposal, "bank")
    ripe_at = stage.now + RIPENING_S
    stage.parties.clock.advance(10)
    stage.simulations.try_vote("execute", proposal)
    assert asked(stage)["steps"][1]["time"] == ripe_at
    args = {"suspendedBy": "0x" + "00" * 32, "reasonDigest": "0x", "until": 0}
    stage.parties.chain.about_member("MemberSuspended", stage.parties.bank.member, **args)
    other = stage.simulations.try_vote("execute", proposal)
    with stage.parties.bank.store.read() as tx:
        found = tx.questions.get(other.simulation_id)
    assert found is not None
    assert found.asked["steps"][1]["time"] == stage.now + RIPENING_S


def test_statuses_that_would_change_are_read_from_our_own_copy(stage: Stage) -> None:
    stage.parties.chain.name_contract("StatusRegistry", STATUSES)
    call = ChainCall("StatusRegistry", "setStatusesByQuorum", (to_hex(stage.parties.bank.member), 0, 1, [3, 4]))
    trial = stage.simulations.try_proposal(call)
    done = answered(stage, trial, ("propose", None), ("call", None), events=[])
    assert [change.label for change in done.changes] == ["credentials"]
    assert not done.simulated
    assert done.call == call


@pytest.mark.parametrize(
    "args",
    [
        ("0x12", 0, 1, [1]),
        (None, 0, 1, [1]),
        ("MEMBER", 0, 7, [1]),
        ("MEMBER", 10**30, 1, [1]),
        ("MEMBER", -1, 1, [1]),
        ("MEMBER", 0, 1, [10**30]),
        ("MEMBER", 0, 1, "0x"),
        ("MEMBER", 0, [1], [1]),
    ],
    ids=range(8),
)
def test_statuses_that_no_chain_would_set_have_no_effect(stage: Stage, args: tuple[Any, ...]) -> None:
    member = to_hex(stage.parties.bank.member)
    call = ChainCall("StatusRegistry", "setStatusesByQuorum", tuple(member if a == "MEMBER" else a for a in args))
    assert stage.decisions.read_call(call)[1] == ()


def test_a_proposal_nobody_can_read_is_tried_all_the_same(stage: Stage) -> None:
    trial = stage.simulations.try_vote("approve", stage.propose(data=b"\1\2\3\4"))
    assert trial.words == UNREADABLE
    assert answered(stage, trial, ("approve", None), ("call", None)).changes == ()


@pytest.mark.parametrize("event", ["ProposalExecuted", "ProposalCancelled", None], ids=str)
def test_a_closed_proposal_is_not_tried(stage: Stage, event: str | None) -> None:
    proposal = stage.propose()
    if event is None:
        stage.parties.clock.advance(8 * 86_400)
    else:
        stage.end(event, proposal)
    with pytest.raises(ProposalClosed):
        stage.simulations.try_vote("approve", proposal)


def test_a_suspension_is_tried(stage: Stage) -> None:
    trial = stage.simulations.try_suspension(stage.parties.exchange.member)
    (step,) = asked(stage)["steps"]
    assert step["call"]["function"] == "suspendMember"
    assert (
        trial.words.en
        == f"Suspend {EXCHANGE} at once, as a supervisor: for seven days unless the quorum confirms it."
    )
    done = answered(stage, trial, ("suspendMember", None))
    (change,) = done.changes
    assert change.after is not None
    assert change.after.en.startswith("suspended (until ")
    with pytest.raises(NotFound):
        stage.simulations.try_suspension(MemberId(b"q" * 32))


@pytest.mark.parametrize(
    "call",
    [
        ChainCall("Consortium", "propose", ()),
        ChainCall("AccreditationRegistry", "grant", (1,)),
        ChainCall("SchemaRegistry", "registerSchema", ("0x" + "00" * 40_000, "vct")),
    ],
    ids=["not-governed", "arity", "size"],
)
def test_a_call_the_consortium_cannot_make_is_not_tried(stage: Stage, call: ChainCall) -> None:
    with pytest.raises(MalformedInput):
        stage.simulations.try_proposal(call)


def test_unknown_things_are_not_found(stage: Stage) -> None:
    with pytest.raises(NotFound):
        stage.simulations.try_proposal(ChainCall("StatusRegistry", "close", ()))
    with pytest.raises(NotFound):
        stage.simulations.try_vote("approve", ProposalId(b"q" * 32))
    with pytest.raises(NotFound):
        stage.simulations.simulation("sim_1")
    with pytest.raises(MalformedInput):
        stage.simulations.try_vote("celebrate", stage.propose())


def test_a_question_of_another_kind_is_no_trial(stage: Stage) -> None:
    request = stage.approvals.ask(stage.propose())
    with pytest.raises(NotFound):
        stage.simulations.simulation(request.request_id)


def test_too_many_waiting_questions_are_refused_and_expired_ones_do_not_count(stage: Stage) -> None:
    for _ in range(MAX_WAITING):
        stage.simulations.try_proposal(stage.call)
    with pytest.raises(Unavailable):
        stage.simulations.try_proposal(stage.call)
    stage.parties.clock.advance(3_600)
    assert stage.simulations.try_proposal(stage.call).accepted is None


def test_without_rules_a_proposal_is_tried_at_once() -> None:
    stage = Stage()
    with stage.parties.bank.database.write() as tables:
        from dataclasses import replace

        tables.registry = replace(tables.registry, rules=None)
    stage.simulations.try_proposal(stage.call)
    assert asked(stage)["steps"][1]["time"] == stage.now
    assert QuestionKind.SIMULATION.value == "simulation"
