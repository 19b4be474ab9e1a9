"""Everything the consortium decides can be proposed at the console: said in words, tried, then sent."""

import html
import json
import re
from dataclasses import dataclass
from typing import Any

import pytest

from api.console.choices import CHOICES
from api.console.motions import FIELDS, SORTS
from api.console.texts import LANGUAGES, texts
from jeung.crypto import canonical_json
from jeung.crypto.hashing import sha256
from jeung.domain.chain import IntentState
from jeung.domain.governance.calls import GOVERNED
from jeung.domain.governance.motions import MOTIONS
from jeung.domain.identifiers import to_hex
from jeung.domain.profiles import service_id
from jeung.domain.questions import QuestionKind
from tests.common.consortium import account
from tests.common.jose import P256Signer
from tests.common.memory.store import MemoryStore
from tests.unit.api.console.desk import AUDITOR, GOVERNOR, Browser, Desk
from tests.unit.api.parts import MEMBER, PROFILE, PROPOSAL, SCHEMA, URL

BROKER = "https://broker.example"
ACCOUNT = "0x" + "ab" * 20
WALLET = "0x" + "77" * 32
NODE = "0x" + "cc" * 32
METADATA = '{\n  "vct": "https://a.example/t",\r\n "name": "T"}\n'
ENODE = f"enode://{'ab' * 64}@10.0.0.1:30303"
MEMBER_ID, SCHEMA_ID = to_hex(MEMBER), to_hex(SCHEMA)
DOCUMENT = {
    "name": "lending",
    "schemas": [SCHEMA_ID],
    "claims": ["birthdate"],
    "required": ["birthdate"],
    "purpose": "Lending money",
    "assurance_level": "substantial",
}
CANONICAL = canonical_json.canonical(json.loads(METADATA))
JWK = P256Signer().jwk


def furnished() -> Desk:
    """Give a desk whose register has something of everything to choose from."""
    desk = Desk()
    member = {"member": MEMBER_ID}
    trusted = {"thumbprint": WALLET, "name": "Wallet Works", "jwk": "0x7b7d", "validUntil": 1 << 33}
    desk.chain.emit("WalletProviderTrusted", trusted)
    node = {"node": NODE, **member, "keyX": "0x" + "a1" * 32, "keyY": "0x" + "b1" * 32, "ip": "0x" + "00" * 16}
    desk.chain.emit("NodeAdded", {**node, "domain": "node.example", "port": 1, "discoveryPort": 0})
    desk.chain.emit("AccountAdded", {"account": account(80), **member})
    desk.chain.emit("OperatorAuthorized", {**member, "purpose": 1, "account": account(81)})
    return desk


@pytest.fixture
def desk() -> Desk:
    return furnished()


@dataclass
class Seat:
    """Hold a governor at a desk where forms are filled in and nothing is sent: many tests share it."""

    desk: Desk
    browser: Browser


@pytest.fixture(scope="module")
def shared() -> Seat:
    desk = furnished()
    return Seat(desk, desk.at_desk(GOVERNOR))


@pytest.fixture
def seat(shared: Seat) -> Seat:
    # Time passes between people's forms, or their number would be limited.
    shared.desk.clock.advance(3)
    return shared


def sent(desk: Desk) -> list[tuple[str, str]]:
    return [(one.call.contract, one.call.function) for one in desk.node.governance.intents().items]


def hidden(page: str) -> str:
    found = re.search(r'name="call" value="([^"]*)"', page)
    assert found
    return html.unescape(found[1])


def key_of(desk: Desk) -> str:
    return to_hex(next(key for member, key in desk.node.registry.registry().keys if member == MEMBER))


