"""How many sessions an account has, how it ends them, and when it must prove again who it is."""

import pytest

from jeung.domain.staff import NO_PASSWORD, LoginMethod, StaffRole
from jeung.errors import LoginLimited, LoginRefused, MalformedInput, NotFound, SessionEnded
from jeung.errors.staff import RecentAuthenticationRequired
from jeung.services.acting import acting, client, present_actor, staff
from jeung.services.staff import SessionRules, StaffConfirmation, StaffSessionService
from tests.unit.jeung.services.test_staff import HERE, OTHER, PASSWORD, ROLES, Desk


@pytest.fixture
def desk() -> Desk:
    return Desk()


def log_in(desk: Desk) -> str:
    return desk.sessions.log_in("minji", PASSWORD, address=HERE).token


def ruled(desk: Desk, rules: SessionRules) -> StaffSessionService:
    """The same desk under other rules, as after a restart with other settings."""
    return StaffSessionService(
        store=desk.store, hasher=desk.hasher, clock=desk.clock, entropy=desk.sessions._entropy, rules=rules
    )


def test_one_session_more_than_the_bound_ends_the_one_used_longest_ago(desk: Desk) -> None:
    tokens = []
    for _ in range(5):
        tokens.append(log_in(desk))
        desk.clock.advance(31)
    desk.sessions.authenticate(tokens[0])
    sixth = log_in(desk)
    for token in (tokens[0], *tokens[2:], sixth):
        assert desk.sessions.authenticate(token)
    with pytest.raises(SessionEnded):
        desk.sessions.authenticate(tokens[1])
    assert len(desk.events("staff_session_displaced")) == 1


def test_own_sessions_are_listed_without_those_that_ended(desk: Desk) -> None:
    log_in(desk)
    desk.clock.advance(900)
    kept = desk.sessions.log_in("minji", PASSWORD, address=HERE)
    assert [one.session_id for one in desk.sessions.sessions(desk.minji.staff_id)] == [kept.member.session_id]
    assert desk.sessions.sessions("stf_nobody") == []


def test_one_session_ends_and_the_others_stay(desk: Desk) -> None:
    first = desk.sessions.log_in("minji", PASSWORD, address=HERE)
    second = log_in(desk)
    desk.sessions.end_session(desk.minji.staff_id, first.member.session_id)
    with pytest.raises(SessionEnded):
        desk.sessions.authenticate(first.token)
    assert desk.sessions.authenticate(second)
    ended = {"staff": desk.minji.staff_id, "session": first.member.session_id}
    assert desk.events("staff_session_ended") == [ended]


def test_session_of_somebody_else_cannot_be_ended(desk: Desk) -> None:
    opened = desk.sessions.log_in("minji", PASSWORD, address=HERE)
    other = desk.accounts.add("junho", ROLES, OTHER)
    with pytest.raises(NotFound):
        desk.sessions.end_session(other.staff_id, opened.member.session_id)
    assert desk.sessions.authenticate(opened.token)


def test_every_other_session_of_ones_own_ends_at_once(desk: Desk) -> None:
    here, there = log_in(desk), log_in(desk)
    assert desk.sessions.end_other_sessions(here) == 1
    assert desk.sessions.authenticate(here)
    with pytest.raises(SessionEnded):
        desk.sessions.authenticate(there)
    with pytest.raises(SessionEnded):
        desk.sessions.end_other_sessions(there)


def test_operator_ends_every_session_of_an_account(desk: Desk) -> None:
    token = log_in(desk)
    assert desk.accounts.end_sessions("minji") == 1
    with pytest.raises(SessionEnded):
        desk.sessions.authenticate(token)
    with pytest.raises(NotFound):
        desk.accounts.end_sessions("nobody")


def test_other_roles_end_the_sessions_they_were_opened_for(desk: Desk) -> None:
    token = log_in(desk)
    changed = desk.accounts.set_roles("minji", {StaffRole.AUDITOR})
    assert changed.roles == {StaffRole.AUDITOR}
    with pytest.raises(SessionEnded):
        desk.sessions.authenticate(token)
    with pytest.raises(MalformedInput):
        desk.accounts.set_roles("minji", set())
    with pytest.raises(NotFound):
        desk.accounts.set_roles("nobody", ROLES)
    assert desk.events("staff_roles_set") == [{"staff": desk.minji.staff_id, "roles": ["auditor"]}]


def test_proof_of_who_somebody_is_grows_old_and_is_made_recent_under_a_fresh_token(desk: Desk) -> None:
    token = log_in(desk)
    desk.clock.advance(299)
    desk.sessions.requires_recent_authentication(desk.sessions.authenticate(token))
    desk.clock.advance(1)
    member = desk.sessions.authenticate(token)
    with pytest.raises(RecentAuthenticationRequired):
        desk.sessions.requires_recent_authentication(member)
    desk.sessions.requires_recent_authentication(member, 301)
    renewed = desk.sessions.confirm_password(token, PASSWORD, address=HERE)
    assert renewed.token != token
    assert renewed.member.session_ends_at == member.session_ends_at
    desk.sessions.requires_recent_authentication(desk.sessions.authenticate(renewed.token))
    with pytest.raises(SessionEnded):
        desk.sessions.authenticate(token)


