"""Who is let in to the desk, for how long, and what guessing costs."""

from dataclasses import dataclass, field

import pytest

from jeung.crypto import canonical_json
from jeung.domain.access import Scope
from jeung.domain.staff import StaffAccount, StaffRole
from jeung.errors import Conflict, LoginLimited, LoginRefused, MalformedInput, NotFound, PasswordRefused, SessionEnded
from jeung.services.staff import SessionRules, StaffAccountService, StaffSessionService
from jeung.services.staff.attempts import BY_ADDRESS, BY_NAME
from tests.common.memory.database import MemoryDatabase
from tests.common.memory.store import MemoryStore
from tests.common.memory.world import SetClock, SystemEntropy
from tests.common.stores import OWN

PASSWORD = "grey owls count nine stairs"
OTHER = "seven brown kettles whistle"
ROLES = frozenset({StaffRole.ISSUER_OFFICER})
HERE = "192.0.2.1"


class CountingHasher:
    """Hash by prefix and count, so that a test sees what an attempt costs."""

    def __init__(self) -> None:
        self.compared: list[str | None] = []

    def hash(self, password: str) -> str:
        return f"hash of {password}"

    def matches(self, encoded: str | None, password: str) -> bool:
        self.compared.append(encoded)
        return encoded == f"hash of {password}"


@dataclass
class Desk:
    clock: SetClock = field(default_factory=SetClock)
    hasher: CountingHasher = field(default_factory=CountingHasher)

    def __post_init__(self) -> None:
        self.database = MemoryDatabase()
        self.store = MemoryStore(self.database, OWN)
        entropy = SystemEntropy()
        parts = {"store": self.store, "hasher": self.hasher, "clock": self.clock, "entropy": entropy}
        self.accounts = StaffAccountService(**parts, words=("Hanbit Bank",))  # type: ignore[arg-type]
        self.sessions = StaffSessionService(**parts, rules=SessionRules(idle_s=900, life_s=3600))  # type: ignore[arg-type]
        self.minji: StaffAccount = self.accounts.add("minji", ROLES, PASSWORD)

    def events(self, kind: str) -> list[dict[str, object]]:
        found = self.database.read().events
        return [canonical_json.parse_object(entry.body) for entry in found if entry.kind == kind]

    def account(self) -> StaffAccount:
        """Give the account as it stands."""
        (standing,) = [one for one in self.accounts.all() if one.staff_id == self.minji.staff_id]
        return standing

    def fail(self, times: int, *, name: str = "minji", address: str = HERE) -> None:
        for _ in range(times):
            with pytest.raises(LoginRefused):
                self.sessions.log_in(name, OTHER, address=address)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_name_and_password_open_a_session_that_says_who_it_is(desk: Desk) -> None:
    opened = desk.sessions.log_in("minji", PASSWORD, address=HERE)
    member = desk.sessions.authenticate(opened.token)
    assert member == opened.member
    assert member.name == "minji"
    assert member.scopes == frozenset({Scope.ISSUE, Scope.STATUS})
    assert member.session_ends_at == desk.clock.now() + 3600
    assert len(opened.token) == 43
    assert opened.token not in repr(opened)
    session = {"session": member.session_id, "method": "password"}
    assert desk.events("staff_logged_in") == [{"staff": desk.minji.staff_id, **session}]


def test_store_holds_no_token(desk: Desk) -> None:
    opened = desk.sessions.log_in("minji", PASSWORD, address=HERE)
    assert opened.token.encode() not in repr(desk.database.read()).encode()


def test_each_log_in_has_a_token_of_its_own_and_ends_the_browsers_former_session(desk: Desk) -> None:
    first = desk.sessions.log_in("minji", PASSWORD, address=HERE)
    second = desk.sessions.log_in("minji", PASSWORD, address=HERE, previous=first.token)
    assert first.token != second.token
    with pytest.raises(SessionEnded):
        desk.sessions.authenticate(first.token)
    assert desk.sessions.authenticate(second.token)


def test_token_that_somebody_made_up_never_becomes_a_session(desk: Desk) -> None:
    planted = "A" * 43
    opened = desk.sessions.log_in("minji", PASSWORD, address=HERE, previous=planted)
    assert opened.token != planted
    with pytest.raises(SessionEnded):
        desk.sessions.authenticate(planted)