def filled(desk: Desk) -> dict[str, tuple[dict[str, str], list[Any]]]:
    """Give for every kind what is typed into its form, and the arguments that must come of it."""
    key = key_of(desk)
    at = {"since": "2026-01-15T08:00"}
    moment = 1_768_464_000
    return {
        "admit": ({"url": BROKER, "governance": ACCOUNT, "roles_issuer": "yes"}, [BROKER, "ACCOUNT", 1]),
        "add-url": ({"member": MEMBER_ID, "url": BROKER}, [MEMBER_ID, BROKER]),
        "roles": ({"member": MEMBER_ID, "roles_supervisor": "yes", "roles_issuer": "yes"}, [MEMBER_ID, 5]),
        "governance-account": ({"member": MEMBER_ID, "account": ACCOUNT}, [MEMBER_ID, "ACCOUNT"]),
        "suspend": ({"member": MEMBER_ID, "reason": "Keys on the street"}, [MEMBER_ID, "DIGEST"]),
        "confirm-suspension": ({"member": MEMBER_ID}, [MEMBER_ID]),
        "reinstate": ({"member": MEMBER_ID}, [MEMBER_ID]),
        "remove": ({"member": MEMBER_ID, **at, "cause": "yes"}, [MEMBER_ID, moment, True]),
        "schema": ({"metadata": METADATA}, [to_hex(CANONICAL), "https://a.example/t"]),
        "deprecate-schema": ({"schema": SCHEMA_ID}, [SCHEMA_ID]),
        "accredit": (
            {"member": MEMBER_ID, "schema": SCHEMA_ID, "valid_from": "", "valid_until": "2026-01-15T08:00"},
            [MEMBER_ID, SCHEMA_ID, 0, moment],
        ),
        "withdraw-accreditation": (
            {"grant": f"{MEMBER_ID}.{SCHEMA_ID}.0", "since": ""},
            [MEMBER_ID, SCHEMA_ID, 0, 0],
        ),
        "profile": (
            {"member": MEMBER_ID, "profile": json.dumps(DOCUMENT)},
            [MEMBER_ID, to_hex(service_id("lending")), to_hex(canonical_json.canonical(DOCUMENT))],
        ),
        "withdraw-profile": (
            {"service": f"{MEMBER_ID}.{to_hex(service_id(PROFILE))}"},
            [MEMBER_ID, to_hex(service_id(PROFILE))],
        ),
        "trust-wallet-provider": (
            {"name": "Other", "jwk": json.dumps(JWK), "valid_until": "2026-01-15T08:00"},
            [to_hex(canonical_json.canonical(JWK)), "Other", moment],
        ),
        "distrust-wallet-provider": ({"provider": WALLET}, [WALLET, 0]),
        "key-compromised": ({"key": f"{MEMBER_ID}.{key}", **at}, [MEMBER_ID, key, moment]),
        "operator-compromised": ({"operator": account(81), **at}, [MEMBER_ID, 1, account(81), moment]),
        "statuses": (
            {"issuer": MEMBER_ID, "list": "3", "status": "suspended", "indexes": "3, 7-8"},
            [MEMBER_ID, 3, 2, [3, 7, 8]],
        ),
        "allow-node": (
            {"member": MEMBER_ID, "endpoint": ENODE},
            [MEMBER_ID, ["0x" + "ab" * 32] * 2 + ["0x" + "00" * 10 + "ffff0a000001", "", 30303, 30303]],
        ),
        "remove-node": ({"node": NODE}, [NODE]),
        "allow-account": ({"member": MEMBER_ID, "account": ACCOUNT}, [MEMBER_ID, "ACCOUNT"]),
        "remove-account": ({"account": account(80)}, [account(80)]),
        "rules": ({"share": "3/4", "timelock": "2d", "lifetime": "30d"}, [[3, 4, 172_800, 2_592_000]]),
        "contract": (
            {"name": "StatusRegistry", "address": ACCOUNT},
            [to_hex(b"StatusRegistry".ljust(32, b"\0")), "ACCOUNT"],
        ),
        "close-status-registry": ({}, []),
        "open-log-epoch": ({"member": MEMBER_ID, "epoch": "2"}, [MEMBER_ID, 2]),
    }


def test_every_motion_has_a_form_whose_fields_exist_in_both_languages(seat: Seat) -> None:
    assert set(FIELDS) == set(MOTIONS) == set(filled(seat.desk))
    for language in LANGUAGES:
        known = texts(language)
        for kind, fields in FIELDS.items():
            assert f"motion.{kind}" in known
            assert {f"motion.field.{name}" for name, _ in fields} <= set(known)
    assert {sort for fields in FIELDS.values() for _, sort in fields} == set(SORTS)
    assert set(CHOICES) <= set(SORTS)


@pytest.mark.parametrize("kind", sorted(MOTIONS))
def test_every_form_makes_its_call_and_shows_it_before_anything_is_sent(seat: Seat, kind: str) -> None:
    typed, args = filled(seat.desk)[kind]
    browser = seat.browser
    assert browser.get(f"/proposals/new/{kind}", **{"Accept-Language": "en"}).status_code == 200
    review = browser.send(f"/proposals/new/{kind}", typed)
    assert review.status_code == 200, review.text
    contract, function, given = json.loads(hidden(review.text))
    assert (contract, function) == MOTIONS[kind]
    assert len(given) == (1 if kind == "rules" else len(GOVERNED[contract, function].arguments))
    for got, wanted in zip(given, args, strict=True):
        if wanted == "ACCOUNT":
            assert got.lower() == ACCOUNT
        elif wanted == "DIGEST":
            assert re.fullmatch("0x[0-9a-f]{64}", got)
        else:
            assert got == wanted
    assert sent(seat.desk) == []


