"""A wallet keeps receipts that say what happened, and tells its holder what is wrong with the others."""

import contextlib
from collections.abc import Callable
from typing import Any

import pytest

from cli.p256 import P256Key
from cli.wallet.errors import ServerRefused, Unanswered
from cli.wallet.receipts import Promise, ShownOnce, judge_receipts, shown_once
from tests.common.custody import NOW
from tests.unit.cli.wallet.parts import VERIFIER
from tests.unit.cli.wallet.receipt_parts import DAY_S, HELD, NAMES, PROMISE, Change, Stage, judged, receipt, shown


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


@pytest.mark.parametrize("status", [200, 400], ids=["accepted", "refused"])
def test_register_that_is_gone_after_the_presentation_costs_no_receipt(status: int) -> None:
    stage = Stage(status=status)
    stage.change = lambda claims: claims.update(result="verified" if status == 200 else "refused")
    respond = stage.respond

    def gone(*about: Any) -> Any:  # noqa: ANN401 - what a page of Servers takes and gives
        stage.register.gone = True
        return respond(*about)

    stage.servers.pages[stage.request.response_uri] = gone
    with contextlib.suppress(ServerRefused):
        stage.present()
    assert [kept.vouched for kept in stage.wallet.receipts] == [True]


def test_nothing_is_shown_while_the_register_cannot_be_had() -> None:
    stage = Stage()
    stage.register.gone = True
    with pytest.raises(Unanswered):
        stage.present()
    assert stage.servers.asked == []


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
