"""Whom a token of the identity provider lets in, and every token that lets nobody in."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from jeung.crypto import base64url
from jeung.crypto.hashing import sha256
from jeung.domain.passkeys import CHALLENGE_TTL_S
from jeung.domain.staff import LoginMethod, StaffRole
from jeung.errors import Conflict, MalformedInput, NotFound, SessionEnded
from jeung.errors.staff import ProviderRefused, RecentAuthenticationRequired
from jeung.ports.identity import ProviderEndpoints
from jeung.services.staff import FederationRules, LogIn, SessionRules, StaffFederation
from tests.unit.jeung.services.test_staff import HERE, PASSWORD, ROLES, Desk

ISSUER, CLIENT, SUBJECT = "https://idp.example", "jeung-bank", "2482"
BROWSER, ANOTHER = "B" * 43, "C" * 43
METHODS = frozenset({LoginMethod.OIDC, LoginMethod.PASSWORD})


class MemoryProvider:
    """Give what it is told to, once the verifier is the one whose digest the browser was sent with."""

    def __init__(self) -> None:
        self.names_itself = True
        self.end_session: str | None = f"{ISSUER}/bye"
        self.authorization = f"{ISSUER}/authorize"
        self.challenge = ""
        self.claims: dict[str, Any] = {}

    def endpoints(self) -> ProviderEndpoints:
        return ProviderEndpoints(self.authorization, self.end_session, self.names_itself)

    def verify_logout_token(self, token: str) -> Mapping[str, Any]:
        if token != "token":
            raise ProviderRefused
        return {name: value for name, value in self.claims.items() if value is not None}

    def redeem(self, code: str, *, verifier: str, redirect_uri: str) -> Mapping[str, Any]:
        assert redirect_uri == "https://bank.example/cb"
        if code != "code" or base64url.encode(sha256(verifier.encode())) != self.challenge:
            raise ProviderRefused
        return {name: value for name, value in self.claims.items() if value is not None}


class FederatedDesk(Desk):
    def __post_init__(self) -> None:
        super().__post_init__()
        self.provider = MemoryProvider()
        self.federation = self.federated()
        self.sessions.rules = SessionRules(idle_s=900, life_s=3600, methods=METHODS)
        self.accounts.link("minji", ISSUER, SUBJECT)

    def federated(self, sessions: SessionRules | None = None, **rules: Any) -> StaffFederation:  # noqa: ANN401
        given = {"issuer": ISSUER, "client_id": CLIENT, "redirect_uri": "https://bank.example/cb", **rules}
        return StaffFederation(
            store=self.store,
            provider=self.provider,
            clock=self.clock,
            entropy=self.sessions._entropy,
            sessions=sessions or SessionRules(idle_s=900, life_s=3600, methods=METHODS),
            rules=FederationRules(after_log_out="https://bank.example/bye", **given),
        )

    def sent(self, **options: bool) -> dict[str, str]:
        query = parse_qs(urlsplit(self.federation.begin(BROWSER, **options)).query)
        asked = {name: value for name, (value,) in query.items()}
        self.provider.challenge = asked["code_challenge"]
        now = self.clock.now()
        self.provider.claims = {
            "iss": ISSUER,
            "sub": SUBJECT,
            "aud": CLIENT,
            "exp": now + 300,
            "iat": now,
            "auth_time": now,
            "nonce": asked["nonce"],
        }
        return asked

    def log_in(self, change: Mapping[str, Any] = {}, **claims: Any) -> LogIn:  # noqa: ANN401
        answer = {"code": "code", "state": self.sent()["state"], "iss": ISSUER, **change}
        self.provider.claims.update(claims)
        given = {name: value for name, value in answer.items() if value is not None}
        return self.federation.finish(given, browser=BROWSER)


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


# ---- log-out by the provider


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
