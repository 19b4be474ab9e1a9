"""What the services write of staff, sessions, clients and acts of two people agrees with what they log of it."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from audit import rules
from audit.checks.node_acts import compare_acts
from audit.database import open_database
from audit.findings import Finding
from jeung.domain.access import Client, Scope
from jeung.domain.dual_control import Act, ActState
from jeung.domain.staff import StaffRole
from jeung.services.access import register_client
from jeung.services.dual_control import ActRegistry, ActWork, DualControlRules, DualControlService, Outcome
from jeung.services.staff import SessionRules, StaffAccountService, StaffSessionService
from node.runtime.passwords import Argon2Hasher
from tests.common.acts import FetchedAct, NoteAct, SlowAct
from tests.common.jose import P256Signer
from tests.common.memory.world import SetClock, SystemEntropy
from tests.common.stores import Subject, in_sqlite
from tests.unit.jeung.services.twofold import client, staff

FIRST, SECOND = "correct horse battery staple", "another battery of horses"
HERE = "192.0.2.1"


class Desk:
    """A node's staff over SQLite."""

    def __init__(self, kept: Subject, folder: Path) -> None:
        self.store, self.clock, self.folder = kept.store, SetClock(), folder
        entropy = SystemEntropy()
        hasher = Argon2Hasher(entropy, unsafe_fast=True)
        self.staff = StaffAccountService(store=self.store, hasher=hasher, clock=self.clock, entropy=entropy)
        self.sessions = StaffSessionService(
            store=self.store, hasher=hasher, clock=self.clock, entropy=entropy, rules=SessionRules()
        )
        self.handlers = NoteAct(), SlowAct(Outcome(done=True)), FetchedAct()
        registry, lasting = ActRegistry(self.handlers), DualControlRules(decide_within_s=100, begin_within_s=50)
        self.acts = DualControlService(
            store=self.store, clock=self.clock, entropy=entropy, registry=registry, rules=lasting
        )
        self.work = ActWork(store=self.store, clock=self.clock, registry=registry)

    def found(self) -> list[Finding]:
        with open_database(f"sqlite:///{self.folder / 'node.db'}") as database:
            return compare_acts(database, "0x" + "aa" * 32)[0]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    kept = in_sqlite(tmp_path)
    yield Desk(kept, tmp_path)
    kept.dispose()


def test_staff_and_clients_are_what_the_services_logged(desk: Desk) -> None:
    with desk.store.write() as tx:
        # Nobody has this name yet.
        kept_by = Client("sub_office", P256Signer().jwk, frozenset({Scope.AUDIT}), "minji")
        register_client(tx, kept_by, desk.clock.now())
    for name in ("minji", "jisoo"):
        desk.staff.add(name, {StaffRole.AUDITOR}, FIRST)
    desk.staff.set_roles("jisoo", {StaffRole.GOVERNOR, StaffRole.APPROVER})
    desk.staff.disable("jisoo")
    desk.staff.enable("jisoo", SECOND)
    desk.staff.link("jisoo", "https://idp.example", "subject")
    desk.sessions.log_in("minji", FIRST, address=HERE)
    opened = desk.sessions.log_in("jisoo", SECOND, address=HERE)
    desk.sessions.confirm_password(opened.token, SECOND, address=HERE)
    assert desk.found() == []


def test_acts_of_two_people_are_what_the_service_logged(desk: Desk) -> None:
    with desk.store.write() as tx:
        register_client(tx, Client("back-office", P256Signer().jwk, frozenset(Scope)), desk.clock.now())
    approver = staff(desk.staff.add("minji", {StaffRole.APPROVER}, FIRST).staff_id)
    ended: list[Act] = []
    for handler in desk.handlers:
        for note in ("approved", "거절", "withdrawn", "lapsed"):
            act = desk.acts.ask(client(), handler.kind, {"note": note}, "the customer asked")
            ended.append(act)
            if note == "approved":
                desk.acts.approve(approver, act.act_id, act.digest)
            elif note == "거절":
                desk.acts.reject(approver, act.act_id)
            elif note == "withdrawn":
                desk.acts.withdraw(client(), act.act_id)
        assert desk.found() == []
    desk.clock.advance(101)
    assert desk.found() == []
    desk.work.step()
    assert desk.found() == []
    states = {desk.acts.get(act.act_id).state for act in ended}
    assert {ActState.REJECTED, ActState.WITHDRAWN, ActState.EXPIRED} < states


def test_a_session_that_nobody_opened_is_found(desk: Desk) -> None:
    thief, victim = (desk.staff.add(name, {StaffRole.GOVERNOR}, FIRST) for name in ("minji", "jisoo"))
    session = desk.sessions.log_in("minji", FIRST, address=HERE).member.session_id
    with sqlite3.connect(desk.folder / "node.db") as written:
        written.execute("UPDATE staff_sessions SET staff_id = ?", (victim.staff_id,))
    written.close()
    found = [(one.rule, one.subject) for one in desk.found()]
    assert (found, thief != victim) == ([(rules.LOG_ACT_MISSING, f"staff_sessions {session}")], True)
