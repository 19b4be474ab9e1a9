"""Every act through the API or at the console leaves a row in the log that says who acted."""

import html
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Response, g, request

from api.operation import declared_by
from jeung.crypto import canonical_json
from jeung.domain.access import Scope
from jeung.domain.dual_control import ActKind, Channel, Principal, PrincipalKind
from jeung.domain.identifiers import to_hex
from jeung.domain.staff import StaffRole
from jeung.services import acting
from tests.common.authenticator import Authenticator
from tests.common.jose import P256Signer
from tests.unit.api.console.desk import APPROVER, AUDITOR, GOVERNOR, ISSUER, KEEPER, PASSWORD, VERIFIER, Desk
from tests.unit.api.console.test_erasing import locked
from tests.unit.api.console.test_guard import OPEN
from tests.unit.api.console.test_passkeys import enrolled, options
from tests.unit.api.console.test_passkeys import log_in as passkey_log_in
from tests.unit.api.explorer.test_evidence import hand_in
from tests.unit.api.parts import CHAIN_ID, CONSORTIUM, HOOKS, MEMBER, METHODS, PROFILE, PROPOSAL, SCHEMA
from tests.unit.api.presenting import answer, asked, fetched, shown

OWN_ROWS = {"/v1/nonces", "/v1/verifications"}
"""Writes of every request, whose own rows (the nonce, the judgement's evidence) name the client instead."""
NOTHING_TO_WRITE = {
    "/v1/enrolment",
    "/v1/governance/simulations",
    "/v1/proposals/<hex32:proposal_id>/approval-requests",
    "/console/proposals/new/<token:kind>",
    "/console/proposals/trial",
    "/console/proposals/<token:proposal_id>/<token:act>/trial",
    "/console/passkeys/options",
    "/console/confirm/passkey/options",
}
"""What this node would enrol stands on the chain already; a question, a trial and a preview do nothing."""


class Watched(Desk):
    """Note what each write that succeeded left in the log, and whose it was."""

    def __init__(self) -> None:
        self.left: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self.unnamed: list[tuple[str, str]] = []
        super().__init__()
        self.app.before_request(self._before)
        self.app.after_request(self._after)

    def _before(self) -> None:
        g.logged_before = len(self.database.read().events)

    def _after(self, response: Response) -> Response:
        if request.method != "GET" and request.url_rule is not None and response.status_code < 400:
            place = (request.method, request.url_rule.rule)
            rows = self.database.read().events[g.logged_before :]
            # The log-book's line for a judgement is coarse on purpose and is written for the chain, not for us.
            found = [canonical_json.parse_object(row.body) for row in rows if row.kind != "presentation_judged"]
            self.left.setdefault(place, []).extend(found)
            caller = g.get("caller")
            if caller is not None:
                known = {acting.client(caller.client_id), acting.staff(caller.client_id)}
                self.unnamed += [place for body in found if body.get("actor") not in known]
        return response

    def writes(self, *, console: bool) -> Iterator[tuple[str, str]]:
        """Give method and rule of everything that writes for somebody who is known."""
        for rule in self.app.url_map.iter_rules():
            declared = declared_by(self.app.view_functions[rule.endpoint])
            for method in (rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}:
                if rule.rule.startswith("/console"):
                    if console and rule.rule not in OPEN:
                        yield method, rule.rule
                elif not console and declared is not None and declared.scopes is not None:
                    yield method, rule.rule


@pytest.fixture
def desk() -> Watched:
    return Watched()


def headers_of(desk: Desk, client_id: str, *scopes: Scope) -> dict[str, str]:
    key = P256Signer()
    desk.register(client_id, scopes, key)
    found = desk.ask_token(client_assertion=desk.assertion(client_id, key))
    return {"Authorization": f"Bearer {found.get_json()['access_token']}"}


def judge(desk: Watched, left: dict[tuple[str, str], list[dict[str, Any]]], *, console: bool) -> None:
    wanted = set(desk.writes(console=console))
    assert wanted - set(left) == set(), "these writes were not made here: make them"
    silent = {place for place in wanted if not left[place] and place[1] not in OWN_ROWS | NOTHING_TO_WRITE}
    assert silent == set(), "these writes leave nothing in the log"
    assert desk.unnamed == [], "these writes leave rows that name nobody"


def test_every_write_of_the_api_names_its_client(desk: Watched) -> None:
    holder = desk.issued()
    credential = desk.get(f"/v1/credentials/{holder.credential_id}")
    for kind, target in (
        ("credentials", holder.credential_id),
        ("families", credential["family_id"]),
        ("subjects", credential["subject_id"]),
    ):
        for act in ("suspension", "reinstatement"):
            desk.post(f"/v1/{kind}/{target}/{act}", status=200)
    for kind in ("credentials", "families", "subjects"):
        made = desk.issued()
        one = desk.get(f"/v1/credentials/{made.credential_id}")
        target = {"credentials": made.credential_id, "families": one["family_id"], "subjects": one["subject_id"]}[
            kind
        ]
        desk.post(f"/v1/{kind}/{target}/revocation", status=200)
    offer = desk.post("/v1/credential-offers", {"proofing_id": desk.proofed()}, key="offer-key-1", status=201)
    desk.post(f"/v1/credential-offers/{offer['offer_id']}/cancellation", status=200)
    desk.post("/v1/verifications", {"presentation": desk.presentation(holder, desk.nonce())}, status=200)
    govern(desk)
    present_and_hook(desk)
    decide(desk)
    erase(desk)
    judge(desk, desk.left, console=False)


