"""A wallet keeps receipts that say what happened, and tells its holder what is wrong with the others."""

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

import pytest

from cli.p256 import P256Key
from cli.wallet.asking import logged_commitment
from cli.wallet.dcql import Choice
from cli.wallet.errors import NotTrusted, ServerRefused
from cli.wallet.presenting import show
from cli.wallet.receipts import KeptReceipt, Promise, ShownOnce, judge_receipts, shown_once
from cli.wallet.requests import PresentationRequest, verify_request
from cli.wallet.told import Purpose, Told, told_by
from cli.wallet.wallet import HeadlessWallet, World
from jeung.crypto import base64url, canonical_json
from jeung.crypto.hashing import sha256
from jeung.crypto.jwk import parse_jwk
from jeung.crypto.jws import parse_jws, sign_jws, verify_jws
from jeung.crypto.tlog.checkpoints import Checkpoint
from jeung.crypto.tlog.notes import NoteSignature, encode_note
from jeung.crypto.tlog.tree import leaf_hash
from jeung.domain.transparency import verified_entry
from tests.common import naive_log
from tests.common.custody import NOW, SetClock
from tests.unit.cli.wallet.parts import VERIFIER, Authority, Servers, answer, held, signed_request

HELD = held()
AUTHORITY = Authority()
KEY = P256Key.generate()
THUMBPRINT = base64url.encode(parse_jwk(KEY.jwk).thumbprint)
PROMISE = Promise(frozenset({VERIFIER}), frozenset({THUMBPRINT}))
NAMES = ["age_equal_or_over.19", "name_ko"]
PLACES = (("name_ko",), ("age_equal_or_over", "19"))
DAY_S = 86_400
ASKED = Purpose("opening", "to open an account", "aa" * 32)
OTHER = Purpose("lending", "to lend", "bb" * 32)
QUERY = f"{VERIFIER}/receipts/query"
Claims = dict[str, Any]
Change = Callable[[Claims], object]


def same(claims: Claims) -> None:
    """Change nothing."""


def shown(nonce: str = "n" * 43) -> ShownOnce:
    text = show(HELD, PLACES, audience="x509_hash:a", nonce=nonce, now=NOW)
    return ShownOnce(text, HELD.key, "x509_hash:a", nonce)


def signed(kind: str, claims: Claims, key: P256Key = KEY, **header: object) -> str:
    return sign_jws({"alg": "ES256", "typ": kind, "jwk": key.jwk, **header}, claims, key.sign)


def receipt(one: ShownOnce, change: Change = same, *, key: P256Key = KEY, **header: object) -> str:
    claims: Claims = {
        "v": 1,
        "iss": VERIFIER,
        "jti": "rct_1",
        "iat": NOW,
        "audience": one.audience,
        "nonce": one.nonce,
        "presented": one.digest,
        "claims": NAMES,
        "result": "verified",
        "service": "opening",
        "purpose": "to open an account",
        "profile_digest": "aa" * 32,
        "kept_until": NOW + 5 * DAY_S,
        "contact": VERIFIER,
        "commitment": base64url.encode(sha256(b"package")),
        "reference": "r",
    }
    change(claims)
    return signed(str(header.pop("typ", "consent-receipt+jwt")), claims, key, **header)


def judged(text: object, one: ShownOnce, *, promise: Promise | None = PROMISE, accepted: bool = True) -> Any:  # noqa: ANN401
    return judge_receipts([text], [one], promise, accepted=accepted, now=NOW)  # type: ignore[list-item]


def test_receipt_that_says_what_happened_is_kept() -> None:
    one = shown()
    found = judged(receipt(one), one)
    assert (found.concerns, [kept.vouched for kept in found.kept]) == ((), [True])
    assert found.kept[0].claims["claims"] == NAMES
    assert found.kept[0].binding == one.presentation.rpartition("~")[2]


def test_without_a_register_a_receipt_is_kept_as_somebodys_word() -> None:
    one = shown()
    found = judged(receipt(one, key=P256Key.generate()), one, promise=None)
    assert (found.concerns, [kept.vouched for kept in found.kept]) == ((), [False])


def test_refusal_that_could_not_read_the_claims_names_none() -> None:
    one = shown()
    refused = receipt(one, lambda claims: claims.update(result="refused", claims=None))
    assert judged(refused, one, accepted=False).concerns == ()


