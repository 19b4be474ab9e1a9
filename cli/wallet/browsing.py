"""Fill in the issuer's consent page as a customer's browser would: cookies kept, forms submitted, no script run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urljoin, urlsplit

from cli.wallet.errors import NotTrusted, ServerRefused
from cli.wallet.http import Answer, WalletHttp

_MAX_STEPS = 6
_PAGES = "text/html,application/xhtml+xml"


@dataclass(slots=True)
class Form:
    """Hold a form of a page: where it goes, what it carries, its buttons by name and value."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    """The names of what a person types or ticks."""
    buttons: list[tuple[str, str]] = field(default_factory=list)


class _Forms(HTMLParser):
    """Collect the forms of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take in a form, and the inputs and buttons that follow it."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(given.get("action", ""), given.get("method", "get").lower()))
            return
        name, kind = given.get("name", ""), given.get("type", "submit" if tag == "button" else "text").lower()
        if tag not in ("input", "button") or not self.forms or not name:
            return
        form = self.forms[-1]
        if kind == "submit":
            form.buttons.append((name, given.get("value", "")))
        elif kind == "hidden":
            form.fields[name] = given.get("value", "")
        elif kind != "button":
            form.asked.append(name)


def read_forms(page: str) -> list[Form]:
    """Give the forms of a page in their order."""
    parser = _Forms()
    parser.feed(page)
    return parser.forms


class Browser:
    """Walk from page to page at one server until it sends us to the wallet's own address."""

    def __init__(self, http: WalletHttp, answers: Mapping[str, str], *, press: str = "approve") -> None:
        """Prepare.

        Args:
            http: the wallet's connections.
            answers: what the customer types, by the name of the field; a field without an answer stays empty.
            press: the value of the button pressed, where a form has several.

        """
        self._http = http
        self._answers = answers
        self._press = press
        self._cookies: dict[str, str] = {}

    def browse(self, url: str, redirect_uri: str) -> str:
        """Open a page, fill in what it asks, give the address of the wallet we are sent to.

        Raises:
            NotTrusted: it leads to another server, asks something twice, or never ends.
            ServerRefused, Unanswered: the server refuses without sending us back, or nobody answers.
        """
        answer = self._send("GET", url, b"")
        last: list[str] | None = None
        for _ in range(_MAX_STEPS):
            if answer.status in (302, 303):
                target = urljoin(url, answer.headers.get("location", ""))
                if target.startswith(redirect_uri):
                    return target
                url = self._same_server(url, target)
                answer = self._send("GET", url, b"")
                continue
            forms = read_forms(answer.body.decode("utf-8", "replace")) if answer.media_type == "text/html" else []
            if not forms:
                answer.require_success()
                raise NotTrusted("consent_unclear", "the consent page has no form")
            form = forms[0]
            if form.asked == last:
                # The same questions again: what the customer typed was wrong.
                raise ServerRefused(answer.status, "consent_refused", "the page asks again")
            last = form.asked
            url = self._same_server(url, urljoin(url, form.action) if form.action else url)
            answer = self._submit(url, form)
        raise NotTrusted("consent_unclear", "the consent page never ends")

    def _submit(self, url: str, form: Form) -> Answer:
        filled = dict(form.fields)
        filled |= {name: self._answers[name] for name in form.asked if name in self._answers}
        pressed = [button for button in form.buttons if button[1] == self._press] or form.buttons[:1]
        filled |= dict(pressed)
        if form.method != "post":
            raise NotTrusted("consent_unclear", "the consent form is not posted")
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(url))
        return self._keep(self._http.post_form(url, filled, headers={**self._headers(), "Origin": origin}))

    def _send(self, method: str, url: str, body: bytes) -> Answer:
        return self._keep(self._http.exchange(method, url, body or None, headers=self._headers()))

    def _headers(self) -> dict[str, str]:
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        return {"Accept": _PAGES, **({"Cookie": cookies} if cookies else {})}

    def _keep(self, answer: Answer) -> Answer:
        try:
            jar = SimpleCookie(answer.headers.get("set-cookie", ""))
        except CookieError:
            return answer
        self._cookies |= {name: morsel.value for name, morsel in jar.items()}
        return answer

    def _same_server(self, here: str, there: str) -> str:
        if urlsplit(here)[:2] != urlsplit(there)[:2]:
            raise NotTrusted("consent_unclear", "the consent page leads to another server")
        return there