def test_what_can_be_proposed_is_listed(seat: Seat) -> None:
    page = seat.browser.get("/proposals/new").text
    for kind in MOTIONS:
        assert f'href="/console/proposals/new/{kind}"' in page


def test_what_was_reviewed_is_what_is_sent(desk: Desk) -> None:
    browser = desk.at_desk(GOVERNOR)
    browser.get("/proposals/new/admit")
    typed = {"url": BROKER, "governance": ACCOUNT, "roles_issuer": "yes", "roles_relying_party": "yes"}
    review = browser.send("/proposals/new/admit", typed)
    assert BROKER in review.text
    assert "발급, 검증" in review.text
    assert browser.send("/proposals/new", {"call": hidden(review.text)}).status_code == 303
    (intent,) = desk.node.governance.intents().items
    assert intent.call.function == "propose"
    assert intent.call.args[1]["function"] == "admitMember"
    assert intent.state is IntentState.PENDING


def test_a_reason_and_its_salt_are_shown_to_be_kept(seat: Seat) -> None:
    browser = seat.browser
    browser.get("/proposals/new/suspend")
    page = browser.send("/proposals/new/suspend", {"member": MEMBER_ID, "reason": "Keys on the street"}).text
    salt, digest = re.findall(r"<code>(0x[0-9a-f]{64})</code>", page)
    assert to_hex(sha256(bytes.fromhex(salt[2:]) + b"Keys on the street")) == digest
    assert json.loads(hidden(page))[2][1] == digest


def test_a_document_as_large_as_the_chain_takes_passes_through_the_form(desk: Desk) -> None:
    browser = desk.at_desk(GOVERNOR)
    browser.get("/proposals/new/schema")
    large = json.dumps({"vct": "https://a.example/t", "name": "x" * 24_000})
    review = browser.send("/proposals/new/schema", {"metadata": large})
    assert review.status_code == 200
    assert browser.send("/proposals/new", {"call": hidden(review.text)}).status_code == 303


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        ("admit", {}),
        ("admit", {"url": BROKER + "/", "governance": ACCOUNT, "roles_issuer": "yes"}),
        ("admit", {"url": BROKER, "governance": "0x12", "roles_issuer": "yes"}),
        ("admit", {"url": BROKER, "governance": "0xaB" + "ab" * 19, "roles_issuer": "yes"}),
        ("admit", {"url": BROKER, "governance": ACCOUNT}),
        ("accredit", {"member": "bank", "schema": SCHEMA_ID, "valid_until": "2030-01-31"}),
        ("accredit", {"member": MEMBER_ID, "schema": "x", "valid_until": "2030-01-31"}),
        ("accredit", {"member": MEMBER_ID, "schema": SCHEMA_ID, "valid_until": "soon"}),
        ("accredit", {"member": MEMBER_ID, "schema": SCHEMA_ID}),
        ("withdraw-accreditation", {"grant": f"{MEMBER_ID}.{SCHEMA_ID}.9"}),
        ("withdraw-profile", {"service": ""}),
        ("remove-node", {"node": "0x" + "dd" * 32}),
        ("statuses", {"issuer": MEMBER_ID, "list": "3", "status": "valid", "indexes": "3"}),
        ("statuses", {"issuer": MEMBER_ID, "list": "-3", "status": "revoked", "indexes": "3"}),
        ("rules", {"share": "4/3", "timelock": "2d", "lifetime": "30d"}),
        ("schema", {"metadata": "{"}),
        ("profile", {"member": MEMBER_ID, "profile": "{}"}),
        ("trust-wallet-provider", {"name": "W", "jwk": '{"kty":"EC","d":"AA"}', "valid_until": "2030-01-31"}),
        ("trust-wallet-provider", {"name": "W" * 129, "jwk": json.dumps(JWK), "valid_until": "2030-01-31"}),
        ("suspend", {"member": MEMBER_ID, "reason": "x"}),
    ],
    ids=range(20),
)
def test_a_mistyped_form_is_shown_again(seat: Seat, kind: str, typed: dict[str, str]) -> None:
    browser = seat.browser
    browser.get(f"/proposals/new/{kind}")
    answer = browser.send(f"/proposals/new/{kind}", typed)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert "desk-form" in answer.text


