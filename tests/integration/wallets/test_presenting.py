"""A standards wallet presents to a real node; whoever answers wrongly, twice, late or too much is refused."""

import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from cli.demo.catalogue import OPENING
from cli.p256 import P256Key
from cli.wallet.asking import logged_commitment
from cli.wallet.credentials import Held
from cli.wallet.dcql import Choice, Selection
from cli.wallet.errors import NotTrusted, ServerRefused
from cli.wallet.presenting import encrypted_answer, send_refusal, send_token, show, token_for
from cli.wallet.register import RelyingPartyRegister
from cli.wallet.requests import PresentationRequest, read_link
from cli.wallet.wallet import HeadlessWallet
from jeung.domain.ledger import CredentialStatus
from tests.common.consortium import member_id
from tests.integration.wallets.scene import EXCHANGE, Scene

PAYMENT = {
    "type": "urn:jeung:transaction:payment:1",
    "payee": "미래거래소",
    "payee_account": {"bank": "088", "number": "110123456789"},
    "amount_krw": 50_000,
    "reference": "KRW deposit",
}


@dataclass
class Holder:
    """One wallet with one attested credential, and the world around it."""

    scene: Scene
    wallet: HeadlessWallet

    @property
    def held(self) -> Held:
        return self.wallet.credentials[0]

    def review(self, **wish: object) -> tuple[dict[str, Any], PresentationRequest, Selection]:
        asked = self.scene.ask(None, **wish)
        request, selection = self.wallet.review(asked["openid4vp_link"])
        return asked, request, selection

    def token(self, request: PresentationRequest, selection: Selection) -> dict[str, list[str]]:
        now = self.scene.clock.now()
        return token_for(request, selection, now=now, confirmed=self.wallet.confirmations(request, selection))


@pytest.fixture(scope="module")
def holder(scene: Scene) -> Holder:
    wallet = scene.wallet()
    scene.tick()
    scene.received(wallet)
    return Holder(scene, wallet)


def refused(act: Callable[[], object]) -> ServerRefused:
    with pytest.raises(ServerRefused) as found:
        act()
    return found.value


# ---- ways that lead to a verified result


@pytest.mark.parametrize("mode", ["direct_post", "direct_post.jwt"])
@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("prefix", ["x509_hash", "x509_san_dns"])
def test_a_wallet_presents_in_every_way_the_profile_knows(
    scene: Scene, holder: Holder, mode: str, method: str, prefix: str
) -> None:
    asked = scene.ask(response_mode=mode, request_uri_method=method, client_id_prefix=prefix)
    assert read_link(asked["openid4vp_link"]).by_post == (method == "post")
    assert holder.wallet.present(asked["openid4vp_link"]).redirect_uri is None
    result = scene.result(asked)
    assert result["state"] == "verified"
    claims = result["credentials"][0]["claims"]
    assert claims["name_ko"] == "김민서"
    assert claims["age_equal_or_over"] == {"19": True}
    assert "birthdate" not in claims


def test_the_holder_keeps_a_receipt_and_is_told_what_was_recorded_and_read(scene: Scene, holder: Holder) -> None:
    asked = scene.ask()
    assert holder.wallet.present(asked["openid4vp_link"]).concerns == ()
    receipt = holder.wallet.receipts[-1]
    assert (receipt.claims["iss"], receipt.claims["service"], receipt.vouched) == (EXCHANGE, OPENING, True)
    assert holder.wallet.ask(receipt)["readings"]["by_kind"] == {}
    scene.result(asked)
    told = holder.wallet.ask(receipt)
    assert (told["standing"], told["record"]["claims"]) == ("kept", receipt.claims["claims"])
    assert told["readings"]["by_kind"] == {"service": 1}
    assert not logged_commitment(told, receipt)
    other = replace(receipt, key=P256Key.generate())
    assert refused(lambda: holder.wallet.ask(other)).error == "receipt_proof_refused"


def test_on_the_same_device_the_result_waits_for_the_browser(scene: Scene, holder: Holder) -> None:
    asked = scene.ask(redirect_uri=f"{EXCHANGE}/done")
    sent = holder.wallet.present(asked["openid4vp_link"])
    assert sent.redirect_uri is not None
    waiting = scene.result(asked)
    assert (waiting["state"], waiting["credentials"]) == ("answered", [])
    code = parse_qs(urlsplit(sent.redirect_uri).query)["response_code"][0]
    path = f"/v1/presentation-requests/{asked['request_id']}/redemption"
    scene.call(scene.exchange, "POST", path, {"response_code": "A" * 43}, status=403)
    assert scene.call(scene.exchange, "POST", path, {"response_code": code})["state"] == "verified"


