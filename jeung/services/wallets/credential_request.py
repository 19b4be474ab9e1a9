"""Read what wallets send to the credential and the deferred credential endpoint (OpenID4VCI 1.0, sections 8.2, 9.1).

Parameters nobody here knows are ignored, as the standard demands. That holds for those of its drafts (`format`,
`proof`) too, which wallets send beside the present ones to please every issuer; where they stand in the place of the
present ones, an outdated wallet hears what is wrong.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from jeung.crypto.jwe import CONTENT_ENCRYPTIONS, ECDH_ES, encrypt_jwe
from jeung.crypto.jwk import parse_agreement_jwk
from jeung.errors import (
    InvalidCredentialRequest,
    InvalidEncryptionParameters,
    InvalidTransactionId,
    MalformedKey,
)

MAX_NAME_CHARACTERS: Final = 256
TRANSACTION_ID: Final = re.compile(r"[A-Za-z0-9_-]{16,128}")
_OUTDATED = "the request has the shape of a draft; see section 8.2 of OpenID4VCI 1.0"


@dataclass(frozen=True, slots=True)
class ResponseEncryption:
    """Say how an answer is to be encrypted: to which public key, and with which content encryption."""

    jwk: Mapping[str, Any] = field(repr=False)
    content_encryption: str

    def encrypt(self, plaintext: bytes) -> str:
        """Give the answer as a compact JWE."""
        return encrypt_jwe(plaintext, self.jwk, content_encryption=self.content_encryption)


@dataclass(frozen=True, slots=True)
class CredentialRequest:
    """Hold a credential request; exactly one of the two names is there, `proofs` is not judged yet."""

    configuration_id: str | None
    identifier: str | None
    proofs: object = field(repr=False)
    encryption: ResponseEncryption | None


@dataclass(frozen=True, slots=True)
class DeferredRequest:
    """Hold a request for the credentials of a deferred issuance."""

    transaction_id: str = field(repr=False)
    encryption: ResponseEncryption | None


def parse_credential_request(body: Mapping[str, object], *, encrypted: bool) -> CredentialRequest:
    """Read a credential request.

    Args:
        body: the JSON object that was sent.
        encrypted: it came encrypted to a key of ours.

    Raises:
        InvalidCredentialRequest: the shape of a draft, neither or both names, or one that is no short text.
        InvalidEncryptionParameters: the answer cannot be encrypted as it is asked for.
    """
    configuration_id, identifier = _name(body, "credential_configuration_id"), _name(body, "credential_identifier")
    unnamed = configuration_id is None and identifier is None
    if ("format" in body and unnamed) or ("proof" in body and "proofs" not in body):
        raise InvalidCredentialRequest(_OUTDATED)
    if (configuration_id is None) == (identifier is None):
        raise InvalidCredentialRequest(
            "expected either `credential_configuration_id` or `credential_identifier`, not both"
        )
    return CredentialRequest(configuration_id, identifier, body.get("proofs"), _encryption(body, encrypted))


def parse_deferred_request(body: Mapping[str, object], *, encrypted: bool) -> DeferredRequest:
    """Read a deferred credential request.

    Args:
        body: the JSON object that was sent.
        encrypted: it came encrypted to a key of ours.

    Raises:
        InvalidCredentialRequest: `transaction_id` is missing or no text.
        InvalidTransactionId: it is none that this node gives out.
        InvalidEncryptionParameters: the answer cannot be encrypted as it is asked for.
    """
    transaction_id = body.get("transaction_id")
    if not isinstance(transaction_id, str):
        raise InvalidCredentialRequest("`transaction_id` is missing or no text")
    if TRANSACTION_ID.fullmatch(transaction_id) is None:
        raise InvalidTransactionId
    return DeferredRequest(transaction_id, _encryption(body, encrypted))


def _name(body: Mapping[str, object], name: str) -> str | None:
    if name not in body:
        return None
    value = body[name]
    if not isinstance(value, str) or not 0 < len(value) <= MAX_NAME_CHARACTERS:
        raise InvalidCredentialRequest(f"`{name}` is no short text")
    return value


def _encryption(body: Mapping[str, object], encrypted: bool) -> ResponseEncryption | None:
    """Read `credential_response_encryption`.

    Raises:
        InvalidEncryptionParameters: it is not good, asks for compression, or came in the clear, where anybody on the
            way could have put a key of his own in its place (section 8.2).
    """
    name = "credential_response_encryption"
    if name not in body:
        return None
    parameters = body[name]
    if not isinstance(parameters, Mapping) or "zip" in parameters:
        raise InvalidEncryptionParameters("expected `jwk` and `enc`, without compression")
    jwk, content_encryption = parameters.get("jwk"), parameters.get("enc")
    if content_encryption not in CONTENT_ENCRYPTIONS:
        raise InvalidEncryptionParameters(f"`enc` is none of {', '.join(CONTENT_ENCRYPTIONS)}")
    if not isinstance(jwk, dict) or jwk.get("alg") != ECDH_ES:
        raise InvalidEncryptionParameters(f"`jwk` is no key whose `alg` is {ECDH_ES}")
    try:
        parse_agreement_jwk(jwk)
    except MalformedKey:
        raise InvalidEncryptionParameters("`jwk` is no public key on P-256") from None
    if not encrypted:
        raise InvalidEncryptionParameters("an encrypted answer is given to an encrypted request only")
    return ResponseEncryption(jwk, content_encryption)