def govern(desk: Watched) -> None:
    call = {"contract": "SchemaRegistry", "function": "deprecateSchema", "args": [to_hex(SCHEMA)]}
    desk.post("/v1/proposals", call, key="propose-1", status=202)
    proposal = desk.get("/v1/proposals")["items"][0]["proposal_id"]
    for act in ("approvals", "withdrawal", "cancellation", "execution"):
        desk.post(f"/v1/proposals/{proposal}/{act}", status=202)
    desk.post("/v1/governance/simulations", {"act": "cancel", "proposal_id": proposal}, status=202)
    off_line(desk, proposal)
    thumbprint = desk.get("/v1/keys")["items"][0]["thumbprint"]
    desk.post(f"/v1/keys/{thumbprint}/revocation", {}, status=202)
    desk.post(f"/v1/keys/{thumbprint}/compromise", {"since": desk.clock.now() - 5}, status=202)
    desk.post(f"/v1/members/{to_hex(MEMBER)}/suspension", {"reason_digest": "0x" + "11" * 32}, status=202)
    desk.post("/v1/enrolment", status=202)


def off_line(desk: Watched, proposal: str) -> None:
    desk.chain.emit("ApprovalWithdrawn", {"proposal": proposal, "member": to_hex(MEMBER)})
    desk.post(f"/v1/proposals/{proposal}/approval-requests", {}, status=202)
    signed = {"version": 1, "kind": "signed_approval", "chain_id": CHAIN_ID, "consortium": CONSORTIUM, "nonce": 0}
    about = {"proposal_id": proposal, "member_id": to_hex(MEMBER), "deadline": desk.clock.now() + 60}
    body = {**signed, **about, "signature": "0x42", "contract_account": True}
    desk.post("/v1/governance/signed-approvals", body, status=202)


def present_and_hook(desk: Watched) -> None:
    hook = desk.post("/v1/webhooks", {"url": f"{HOOKS}one"}, status=201)
    assert desk.http.delete(f"/v1/webhooks/{hook['webhook_id']}", headers=desk.headers()).status_code < 300
    desk.post(f"/v1/presentation-requests/{asked(desk)['request_id']}/cancellation", status=200)
    made = asked(desk, redirect_uri="https://shop.example/done")
    wanted = fetched(desk, made)
    taken = answer(desk, wanted, {"credential": [shown(desk, desk.issued(), wanted)]}).get_json()
    (code,) = parse_qs(urlsplit(taken["redirect_uri"]).query)["response_code"]
    path = f"/v1/presentation-requests/{made['request_id']}/redemption"
    desk.post(path, {"response_code": code}, status=200)


def decide(desk: Watched) -> None:
    approver = headers_of(desk, "approver", Scope.APPROVE)
    for number, name in enumerate(("approval", "rejection", "withdrawal")):
        body = {"kind": "policy_change", "parameters": {"note": f"n{number}"}, "reason": "a reason"}
        act = desk.post("/v1/acts", body, key=f"ask-{number}", status=202)
        arguments: dict[str, Any] = {"json": {"digest": act["digest"]}} if name == "approval" else {}
        headers = desk.headers() if name == "withdrawal" else approver
        decided = desk.http.post(f"/v1/acts/{act['act_id']}/{name}", headers=headers, **arguments)
        assert decided.status_code == 200, decided.text


def erase(desk: Watched) -> None:
    subject = locked(desk)
    path = f"/v1/subjects/{subject}/retained-records"
    assert desk.http.post(path, headers=headers_of(desk, "keeper", Scope.RETENTION)).status_code == 200
    proofing = desk.get(f"/v1/proofings/{desk.proofed()}")
    other = f"/v1/subjects/{proofing['subject_id']}?ground=customer_request"
    answer = desk.http.delete(other, headers=desk.headers())
    assert answer.status_code == 202
    act, approver = answer.get_json(), headers_of(desk, "second", Scope.APPROVE)
    before = len(desk.database.read().events)
    done = desk.http.post(f"/v1/acts/{act['act_id']}/approval", json={"digest": act["digest"]}, headers=approver)
    assert done.status_code == 200
    rows = [canonical_json.parse_object(row.body) for row in desk.database.read().events[before:]]
    assert {body["actor"] for body in rows} == {"client:second"}