def test_a_transaction_is_confirmed_by_the_presentation(scene: Scene, holder: Holder) -> None:
    asked, request, selection = holder.review(transaction_data=[PAYMENT])
    assert request.transaction_data
    holder.wallet.answer(request, selection)
    assert scene.result(asked)["state"] == "verified"


def test_a_relying_party_may_ask_for_less(scene: Scene, holder: Holder) -> None:
    asked = scene.ask()["dcql_query"]
    (wanted,) = asked["credentials"]
    needed = set(wanted.pop("claim_sets")[0])
    wanted["claims"] = [claim for claim in wanted["claims"] if claim["id"] in needed]
    narrower = scene.ask(dcql_query=asked)
    holder.wallet.present(narrower["openid4vp_link"])
    assert scene.result(narrower)["state"] == "verified"


def test_a_holder_who_declines_is_heard_and_shows_nothing(scene: Scene, holder: Holder) -> None:
    asked, request, _ = holder.review()
    send_refusal(scene.http, request)
    result = scene.result(asked)
    assert (result["state"], result["code"], result["credentials"]) == ("declined", "access_denied", [])


# ---- ways to cheat a verifier


def kb(scene: Scene, held: Held, request: PresentationRequest, selection: Selection, **changes: Any) -> str:  # noqa: ANN401
    given = {"audience": request.client_id, "nonce": request.nonce, "now": scene.clock.now(), **changes}
    return show(held, selection["credential"][0].places, **given)


CHEATS: dict[str, tuple[Callable[[Scene, Held, PresentationRequest, Selection], str], str]] = {
    "another nonce": (lambda s, h, r, c: kb(s, h, r, c, nonce="n" * 43), "nonce_unknown"),
    "another audience": (lambda s, h, r, c: kb(s, h, r, c, audience="x509_hash:other"), "wrong_audience"),
    "the verifier's URL as audience": (lambda s, h, r, c: kb(s, h, r, c, audience=EXCHANGE), "wrong_audience"),
    "bound long ago": (lambda s, h, r, c: kb(s, h, r, c, now=s.clock.now() - 3600), "key_binding_stale"),
    "bound in the future": (lambda s, h, r, c: kb(s, h, r, c, now=s.clock.now() + 3600), "key_binding_in_future"),
    "bound by another key": (
        lambda s, h, r, c: kb(s, replace(h, key=P256Key.generate()), r, c),
        "invalid_key_binding_signature",
    ),
    "not bound": (lambda s, h, r, c: kb(s, h, r, c).rpartition("~")[0] + "~", "missing_key_binding"),
    "a disclosure more": (lambda s, h, r, c: _slipped_in(s, h, r, c), "sd_hash_mismatch"),
}


def _slipped_in(scene: Scene, held: Held, request: PresentationRequest, selection: Selection) -> str:
    shown = kb(scene, held, request, selection)
    body, _, binding = shown.rpartition("~")
    extra = next(text for text in held.sd_jwt.split("~")[1:-1] if text not in shown)
    return f"{body}~{extra}~{binding}"


@pytest.mark.parametrize(("cheat", "code"), CHEATS.values(), ids=CHEATS.keys())
def test_a_bad_presentation_is_refused_by_its_own_code(
    scene: Scene,
    holder: Holder,
    cheat: Callable[[Scene, Held, PresentationRequest, Selection], str],
    code: str,
) -> None:
    asked, request, selection = holder.review()
    presentation = cheat(scene, holder.held, request, selection)
    answer = refused(lambda: send_token(scene.http, request, {"credential": [presentation]}))
    assert answer.status == 400
    result = scene.result(asked)
    assert (result["state"], result["code"]) == ("refused", code)


def test_more_than_was_asked_for_is_refused(scene: Scene, holder: Holder) -> None:
    asked, request, selection = holder.review()
    greedy = {"credential": [Choice(holder.held, (*selection["credential"][0].places, ("address",)))]}
    refused(lambda: send_token(scene.http, request, holder.token(request, greedy)))
    assert scene.result(asked)["state"] == "refused"


def test_an_answer_is_good_once_and_for_its_own_request(scene: Scene, holder: Holder) -> None:
    asked, request, selection = holder.review()
    token = holder.token(request, selection)
    send_token(scene.http, request, token)
    assert refused(lambda: send_token(scene.http, request, token)).status == 400
    other, elsewhere, _ = holder.review()
    refused(lambda: send_token(scene.http, elsewhere, token))
    assert scene.result(asked)["state"] == "verified"
    assert scene.result(other)["state"] == "refused"


def test_an_unconfirmed_transaction_is_refused(scene: Scene, holder: Holder) -> None:
    asked, request, selection = holder.review(transaction_data=[PAYMENT])
    token = token_for(request, selection, now=scene.clock.now(), confirmed={})
    refused(lambda: send_token(scene.http, request, token))
    assert (scene.result(asked)["state"], scene.result(asked)["code"]) == ("refused", "transaction_data_mismatch")


