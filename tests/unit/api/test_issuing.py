"""Wallets speak OpenID4VCI 1.0 to the credential issuer, and hear its errors by their names."""

from typing import Any

import pytest
from werkzeug.test import TestResponse

from jeung.crypto.sd_jwt_vc import parse_presentation, read_credential
from jeung.domain.proofing import ProofingMethod
from jeung.services.proofing import CheckReport
from tests.common.key_proofs import Device
from tests.unit.api.parts import METHODS, URL
from tests.unit.api.phone import CONFIGURATION, Phone
from tests.unit.api.world import World

CREDENTIAL, DEFERRED, NOTIFICATION = "/oid4vci/credential", "/oid4vci/deferred", "/oid4vci/notification"
METADATA = "/.well-known/openid-credential-issuer"


@pytest.fixture
def phone(world: World) -> Phone:
    return Phone(world)


def refused(answer: TestResponse, status: int, error: str) -> None:
    assert (answer.status_code, answer.content_type) == (status, "application/json"), answer.text
    body = answer.get_json()
    assert body["error"] == error
    assert set(body) <= {"error", "error_description"}
    assert answer.headers["Cache-Control"] == "no-store"


def test_nonce_is_fresh_and_uncacheable_and_brings_the_next_dpop_nonce(world: World) -> None:
    first, second = world.http.post("/oid4vci/nonce"), world.http.post("/oid4vci/nonce")
    assert first.get_json()["c_nonce"] != second.get_json()["c_nonce"]
    assert set(first.get_json()) == {"c_nonce"}
    assert first.headers["Cache-Control"] == "no-store"
    assert first.headers["DPoP-Nonce"]
    assert first.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("bound", [True, False])
def test_wallet_gets_a_copy_for_each_key(world: World, bound: bool) -> None:
    devices = [Device(), Device()]
    body = Phone(world, bound=bound).receive(*devices)
    assert set(body) == {"credentials", "notification_id"}
    found = [read_credential(parse_presentation(entry["credential"])) for entry in body["credentials"]]
    assert [(credential.holder_jwk or {})["x"] for credential in found] == [device.jwk["x"] for device in devices]
    assert {credential.issuer for credential in found} == {URL}


def test_back_office_sees_how_well_the_key_is_kept_and_no_claim(world: World) -> None:
    Phone(world).receive(Device())
    [item] = world.get("/v1/credentials")["items"]
    assert item["key_storage"] == "software"
    assert "device_key" not in item


def test_answer_is_not_kept_by_caches_and_open_to_web_wallets(phone: Phone) -> None:
    answer = phone.post(CREDENTIAL, phone.request())
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["DPoP-Nonce"]


def test_lost_answer_is_given_again_for_the_same_keys(phone: Phone) -> None:
    device = Device()
    assert phone.receive(device)["credentials"] == phone.receive(device)["credentials"]


def test_identifier_of_the_token_answer_is_used(world: World) -> None:
    phone = Phone(world, credential_identifiers=((CONFIGURATION, "id-1"),))
    proofs = phone.proofs(Device())
    assert phone.post(CREDENTIAL, {"credential_identifier": "id-1", "proofs": proofs}).status_code == 200
    refused(phone.post(CREDENTIAL, phone.request()), 400, "invalid_credential_request")
    answer = phone.post(CREDENTIAL, {"credential_identifier": "id-2", "proofs": phone.proofs(Device())})
    refused(answer, 400, "unknown_credential_identifier")


def _body(**members: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {"credential_configuration_id": CONFIGURATION, **members}


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, "invalid_credential_request"),
        ({"format": "dc+sd-jwt"}, "invalid_credential_request"),
        (_body(proof={"proof_type": "jwt", "jwt": "x"}), "invalid_credential_request"),
        (_body(credential_identifier="x"), "invalid_credential_request"),
        ({"credential_configuration_id": "other", "proofs": {}}, "unknown_credential_configuration"),
        ({"credential_identifier": "x", "proofs": {}}, "unknown_credential_identifier"),
        (_body(), "invalid_proof"),
        (_body(proofs={}), "invalid_proof"),
        (_body(proofs={"jwt": []}), "invalid_proof"),
        (_body(proofs={"jwt": ["a.b.c"]}), "invalid_proof"),
        (_body(proofs={"jwt": ["a.b.c"] * 33}), "invalid_proof"),
        (_body(proofs={"di_vp": [{}]}), "invalid_proof"),
        (_body(credential_response_encryption={"jwk": {}, "enc": "A128GCM"}), "invalid_encryption_parameters"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_bad_request_hears_its_name(phone: Phone, body: dict[str, Any], error: str) -> None:
    refused(phone.post(CREDENTIAL, body), 400, error)


def test_used_nonce_is_an_invalid_nonce(phone: Phone) -> None:
    request = phone.request()
    assert phone.post(CREDENTIAL, request).status_code == 200
    refused(phone.post(CREDENTIAL, request), 400, "invalid_nonce")


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b'{"a":1,"a":2}', b"\xff", b"[" * 5_000])
def test_body_that_is_no_object_is_refused(phone: Phone, data: bytes) -> None:
    answer = phone.post(CREDENTIAL, data=data, content_type="application/json")
    refused(answer, 400, "invalid_credential_request")


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_body_of_another_type_is_refused(phone: Phone, content_type: str) -> None:
    refused(phone.post(CREDENTIAL, data=b"{}", content_type=content_type), 415, "invalid_credential_request")


