"""What an identity provider ends without a browser, and every token that ends nothing."""

from typing import Any

import pytest

from jeung.errors import SessionEnded
from jeung.errors.staff import ProviderRefused
from jeung.services.staff import LogIn
from tests.common.federation import CLIENT, ISSUER, SUBJECT, FederatedDesk
from tests.unit.jeung.services.test_staff import HERE, PASSWORD


@pytest.fixture
def desk() -> FederatedDesk:
    return FederatedDesk()


def logged_out(desk: FederatedDesk, **claims: Any) -> int:  # noqa: ANN401
    now = desk.clock.now()
    good = {"iss": ISSUER, "aud": CLIENT, "iat": now, "exp": now + 120, "jti": "j1", "sub": SUBJECT, "events": EVENT}
    desk.provider.claims = {**good, **claims}
    return desk.federation.log_out("token")


EVENT: dict[str, Any] = {"http://schemas.openid.net/event/backchannel-logout": {}}


def is_open(desk: FederatedDesk, opened: LogIn) -> bool:
    try:
        desk.sessions.authenticate(opened.token)
    except SessionEnded:
        return False
    return True


def test_provider_ends_the_sessions_that_came_from_one_of_its_own(desk: FederatedDesk) -> None:
    first, second, nameless = desk.log_in(sid="s1"), desk.log_in(sid="s2"), desk.log_in()
    assert logged_out(desk, sid="s1", sub=None) == 1
    assert [is_open(desk, one) for one in (first, second, nameless)] == [False, True, True]
    # Of the subject's sessions that of which no sid is known may be the one.
    assert logged_out(desk, sid="s9", jti="j2") == 1
    assert [is_open(desk, one) for one in (second, nameless)] == [True, False]
    (one, two) = desk.events("staff_session_ended_by_provider")
    assert one["staff"] == two["staff"] == desk.minji.staff_id


def test_provider_ends_every_session_of_a_subject_that_came_through_it_and_no_other(desk: FederatedDesk) -> None:
    federated = [desk.log_in(sid="s1"), desk.log_in()]
    by_password = desk.sessions.log_in("minji", PASSWORD, address=HERE)
    assert logged_out(desk) == 2
    assert not any(is_open(desk, one) for one in federated)
    assert is_open(desk, by_password)


def test_logout_of_somebody_unknown_ends_nothing(desk: FederatedDesk) -> None:
    opened = desk.log_in(sid="s1")
    assert logged_out(desk, sub="another") == 0
    assert logged_out(desk, sub=None, sid="s9", jti="j2") == 0
    assert is_open(desk, opened)


def test_logout_token_is_good_once(desk: FederatedDesk) -> None:
    desk.log_in()
    assert logged_out(desk) == 1
    opened = desk.log_in()
    with pytest.raises(ProviderRefused):
        logged_out(desk)
    assert is_open(desk, opened)


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example"},
        {"aud": "another"},
        {"aud": None},
        {"aud": {"jeung-bank": 1}},
        {"exp": None},
        {"exp": 1},
        {"iat": 1},
        {"iat": 1 << 40},
        {"iat": "1"},
        {"jti": None},
        {"jti": ""},
        {"jti": 7},
        {"nonce": "n"},
        {"events": None},
        {"events": {}},
        {"events": {"http://schemas.openid.net/event/backchannel-logout": True}},
        {"sub": None},
        {"sub": 7},
        {"sub": "x" * 256},
        {"sid": ""},
        {"sid": 7},
    ],
    ids=lambda claims: "-".join(f"{name}:{str(value)[:12]}" for name, value in claims.items()),
)
def test_logout_token_with_a_claim_that_is_wrong_ends_nothing(desk: FederatedDesk, claims: dict[str, Any]) -> None:
    opened = desk.log_in()
    with pytest.raises(ProviderRefused):
        logged_out(desk, **claims)
    assert is_open(desk, opened)


def test_id_token_logs_nobody_out(desk: FederatedDesk) -> None:
    opened = desk.log_in()
    desk.provider.claims["jti"] = "j1"
    with pytest.raises(ProviderRefused):
        desk.federation.log_out("token")
    assert is_open(desk, opened)
