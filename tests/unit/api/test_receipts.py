"""Wallets get receipts with every answer that was judged, and ask about them; nobody else is told anything."""

from typing import Any

import pytest

from jeung.crypto import base64url
from jeung.crypto.hashing import sha256
from jeung.crypto.jws import parse_jws, sign_jws
from jeung.domain.registrations import KeyPurpose
from tests.common.jose import P256Signer
from tests.unit.api.parts import URL
from tests.unit.api.presenting import answer, code_of, open_request, send, shown
from tests.unit.api.world import Holder, World

ASK = "/receipts/query"
JSON = dict[str, Any]


def presented(world: World, *, key: P256Signer | None = None) -> tuple[Holder, str, Any]:
    """Answer a request; give the holder, the presentation and what the wallet was answered."""
    holder = world.issued()
    _, request = open_request(world)
    presentation = shown(world, holder, request, key=key)
    return holder, presentation, answer(world, request, {"credential": [presentation]})


def question(world: World, holder: Holder, receipt: str, presentation: str, **claims: object) -> JSON:
    """Ask as the holder's wallet does."""
    said = {
        "aud": URL,
        "iat": world.clock.now(),
        "jti": "j" * 22,
        "receipt": base64url.encode(sha256(receipt.encode())),
        "key_binding": presentation.rpartition("~")[2],
        **claims,
    }
    header = {"alg": "ES256", "typ": "receipt-proof+jwt", "jwk": dict(holder.key.jwk)}
    return {"receipt": receipt, "proof": sign_jws(header, said, holder.key.sign)}


def test_accepted_answer_brings_its_receipt(world: World) -> None:
    _, presentation, taken = presented(world)
    (receipt,) = taken.get_json()["receipts"]
    said = parse_jws(receipt, typ="consent-receipt+jwt").claims()
    assert (said["result"], said["channel"], said["service"]) == ("verified", "openid4vp", "open-account")
    assert said["claims"] == ["family_name", "given_name", "proofing.assurance_level"]
    assert said["presented"] == base64url.encode(sha256(presentation.rpartition("~")[2].encode()))
    assert said["audience"].startswith("x509_hash:")
    assert said["purpose"]


def test_refused_answer_brings_its_receipt_as_well(world: World) -> None:
    _, _, taken = presented(world, key=P256Signer())
    assert code_of(taken) == (400, "invalid_key_binding_signature")
    (receipt,) = taken.get_json()["receipts"]
    said = parse_jws(receipt, typ="consent-receipt+jwt").claims()
    assert (said["result"], said["code"]) == ("refused", "invalid_key_binding_signature")


def test_what_was_no_answer_and_what_was_declined_bring_none(world: World) -> None:
    holder = world.issued()
    _, request = open_request(world)
    wrong = answer(world, {**request, "state": "other"}, {"credential": [shown(world, holder, request)]})
    assert (code_of(wrong), wrong.get_json().get("receipts")) == ((400, "state_mismatch"), None)
    declined = send(world, request, {"error": "access_denied", "state": request["state"]})
    assert (declined.status_code, declined.get_json()) == (200, {})


def test_node_without_a_key_for_receipts_gives_the_judgement_all_the_same(world: World) -> None:
    del world.node.signer._active[KeyPurpose.RECEIPT_SIGNING]
    _, _, taken = presented(world)
    assert (taken.status_code, taken.get_json()) == (200, {})
    holder, nonce = world.issued(), world.nonce()
    told = world.post("/v1/verifications", {"presentation": world.presentation(holder, nonce)}, status=200)
    assert (told["result"], told["receipt"]) == ("verified", None)


def test_confirmed_transactions_stand_in_the_receipt(world: World) -> None:
    holder = world.issued()
    transaction = {
        "type": "urn:jeung:transaction:payment:1",
        "payee": "Mart",
        "payee_account": {"bank": "088", "number": "110123456789"},
        "amount_krw": 1_000,
        "reference": "1",
    }
    _, request = open_request(world, transaction_data=[transaction])
    taken = answer(world, request, {"credential": [shown(world, holder, request)]})
    said = parse_jws(taken.get_json()["receipts"][0], typ=None).claims()
    assert said["transactions"] == [base64url.encode(sha256(request["transaction_data"][0].encode()))]


def test_holder_asks_and_is_answered_from_any_page(world: World) -> None:
    holder, presentation, taken = presented(world)
    (receipt,) = taken.get_json()["receipts"]
    body = question(world, holder, receipt, presentation)
    told = world.http.post(ASK, json=body, headers={"Origin": "https://wallet.example"})
    assert (told.status_code, told.content_type) == (200, "application/receipt-statement+jwt")
    assert told.headers["Access-Control-Allow-Origin"] == "*"
    assert told.headers["Cache-Control"] == "no-store"
    said = parse_jws(told.text, typ="receipt-statement+jwt").claims()
    assert (said["standing"], said["record"]["result"]) == ("kept", "verified")


def test_everybody_else_is_refused_alike(world: World) -> None:
    holder, presentation, taken = presented(world)
    (receipt,) = taken.get_json()["receipts"]
    stranger = Holder()
    bodies = [
        question(world, stranger, receipt, presentation),
        question(world, holder, receipt, presentation, aud="http://localhost:8102"),
        question(world, holder, "a.b.c", presentation),
        {"receipt": receipt, "proof": receipt},
        {"receipt": "x", "proof": "x"},
    ]
    used = question(world, holder, receipt, presentation)
    assert world.http.post(ASK, json=used).status_code == 200
    answers = [world.http.post(ASK, json=body) for body in (*bodies, used)]
    assert {code_of(one) for one in answers} == {(403, "receipt_proof_refused")}
    assert {one.get_json()["detail"] for one in answers} == {answers[0].get_json()["detail"]}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "malformed_input"),
        ({"receipt": "x"}, 400, "malformed_input"),
        ({"receipt": "x", "proof": 1}, 400, "malformed_input"),
        ({"receipt": "x", "proof": "y", "more": 1}, 400, "malformed_input"),
        ({"receipt": "x" * 16_385, "proof": "y"}, 400, "malformed_input"),
        ({"receipt": "x" * 41_000, "proof": "y"}, 413, "input_too_large"),
    ],
    ids=["empty", "no proof", "another type", "unknown member", "a long receipt", "a long body"],
)
def test_question_without_its_shape_is_no_question(world: World, body: JSON, status: int, code: str) -> None:
    told = world.http.post(ASK, json=body)
    assert code_of(told) == (status, code)
    assert "xxxx" not in told.text