def test_wrong_password_and_unknown_name_cost_the_same_and_are_refused_alike(desk: Desk) -> None:
    with pytest.raises(LoginRefused) as wrong:
        desk.sessions.log_in("minji", OTHER, address=HERE)
    with pytest.raises(LoginRefused) as unknown:
        desk.sessions.log_in("nobody", PASSWORD, address=HERE)
    assert wrong.value.detail == unknown.value.detail
    assert desk.hasher.compared == [desk.minji.password_hash, None]


def test_overlong_name_or_password_is_refused_without_hashing_it(desk: Desk) -> None:
    for name, password in (("m" * 10_000, PASSWORD), ("minji", "x" * 10_000), ("minji", "\ufdfa" * 100)):
        with pytest.raises(LoginRefused):
            desk.sessions.log_in(name, password, address=HERE)
    assert len(desk.hasher.compared) == 3


def test_session_ends_when_it_is_not_used(desk: Desk) -> None:
    token = desk.sessions.log_in("minji", PASSWORD, address=HERE).token
    desk.clock.advance(899)
    desk.sessions.authenticate(token)
    desk.clock.advance(899)
    desk.sessions.authenticate(token)
    desk.clock.advance(900)
    with pytest.raises(SessionEnded):
        desk.sessions.authenticate(token)


def test_session_ends_after_its_life_however_much_it_is_used(desk: Desk) -> None:
    token = desk.sessions.log_in("minji", PASSWORD, address=HERE).token
    for _ in range(4):
        desk.sessions.authenticate(token)
        desk.clock.advance(899)
    desk.clock.advance(4)
    with pytest.raises(SessionEnded):
        desk.sessions.authenticate(token)


def test_log_out_ends_the_session_for_who_stole_it_too(desk: Desk) -> None:
    opened = desk.sessions.log_in("minji", PASSWORD, address=HERE)
    token = opened.token
    desk.sessions.log_out(token)
    desk.sessions.log_out(token)
    with pytest.raises(SessionEnded):
        desk.sessions.authenticate(token)
    out = {"staff": desk.minji.staff_id, "session": opened.member.session_id}
    assert desk.events("staff_logged_out") == [out]


def test_disabled_account_loses_its_sessions_and_cannot_log_in(desk: Desk) -> None:
    token = desk.sessions.log_in("minji", PASSWORD, address=HERE).token
    disabled = desk.accounts.disable("minji")
    assert desk.accounts.disable("minji") == disabled
    with pytest.raises(SessionEnded):
        desk.sessions.authenticate(token)
    with pytest.raises(LoginRefused):
        desk.sessions.log_in("minji", PASSWORD, address=HERE)
    assert len(desk.events("staff_disabled")) == 1


def test_enabled_account_logs_in_with_its_new_password_alone(desk: Desk) -> None:
    for _ in range(5):
        with pytest.raises(LoginRefused):
            desk.sessions.log_in("minji", OTHER, address=HERE)
    desk.accounts.disable("minji")
    enabled = desk.accounts.enable("minji", OTHER)
    assert (enabled.staff_id, enabled.roles, enabled.disabled_at) == (desk.minji.staff_id, desk.minji.roles, None)
    with pytest.raises(LoginRefused):
        desk.sessions.log_in("minji", PASSWORD, address=HERE)
    assert desk.sessions.log_in("minji", OTHER, address=HERE)
    logged = {"staff": desk.minji.staff_id, "password": desk.account().password_digest}
    assert desk.events("staff_enabled") == [logged]


def test_session_from_before_an_account_was_disabled_stays_ended_once_it_is_enabled(desk: Desk) -> None:
    token = desk.sessions.log_in("minji", PASSWORD, address=HERE).token
    kept = desk.database.read().staff_sessions.copy()
    desk.accounts.disable("minji")
    with desk.database.write() as tables:
        tables.staff_sessions.update(kept)
    desk.accounts.enable("minji", OTHER)
    with pytest.raises(SessionEnded):
        desk.sessions.authenticate(token)


