"""Ask for credentials, wait for late ones, say what became of them (OpenID4VCI 1.0 sections 8 to 11)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cli.wallet import documents
from cli.wallet.conversation import Conversation, Token
from cli.wallet.encryption import AgreementKey, encrypt_to, keys_of
from cli.wallet.errors import NotTrusted
from cli.wallet.http import JSON, Answer
from jeung.crypto.canonical_json import parse_object
from jeung.crypto.jwe import CONTENT_ENCRYPTIONS
from jeung.errors import MalformedJson

JWT = "application/jwt"


@dataclass(frozen=True, slots=True)
class Issued:
    """Hold what a credential response carried, unjudged."""

    credentials: tuple[str, ...] = field(repr=False)
    notification_id: str | None = None


@dataclass(frozen=True, slots=True)
class Later:
    """Hold what to come back with when the issuer is not ready; `interval_s` is how long to wait first."""

    transaction_id: str = field(repr=False)
    interval_s: int


def request_body(
    configuration_id: str, token: Token, proofs: Mapping[str, Any], *, identifier: str | None = None
) -> dict[str, Any]:
    """Write a credential request: by the identifier the token came with, else by configuration (section 8.2).

    Raises:
        NotTrusted: never; a server that named several identifiers is asked for the first.
    """
    named = identifier or next(iter(token.credential_identifiers.get(configuration_id, ())), None)
    what = {"credential_configuration_id": configuration_id} if named is None else {"credential_identifier": named}
    return {**what, "proofs": dict(proofs)}


def request_credentials(
    talk: Conversation, token: Token, body: Mapping[str, Any], *, encrypted: bool = False
) -> Issued | Later:
    """Send a credential request.

    Args:
        talk: with whom.
        token: what allows it.
        body: what `request_body` wrote.
        encrypted: encrypt the request where the issuer has a key for it, and have the answer encrypted.

    Raises:
        NotTrusted: the answer has no shape, or encryption was wanted and is not offered.
        ServerRefused, Unanswered: the issuer refuses, or nobody answers.
    """
    return _exchange(talk, "credential_endpoint", token, body, encrypted=encrypted)


def request_deferred(talk: Conversation, token: Token, later: Later, *, encrypted: bool = False) -> Issued | Later:
    """Ask again for what was not ready (section 9); raises as `request_credentials`."""
    body = {"transaction_id": later.transaction_id}
    return _exchange(talk, "deferred_credential_endpoint", token, body, encrypted=encrypted)


def notify(talk: Conversation, token: Token, notification_id: str, event: str) -> None:
    """Tell the issuer what became of the credentials (section 11).

    Raises:
        NotTrusted: the issuer has no such endpoint.
        ServerRefused, Unanswered: it refuses, or nobody answers.
    """
    body = {"notification_id": notification_id, "event": event}
    talk.post_json("notification_endpoint", body, token).require_success()


def _exchange(
    talk: Conversation, endpoint: str, token: Token, body: Mapping[str, Any], *, encrypted: bool
) -> Issued | Later:
    if not encrypted:
        return _read(talk.post_json(endpoint, body, token), None)
    answer_key = AgreementKey()
    wanted = documents.member(talk.issuer.metadata, "credential_response_encryption")
    chosen = next((e for e in documents.texts(wanted, "enc_values_supported") if e in CONTENT_ENCRYPTIONS), None)
    if chosen is None:
        raise NotTrusted("encryption_missing", "the issuer encrypts by no method that we speak")
    plain = {**body, "credential_response_encryption": {"jwk": answer_key.jwk, "enc": chosen}}
    offered = documents.member(talk.issuer.metadata, "credential_request_encryption")
    sealed = encrypt_to(
        json.dumps(plain).encode(), keys_of(offered), documents.texts(offered, "enc_values_supported")
    )
    answer = talk.post_bytes(endpoint, sealed.encode("ascii"), token, content_type=JWT)
    return _read(answer, answer_key)


def _read(answer: Answer, key: AgreementKey | None) -> Issued | Later:
    answer.require_success()
    body = _body(answer, key)
    if answer.status == 202 or "transaction_id" in body:
        return Later(documents.text(body, "transaction_id"), documents.whole(body, "interval", 5))
    credentials = tuple(documents.text(item, "credential") for item in documents.objects(body, "credentials"))
    return Issued(credentials, documents.optional_text(body, "notification_id"))


def _body(answer: Answer, key: AgreementKey | None) -> dict[str, Any]:
    """Read the JSON of an answer, which is encrypted if and only if we asked for that (section 10)."""
    if (answer.media_type == JWT) != (key is not None):
        raise NotTrusted("malformed_answer", f"expected {JSON if key is None else JWT}")
    try:
        return parse_object(answer.body if key is None else key.open(answer.body.decode("ascii", "replace")))
    except MalformedJson:
        raise NotTrusted("malformed_answer", "the answer is not one JSON object") from None