WRONG: dict[str, tuple[str, Change]] = {
    "more claims": ("receipt_claims_more", lambda claims: claims.update(claims=[*NAMES, "birthdate"])),
    "fewer claims": ("receipt_claims_less", lambda claims: claims.update(claims=NAMES[:1])),
    "no claims": ("receipt_refused", lambda claims: claims.update(claims=None)),
    "claims that are no names": ("receipt_refused", lambda claims: claims.update(claims=[1])),
    "another presentation": ("receipt_of_another", lambda claims: claims.update(presented="x" * 43)),
    "no presentation": ("receipt_of_another", lambda claims: claims.update(presented=None)),
    "another audience": ("receipt_of_another", lambda claims: claims.update(audience="x509_hash:b")),
    "another nonce": ("receipt_of_another", lambda claims: claims.update(nonce="m" * 43)),
    "another party": ("receipt_refused", lambda claims: claims.update(iss="https://other.example")),
    "another version": ("receipt_refused", lambda claims: claims.update(v=2)),
    "too old": ("receipt_refused", lambda claims: claims.update(iat=NOW - 301)),
    "from the future": ("receipt_refused", lambda claims: claims.update(iat=NOW + 301)),
    "no time": ("receipt_refused", lambda claims: claims.pop("iat")),
    "another result": ("receipt_of_another_result", lambda claims: claims.update(result="refused")),
}


@pytest.mark.parametrize("name", ["iss", "jti", "service", "contact", "commitment", "reference"])
@pytest.mark.parametrize("value", [None, 1, []], ids=["null", "number", "list"])
def test_receipt_that_nobody_could_ask_about_is_pointed_out(name: str, value: object) -> None:
    one = shown()
    for promise in (None, PROMISE):
        found = judged(receipt(one, lambda claims: claims.update({name: value})), one, promise=promise)
        assert (found.kept, found.concerns) == ((), ("receipt_refused",))


@pytest.mark.parametrize(("concern", "change"), WRONG.values(), ids=WRONG)
def test_receipt_that_says_something_else_is_pointed_out(concern: str, change: Change) -> None:
    one = shown()
    found = judged(receipt(one, change), one)
    assert (found.kept, found.concerns) == ((), (concern,))