def test_account_that_is_not_disabled_or_not_there_is_not_enabled(desk: Desk) -> None:
    with pytest.raises(Conflict):
        desk.accounts.enable("minji", OTHER)
    with pytest.raises(NotFound):
        desk.accounts.enable("nobody", OTHER)
    desk.accounts.disable("minji")
    with pytest.raises(PasswordRefused):
        desk.accounts.enable("minji", "short")
    with pytest.raises(LoginRefused):
        desk.sessions.log_in("minji", PASSWORD, address=HERE)
    assert desk.events("staff_enabled") == []


def test_session_of_an_account_disabled_behind_its_back_is_refused(desk: Desk) -> None:
    """Another process may have disabled it between removing the sessions and this one being opened."""
    token = desk.sessions.log_in("minji", PASSWORD, address=HERE).token
    kept = desk.database.read().staff_sessions.copy()
    desk.accounts.disable("minji")
    with desk.database.write() as tables:
        tables.staff_sessions.update(kept)
    with pytest.raises(SessionEnded):
        desk.sessions.authenticate(token)


def test_new_password_ends_sessions_and_the_old_one_opens_nothing(desk: Desk) -> None:
    token = desk.sessions.log_in("minji", PASSWORD, address=HERE).token
    desk.accounts.set_password("minji", OTHER)
    with pytest.raises(SessionEnded):
        desk.sessions.authenticate(token)
    with pytest.raises(LoginRefused):
        desk.sessions.log_in("minji", PASSWORD, address=HERE)
    assert desk.sessions.log_in("minji", OTHER, address=HERE)
    logged = {"staff": desk.minji.staff_id, "password": desk.account().password_digest}
    assert desk.events("staff_password_set") == [logged]


def test_password_set_anew_while_the_old_one_is_compared_lets_nobody_in(desk: Desk) -> None:
    compare = desk.hasher.matches

    def slowly(encoded: str | None, password: str) -> bool:
        desk.accounts.set_password("minji", OTHER)
        return compare(encoded, password)

    desk.hasher.matches = slowly  # type: ignore[method-assign]
    with pytest.raises(LoginRefused):
        desk.sessions.log_in("minji", PASSWORD, address=HERE)
    assert desk.database.read().staff_sessions == {}


def test_name_that_failed_too_often_must_wait_from_every_address(desk: Desk) -> None:
    desk.fail(BY_NAME.free)
    compared = len(desk.hasher.compared)
    with pytest.raises(LoginLimited) as limited:
        desk.sessions.log_in("minji", PASSWORD, address="198.51.100.7")
    assert limited.value.retry_after_s == BY_NAME.first_pause_s
    assert len(desk.hasher.compared) == compared
    assert desk.events("staff_login_paused") == [{"failures": BY_NAME.free, "staff": desk.minji.staff_id}]
    desk.clock.advance(BY_NAME.first_pause_s)
    assert desk.sessions.log_in("minji", PASSWORD, address=HERE)
    desk.fail(BY_NAME.free - 1)
    assert desk.sessions.log_in("minji", PASSWORD, address=HERE), "the count began anew"


def test_unknown_name_is_paused_as_a_known_one_is(desk: Desk) -> None:
    desk.fail(BY_NAME.free, name="nobody")
    with pytest.raises(LoginLimited) as limited:
        desk.sessions.log_in("nobody", PASSWORD, address=HERE)
    assert limited.value.retry_after_s == BY_NAME.first_pause_s
    assert desk.events("staff_login_paused") == []


def test_hundred_failures_in_a_row_lock_the_account_until_its_password_is_set(desk: Desk) -> None:
    for _ in range(100):
        desk.fail(1)
        desk.clock.advance(BY_ADDRESS.forget_s or 0)
    desk.clock.advance(30 * 86_400)
    with pytest.raises(LoginLimited):
        desk.sessions.log_in("minji", PASSWORD, address=HERE)
    desk.accounts.set_password("minji", OTHER)
    assert desk.sessions.log_in("minji", OTHER, address=HERE)


