"""The node works by the policy that two people approved, whatever its settings' file says since."""

import logging
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.main import main
from jeung.crypto import canonical_json
from jeung.domain.access import Scope
from jeung.domain.dual_control import Act, ActKind, ActState, Channel, Principal, PrincipalKind
from jeung.domain.staff import StaffRole
from jeung.errors import Conflict, JeungError, MalformedInput
from node.runtime.acts import ActContext, OperatorActs, build_dual_control, open_acts
from node.runtime.adapters import OsEntropy, SystemClock
from node.runtime.creation import NodePlan, create_node
from node.runtime.database import open_node_store
from node.runtime.policy import policy_of, settings_in_force, with_policy
from node.runtime.staff import NewStaff
from node.settings import Settings, load_settings
from node.store.policies import present_policy
from node.store.schema import log_events
from node.store.transactions import SqlTransaction
from tests.unit.cli.test_staff import PASSWORD, SETTINGS, typed

GOVERNOR, APPROVER = "areum", "bora"
SHORT = ("JEUNG_RETENTION__PROOFING_DAYS", "30")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "bank"
    people = [
        NewStaff(GOVERNOR, frozenset({StaffRole.GOVERNOR, StaffRole.APPROVER}), PASSWORD),
        NewStaff(APPROVER, frozenset({StaffRole.APPROVER}), PASSWORD),
    ]
    create_node(NodePlan(folder, "Hanbit Bank", SETTINGS, (), people), SystemClock())
    return folder


@pytest.fixture
def operator(folder: Path) -> Iterator[OperatorActs]:
    with open_acts(load_settings(folder), SystemClock()) as opened:
        yield opened


def who(operator: OperatorActs, name: str) -> Principal:
    with operator.store.read() as tx:
        account = tx.staff.named(name)
    assert account is not None
    return Principal(PrincipalKind.STAFF, account.staff_id, Channel.COMMAND_LINE, account.scopes)


def changed(operator: OperatorActs, **groups: dict[str, Any]) -> dict[str, Any]:
    policy = policy_of(operator.settings)
    for name, values in groups.items():
        policy[name] = {**policy[name], **values}
    return {"policy": policy}


def asked(operator: OperatorActs, **groups: dict[str, Any]) -> Act:
    return operator.acts.ask(who(operator, GOVERNOR), ActKind.POLICY_CHANGE, changed(operator, **groups), "because")


def events(operator: OperatorActs, kind: str) -> list[dict[str, Any]]:
    with operator.store.read() as tx:
        assert isinstance(tx, SqlTransaction)
        found = tx.connection.execute(log_events.select().where(log_events.c.kind == kind)).all()
    return [canonical_json.parse_object(row.body) for row in found]