FORGED: dict[str, Callable[[ShownOnce], str]] = {
    "another key": lambda one: receipt(one, key=P256Key.generate()),
    "another type": lambda one: receipt(one, typ="JWT"),
    "no key in its header": lambda one: receipt(one, jwk=None),
    "a key that did not sign": lambda one: receipt(one, jwk=P256Key.generate().jwk),
    "oversized": lambda one: receipt(one, lambda claims: claims.update(more="x" * 16_384)),
    "no JWS": lambda one: "a.b",
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
def test_receipt_that_the_party_did_not_sign_is_pointed_out(forge: Callable[[ShownOnce], str]) -> None:
    one = shown()
    assert judged(forge(one), one).concerns == ("receipt_refused",)


def test_receipt_that_was_promised_and_did_not_come_is_pointed_out() -> None:
    one = shown()
    nothing = judge_receipts([], [one], PROMISE, accepted=True, now=NOW)
    assert nothing.concerns == ("receipt_missing",)
    for promise in (None, Promise(frozenset({VERIFIER}), frozenset())):
        assert judge_receipts([], [one], promise, accepted=True, now=NOW).concerns == ()


def test_one_receipt_stands_for_one_presentation() -> None:
    one, other = shown(), shown("m" * 43)
    both = judge_receipts([receipt(one), receipt(other)], [one, other], PROMISE, accepted=True, now=NOW)
    assert (len(both.kept), both.concerns) == (2, ())
    twice = judge_receipts([receipt(one), receipt(one)], [one, other], PROMISE, accepted=True, now=NOW)
    assert (len(twice.kept), twice.concerns) == (1, ("receipt_of_another",))


def test_presentations_are_paired_with_the_keys_they_were_made_under() -> None:
    one = shown()
    pairs = shown_once({"q": [HELD]}, {"q": [one.presentation]}, audience=one.audience, nonce=one.nonce)
    assert pairs == [one]


CONTRADICTING: dict[str, tuple[str, Change, Told, frozenset[Purpose] | None]] = {
    "another service than asked": (
        "receipt_of_another_purpose",
        lambda claims: claims.update(service="lending"),
        Told(ASKED),
        None,
    ),
    "another purpose than asked": (
        "receipt_of_another_purpose",
        lambda claims: claims.update(purpose="to sell you things"),
        Told(ASKED),
        None,
    ),
    "another profile than asked": (
        "receipt_of_another_purpose",
        lambda claims: claims.update(profile_digest="bb" * 32),
        Told(ASKED),
        None,
    ),
    "a purpose the register does not have": (
        "receipt_of_another_purpose",
        lambda claims: claims.update(purpose="to sell you things"),
        Told(),
        frozenset({ASKED, OTHER}),
    ),
    "one profile's name with another's purpose": (
        "receipt_of_another_purpose",
        lambda claims: claims.update(purpose="to lend"),
        Told(),
        frozenset({ASKED, OTHER}),
    ),
    "registered, but not what was asked for": (
        "receipt_of_another_purpose",
        lambda claims: claims.update(service="lending", purpose="to lend", profile_digest="bb" * 32),
        Told(ASKED),
        frozenset({ASKED, OTHER}),
    ),
    "no purpose": ("receipt_of_another_purpose", lambda claims: claims.update(purpose=None), Told(), None),
    "a purpose no text": (
        "receipt_of_another_purpose",
        lambda claims: claims.update(purpose=1),
        Told(),
        None,
    ),
    "kept longer than said": (
        "receipt_kept_longer",
        lambda claims: claims.update(kept_until=NOW + 5 * DAY_S + 1),
        Told(kept_for_s=4 * DAY_S),
        None,
    ),
    "kept until before it was made": (
        "receipt_kept_longer",
        lambda claims: claims.update(kept_until=NOW - 1),
        Told(),
        None,
    ),
    "kept until no time": ("receipt_kept_longer", lambda claims: claims.pop("kept_until"), Told(), None),
}


@pytest.mark.parametrize(("concern", "change", "told", "listed"), CONTRADICTING.values(), ids=CONTRADICTING)
def test_receipt_that_contradicts_what_was_told_is_kept_and_pointed_out(
    concern: str, change: Change, told: Told, listed: frozenset[Purpose] | None
) -> None:
    one, promise = shown(), Promise(PROMISE.urls, PROMISE.keys, listed)
    found = judge_receipts([receipt(one, change)], [one], promise, accepted=True, now=NOW, told=told)
    assert (len(found.kept), found.concerns) == (1, (concern,))


def test_receipt_that_says_what_was_told_is_no_concern() -> None:
    one, promise = shown(), Promise(PROMISE.urls, PROMISE.keys, frozenset({ASKED, OTHER}))
    told = Told(ASKED, 4 * DAY_S)
    assert judge_receipts([receipt(one)], [one], promise, accepted=True, now=NOW, told=told).concerns == ()


def test_refusal_before_the_purpose_was_known_need_not_name_it() -> None:
    one = shown()
    refused = receipt(one, lambda claims: claims.update(result="refused", purpose=None, profile_digest=None))
    promise, told = Promise(PROMISE.urls, PROMISE.keys, frozenset({ASKED})), Told(ASKED)
    assert judge_receipts([refused], [one], promise, accepted=False, now=NOW, told=told).concerns == ()


def test_party_that_signs_another_purpose_and_forgets_a_receipt_is_told_of_for_both() -> None:
    one, other = shown(), shown("m" * 43)
    text = receipt(one, lambda claims: claims.update(service="lending"))
    found = judge_receipts([text], [one, other], PROMISE, accepted=True, now=NOW, told=Told(ASKED))
    assert found.concerns == ("receipt_missing", "receipt_of_another_purpose")


def info(**data: object) -> dict[str, object]:
    return {"format": "urn:jeung:request-profile:1", "data": data}


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (None, Told()),
        ("text", Told()),
        ([1, {"format": "x", "data": {"profile": "opening"}}], Told()),
        ([{"format": "urn:jeung:request-profile:1", "data": []}], Told()),
        ([info()], Told()),
        ([info(profile=1, kept_for_s=True)], Told()),
        ([info(profile="opening", purpose="p", digest="d", kept_for_s=7)], Told(Purpose("opening", "p", "d"), 7)),
    ],
    ids=["nothing", "text", "others", "no object", "empty", "other types", "all of it"],
)
def test_request_says_what_it_is_for_or_nothing(said: object, told: Told) -> None:
    assert told_by({"verifier_info": said}) == told


class Register:
    """Know one party, or none."""

    def __init__(self, promise: Promise | None = PROMISE) -> None:
        self.known = promise

    def check(self, request: PresentationRequest) -> None:
        """Let everything be asked."""

    def promise(self, request: PresentationRequest) -> Promise | None:
        return self.known

    def promise_of(self, url: str) -> Promise | None:
        return self.known


