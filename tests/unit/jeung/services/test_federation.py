"""Whom a token of the identity provider lets in, and every token that lets nobody in."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from jeung.domain.passkeys import CHALLENGE_TTL_S
from jeung.domain.staff import LoginMethod, StaffRole
from jeung.errors import Conflict, MalformedInput, NotFound, SessionEnded
from jeung.errors.staff import ProviderRefused, RecentAuthenticationRequired
from jeung.services.staff import SessionRules
from tests.common.federation import ANOTHER, BROWSER, CLIENT, ISSUER, METHODS, SUBJECT, FederatedDesk
from tests.unit.jeung.services.test_staff import HERE, PASSWORD, ROLES


@pytest.fixture
def desk() -> FederatedDesk:
    return FederatedDesk()


def test_linked_account_is_let_in_by_its_subject(desk: FederatedDesk) -> None:
    opened = desk.log_in()
    assert (opened.member.staff_id, opened.member.method) == (desk.minji.staff_id, LoginMethod.OIDC)
    assert desk.sessions.authenticate(opened.token).name == "minji"
    logged = b"".join(entry.body for entry in desk.database.read().events)
    assert SUBJECT.encode() not in logged


def test_browser_is_sent_with_everything_that_ties_the_answer_to_it(desk: FederatedDesk) -> None:
    asked = desk.sent()
    assert (asked["response_type"], asked["code_challenge_method"], asked["client_id"]) == ("code", "S256", CLIENT)
    assert (asked["scope"], asked["max_age"]) == ("openid", "28800")
    assert "prompt" not in asked
    again = desk.sent(anew=True)
    assert again["prompt"] == "login"
    assert again["state"] != asked["state"]
    desk.federation = desk.federated(acr_values=frozenset({"gold", "bronze"}))
    desk.provider.authorization = f"{ISSUER}/authorize?tenant=1"
    asked = desk.sent()
    assert (asked["acr_values"], asked["tenant"]) == ("bronze gold", "1")


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example"},
        {"iss": None},
        {"aud": "another"},
        {"aud": None},
        {"aud": []},
        {"aud": [CLIENT, "another"]},
        {"aud": [CLIENT], "azp": "another"},
        {"azp": "another"},
        {"exp": 1},
        {"exp": None},
        {"exp": "9999999999"},
        {"exp": True},
        {"iat": 1},
        {"iat": 9_999_999_999},
        {"auth_time": None},
        {"auth_time": 1},
        {"auth_time": 9_999_999_999},
        {"nonce": "another"},
        {"nonce": None},
        {"sub": None},
        {"sub": ""},
        {"sub": 2482},
        {"sub": "x" * 256},
        {"sub": "another"},
        {"amr": "pwd"},
    ],
    ids=str,
)
def test_token_that_does_not_say_what_it_must_lets_nobody_in(desk: FederatedDesk, claims: dict[str, Any]) -> None:
    with pytest.raises(ProviderRefused):
        desk.log_in(**claims)
    assert desk.database.read().staff_sessions == {}


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "https://evil.example"},
        {"iss": None},
        {"state": "A" * 43},
        {"state": ""},
        {"state": "not base64url!"},
        {"state": None},
        {"code": "another"},
        {"code": ""},
        {"code": None},
        {"code": "x" * 3000},
        {"error": "access_denied"},
    ],
    ids=str,
)
def test_answer_that_is_not_to_our_question_lets_nobody_in(desk: FederatedDesk, change: dict[str, Any]) -> None:
    with pytest.raises(ProviderRefused):
        desk.log_in(change)


def test_provider_that_does_not_name_itself_may_leave_its_name_out_but_not_lie(desk: FederatedDesk) -> None:
    desk.provider.names_itself = False
    assert desk.log_in({"iss": None})
    with pytest.raises(ProviderRefused):
        desk.log_in({"iss": "https://evil.example"})


def test_several_audiences_are_good_when_the_token_was_made_for_us(desk: FederatedDesk) -> None:
    assert desk.log_in(aud=[CLIENT, "another"], azp=CLIENT)


def test_answer_is_good_once_for_one_browser_in_time(desk: FederatedDesk) -> None:
    answer = {"code": "code", "state": desk.sent()["state"], "iss": ISSUER}
    assert desk.federation.finish(answer, browser=BROWSER)
    with pytest.raises(ProviderRefused):
        desk.federation.finish(answer, browser=BROWSER)
    answer["state"] = desk.sent()["state"]
    with pytest.raises(ProviderRefused):
        desk.federation.finish(answer, browser=ANOTHER)
    answer["state"] = desk.sent()["state"]
    desk.clock.advance(CHALLENGE_TTL_S)
    with pytest.raises(ProviderRefused):
        desk.federation.finish(answer, browser=BROWSER)


def test_code_of_another_flow_is_stopped_by_its_verifier(desk: FederatedDesk) -> None:
    """Code injection: the thief's browser began a flow of its own and brings a code that was stolen from another."""
    stolen = desk.sent()["code_challenge"]
    query = parse_qs(urlsplit(desk.federation.begin(ANOTHER)).query)
    desk.provider.challenge = stolen
    with pytest.raises(ProviderRefused):
        desk.federation.finish({"code": "code", "state": query["state"][0], "iss": ISSUER}, browser=ANOTHER)