def test_address_that_failed_too_often_must_wait_for_every_name(desk: Desk) -> None:
    for number in range(BY_ADDRESS.free):
        desk.fail(1, name=f"name-{number}")
    with pytest.raises(LoginLimited):
        desk.sessions.log_in("minji", PASSWORD, address=HERE)
    assert desk.sessions.log_in("minji", PASSWORD, address="198.51.100.7")


def test_many_colleagues_behind_one_address_do_not_use_it_up(desk: Desk) -> None:
    desk.fail(2)
    for _ in range(3 * BY_ADDRESS.free):
        assert desk.sessions.log_in("minji", PASSWORD, address=HERE)
    desk.fail(BY_NAME.free)


def test_attempt_that_is_paused_does_not_prolong_the_pause(desk: Desk) -> None:
    desk.fail(BY_NAME.free)
    for _ in range(50):
        with pytest.raises(LoginLimited):
            desk.sessions.log_in("minji", OTHER, address=HERE)
    desk.clock.advance(BY_NAME.first_pause_s)
    assert desk.sessions.log_in("minji", PASSWORD, address=HERE)


def test_what_was_typed_as_a_name_cannot_be_read_from_the_counts(desk: Desk) -> None:
    desk.fail(1, name=PASSWORD)
    assert PASSWORD not in repr(desk.database.read().login_attempts)


def test_session_is_noted_as_used_at_most_twice_a_minute(desk: Desk) -> None:
    token = desk.sessions.log_in("minji", PASSWORD, address=HERE).token
    desk.clock.advance(29)
    desk.sessions.authenticate(token)
    (session,) = desk.database.read().staff_sessions.values()
    assert session.seen_at == session.opened_at
    desk.clock.advance(1)
    desk.sessions.authenticate(token)
    (session,) = desk.database.read().staff_sessions.values()
    assert session.seen_at == session.opened_at + 30


def test_page_that_asks_by_itself_does_not_keep_a_session_open(desk: Desk) -> None:
    token = desk.sessions.log_in("minji", PASSWORD, address=HERE).token
    for _ in range(29):
        desk.clock.advance(31)
        desk.sessions.authenticate(token, counts_as_use=False)
    desk.clock.advance(1)
    with pytest.raises(SessionEnded):
        desk.sessions.authenticate(token, counts_as_use=False)


def test_act_is_logged_with_who_what_and_on_what(desk: Desk) -> None:
    desk.sessions.record("stf_1", "proofing_opened")
    desk.sessions.record("stf_1", "person_read", f"prf_{bytes(16).hex()}")
    opened, read = desk.events("staff_acted")
    assert opened == {"staff": "stf_1", "act": "proofing_opened"}
    # By the log's own name: the log outlives the person.
    assert (read["act"], str(read["target"]).partition("-")[0]) == ("person_read", "prf")


def test_name_is_taken_once_and_for_ever(desk: Desk) -> None:
    desk.accounts.disable("minji")
    with pytest.raises(Conflict):
        desk.accounts.add("minji", ROLES, PASSWORD)
    assert [account.name for account in desk.accounts.all()] == ["minji"]


def test_account_without_a_role_or_with_a_bad_name_or_password_is_not_added(desk: Desk) -> None:
    for name, roles, password, error in (
        ("Junho", ROLES, PASSWORD, MalformedInput),
        ("junho", frozenset(), PASSWORD, MalformedInput),
        ("junho", ROLES, "short", PasswordRefused),
        ("junho-the-second", ROLES, "junho-the-second", PasswordRefused),
        ("junho", ROLES, "hanbit bank 1111", PasswordRefused),
    ):
        with pytest.raises(error):
            desk.accounts.add(name, roles, password)
    assert len(desk.accounts.all()) == 1


def test_unknown_account_is_neither_disabled_nor_changed(desk: Desk) -> None:
    with pytest.raises(NotFound):
        desk.accounts.disable("nobody")
    with pytest.raises(NotFound):
        desk.accounts.set_password("nobody", OTHER)


def test_logged_entries_name_nobody(desk: Desk) -> None:
    desk.sessions.log_in("minji", PASSWORD, address=HERE)
    desk.accounts.disable("minji")
    logged = b"".join(entry.body for entry in desk.database.read().events)
    assert desk.minji.staff_id.encode() in logged
    assert b"minji" not in logged
    assert HERE.encode() not in logged
