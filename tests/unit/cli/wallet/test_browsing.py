"""The consent page is filled in as a browser would, at one server only, and never for ever."""

from collections.abc import Mapping
from urllib.parse import parse_qs

import pytest

from cli.wallet.browsing import Browser
from cli.wallet.errors import NotTrusted, ServerRefused
from cli.wallet.http import Answer
from tests.unit.cli.wallet.parts import ISSUER, Servers, answer

PAGE = f"{ISSUER}/oid4vci/authorize"
BACK = "jeung-headless-wallet://authorized"
FORM = b"""<html><form method="post" action="/oid4vci/authorize">
<input type="hidden" name="csrf" value="t0ken"><input name="tx_code" inputmode="numeric">
<button name="decision" value="deny">No</button><button name="decision" value="approve">Yes</button></form></html>"""


def page(body: bytes, status: int = 200, **headers: str) -> Answer:
    return answer(body, status=status, kind="text/html; charset=utf-8", **headers)


class Consent:
    """Show the form until the right code is typed, then send back to the wallet."""

    def __init__(self, servers: Servers, target: str = f"{BACK}?code=c&state=s", asks: bytes = FORM) -> None:
        self.target, self.asks = target, asks
        servers.pages[PAGE] = self.respond

    def respond(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        if not body:
            return page(self.asks, Set_Cookie="session=abc; HttpOnly; Path=/")
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        assert headers["Cookie"] == "session=abc"
        assert headers["Origin"] == ISSUER
        assert form["csrf"] == "t0ken"
        if form["decision"] == "approve" and form.get("tx_code") != "493536":
            return page(self.asks, status=400)
        return page(b"", status=303, Location=self.target)


def test_the_form_is_filled_in_with_what_the_customer_types() -> None:
    servers = Servers()
    Consent(servers)
    assert Browser(servers, {"tx_code": "493536"}).browse(PAGE, BACK).startswith(BACK)


def test_a_customer_who_says_no_is_sent_back_as_well() -> None:
    servers = Servers()
    Consent(servers, target=f"{BACK}?error=access_denied")
    assert "access_denied" in Browser(servers, {}, press="deny").browse(PAGE, BACK)


def test_a_wrong_code_is_asked_for_once_and_no_more() -> None:
    servers = Servers()
    Consent(servers)
    with pytest.raises(ServerRefused):
        Browser(servers, {"tx_code": "000000"}).browse(PAGE, BACK)
    assert len(servers.asked) == 2


def test_a_page_that_leads_elsewhere_is_left() -> None:
    servers = Servers()
    Consent(servers, target="https://thief.example/")
    with pytest.raises(NotTrusted):
        Browser(servers, {"tx_code": "493536"}).browse(PAGE, BACK)
    servers.pages[PAGE] = page(FORM.replace(b'"/oid4vci', b'"https://thief.example/oid4vci'))
    with pytest.raises(NotTrusted):
        Browser(servers, {"tx_code": "493536"}).browse(PAGE, BACK)


def test_pages_that_never_end_are_left() -> None:
    servers = Servers()
    servers.pages[PAGE] = page(b"", status=303, Location=PAGE)
    with pytest.raises(NotTrusted):
        Browser(servers, {}).browse(PAGE, BACK)


def test_a_page_without_a_form_is_an_error_of_the_server_or_unclear() -> None:
    servers = Servers()
    servers.pages[PAGE] = page(b"<html>no</html>", status=400)
    with pytest.raises(ServerRefused):
        Browser(servers, {}).browse(PAGE, BACK)
    servers.pages[PAGE] = page(b"<html>hello</html>")
    with pytest.raises(NotTrusted):
        Browser(servers, {}).browse(PAGE, BACK)