def test_every_form_of_the_console_names_who_sent_it(desk: Watched) -> None:
    desk.issued()
    officer = desk.at_desk(ISSUER)
    path = desk.opened(officer)
    officer.get(path)
    assert officer.send(f"{path}/person").status_code == 200
    for method in METHODS:
        officer.get(path)
        officer.send(f"{path}/checks", {"method": method, "outcome": "passed"}, request_key=f"{method}{'k' * 20}")
    officer.get(path)
    officer.send(f"{path}/completion")
    officer.get(path)
    offer = officer.send("/offers", {"proofing": path.rsplit("/", 1)[1]})
    officer.get("/me")
    officer.send(offer.headers["Location"].removeprefix("/console") + "/cancellation")
    one = f"/credentials/{desk.node.credentials.page().items[0].record.credential_id}/suspend"
    officer.get(one)
    officer.send(one, {"scope": "copy", "confirmed": "yes"})
    verifier = desk.at_desk(VERIFIER)
    verifier.get("/requests")
    made = verifier.send("/requests", {"profile": PROFILE})
    verifier.get("/me")
    verifier.send(made.headers["Location"].removeprefix("/console") + "/cancellation")
    other = desk.opened(officer)
    officer.get(other)
    assert officer.send(f"{other}/erasure", {"ground": "customer_request"}).status_code == 303
    subject, keeper = locked(desk), desk.at_desk(KEEPER)
    keeper.get("/records")
    assert keeper.send(f"/records/{subject}").status_code == 200
    officer.get("/terminal")
    assert officer.send("/terminal", {"code": desk.node.terminals.begin(ISSUER).code}).status_code == 200
    assert hand_in(desk.at_desk(AUDITOR), b"{}").status_code == 200
    acts(desk)
    governs(desk)
    keys(desk)
    account(desk)
    left = {place: rows for place, rows in desk.left.items() if place[1].startswith("/console")}
    judge(desk, left, console=True)


def acts(desk: Watched) -> None:
    desk.node.staff_accounts.add("both", {StaffRole.ISSUER_OFFICER, StaffRole.APPROVER}, PASSWORD)
    for number, (name, who) in enumerate((("approval", APPROVER), ("rejection", APPROVER), ("withdrawal", "both"))):
        asker = Principal(PrincipalKind.STAFF, desk.staff_id("both"), Channel.CONSOLE, frozenset(Scope))
        act = desk.node.dual_control.ask(asker, ActKind.POLICY_CHANGE, {"note": f"n{number}"}, "because")
        browser = desk.at_desk(who)
        browser.get(f"/acts/{act.act_id}")
        form = {"digest": "0x" + act.digest.hex(), "confirmed": "yes"} if name == "approval" else None
        assert browser.send(f"/acts/{act.act_id}/{name}", form).status_code == 303


def governs(desk: Watched) -> None:
    browser = desk.at_desk(GOVERNOR)
    browser.get("/proposals/new/reinstate")
    review = browser.send("/proposals/new/reinstate", {"member": to_hex(MEMBER)})
    found = re.search(r'name="call" value="([^"]+)"', review.text)
    assert found
    call = {"call": html.unescape(found[1])}
    for path in ("/proposals/trial", "/proposals/new"):
        browser.get("/me")
        assert browser.send(path, call).status_code == 303
    for path in (f"/proposals/{PROPOSAL}/approve/trial", f"/proposals/{PROPOSAL}/approve"):
        browser.get(f"/proposals/{PROPOSAL}")
        assert browser.send(path).status_code == 303
    browser.get("/governance/suspension")
    reason = {"member": to_hex(MEMBER), "reason": "Keys on the street"}
    assert browser.send("/governance/suspension", reason, request_key="s" * 43).status_code == 200
    kinds = {row["contract"] for row in desk.events("governance_intended")}
    assert kinds == {"Consortium"}


def keys(desk: Watched) -> None:
    device = enrolled(desk)
    browser = passkey_log_in(desk, device)
    browser.get("/passkeys")
    second = Authenticator().create(options(browser, "/passkeys"))
    browser.send("/passkeys", {"credential": second, "label": "Second"})
    one = desk.node.passkeys.of(desk.staff_id(ISSUER))[0].passkey_id
    browser.get("/passkeys")
    assert browser.send(f"/passkeys/{one}/label", {"label": "Desk"}).status_code == 303
    browser.get("/confirm")
    proof = device.get(options(browser, "/confirm/passkey"))
    assert browser.send("/confirm/passkey", {"credential": proof}).status_code == 303
    browser.get("/passkeys")
    assert browser.send(f"/passkeys/{one}/removal").status_code == 303


def account(desk: Watched) -> None:
    other, browser = desk.at_desk(ISSUER), desk.at_desk(ISSUER)
    session = desk.node.staff.authenticate(other.cookie("jeung_bank_session") or "").session_id
    browser.get("/me")
    assert browser.send(f"/sessions/{session}/end").status_code == 303
    browser.get("/me")
    assert browser.send("/sessions/end-others").status_code == 303
    browser.get("/confirm")
    assert browser.send("/confirm", {"password": PASSWORD}).status_code == 303
    browser.get("/me")
    assert browser.send("/logout").status_code == 303