class Stage:
    """A verifier that gives the receipts a test writes, and a wallet that answers it."""

    def __init__(self, *, status: int = 200, known: bool = True, **said: object) -> None:
        self.servers = Servers()
        asking = {"response_mode": "direct_post", "verifier_info": [info(profile="opening", kept_for_s=4 * DAY_S)]}
        client_id, text = signed_request(AUTHORITY, asking)
        self.request = verify_request(text, client_id=client_id, wallet_nonce=None, now=NOW)
        self.status, self.said = status, said
        self.change: Change = same
        self.servers.pages[self.request.response_uri] = self._respond
        registry = Register() if known else None
        self.wallet = HeadlessWallet(World.build(self.servers, SetClock()), registry=registry)

    def present(self) -> Any:  # noqa: ANN401 - what the wallet gives
        return self.wallet.answer(self.request, {"q": [Choice(HELD, PLACES)]})

    def kept(self) -> KeptReceipt:
        self.present()
        return self.wallet.receipts[-1]

    def answers(self, change: Change = same, *, key: P256Key = KEY, typ: str = "receipt-statement+jwt") -> None:
        """Let the verifier answer questions, its statement changed."""

        def respond(url: str, body: bytes, headers: Mapping[str, str]) -> Any:  # noqa: ANN401 - an Answer
            asked = json.loads(body)
            about = parse_jws(asked["receipt"], typ=None).claims()
            claims: Claims = {
                "iss": VERIFIER,
                "iat": NOW,
                "receipt": about["jti"],
                "receipt_digest": base64url.encode(sha256(asked["receipt"].encode())),
                "standing": "kept",
            }
            change(claims)
            return answer(signed(typ, claims, key).encode(), kind=f"application/{typ}")

        self.servers.pages[QUERY] = respond

    def _respond(self, url: str, body: bytes, headers: Mapping[str, str]) -> Any:  # noqa: ANN401 - an Answer
        token = json.loads(parse_qs(body.decode())["vp_token"][0])
        one = ShownOnce(token["q"][0], HELD.key, self.request.client_id, self.request.nonce)
        given = [receipt(one, self.change)] if "receipts" not in self.said else self.said["receipts"]
        error = {"error": "invalid_request"} if self.status >= 400 else {}
        return answer({**error, "receipts": given}, status=self.status)


def test_wallet_keeps_the_receipts_of_an_answer() -> None:
    stage = Stage()
    assert stage.present().concerns == ()
    assert [kept.claims["jti"] for kept in stage.wallet.receipts] == ["rct_1"]


def test_wallet_without_a_register_keeps_them_unvouched() -> None:
    stage = Stage(known=False)
    stage.answers()
    assert not stage.kept().vouched
    assert stage.wallet.ask(stage.wallet.receipts[0])["standing"] == "kept"


@pytest.mark.parametrize("known", [True, False], ids=["by a register", "by the request alone"])
def test_wallet_holds_a_receipt_against_its_request(*, known: bool) -> None:
    stage = Stage(known=known)
    stage.change = lambda claims: claims.update(service="lending", kept_until=NOW + 50 * DAY_S)
    assert stage.present().concerns == ("receipt_of_another_purpose", "receipt_kept_longer")
    assert len(stage.wallet.receipts) == 1


def test_refused_holder_is_told_what_is_wrong_with_the_receipt_as_well() -> None:
    stage = Stage(status=400)
    stage.change = lambda claims: claims.update(result="refused", service="lending")
    with pytest.raises(ServerRefused) as refused:
        stage.present()
    assert refused.value.concerns == ("receipt_of_another_purpose",)


@pytest.mark.parametrize("given", [[], None, "text", [1], {"a": 1}], ids=["none", "null", "text", "number", "object"])
def test_answer_without_receipts_is_an_answer_with_a_concern(given: object) -> None:
    stage = Stage(receipts=given)
    assert (stage.present().concerns, stage.wallet.receipts) == (("receipt_missing",), [])


@pytest.mark.parametrize(("status", "kept"), [(400, 1), (503, 0)])
def test_refusal_has_a_receipt_and_no_judgement_has_none(status: int, kept: int) -> None:
    stage = Stage(status=status)
    stage.change = lambda claims: claims.update(result="refused")
    with pytest.raises(ServerRefused):
        stage.present()
    assert len(stage.wallet.receipts) == kept


def test_question_proves_the_device_key_and_what_only_two_know() -> None:
    stage = Stage()
    stage.answers()
    kept = stage.kept()
    assert stage.wallet.ask(kept)["standing"] == "kept"
    method, url, body, _ = stage.servers.asked[-1]
    assert (method, url) == ("POST", QUERY)
    jws = parse_jws(json.loads(body)["proof"], typ="receipt-proof+jwt")
    verify_jws(jws, parse_jwk(HELD.key.jwk))
    claims = jws.claims()
    assert (claims["aud"], claims["iat"], claims["key_binding"]) == (VERIFIER, NOW, kept.binding)
    stage.wallet.ask(kept)
    assert parse_jws(json.loads(stage.servers.asked[-1][2])["proof"], typ=None).claims()["jti"] != claims["jti"]