@pytest.mark.parametrize("path", ["/proposals/new", "/proposals/trial"])
@pytest.mark.parametrize(
    "call",
    [
        "",
        "{}",
        "[1, 2, 3]",
        '["Consortium", "propose", []]',
        '["Consortium", "reinstate", {}]',
        "[" * 40_000,
        '["Consortium", "addUrl", ["' + "x" * 100_000 + '", ""]]',
    ],
    ids=range(7),
)
def test_a_call_that_no_page_of_ours_made_is_refused(seat: Seat, path: str, call: str) -> None:
    browser = seat.browser
    browser.get("/proposals")
    assert browser.send(path, {"call": call}).status_code == 400
    assert sent(seat.desk) == []


def answer(desk: Desk, *outcomes: tuple[str, str | None]) -> None:
    """Answer the question that waits, as the worker would."""
    now = desk.clock.now()
    steps = [
        {"name": name, "accepted": error is None, "error": error, "args": dict[str, Any]()}
        for name, error in outcomes
    ]
    with MemoryStore(desk.database, MEMBER).write() as tx:
        (waiting,) = tx.questions.waiting(now, 9)
        assert waiting.kind is QuestionKind.SIMULATION
        tx.questions.answer(waiting.question_id, {"block": 9, "time": now, "steps": steps, "events": None}, now)


def tried(desk: Desk, browser: Browser, path: str, **form: str) -> str:
    made = browser.send(path, form)
    assert made.status_code == 303
    return str(made.headers["Location"]).removeprefix("/console")


def test_a_proposal_is_tried_before_it_is_sent_and_what_was_tried_is_what_is_sent(desk: Desk) -> None:
    browser = desk.at_desk(GOVERNOR)
    browser.get("/proposals/new/add-url")
    review = browser.send("/proposals/new/add-url", {"member": MEMBER_ID, "url": BROKER})
    trial = tried(desk, browser, "/proposals/trial", call=hidden(review.text))
    waiting = browser.get(trial).text
    assert '<meta http-equiv="refresh"' in waiting
    assert 'name="call"' not in waiting
    answer(desk, ("propose", None), ("call", None))
    page = browser.get(trial, **{"Accept-Language": "en"}).text
    assert "the chain would take it" in page
    assert "refresh" not in page
    assert BROKER in page
    assert hidden(page) == hidden(review.text)
    assert sent(desk) == []


def test_a_trial_that_the_chain_refuses_says_why(desk: Desk) -> None:
    browser = desk.at_desk(GOVERNOR)
    browser.get("/proposals")
    call = json.dumps(["Consortium", "reinstate", [MEMBER_ID]])
    trial = tried(desk, browser, "/proposals/trial", call=call)
    answer(desk, ("propose", None), ("call", "MemberNotSuspended"))
    page = browser.get(trial, **{"Accept-Language": "en"}).text
    assert "would refuse it" in page
    assert "<code>MemberNotSuspended</code>" in page


@pytest.mark.parametrize("act", ["approve", "execute", "withdraw", "cancel"])
def test_a_vote_is_tried_before_it_is_cast(desk: Desk, act: str) -> None:
    browser = desk.at_desk(GOVERNOR)
    browser.get(f"/proposals/{PROPOSAL}")
    trial = tried(desk, browser, f"/proposals/{PROPOSAL}/{act}/trial")
    answer(desk, ({"withdraw": "withdrawApproval"}.get(act, act), None))
    page = browser.get(trial).text
    assert f'action="/console/proposals/{PROPOSAL}/{act}"' in page
    assert sent(desk) == []


def test_what_cannot_be_tried_is_refused(desk: Desk) -> None:
    browser = desk.at_desk(GOVERNOR)
    browser.get(f"/proposals/{PROPOSAL}")
    assert browser.send(f"/proposals/{PROPOSAL}/celebrate/trial").status_code == 400
    assert browser.send("/proposals/0x12/approve/trial").status_code == 404
    assert browser.get("/governance/trials/sim_1").status_code == 404
    assert browser.get("/proposals/new/war").status_code == 404
    assert browser.send("/proposals/new/war").status_code == 404


def test_an_auditor_tries_nothing(desk: Desk) -> None:
    browser = desk.at_desk(AUDITOR)
    browser.get("/proposals")
    assert browser.send(f"/proposals/{PROPOSAL}/approve/trial").status_code == 403
    assert browser.send("/proposals/trial", {"call": "[]"}).status_code == 403
    assert browser.get("/proposals/new").status_code == 403
    assert URL in browser.get(f"/proposals/{PROPOSAL}").text
