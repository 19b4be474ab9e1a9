"""Sit at a bank's console: log in, fill forms, read pages, as a browser would."""

import re
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from jeung.crypto import canonical_json
from jeung.domain.staff import StaffRole
from tests.common.parties import unnamed
from tests.unit.api.parts import URL
from tests.unit.api.world import World

PASSWORD = "grey owls count nine stairs"
ISSUER, VERIFIER, AUDITOR, APPROVER = "issuer", "verifier", "auditor", "approver"
GOVERNOR, KEEPER = "governor", "keeper"
ROLES = {
    ISSUER: StaffRole.ISSUER_OFFICER,
    VERIFIER: StaffRole.RELYING_PARTY_OFFICER,
    AUDITOR: StaffRole.AUDITOR,
    APPROVER: StaffRole.APPROVER,
    GOVERNOR: StaffRole.GOVERNOR,
    KEEPER: StaffRole.RECORDS_KEEPER,
}
PERSON = {
    "name_ko": "김민지",
    "family_name": "Kim",
    "given_name": "Minji",
    "birthdate": "1990-05-17",
    "phone_number": "010-1234-5678",
}


class Browser:
    """Keep one browser's cookies and send what a person does in it."""

    def __init__(self, http: FlaskClient, url: str = URL) -> None:
        self.http = http
        self.url = url
        self.last: TestResponse | None = None

    def get(self, path: str, **headers: str) -> TestResponse:
        """Open a page of the console."""
        self.last = self.http.get(f"/console{path}", headers={"Accept": "text/html", **headers}, base_url=self.url)
        return self.last

    def send(self, path: str, fields: dict[str, str] | None = None, **changes: Any) -> TestResponse:  # noqa: ANN401
        """Send a form; `changes` replace the good origin and tokens, None leaves one out."""
        good = {"origin": URL if self.url == URL else self.url, "csrf": self.csrf, "request_key": self.key}
        given = {**good, **changes}
        headers = {} if given["origin"] is None else {"Origin": given["origin"]}
        form = {name: given[name] for name in ("csrf", "request_key") if given[name] is not None}
        self.last = self.http.post(
            f"/console{path}", data={**form, **(fields or {})}, headers=headers, base_url=self.url
        )
        return self.last

    @property
    def csrf(self) -> str:
        """Give the token of the page that was opened last, or of the first page."""
        return self._hidden("csrf")

    @property
    def key(self) -> str:
        """Give the form's key of that page, or one of the form."""
        found = re.search(r'name="request_key" value="([^"]+)"', self.last.text if self.last is not None else "")
        return found[1] if found else "k" * 43

    def _hidden(self, name: str) -> str:
        for page in (self.last, None):
            text = page.text if page is not None else self.http.get("/console/me", base_url=self.url).text
            found = re.search(rf'name="{name}" value="([^"]+)"', text)
            if found:
                return found[1]
        return ""

    def cookie(self, name: str) -> str | None:
        """Give a cookie's value."""
        found = self.http.get_cookie(name, path="/console", domain="localhost")
        return None if found is None else found.value


class Desk(World):
    """Run a bank's node with three people at its desk."""

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401 - as World
        super().__init__(**settings)
        self.url = settings.get("base_url", URL)
        for name, role in ROLES.items():
            self.node.staff_accounts.add(name, {role}, PASSWORD)

    def browser(self) -> Browser:
        """Open a browser nobody has logged in with."""
        return Browser(self.app.test_client(), self.url)

    def log_in(self, name: str = ISSUER, password: str = PASSWORD, browser: Browser | None = None) -> TestResponse:
        """Log in with a browser; a fresh one unless given."""
        browser = browser or self.browser()
        browser.get("/login")
        return browser.send("/login", {"name": name, "password": password})

    def at_desk(self, name: str = ISSUER) -> Browser:
        """Give a browser in which somebody is logged in."""
        browser = self.browser()
        assert self.log_in(name, browser=browser).status_code == 303
        return browser

    def events(self, kind: str) -> list[dict[str, Any]]:
        """Give the bodies of a kind of logged event."""
        tables = self.database.read()
        found = [unnamed(entry.body, tables.log_names) for entry in tables.events if entry.kind == kind]
        return [canonical_json.parse_object(body) for body in found]

    def staff_id(self, name: str) -> str:
        """Give what the log calls somebody."""
        return next(account.staff_id for account in self.node.staff_accounts.all() if account.name == name)

    def opened(self, browser: Browser, **changes: str) -> str:
        """Open a proofing through the form; give its path below /console."""
        browser.get("/proofings/new")
        answer = browser.send("/proofings", {**PERSON, **changes})
        assert answer.status_code == 303, answer.text
        return str(answer.headers["Location"]).removeprefix("/console")