def test_oversized_body_is_refused_unread(world: World) -> None:
    phone = Phone(world)
    data = b'{"proofs":"' + b"A" * 300_000 + b'"}'
    refused(phone.post(CREDENTIAL, data=data, content_type="application/json"), 413, "invalid_credential_request")
    short = b'{"transaction_id":"' + b"A" * 20_000 + b'"}'
    refused(phone.post(DEFERRED, data=short, content_type="application/json"), 413, "invalid_credential_request")


def test_nothing_of_a_bad_request_is_repeated(phone: Phone) -> None:
    marked = {"credential_configuration_id": "MARK", "proofs": {"jwt": ["MARK.MARK.MARK"]}, "MARK": "MARK"}
    for path in (CREDENTIAL, DEFERRED, NOTIFICATION):
        answer = phone.post(path, marked)
        assert answer.status_code == 400
        assert "MARK" not in answer.text


# ---- who is let in


def test_stranger_is_asked_for_a_token(world: World) -> None:
    for path in (CREDENTIAL, DEFERRED, NOTIFICATION):
        answer = world.http.post(path, json={})
        refused(answer, 401, "invalid_token")
        assert answer.headers.getlist("WWW-Authenticate") == ['DPoP algs="ES256"', 'Bearer realm="jeung"']


@pytest.mark.parametrize("header", ["Bearer " + "x" * 43, "DPoP " + "x" * 43, "Basic eA==", "Bearer", "x"])
def test_unknown_token_is_refused(world: World, header: str) -> None:
    answer = world.http.post(CREDENTIAL, json={}, headers={"Authorization": header})
    refused(answer, 401, "invalid_token")
    assert answer.headers.getlist("WWW-Authenticate") == [
        'DPoP error="invalid_token", algs="ES256"',
        'Bearer realm="jeung", error="invalid_token"',
    ]


def test_token_in_the_address_is_not_looked_at(phone: Phone) -> None:
    answer = phone.http.post(f"{CREDENTIAL}?access_token={phone.token}", json=phone.request())
    refused(answer, 400, "invalid_credential_request")


def test_expired_or_revoked_token_is_refused(world: World) -> None:
    now = world.clock.now()
    ended: list[dict[str, Any]] = [{"expires_at": now}, {"revoked_at": now}]
    for changes in ended:
        phone = Phone(world, **changes)
        for path in (CREDENTIAL, DEFERRED, NOTIFICATION):
            refused(phone.post(path, phone.request()), 401, "invalid_token")


def test_bound_token_opens_nothing_without_its_proof(phone: Phone) -> None:
    answer = phone.http.post(CREDENTIAL, json={}, headers={"Authorization": f"Bearer {phone.token}"})
    refused(answer, 401, "invalid_token")
    answer = phone.http.post(CREDENTIAL, json={}, headers={"Authorization": f"DPoP {phone.token}"})
    refused(answer, 401, "invalid_dpop_proof")
    assert answer.headers.getlist("WWW-Authenticate") == ['DPoP error="invalid_dpop_proof", algs="ES256"']


def test_proof_without_our_nonce_is_told_to_take_one(phone: Phone) -> None:
    headers = phone.headers(CREDENTIAL, nonce=None)
    answer = phone.http.post(CREDENTIAL, json=phone.request(), headers=headers)
    refused(answer, 401, "use_dpop_nonce")
    assert answer.headers["WWW-Authenticate"] == 'DPoP error="use_dpop_nonce", algs="ES256"'
    assert answer.headers["DPoP-Nonce"]


def test_proof_is_good_once_and_for_one_endpoint(phone: Phone) -> None:
    headers = phone.headers(CREDENTIAL)
    assert phone.http.post(CREDENTIAL, json=phone.request(), headers=headers).status_code == 200
    refused(phone.http.post(CREDENTIAL, json=phone.request(), headers=headers), 401, "invalid_dpop_proof")
    other = phone.headers(CREDENTIAL)
    refused(phone.http.post(DEFERRED, json={}, headers=other), 401, "invalid_dpop_proof")