def test_demanded_strength_of_proof_must_be_there(desk: FederatedDesk) -> None:
    desk.federation = desk.federated(acr_values=frozenset({"gold"}), amr=frozenset({"hwk"}))
    assert desk.log_in(acr="gold", amr=["hwk", "pin", 1])
    for claims in (
        {"acr": "gold"},
        {"amr": ["hwk"]},
        {"acr": "bronze", "amr": ["hwk"]},
        {"acr": "gold", "amr": ["x"]},
    ):
        with pytest.raises(ProviderRefused):
            desk.log_in(**claims)


def test_proof_at_the_provider_an_hour_ago_is_not_recent_here(desk: FederatedDesk) -> None:
    opened = desk.log_in(auth_time=desk.clock.now() - 3600)
    with pytest.raises(RecentAuthenticationRequired):
        desk.sessions.requires_recent_authentication(opened.member)
    desk.sessions.requires_recent_authentication(desk.log_in(auth_time=desk.clock.now() + 5).member)


def test_disabled_account_stays_out_and_so_does_who_needs_a_passkey(desk: FederatedDesk) -> None:
    desk.federation = desk.federated(SessionRules(methods=METHODS, passkey_roles=ROLES))
    with pytest.raises(ProviderRefused):
        desk.log_in()
    desk.federation = desk.federated(SessionRules(methods=frozenset({LoginMethod.PASSWORD})))
    with pytest.raises(ProviderRefused):
        desk.log_in()
    desk.federation = desk.federated()
    desk.accounts.disable("minji")
    with pytest.raises(ProviderRefused):
        desk.log_in()


def test_groups_give_roles_at_each_log_in_and_other_roles_end_sessions(desk: FederatedDesk) -> None:
    groups = {"desk": StaffRole.ISSUER_OFFICER, "audit": StaffRole.AUDITOR}
    desk.federation = desk.federated(role_groups=groups)
    first = desk.log_in(groups=["desk", "other", 7])
    assert first.member.roles == {StaffRole.ISSUER_OFFICER}
    assert desk.log_in(groups=["audit", "desk"]).member.roles == {StaffRole.AUDITOR, StaffRole.ISSUER_OFFICER}
    with pytest.raises(SessionEnded):
        desk.sessions.authenticate(first.token)
    for wrong in (["other"], [], "desk", None, ["x"] * 1001):
        with pytest.raises(ProviderRefused):
            desk.log_in(groups=wrong)


def test_subject_without_an_account_is_let_in_only_where_accounts_are_made(desk: FederatedDesk) -> None:
    groups = {"audit": StaffRole.AUDITOR}
    desk.federation = desk.federated(role_groups=groups)
    with pytest.raises(ProviderRefused):
        desk.log_in(sub="new", groups=["audit"])
    desk.federation = desk.federated(role_groups=groups, create_accounts=True)
    made = desk.log_in(sub="new", groups=["audit"], preferred_username="areum").member
    assert (made.name, set(made.roles)) == ("areum", {StaffRole.AUDITOR})
    assert desk.log_in(sub="new", groups=["audit"]).member.staff_id == made.staff_id
    account = next(one for one in desk.accounts.all() if one.name == "areum")
    assert not account.has_password


@pytest.mark.parametrize("wished", ["minji", "Not A Name", None, 7], ids=str)
def test_name_at_the_provider_never_leads_into_an_account_of_that_name(desk: FederatedDesk, wished: object) -> None:
    desk.federation = desk.federated(role_groups={"audit": StaffRole.AUDITOR}, create_accounts=True)
    made = desk.log_in(sub="thief", groups=["audit"], preferred_username=wished).member
    assert made.staff_id != desk.minji.staff_id
    assert made.name.startswith("oidc-")


def test_account_that_is_gone_is_let_in_by_no_token(desk: FederatedDesk) -> None:
    with desk.database.write() as tables:
        tables.staff.clear()
    with pytest.raises(ProviderRefused):
        desk.log_in()


def test_browser_is_led_out_at_the_provider_too_without_saying_who_it_was(desk: FederatedDesk) -> None:
    address = desk.federation.log_out_address() or ""
    assert parse_qs(urlsplit(address).query) == {
        "client_id": [CLIENT],
        "post_logout_redirect_uri": ["https://bank.example/bye"],
    }
    desk.provider.end_session = f"{ISSUER}/bye?a=b"
    assert "?a=b&client_id=" in (desk.federation.log_out_address() or "")
    desk.provider.end_session = None
    assert desk.federation.log_out_address() is None


def test_subject_is_linked_to_one_account_and_ends_its_sessions(desk: FederatedDesk) -> None:
    token = desk.sessions.log_in("minji", PASSWORD, address=HERE).token
    desk.accounts.link("minji", ISSUER, "other")
    with pytest.raises(SessionEnded):
        desk.sessions.authenticate(token)
    with pytest.raises(ProviderRefused):
        desk.log_in()
    desk.accounts.add("junho", ROLES, None)
    with pytest.raises(Conflict):
        desk.accounts.link("junho", ISSUER, "other")
    desk.accounts.link("minji", ISSUER, "other")
    with pytest.raises(NotFound):
        desk.accounts.link("nobody", ISSUER, "third")
    for issuer, subject in (("", "x"), (ISSUER, ""), (ISSUER, "x" * 256)):
        with pytest.raises(MalformedInput):
            desk.accounts.link("junho", issuer, subject)
