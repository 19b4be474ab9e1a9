"""What a staff account may be called, what its password must be, and how failed log-ins slow down the next."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeung.domain.access import Scope
from jeung.domain.staff import (
    AttemptRule,
    Attempts,
    StaffAccount,
    StaffRole,
    checked_password,
    checked_staff_name,
    normal_password,
)
from jeung.errors import MalformedInput, PasswordRefused

GOOD = "grey owls count nine stairs"
RULE = AttemptRule(free=3, first_pause_s=10, max_pause_s=60, forget_s=600, lock_at=8)


@pytest.mark.parametrize("name", ["minji", "kim.minji", "a1", "x-_." + "y" * 28])
def test_name_of_the_form_is_taken(name: str) -> None:
    assert checked_staff_name(name) == name


@pytest.mark.parametrize("name", ["", "a", "Minji", "1minji", "minji kim", "minji\n", "김민지", "a" * 33, "../etc"])
def test_name_of_another_form_is_refused(name: str) -> None:
    with pytest.raises(MalformedInput):
        checked_staff_name(name)


@pytest.mark.parametrize(
    "password", [GOOD, "가나다라마바사아자차카타파하 갸", "x" * 113 + "abcdefghijklmno", "839201746520183"]
)
def test_password_of_any_characters_is_taken_once_it_is_long_enough(password: str) -> None:
    assert checked_password(password, context=("minji",)) == normal_password(password)


def test_two_spellings_of_a_password_are_one() -> None:
    assert normal_password("\u1100\u1161 ＡＢＣ") == normal_password("가 ABC")


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("", "at least 15"),
        ("short but nice", "at least 15"),
        ("x" * 129, "at most 128"),
        (GOOD + "\n", "control"),
        ("aaaaaaaaaaaaaaaa", "guessed"),
        ("abcabcabcabcabcabc", "guessed"),
        ("passwordpassword", "guessed"),
        ("Password123456789!", "guessed"),
        ("minjiminjiminji1", "guessed"),
        ("HANBIT BANK hanbit bank", "guessed"),
        ("비밀번호비밀번호비밀번호비밀번호", "guessed"),
    ],
)
def test_password_that_is_short_long_or_expected_is_refused(password: str, why: str) -> None:
    with pytest.raises(PasswordRefused, match=why) as refused:
        checked_password(password, context=("minji", "Hanbit Bank", ""))
    assert not password or password not in refused.value.detail


def test_account_opens_what_its_roles_open_and_shows_no_hash() -> None:
    account = StaffAccount("stf_1", "minji", frozenset(StaffRole), "$argon2id$secret", 0)
    assert account.scopes == set().union(*(role.scopes for role in StaffRole))
    assert {Scope.ISSUE, Scope.STATUS, Scope.VERIFY, Scope.AUDIT, Scope.APPROVE} <= account.scopes
    assert "argon2" not in repr(account)


@pytest.mark.parametrize(
    ("role", "scope"), [(StaffRole.GOVERNOR, Scope.GOVERN), (StaffRole.KEY_CUSTODIAN, Scope.KEYS)]
)
def test_who_governs_and_who_keeps_keys_does_nothing_else_and_nobody_else_does(role: StaffRole, scope: Scope) -> None:
    assert role.scopes == {scope}
    assert [one for one in StaffRole if scope in one.scopes] == [role]


@pytest.mark.parametrize(
    ("failures", "wait_s"),
    [(0, 0), (2, 0), (3, 10), (4, 20), (5, 40), (6, 60), (7, 60), (8, 60), (1_000_000, 60)],
)
def test_pause_doubles_with_each_failure_up_to_its_bound(failures: int, wait_s: int) -> None:
    assert RULE.wait_s(Attempts("key", failures, 100), 100) == wait_s


def test_pause_passes_but_a_lock_does_not() -> None:
    assert RULE.wait_s(Attempts("key", 3, 100), 110) == 0
    locked = AttemptRule(free=3, lock_at=8)
    assert locked.wait_s(Attempts("key", 8, 100), 10**9) == locked.max_pause_s


def test_count_begins_anew_after_a_while_without_failures() -> None:
    assert RULE.counted("key", Attempts("key", 5, 100), 699) == Attempts("key", 6, 699)
    assert RULE.counted("key", Attempts("key", 5, 100), 700) == Attempts("key", 1, 700)
    assert RULE.wait_s(Attempts("key", 8, 100), 700) == 0
    assert RULE.counted("key", None, 5) == Attempts("key", 1, 5)
    assert AttemptRule(free=3).counted("key", Attempts("key", 5, 0), 10**9).failures == 6


@given(failures=st.integers(0, 10**6), last=st.integers(0, 10**6), now=st.integers(0, 2 * 10**6))
def test_wait_is_never_longer_than_the_longest_pause_beyond_the_last_failure(
    failures: int, last: int, now: int
) -> None:
    rule = AttemptRule(free=5, lock_at=100)
    wait_s = rule.wait_s(Attempts("key", failures, last), now)
    assert 0 <= wait_s <= rule.max_pause_s + max(0, last - now)