STATEMENTS: dict[str, Change] = {
    "another party's": lambda claims: claims.update(iss="https://other.example"),
    "about another receipt": lambda claims: claims.update(receipt="rct_2"),
    "about a changed receipt": lambda claims: claims.update(receipt_digest="x"),
    "too old": lambda claims: claims.update(iat=NOW - 301),
    "no time": lambda claims: claims.pop("iat"),
    "nothing said": lambda claims: claims.pop("standing"),
    "something else said": lambda claims: claims.update(standing="lost"),
    "no word said": lambda claims: claims.update(standing=[]),
}


@pytest.mark.parametrize("change", STATEMENTS.values(), ids=STATEMENTS)
def test_statement_that_does_not_hold_is_not_believed(change: Change) -> None:
    stage = Stage()
    stage.answers(change)
    with pytest.raises(NotTrusted) as refused:
        stage.wallet.ask(stage.kept())
    assert refused.value.reason == "receipt_refused"


def test_statement_of_another_key_or_kind_is_not_believed() -> None:
    stage = Stage()
    kept = stage.kept()
    stage.answers(key=P256Key.generate())
    with pytest.raises(NotTrusted):
        stage.wallet.ask(kept)
    stage.answers(typ="consent-receipt+jwt")
    with pytest.raises(NotTrusted):
        stage.wallet.ask(kept)
    stage.servers.pages[QUERY] = answer({"code": "receipt_proof_refused"}, status=403)
    with pytest.raises(ServerRefused):
        stage.wallet.ask(kept)


def test_party_that_left_the_register_says_nothing_that_holds_about_a_receipt_that_was_vouched_for() -> None:
    stage = Stage()
    stage.answers()
    register = Register()
    wallet = HeadlessWallet(World.build(stage.servers, SetClock()), registry=register)
    kept = stage.kept()
    assert wallet.ask(kept)["standing"] == "kept"
    register.known = None
    with pytest.raises(NotTrusted) as refused:
        wallet.ask(kept)
    assert refused.value.reason == "receipt_refused"


def logged(change: Change = same) -> tuple[Claims, KeptReceipt]:
    """Give a statement with a proof of its log's entry among five, changed."""
    entry = verified_entry(sha256(b"package"), NOW)
    entries = [b"0", b"1", entry.encoded, b"3", b"4"]
    checkpoint = Checkpoint("exchange.example/log/1", 5, naive_log.mth(entries))
    inclusion: Claims = {
        "origin": checkpoint.origin,
        "index": 2,
        "size": 5,
        "hashes": [base64url.encode(node) for node in naive_log.path(2, entries)],
        "checkpoint": encode_note(checkpoint.text, [NoteSignature("log", bytes(4), bytes(64))]).decode(),
    }
    log: Claims = {"entry": canonical_json.parse_object(entry.encoded), "inclusion": inclusion}
    change(log)
    one = shown()
    (kept,) = judged(receipt(one), one).kept
    return {"log": log}, kept


def test_statement_that_knows_of_nothing_proves_nothing() -> None:
    _, kept = logged()
    assert logged_commitment({"standing": "unknown"}, kept) is False
    with pytest.raises(NotTrusted):
        logged_commitment({"standing": "erased"}, kept)


def test_commitment_in_the_log_is_proved_once_a_checkpoint_holds_it() -> None:
    assert logged_commitment(*logged()) is True
    assert logged_commitment(*logged(lambda log: log.update(inclusion=None))) is False
    assert leaf_hash(b"") != leaf_hash(b"0")


PROOFS: dict[str, Change] = {
    "another record": lambda log: log["entry"].update(commitment=base64url.encode(sha256(b"other"))),
    "another time": lambda log: log["entry"].update(time=1),
    "another origin": lambda log: log["inclusion"].update(origin="bank.example/log/1"),
    "another size": lambda log: log["inclusion"].update(size=4),
    "another place": lambda log: log["inclusion"].update(index=1),
    "fewer hashes": lambda log: log["inclusion"]["hashes"].pop(),
    "no hashes": lambda log: log["inclusion"].pop("hashes"),
    "no checkpoint": lambda log: log["inclusion"].update(checkpoint=1),
    "a checkpoint that is none": lambda log: log["inclusion"].update(checkpoint="x"),
    "no entry": lambda log: log.pop("entry"),
}


@pytest.mark.parametrize("change", PROOFS.values(), ids=PROOFS)
def test_proof_that_does_not_hold_is_not_believed(change: Change) -> None:
    with pytest.raises(NotTrusted):
        logged_commitment(*logged(change))
