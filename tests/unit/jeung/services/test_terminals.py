"""Who sits at a terminal is vouched for by himself at the console, and by nobody else."""

from dataclasses import replace

import pytest

from jeung.domain.passkeys import CHALLENGE_TTL_S, Ceremony
from jeung.domain.staff import LoginMethod
from jeung.errors import LoginRefused
from jeung.errors.staff import TerminalCodeRefused
from jeung.services.staff import SessionRules, StaffMember, StaffTerminals
from tests.unit.jeung.services.test_staff import HERE, OTHER, PASSWORD, ROLES, Desk


class TerminalDesk(Desk):
    def __post_init__(self) -> None:
        super().__post_init__()
        self.terminals = self.ruled(SessionRules())

    def ruled(self, rules: SessionRules) -> StaffTerminals:
        return StaffTerminals(store=self.store, clock=self.clock, entropy=self.sessions._entropy, rules=rules)

    def member(self, name: str = "minji", password: str = PASSWORD) -> StaffMember:
        return self.sessions.log_in(name, password, address=HERE).member


@pytest.fixture
def desk() -> TerminalDesk:
    return TerminalDesk()


def test_terminal_goes_on_as_who_typed_its_code_once(desk: TerminalDesk) -> None:
    shown = desk.terminals.begin("minji")
    assert desk.terminals.finish(shown) is None
    desk.terminals.confirm(desk.member(), f" {shown.code.upper().replace('-', ' ')} ")
    assert desk.terminals.finish(shown) == desk.minji
    assert desk.terminals.finish(shown) is None
    assert desk.events("staff_terminal_confirmed")[0]["staff"] == desk.minji.staff_id
    assert shown.code not in repr(shown)


def test_code_that_was_made_for_somebody_else_is_refused_and_used_up(desk: TerminalDesk) -> None:
    desk.accounts.add("junho", ROLES, OTHER)
    shown = desk.terminals.begin("minji")
    for member in (desk.member("junho", OTHER), desk.member()):
        with pytest.raises(TerminalCodeRefused):
            desk.terminals.confirm(member, shown.code)
    assert desk.terminals.finish(shown) is None


@pytest.mark.parametrize("code", ["", "aaaaa-bbbbb", "x" * 500])
def test_code_that_no_terminal_shows_is_refused(desk: TerminalDesk, code: str) -> None:
    with pytest.raises(TerminalCodeRefused):
        desk.terminals.confirm(desk.member(), code)


def test_code_ends_with_its_time(desk: TerminalDesk) -> None:
    shown, late = desk.terminals.begin("minji"), desk.terminals.begin("minji")
    desk.terminals.confirm(desk.member(), shown.code)
    desk.clock.advance(CHALLENGE_TTL_S)
    with pytest.raises(TerminalCodeRefused):
        desk.terminals.confirm(desk.member(), late.code)
    for code in (shown, late):
        with pytest.raises(LoginRefused):
            desk.terminals.finish(code)


def test_disabled_account_and_one_that_is_not_there_vouch_for_nothing(desk: TerminalDesk) -> None:
    shown = desk.terminals.begin("minji")
    desk.terminals.confirm(desk.member(), shown.code)
    desk.accounts.disable("minji")
    with pytest.raises(LoginRefused):
        desk.terminals.finish(shown)
    for name in ("minji", "nobody"):
        assert not desk.terminals.needs_console(name)
        with pytest.raises(LoginRefused):
            desk.terminals.begin(name)


def test_console_is_needed_where_a_password_does_not_let_somebody_in(desk: TerminalDesk) -> None:
    desk.accounts.add("junho", ROLES, None)
    assert not desk.terminals.needs_console("minji")
    assert desk.terminals.needs_console("junho")
    passkeys = replace(SessionRules(), methods=frozenset({LoginMethod.PASSKEY}))
    assert desk.ruled(passkeys).needs_console("minji")
    assert desk.ruled(SessionRules(passkey_roles=ROLES)).needs_console("minji")


def test_challenge_of_another_kind_is_no_code(desk: TerminalDesk) -> None:
    shown = desk.terminals.begin("minji")
    with desk.store.write() as tx:
        (kept,) = desk.database.read().staff_challenges.values()
        tx.staff_challenges.take(kept.challenge_hash)
        tx.staff_challenges.put(replace(kept, ceremony=Ceremony.LOG_IN))
    with pytest.raises(TerminalCodeRefused):
        desk.terminals.confirm(desk.member(), shown.code)
