"""Log in through a small but real OpenID provider: HTTP, JWKS and signatures are real, and so are the attacks."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from joserfc.jwk import ECKey, OctKey

from jeung.domain.registrations import KeyPurpose
from jeung.errors.staff import ProviderUnavailable
from node.oidc import HttpIdentityProvider
from node.settings import SettingsInvalid
from tests.common.browser import served
from tests.common.chain import free_port
from tests.common.oidc_provider import CLIENT, SUBJECT, Provider
from tests.unit.api.console.desk import ISSUER, Browser, Desk

SESSION = "jeung_bank_session"


class Stage:
    """Hold a provider that is served and a desk that trusts it."""

    def __init__(self, provider: Provider, **oidc: Any) -> None:  # noqa: ANN401 - settings
        self.provider = provider
        given = {"issuer": provider.url, "client_id": CLIENT, **oidc}
        self.desk = Desk(console={"log_in_methods": ["password", "passkey", "oidc"]}, oidc=given)
        provider.now = self.desk.clock.now
        provider.client_jwk = self.desk.node.signer.active_key(KeyPurpose.TOKEN_SIGNING).jwk
        self.desk.node.staff_accounts.link(ISSUER, provider.url, SUBJECT)

    def begun(self, browser: Browser) -> dict[str, str]:
        """Begin and let the provider answer; give what the browser is sent back with."""
        sent = browser.get("/login/oidc")
        assert sent.status_code == 303, sent.text
        back = requests.get(sent.headers["Location"], allow_redirects=False, timeout=10)
        return {name: value for name, (value,) in parse_qs(urlsplit(back.headers["Location"]).query).items()}

    def finish(self, browser: Browser, answer: dict[str, str]) -> Any:  # noqa: ANN401 - a TestResponse
        return browser.http.get("/console/login/oidc/callback", query_string=answer, base_url=browser.url)

    def log_in(self, browser: Browser | None = None) -> Any:  # noqa: ANN401 - a TestResponse
        browser = browser or self.desk.browser()
        return self.finish(browser, self.begun(browser))


@pytest.fixture
def provider() -> Iterator[Provider]:
    port = free_port()
    made = Provider(f"http://localhost:{port}")
    with served(made.app, port):
        yield made


@pytest.fixture
def stage(provider: Provider) -> Stage:
    return Stage(provider)


def test_person_is_let_in_and_led_out_at_both_ends(stage: Stage) -> None:
    browser = stage.desk.browser()
    assert 'id="with-oidc"' in browser.get("/login").text
    answer = stage.log_in(browser)
    assert answer.status_code == 200, answer.text
    assert 'content="0;url=/console"' in answer.text
    page = browser.get("/me")
    assert ISSUER in page.text
    out = browser.send("/logout")
    assert out.headers["Location"] == "/console/logged-out"
    led = browser.get("/logged-out").text
    assert f"{stage.provider.url}/bye?client_id={CLIENT}" in led
    assert "id_token_hint" not in led


def test_cookie_of_a_flow_is_lax_and_of_a_session_strict(stage: Stage) -> None:
    browser = stage.desk.browser()
    begun = browser.get("/login/oidc").headers["Set-Cookie"]
    assert ("jeung_bank_oidc=" in begun, "SameSite=Lax" in begun, "HttpOnly" in begun) == (True, True, True)
    cookies = stage.log_in(browser).headers.getlist("Set-Cookie")
    (session,) = (cookie for cookie in cookies if cookie.startswith(f"{SESSION}="))
    assert "SameSite=Strict" in session


def refused(answer: Any) -> bool:  # noqa: ANN401 - a TestResponse
    return answer.status_code == 401 and SESSION not in str(answer.headers)


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_unsigned_token_and_one_under_a_shared_secret_are_refused(stage: Stage, algorithm: str) -> None:
    stage.provider.algorithm = algorithm
    public = stage.provider.key.as_pem(private=False)
    stage.provider.signing_key = OctKey.import_key(public.replace(b"-----", b"====="))
    assert refused(stage.log_in())


def test_token_under_a_key_the_provider_does_not_publish_is_refused(stage: Stage) -> None:
    stage.provider.signing_key = ECKey.generate_key("P-256")
    assert refused(stage.log_in())
    stage.provider.header = {"kid": "unheard-of"}
    assert refused(stage.log_in())


def test_key_inside_the_token_is_not_looked_at(stage: Stage) -> None:
    forged = ECKey.generate_key("P-256", auto_kid=True)
    stage.provider.signing_key = forged
    stage.provider.header = {"jwk": forged.as_dict(private=False), "kid": forged.kid}
    assert refused(stage.log_in())


def test_fresh_key_of_the_provider_is_fetched_once_its_time_has_come(provider: Provider) -> None:
    now = [1000.0]
    client = HttpIdentityProvider(
        provider.url, CLIENT, lambda _: ({}, None), algorithms=["ES256"], allow_http=True, monotonic=lambda: now[0]
    )
    claims = {"sub": SUBJECT}
    assert client._verified(provider.signed(claims)) == claims
    provider.rotate()
    for _ in range(3):
        with pytest.raises(Exception, match="identity provider"):
            client._verified(provider.signed(claims))
    assert provider.calls.count("jwks") == 1, "forged key ids cost the provider nothing"
    now[0] += 60
    assert client._verified(provider.signed(claims)) == claims
    assert provider.calls.count("jwks") == 2


@pytest.mark.parametrize(
    "claims",
    [{"nonce": "another"}, {"aud": "another"}, {"iss": "https://evil.example"}, {"exp": 1}, {"sub": "another"}],
    ids=str,
)
def test_token_for_another_nonce_audience_issuer_time_or_person_is_refused(
    stage: Stage, claims: dict[str, Any]
) -> None:
    stage.provider.claims = claims
    assert refused(stage.log_in())


def test_answer_of_another_provider_is_refused_before_its_code_goes_anywhere(stage: Stage) -> None:
    """Mix-up (RFC 9207): an honest-looking answer names another issuer, or none."""
    browser = stage.desk.browser()
    answer = stage.begun(browser)
    assert refused(stage.finish(browser, {**answer, "iss": "https://evil.example"}))
    browser = stage.desk.browser()
    answer = stage.begun(browser)
    del answer["iss"]
    assert refused(stage.finish(browser, answer))
    assert "token" not in stage.provider.calls


def test_answer_comes_once_and_from_the_browser_that_asked(stage: Stage) -> None:
    browser, thief = stage.desk.browser(), stage.desk.browser()
    answer = stage.begun(browser)
    assert refused(stage.finish(thief, answer)), "a browser without the cookie of the flow"
    answer = stage.begun(browser)
    assert stage.finish(browser, answer).status_code == 200
    assert refused(stage.finish(browser, answer))


def test_stolen_code_is_useless_in_a_flow_of_the_thiefs_own(stage: Stage) -> None:
    stolen = stage.begun(stage.desk.browser())["code"]
    thief = stage.desk.browser()
    own = stage.begun(thief)
    assert refused(stage.finish(thief, {**own, "code": stolen}))


def test_client_secret_comes_from_a_file_that_nobody_else_reads(provider: Provider, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("s3cret with spaces\n")
    file.chmod(0o600)
    provider.secret = "s3cret with spaces"
    settings = {"client_authentication": "client_secret_basic", "client_secret_file": str(file)}
    assert Stage(provider, **settings).log_in().status_code == 200
    provider.secret = "another"
    assert refused(Stage(provider, **settings).log_in())
    for mode, text in ((0o644, "x"), (0o600, ""), (0o600, "x" * 2000)):
        file.write_text(text)
        file.chmod(mode)
        with pytest.raises(SettingsInvalid):
            Stage(provider, **settings)
    file.unlink()
    with pytest.raises(SettingsInvalid):
        Stage(provider, **settings)


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": "http://127.0.0.1:1/token"},
        {"jwks_uri": "http://localhost.evil.example/jwks"},
        {"token_endpoint": "file:///etc/passwd"},
        {"token_endpoint": None},
        {"authorization_endpoint": "javascript:alert(1)"},
    ],
    ids=str,
)
def test_metadata_of_another_issuer_or_with_foreign_addresses_is_not_followed(
    stage: Stage, metadata: dict[str, Any]
) -> None:
    stage.provider.metadata = metadata
    browser = stage.desk.browser()
    sent = browser.get("/login/oidc")
    if sent.status_code == 303:
        back = requests.get(sent.headers["Location"], allow_redirects=False, timeout=10)
        query = parse_qs(urlsplit(back.headers["Location"]).query)
        sent = stage.finish(browser, {name: value for name, (value,) in query.items()})
    assert (sent.status_code, SESSION in str(sent.headers)) == (503, False)


def answering(provider: Provider, view: Any) -> HttpIdentityProvider:  # noqa: ANN401 - a view
    provider.app.view_functions["discovery"] = view
    return HttpIdentityProvider(
        provider.url, CLIENT, lambda _: ({}, None), algorithms=["ES256"], allow_http=True, timeout_s=1
    )


@pytest.mark.parametrize("what", ["redirect", "large", "no json", "no object", "error"])
def test_answer_out_of_bounds_is_no_answer(provider: Provider, what: str) -> None:
    views: dict[str, Any] = {
        "redirect": lambda: ("", 302, {"Location": f"{provider.url}/jwks"}),
        "large": lambda: b"x" * 300_000,
        "no json": lambda: "{",
        "no object": lambda: "[]",
        "error": lambda: ("{}", 500),
    }
    with pytest.raises(ProviderUnavailable):
        answering(provider, views[what]).endpoints()


def test_answer_that_takes_too_long_as_a_whole_is_cut_off(provider: Provider) -> None:
    clock = itertools.count(0, 11)
    client = HttpIdentityProvider(
        provider.url,
        CLIENT,
        lambda _: ({}, None),
        algorithms=["ES256"],
        allow_http=True,
        monotonic=lambda: next(clock),
    )
    with pytest.raises(ProviderUnavailable):
        client.endpoints()
    assert provider.calls == ["discovery"]


def test_provider_over_plain_http_is_for_sandboxes_alone_and_one_that_is_down_lets_nobody_in(
    provider: Provider,
) -> None:
    strict = HttpIdentityProvider(provider.url, CLIENT, lambda _: ({}, None), algorithms=["ES256"])
    with pytest.raises(ProviderUnavailable):
        strict.endpoints()
    down = Stage(Provider(f"http://localhost:{free_port()}"))
    assert down.desk.browser().get("/login/oidc").status_code == 503
    assert down.desk.log_in().status_code == 303, "the other ways in stay open"


def test_console_without_a_provider_has_no_page_of_it() -> None:
    desk = Desk()
    for path in ("/login/oidc", "/login/oidc/callback", "/logged-out"):
        assert desk.browser().get(path).status_code == 404


# ---- back-channel log-out


def logout_token(stage: Stage, **claims: Any) -> str:  # noqa: ANN401
    now = stage.provider.now()
    events: dict[str, Any] = {"http://schemas.openid.net/event/backchannel-logout": {}}
    good = {"iss": stage.provider.url, "aud": CLIENT, "iat": now, "exp": now + 120, "jti": "j1", "events": events}
    return stage.provider.signed({**good, "sub": SUBJECT, **claims})


def told(stage: Stage, token: str | None) -> Any:  # noqa: ANN401 - a TestResponse
    http = stage.desk.app.test_client()
    form = {} if token is None else {"logout_token": token}
    return http.post("/console/login/oidc/logout", data=form, base_url=stage.desk.browser().url)


def test_provider_logs_somebody_out_without_his_browser(stage: Stage) -> None:
    browser = stage.desk.browser()
    stage.log_in(browser)
    assert browser.get("/me").status_code == 200
    stage.provider.header = {"typ": "logout+jwt"}
    answer = told(stage, logout_token(stage))
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert browser.get("/me").status_code == 303


@pytest.mark.parametrize("lie", ["none", "another key", "type", "nothing", "long", "text"])
def test_logout_token_that_is_not_the_providers_is_refused(stage: Stage, lie: str) -> None:
    browser = stage.desk.browser()
    stage.log_in(browser)
    good = logout_token(stage)
    if lie == "none":
        stage.provider.algorithm = "none"
    elif lie == "another key":
        stage.provider.signing_key = ECKey.generate_key("P-256", {"use": "sig"})
    elif lie == "type":
        stage.provider.header = {"typ": "at+jwt"}
    forged = {"nothing": None, "long": good + "A" * 16_384, "text": "한"}
    answer = told(stage, forged[lie] if lie in forged else logout_token(stage))
    assert answer.status_code in {400, 413, 415}
    assert browser.get("/me").status_code == 200
