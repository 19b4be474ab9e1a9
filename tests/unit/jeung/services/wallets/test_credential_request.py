"""A credential request names one thing in one way; drafts' parameters and keys in the clear are refused."""

from typing import Any

import pytest

from jeung.crypto.jwe import parse_jwe
from jeung.errors import InvalidCredentialRequest, InvalidEncryptionParameters, InvalidTransactionId
from jeung.services.wallets.credential_request import parse_credential_request, parse_deferred_request
from tests.common.jose import Ed25519Signer, P256Signer

JWK = {**P256Signer().jwk, "alg": "ECDH-ES", "use": "enc", "kid": "wallet-key"}
ENCRYPTION = {"jwk": JWK, "enc": "A256GCM"}
NAMED = {"credential_configuration_id": "real-name-1"}
WAITING = {"transaction_id": "t" * 32}


def test_request_is_read_and_what_nobody_knows_is_ignored() -> None:
    read = parse_credential_request({**NAMED, "proofs": {"jwt": ["x"]}, "extra": [1]}, encrypted=False)
    assert (read.configuration_id, read.identifier, read.proofs) == ("real-name-1", None, {"jwt": ["x"]})
    assert read.encryption is None
    assert parse_credential_request({"credential_identifier": "i"}, encrypted=False).identifier == "i"
    assert parse_deferred_request({**WAITING, "extra": 1}, encrypted=False).transaction_id == "t" * 32


@pytest.mark.parametrize(
    "body",
    [
        {},
        {**NAMED, "credential_identifier": "i"},
        {**NAMED, "proof": {"proof_type": "jwt", "jwt": "x"}},
        {"format": "vc+sd-jwt", "vct": "x"},
        {"credential_configuration_id": ""},
        {"credential_configuration_id": 1},
        {"credential_configuration_id": None},
        {"credential_configuration_id": ["real-name-1"]},
        {"credential_configuration_id": "x" * 257},
        {"credential_identifier": {}},
    ],
    ids=str,
)
def test_request_of_another_shape_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(InvalidCredentialRequest) as refused:
        parse_credential_request(body, encrypted=False)
    assert refused.value.oauth_name == "invalid_credential_request"


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (None, InvalidCredentialRequest),
        (1, InvalidCredentialRequest),
        ("", InvalidTransactionId),
        ("short", InvalidTransactionId),
        ("t" * 129, InvalidTransactionId),
        ("한" * 32, InvalidTransactionId),
    ],
)
def test_transaction_id_of_another_shape_is_refused(value: object, error: type[Exception]) -> None:
    with pytest.raises(error):
        parse_deferred_request({"transaction_id": value}, encrypted=False)


def test_answer_is_encrypted_to_the_key_that_was_asked_for() -> None:
    for body in ({**NAMED, "credential_response_encryption": ENCRYPTION},):
        asked = parse_credential_request(body, encrypted=True).encryption
        assert asked is not None
        message = parse_jwe(asked.encrypt(b"{}"))
        assert (message.key_id, message.content_encryption) == ("wallet-key", "A256GCM")


@pytest.mark.parametrize(
    "parameters",
    [
        None,
        "text",
        [],
        {},
        {"jwk": JWK},
        {"enc": "A256GCM"},
        {**ENCRYPTION, "zip": "DEF"},
        {**ENCRYPTION, "enc": "A128CBC-HS256"},
        {**ENCRYPTION, "enc": "XXXX"},
        {**ENCRYPTION, "enc": ["A256GCM"]},
        {**ENCRYPTION, "jwk": "text"},
        {**ENCRYPTION, "jwk": P256Signer().jwk},
        {**ENCRYPTION, "jwk": {**JWK, "alg": "RSA-OAEP-256"}},
        {**ENCRYPTION, "jwk": {**JWK, "alg": "ECDH-ES+A256KW"}},
        {**ENCRYPTION, "jwk": {**JWK, "d": "AA"}},
        {**ENCRYPTION, "jwk": {**JWK, "use": "sig"}},
        {**ENCRYPTION, "jwk": {**JWK, "y": JWK["x"]}},
        {**ENCRYPTION, "jwk": {**Ed25519Signer().jwk, "alg": "ECDH-ES"}},
    ],
)
def test_answer_that_cannot_be_encrypted_is_refused(parameters: object) -> None:
    body = {"credential_response_encryption": parameters}
    with pytest.raises(InvalidEncryptionParameters):
        parse_credential_request({**NAMED, **body}, encrypted=True)
    with pytest.raises(InvalidEncryptionParameters):
        parse_deferred_request({**WAITING, **body}, encrypted=True)


def test_key_in_the_clear_is_refused_for_anybody_could_have_put_it_there() -> None:
    body = {"credential_response_encryption": ENCRYPTION}
    with pytest.raises(InvalidEncryptionParameters):
        parse_credential_request({**NAMED, **body}, encrypted=False)
    with pytest.raises(InvalidEncryptionParameters):
        parse_deferred_request({**WAITING, **body}, encrypted=False)
