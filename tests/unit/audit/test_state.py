"""The state answers questions about times as the contracts do."""

from typing import Any

import pytest

from audit.state import (
    FOREVER,
    KEY_ACTIVE,
    KEY_COMPROMISED,
    KEY_EXPIRED,
    KEY_NOT_YET_VALID,
    KEY_REVOKED,
    KEY_UNKNOWN,
    State,
)

KEY = "member/key"


def with_key(**changed: object) -> State:
    record = {"registered_block": 5, "not_before": 100, "not_after": 200, "revocations": [], "compromises": []}
    return State(keys={KEY: record | changed})


@pytest.mark.parametrize(
    ("time", "expected"), [(99, KEY_NOT_YET_VALID), (100, KEY_ACTIVE), (199, KEY_ACTIVE), (200, KEY_EXPIRED)]
)
def test_a_key_is_active_from_its_beginning_to_before_its_end(time: int, expected: int) -> None:
    assert with_key().key_state_at(KEY, time, 5) == expected


def test_a_key_is_unknown_before_its_registration() -> None:
    assert with_key().key_state_at(KEY, 150, 4) == KEY_UNKNOWN
    assert State().key_state_at(KEY, 150, 9) == KEY_UNKNOWN


@pytest.mark.parametrize(
    ("time", "known_at", "expected"),
    [
        (150, 6, KEY_ACTIVE),
        (150, 7, KEY_REVOKED),
        (149, 7, KEY_ACTIVE),
        (120, 8, KEY_REVOKED),
        (120, 9, KEY_COMPROMISED),
        (50, 9, KEY_COMPROMISED),
        (49, 9, KEY_NOT_YET_VALID),
    ],
)
def test_a_key_is_judged_by_what_was_known_at_a_block(time: int, known_at: int, expected: int) -> None:
    state = with_key(revocations=[[7, 150], [8, 120]], compromises=[[9, 50]])
    assert state.key_state_at(KEY, time, known_at) == expected


def test_nobody_stands_before_its_admission_and_a_stranger_never() -> None:
    member = {"admitted_at": 100, "removed": None, "suspensions": [], "roles": [[100, 1], [150, 2]]}
    state = State(members={"m": member})
    assert [state.status_at("m", time) for time in (99, 100)] == ["unknown", "active"]
    assert state.status_at("x", 500) == "unknown"
    assert [state.roles_at("m", time) for time in (99, 100, 149, 150)] == [0, 1, 1, 2]
    assert state.roles_at("x", 500) == 0


def test_a_suspension_lasts_until_it_lapses_or_is_ended() -> None:
    suspensions = [
        {"began": 10, "until": 20, "ended": FOREVER, "by": "s"},
        {"began": 30, "until": FOREVER, "ended": 40, "by": "s"},
    ]
    state = State(members={"m": {"admitted_at": 0, "removed": None, "suspensions": suspensions, "roles": []}})
    suspended = [time for time in range(50) if state.status_at("m", time) == "suspended"]
    assert suspended == [*range(10, 20), *range(30, 40)]


@pytest.mark.parametrize(("members", "expected"), [(2, 2), (3, 2), (4, 3), (5, 4), (9, 6), (10, 7)])
def test_the_quorum_is_two_thirds_rounded_up(members: int, expected: int) -> None:
    record: dict[str, Any] = {"admitted_at": 0, "removed": None, "suspensions": [], "roles": []}
    rules = {"quorumNumerator": 2, "quorumDenominator": 3, "timelock": 1, "proposalLifetime": 1}
    state = State(rules=rules, members={str(number): record for number in range(members)})
    assert state.quorum(1) == expected


@pytest.mark.parametrize(("members", "expected"), [(2, 2), (3, 2), (4, 3), (5, 4), (10, 9)])
def test_a_quorum_of_all_still_does_without_one(members: int, expected: int) -> None:
    record: dict[str, Any] = {"admitted_at": 0, "removed": None, "suspensions": [], "roles": []}
    rules = {"quorumNumerator": 1, "quorumDenominator": 1, "timelock": 1, "proposalLifetime": 1}
    state = State(rules=rules, members={str(number): record for number in range(members)})
    assert state.quorum(1) == expected