def test_wrong_password_makes_nothing_recent_and_is_counted_as_a_log_in_is(desk: Desk) -> None:
    token = log_in(desk)
    for _ in range(5):
        with pytest.raises(LoginRefused):
            desk.sessions.confirm_password(token, OTHER, address=HERE)
    with pytest.raises(LoginLimited):
        desk.sessions.confirm_password(token, PASSWORD, address=HERE)
    with pytest.raises(SessionEnded):
        desk.sessions.confirm_password("A" * 43, PASSWORD, address=HERE)


def test_session_that_ends_while_its_password_is_compared_is_not_renewed(desk: Desk) -> None:
    token = log_in(desk)
    compare = desk.hasher.matches

    def slowly(encoded: str | None, password: str) -> bool:
        desk.sessions.log_out(token)
        return compare(encoded, password)

    desk.hasher.matches = slowly  # type: ignore[method-assign]
    with pytest.raises(SessionEnded):
        desk.sessions.confirm_password(token, PASSWORD, address=HERE)
    assert desk.database.read().staff_sessions == {}


def test_account_changed_while_its_password_is_compared_confirms_nothing(desk: Desk) -> None:
    token = log_in(desk)
    compare = desk.hasher.matches

    def slowly(encoded: str | None, password: str) -> bool:
        desk.accounts.set_password("minji", OTHER)
        return compare(encoded, password)

    desk.hasher.matches = slowly  # type: ignore[method-assign]
    with pytest.raises(LoginRefused):
        desk.sessions.confirm_password(token, PASSWORD, address=HERE)


def test_method_that_the_rules_no_longer_allow_ends_sessions_and_lets_nobody_in(desk: Desk) -> None:
    token = log_in(desk)
    assert desk.sessions.may_use_password(desk.sessions.authenticate(token))
    strict = ruled(desk, SessionRules(methods=frozenset({LoginMethod.PASSKEY})))
    with pytest.raises(SessionEnded):
        strict.authenticate(token)
    with pytest.raises(LoginRefused):
        strict.log_in("minji", PASSWORD, address=HERE)
    assert not strict.may_use_password(desk.sessions.authenticate(token))
    assert desk.events("staff_method_refused") == [{"staff": desk.minji.staff_id, "method": "password"}]


def test_role_that_demands_a_passkey_is_not_let_in_with_a_password(desk: Desk) -> None:
    strict = ruled(desk, SessionRules(passkey_roles=ROLES))
    with pytest.raises(LoginRefused):
        strict.log_in("minji", PASSWORD, address=HERE)
    desk.accounts.add("junho", {StaffRole.AUDITOR}, OTHER)
    assert strict.log_in("junho", OTHER, address=HERE)
    with pytest.raises(SessionEnded):
        strict.authenticate(log_in(desk))


@pytest.mark.parametrize("typed", [NO_PASSWORD, "", PASSWORD], ids=["its mark", "nothing", "some password"])
def test_account_without_a_password_is_let_in_by_none(desk: Desk, typed: str) -> None:
    desk.accounts.add("junho", ROLES, None)
    with pytest.raises(LoginRefused):
        desk.sessions.log_in("junho", typed, address=HERE)
    confirmation = confirming(desk, SessionRules())
    with pytest.raises(LoginRefused):
        confirmation.confirm("junho", typed)
    assert desk.hasher.compared == [None, None]


def confirming(desk: Desk, rules: SessionRules) -> StaffConfirmation:
    return StaffConfirmation(store=desk.store, hasher=desk.hasher, clock=desk.clock, rules=rules)


def test_terminal_lets_nobody_in_by_a_password_whom_the_console_would_not(desk: Desk) -> None:
    assert confirming(desk, SessionRules()).confirm("minji", PASSWORD).staff_id == desk.minji.staff_id
    passkeys_alone = SessionRules(methods=frozenset({LoginMethod.PASSKEY}))
    for rules in (SessionRules(passkey_roles=ROLES), passkeys_alone):
        with pytest.raises(LoginRefused):
            confirming(desk, rules).confirm("minji", PASSWORD)


def test_whatever_is_logged_names_who_acts_and_nobody_afterwards(desk: Desk) -> None:
    with acting(staff("stf_1")):
        with acting(client("back-office")):
            assert present_actor() == "client:back-office"
        desk.sessions.record("stf_1", "tested")
    assert present_actor() is None
    desk.sessions.record("stf_1", "tested")
    first, second = desk.events("staff_acted")
    assert first == {**second, "actor": "staff:stf_1"}
