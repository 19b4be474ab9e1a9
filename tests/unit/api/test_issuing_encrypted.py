"""Requests and answers of the credential issuer may be encrypted beyond TLS; errors never are."""

import json
from typing import Any

import pytest
from werkzeug.test import TestResponse

from jeung.crypto.jwe import encrypt_jwe, parse_jwe
from tests.common.memory.custody import MemoryResponseKeys
from tests.unit.api.phone import CONFIGURATION, Phone
from tests.unit.api.test_issuing import CREDENTIAL, DEFERRED, complete, refused
from tests.unit.api.world import World

METADATA = "/.well-known/openid-credential-issuer"


@pytest.fixture
def phone(world: World) -> Phone:
    return Phone(world)


class Secret:
    """Encrypt requests to the issuer and read its answers."""

    def __init__(self, phone: Phone) -> None:
        self.phone = phone
        self.keys = MemoryResponseKeys()
        self.key = self.keys.new("wallet")
        metadata = phone.http.get(METADATA).get_json()
        [self.issuer_key] = metadata["credential_request_encryption"]["jwks"]["keys"]

    def post(self, path: str, body: dict[str, Any], *, enc: str = "A128GCM") -> TestResponse:
        text = encrypt_jwe(json.dumps(body).encode(), self.issuer_key, content_encryption=enc)
        return self.phone.post(path, data=text, content_type="application/jwt")

    def read(self, answer: TestResponse) -> dict[str, Any]:
        assert answer.content_type == "application/jwt", answer.text
        message = parse_jwe(answer.text)
        assert message.key_id == self.key.key_id
        opened: dict[str, Any] = json.loads(self.keys.decrypt(self.key.sealed, "wallet", message))
        return opened


@pytest.mark.parametrize("enc", ["A128GCM", "A256GCM"])
def test_encrypted_request_gets_an_encrypted_answer(phone: Phone, enc: str) -> None:
    secret = Secret(phone)
    wanted = {"jwk": secret.key.jwk, "enc": enc}
    answer = secret.post(CREDENTIAL, phone.request(credential_response_encryption=wanted), enc=enc)
    assert answer.status_code == 200
    assert set(secret.read(answer)) == {"credentials", "notification_id"}
    assert parse_jwe(answer.text).content_encryption == enc


def test_encrypted_request_that_asks_for_no_encryption_is_answered_in_the_clear(phone: Phone) -> None:
    answer = Secret(phone).post(CREDENTIAL, phone.request())
    assert (answer.status_code, answer.content_type) == (200, "application/json")


def test_deferral_and_what_follows_are_encrypted_as_each_request_asks(world: World) -> None:
    phone = Phone(world, opened=True)
    secret = Secret(phone)
    wanted = {"credential_response_encryption": {"jwk": secret.key.jwk, "enc": "A256GCM"}}
    deferral = secret.post(CREDENTIAL, phone.request(**wanted))
    assert deferral.status_code == 202
    transaction = {"transaction_id": secret.read(deferral)["transaction_id"]}
    complete(phone)
    phone.clock.advance(10)
    delivered = secret.post(DEFERRED, {**transaction, **wanted})
    assert delivered.status_code == 200
    assert set(secret.read(delivered)) == {"credentials", "notification_id"}


def test_error_is_never_encrypted(phone: Phone) -> None:
    secret = Secret(phone)
    wanted = {"jwk": secret.key.jwk, "enc": "A128GCM"}
    body = {
        "credential_configuration_id": CONFIGURATION,
        "proofs": {"jwt": ["a.b.c"]},
        "credential_response_encryption": wanted,
    }
    refused(secret.post(CREDENTIAL, body), 400, "invalid_proof")


@pytest.mark.parametrize("wanted", [{"enc": "A128CBC-HS256"}, {"enc": "XXXX"}, {"zip": "DEF"}, {"jwk": {}}])
def test_encryption_nobody_offers_is_refused(phone: Phone, wanted: dict[str, Any]) -> None:
    secret = Secret(phone)
    encryption = {"jwk": secret.key.jwk, "enc": "A128GCM", **wanted}
    answer = secret.post(CREDENTIAL, phone.request(credential_response_encryption=encryption))
    refused(answer, 400, "invalid_encryption_parameters")


def test_key_for_the_answer_in_the_clear_is_refused(phone: Phone) -> None:
    wanted = {"jwk": MemoryResponseKeys().new("w").jwk, "enc": "A128GCM"}
    answer = phone.post(CREDENTIAL, phone.request(credential_response_encryption=wanted))
    refused(answer, 400, "invalid_encryption_parameters")


@pytest.mark.parametrize("data", [b"", b"x", b"a..b.c.d", b"\xff\xfe", "한".encode()])
def test_encrypted_nonsense_is_refused(phone: Phone, data: bytes) -> None:
    answer = phone.post(CREDENTIAL, data=data, content_type="application/jwt")
    refused(answer, 400, "invalid_encryption_parameters")


def test_encrypted_body_that_is_no_object_is_refused(phone: Phone) -> None:
    secret = Secret(phone)
    text = encrypt_jwe(b"[]", secret.issuer_key, content_encryption="A128GCM")
    answer = phone.post(CREDENTIAL, data=text, content_type="application/jwt")
    refused(answer, 400, "invalid_credential_request")