def test_settings_that_differ_from_the_approved_policy_change_nothing_and_are_said(
    folder: Path, operator: OperatorActs, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    before = operator.settings
    monkeypatch.setenv(*SHORT)
    wanted = load_settings(folder)
    assert wanted.retention.proofing_days == 30
    with caplog.at_level(logging.WARNING):
        in_force = settings_in_force(wanted, operator.store, SystemClock())
    assert in_force.retention == before.retention
    assert "retention.proofing_days" in caplog.text
    assert len(events(operator, "policy_adopted")) == 1


def test_policy_changes_once_another_person_approves_it(
    folder: Path, operator: OperatorActs, monkeypatch: pytest.MonkeyPatch
) -> None:
    act = asked(operator, retention={"proofing_days": 30}, rotation={"automatic": False})
    described = operator.acts.describe(act)
    assert described is not None
    facts = {fact.label.en: fact.value for fact in described.facts}
    assert facts == {"retention.proofing_days": "1827 → 30", "rotation.automatic": "true → false"}
    unchanged = settings_in_force(load_settings(folder), operator.store, SystemClock())
    assert unchanged.retention.proofing_days == 1_827
    done = operator.acts.approve(who(operator, APPROVER), act.act_id, act.digest)
    assert done.state is ActState.DONE
    in_force = settings_in_force(load_settings(folder), operator.store, SystemClock())
    assert (in_force.retention.proofing_days, in_force.rotation.automatic) == (30, False)
    (row,) = events(operator, "policy_changed")
    assert row["changes"] == {"retention.proofing_days": ["1827", "30"], "rotation.automatic": ["true", "false"]}
    assert row["requested_by"]["id"] == who(operator, GOVERNOR).account_id
    assert row["actor"] == f"staff:{who(operator, APPROVER).account_id}"
    assert row["before"] != row["after"]


def test_who_asked_for_a_policy_does_not_approve_it(operator: OperatorActs) -> None:
    act = asked(operator, dual_control={"decide_within_s": 60})
    with pytest.raises(JeungError, match="asked for"):
        operator.acts.approve(who(operator, GOVERNOR), act.act_id, act.digest)


@pytest.mark.parametrize(
    "groups",
    [
        {"retention": {"proofing_days": -1}},
        {"retention": {"proofing_days": "30"}},
        {"retention": {"other": 1}},
        {"console": {"session_idle_s": 60}},
    ],
    ids=["value", "type", "name", "group"],
)
def test_policy_of_another_shape_is_refused(operator: OperatorActs, groups: dict[str, Any]) -> None:
    policy = policy_of(operator.settings)
    for name, values in groups.items():
        policy[name] = {**policy.get(name, {}), **values}
    shapes: tuple[dict[str, Any], ...] = ({"policy": policy}, {"policy": []}, {"policy": policy, "more": 1}, {})
    for parameters in shapes:
        with pytest.raises(MalformedInput):
            operator.acts.ask(who(operator, GOVERNOR), ActKind.POLICY_CHANGE, parameters, "because")


def test_policy_that_leaves_a_setting_out_is_refused(operator: OperatorActs) -> None:
    policy = policy_of(operator.settings)
    del policy["retention"]["evidence_days"]
    with pytest.raises(MalformedInput):
        operator.acts.ask(who(operator, GOVERNOR), ActKind.POLICY_CHANGE, {"policy": policy}, "because")


def test_rules_for_profiles_are_given_whole_and_may_be_taken_back(operator: OperatorActs) -> None:
    policy = policy_of(operator.settings)
    rules = {**policy["retention"], "profiles": [{"profile": "account-opening", "presentation_days": 30}]}
    changed_to = with_policy(operator.settings, {**policy, "retention": rules})
    assert policy_of(changed_to)["retention"] == rules
    assert policy_of(with_policy(changed_to, policy)) == policy


def test_policy_in_force_is_not_asked_for(operator: OperatorActs) -> None:
    with pytest.raises(Conflict):
        asked(operator)


def test_no_other_role_asks_for_a_policy(operator: OperatorActs) -> None:
    for scope in set(Scope) - {Scope.GOVERN}:
        someone = Principal(PrincipalKind.STAFF, who(operator, GOVERNOR).account_id, Channel.API, frozenset({scope}))
        with pytest.raises(JeungError):
            operator.acts.ask(someone, ActKind.POLICY_CHANGE, changed(operator, backups={"keep_days": 2}), "why")


def test_policy_that_was_in_force_is_neither_changed_nor_taken_away(folder: Path, operator: OperatorActs) -> None:
    connection = sqlite3.connect(folder / "node.db")
    for statement in ("UPDATE policies SET document = '{}'", "DELETE FROM policies"):
        with pytest.raises(sqlite3.IntegrityError, match="never changed"):
            connection.execute(statement)
    connection.close()


def test_setting_that_came_after_the_approval_is_taken_from_the_file(folder: Path, operator: OperatorActs) -> None:
    settings = load_settings(folder)
    clock = SystemClock()
    kept = open_node_store(settings, clock)
    context = ActContext(settings, kept.store, clock, OsEntropy(), _no_keystore, kept.ledger)
    assert ActKind.POLICY_CHANGE in build_dual_control(context).kinds()
    with kept.store.read() as tx:
        assert isinstance(tx, SqlTransaction)
        present = present_policy(tx.connection)
    kept.dispose()
    assert present is not None
    document = {name: dict(values) for name, values in present.document.items() if name != "backups"}
    del document["retention"]["evidence_days"]
    assert with_document(settings, document) == policy_of(settings)


def with_document(settings: Settings, document: dict[str, Any]) -> dict[str, Any]:
    from node.runtime.policy import with_policy

    return policy_of(with_policy(settings, document))


def _no_keystore() -> Any:  # noqa: ANN401 - never called
    raise AssertionError


def test_operator_shows_and_proposes_the_policy(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert main(["policy", "show", "--node-dir", str(folder)]) == 0
    monkeypatch.setenv(*SHORT)
    assert main(["policy", "show", "--node-dir", str(folder)]) == 0
    shown = capsys.readouterr().out
    assert "retention.proofing_days" in shown
    assert "1827" in shown
    typed(monkeypatch, PASSWORD + "\n")
    arguments = ["policy", "propose", "--as", GOVERNOR, "--reason", "counsel said so", "--node-dir", str(folder)]
    assert main(arguments) == 0
    act_id = capsys.readouterr().out.strip()
    with open_acts(load_settings(folder), SystemClock()) as operator:
        act = operator.acts.get(act_id)
        assert (act.parameters or {})["policy"]["retention"]["proofing_days"] == 30
        assert operator.settings.retention.proofing_days == 1_827