# ---- deferred, notified


def complete(phone: Phone) -> None:
    for method in METHODS:
        report = CheckReport(ProofingMethod(method), phone.clock.now(), b"-" * 32, True)
        phone.world.node.proofings.record_check(phone.proofing_id, report)
    phone.world.node.proofings.complete(phone.proofing_id)


def test_open_proofing_is_deferred_and_delivered_later(world: World) -> None:
    phone, device = Phone(world, opened=True), Device()
    answer = phone.post(CREDENTIAL, phone.request(device))
    assert (answer.status_code, set(answer.get_json())) == (202, {"transaction_id", "interval"})
    transaction = {"transaction_id": answer.get_json()["transaction_id"]}
    again = phone.post(DEFERRED, transaction)
    assert (again.status_code, again.get_json()) == (202, {**transaction, "interval": 10})
    complete(phone)
    phone.clock.advance(10)
    delivered = phone.post(DEFERRED, transaction)
    assert delivered.status_code == 200
    assert set(delivered.get_json()) == {"credentials", "notification_id"}
    refused(phone.post(DEFERRED, transaction), 400, "invalid_transaction_id")
    assert phone.receive(device)["credentials"] == delivered.get_json()["credentials"]


def test_rejected_proofing_is_denied(world: World) -> None:
    phone = Phone(world, opened=True)
    transaction = phone.post(CREDENTIAL, phone.request()).get_json()["transaction_id"]
    report = CheckReport(ProofingMethod.MOBILE_PHONE, phone.clock.now(), b"-" * 32, False)
    world.node.proofings.record_check(phone.proofing_id, report)
    phone.clock.advance(10)
    refused(phone.post(DEFERRED, {"transaction_id": transaction}), 400, "credential_request_denied")
    refused(phone.post(CREDENTIAL, phone.request()), 400, "credential_request_denied")


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, "invalid_credential_request"),
        ({"transaction_id": 1}, "invalid_credential_request"),
        ({"transaction_id": "x"}, "invalid_transaction_id"),
        ({"transaction_id": "x" * 32}, "invalid_transaction_id"),
        ({"transaction_id": "x" * 32, "credential_response_encryption": 1}, "invalid_encryption_parameters"),
    ],
)
def test_bad_deferred_request_hears_its_name(phone: Phone, body: dict[str, Any], error: str) -> None:
    refused(phone.post(DEFERRED, body), 400, error)


def test_transaction_of_another_wallet_is_unknown(world: World) -> None:
    mine, other = Phone(world, opened=True), Phone(world, opened=True)
    transaction = mine.post(CREDENTIAL, mine.request()).get_json()["transaction_id"]
    mine.clock.advance(10)
    refused(other.post(DEFERRED, {"transaction_id": transaction}), 400, "invalid_transaction_id")


def test_report_is_taken_once_and_again(phone: Phone) -> None:
    report = {"notification_id": phone.receive()["notification_id"], "event": "credential_accepted", "more": 1}
    for _ in range(2):
        answer = phone.post(NOTIFICATION, {**report, "event_description": "stored"})
        assert (answer.status_code, answer.data) == (204, b"")
    kinds = [entry.kind for entry in phone.world.database.read().events]
    assert kinds.count("credential_accepted") == 1


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"event": "credential_lost"}, "invalid_notification_request"),
        ({"event": None}, "invalid_notification_request"),
        ({"event": ["credential_accepted"]}, "invalid_notification_request"),
        ({"notification_id": 1}, "invalid_notification_request"),
        ({"notification_id": ""}, "invalid_notification_request"),
        ({"notification_id": "x" * 257}, "invalid_notification_request"),
        ({"notification_id": "unknown"}, "invalid_notification_id"),
    ],
)
def test_bad_report_hears_its_name(phone: Phone, change: dict[str, Any], error: str) -> None:
    report = {"notification_id": phone.receive()["notification_id"], "event": "credential_accepted", **change}
    refused(phone.post(NOTIFICATION, report), 400, error)


def test_report_of_another_wallet_is_unknown(world: World) -> None:
    report = {"notification_id": Phone(world).receive()["notification_id"], "event": "credential_deleted"}
    refused(Phone(world).post(NOTIFICATION, report), 400, "invalid_notification_id")


def test_report_that_is_no_object_is_refused(phone: Phone) -> None:
    answer = phone.post(NOTIFICATION, data=b"[]", content_type="application/json")
    refused(answer, 400, "invalid_notification_request")