@pytest.mark.parametrize("form", ["another state", "no state", "in clear", "to another key"])
def test_what_is_no_answer_to_this_request_leaves_it_open(scene: Scene, holder: Holder, form: str) -> None:
    asked, request, selection = holder.review()
    token = holder.token(request, selection)
    _, other, _ = holder.review()
    whole = {"vp_token": token, "state": request.state}
    sent = {
        "another state": {"response": encrypted_answer(request, whole | {"state": other.state})},
        "no state": {"response": encrypted_answer(request, {"vp_token": token})},
        "in clear": {"vp_token": json.dumps(token), "state": request.state or ""},
        "to another key": {"response": encrypted_answer(other, whole)},
    }[form]
    assert scene.http.post_form(request.response_uri, sent).status == 400
    assert scene.result(asked)["state"] == "fetched"
    send_token(scene.http, request, token)
    assert scene.result(asked)["state"] == "verified"


def test_a_cancelled_or_expired_request_is_neither_shown_nor_answered(scene: Scene, holder: Holder) -> None:
    asked, request, selection = holder.review()
    scene.call(scene.exchange, "POST", f"/v1/presentation-requests/{asked['request_id']}/cancellation")
    assert refused(lambda: send_token(scene.http, request, holder.token(request, selection))).status == 400
    assert refused(lambda: holder.wallet.review(asked["openid4vp_link"])).status == 400
    late, request, selection = holder.review()
    token = holder.token(request, selection)
    scene.tick(301)
    assert refused(lambda: send_token(scene.http, request, token)).status == 400
    assert scene.result(late)["state"] == "expired"


def test_a_revoked_copy_is_refused_and_its_sister_is_not(scene: Scene) -> None:
    wallet = scene.wallet()
    first, second = scene.received(wallet, copies=2)
    scene.set_status(first, CredentialStatus.REVOKED)
    for held, state in ((first, "refused"), (second, "verified")):
        wallet.credentials = [held]
        asked = scene.ask()
        with contextlib.suppress(ServerRefused):
            wallet.present(asked["openid4vp_link"])
        assert scene.result(asked)["state"] == state


# ---- what the wallet refuses


def test_over_asking_is_refused_by_the_relying_partys_own_node(scene: Scene) -> None:
    query = scene.ask()["dcql_query"]
    query["credentials"][0]["claims"].append({"path": ["address"]})
    query["credentials"][0].pop("claim_sets")
    body = {"profile": OPENING, "dcql_query": query}
    answer = scene.call(scene.exchange, "POST", "/v1/presentation-requests", body, status=403)
    assert answer["code"] == "query_not_permitted"


def test_over_asking_is_refused_by_the_wallet_as_well(scene: Scene, holder: Holder) -> None:
    """The node signs what was permitted then; by now the consortium permits less, and the wallet knows."""
    asked, request, _ = holder.review()
    chain, register = scene.chain, RelyingPartyRegister(scene.http, scene.clock, scene.bank.url)
    register.check(request)
    register.forget()
    member = member_id(EXCHANGE)
    chain.register_profile(member, OPENING, schemas=[scene.catalogue.schema], claims=["name_ko"])
    with pytest.raises(NotTrusted) as over:
        register.check(request)
    chain.withdraw_profile(member, OPENING)
    register.forget()
    with pytest.raises(NotTrusted) as unknown:
        register.check(request)
    scene.permit(scene.exchange)
    scene.register.forget()
    assert (over.value.reason, unknown.value.reason) == ("over_asking", "not_registered")
    assert scene.result(asked)["state"] == "fetched"


# ---- last, because it forgets the day that the others work in


def test_a_forgotten_day_is_said_to_be_forgotten(scene: Scene, holder: Holder) -> None:
    asked = scene.ask()
    holder.wallet.present(asked["openid4vp_link"])
    receipt = holder.wallet.receipts[-1]
    scene.exchange.kept.janitor.sweep(receipt.claims["kept_until"] - 1, evidence_kept_s=1_827 * 86_400)
    assert holder.wallet.ask(receipt)["standing"] == "kept"
    scene.exchange.kept.janitor.sweep(receipt.claims["kept_until"], evidence_kept_s=1_827 * 86_400)
    assert holder.wallet.ask(receipt)["standing"] == "unknown"
    scene.exchange.publish_log()
    said = holder.wallet.ask(receipt)
    promise = scene.register.promise_of(str(receipt.claims["iss"]))
    assert promise is not None
    assert promise.log_keys
    assert (said["standing"], logged_commitment(said, receipt, promise)) == ("erased", True)
    stranger = replace(promise, log_keys=frozenset({"k" * 43}))
    with pytest.raises(NotTrusted, match="not signed by a key"):
        logged_commitment(said, receipt, stranger)
