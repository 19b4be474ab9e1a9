"""Serve the credential issuer to wallets: nonces, credentials, notifications, metadata (OpenID4VCI 1.0).

Requests come as JSON or encrypted (`application/jwt`); answers go the way the request asks for. Errors never do.
"""

from typing import Any, Final

from apiflask import APIBlueprint
from flask import Response, json, request

from api.context import runtime
from api.credential_errors import credential_errors
from api.errors import NotAcceptable
from api.json_input import read_object
from api.limits import Limit
from api.operation import Operation, operation
from api.requests import JSON
from api.resources.publications import METADATA_AGE_S, acceptable, published
from api.wire.issuing import CredentialAnswer, CredentialNonce, DeferralAnswer, HandedOver
from jeung.domain.issuing import NotificationEvent
from jeung.domain.wallets import ChallengeKind, WalletGrant
from jeung.errors import (
    CredentialRequestDenied,
    InvalidCredentialRequest,
    InvalidDpopProof,
    InvalidEncryptionParameters,
    InvalidKeyProof,
    InvalidNotificationId,
    InvalidNotificationRequest,
    InvalidProofNonce,
    InvalidTransactionId,
    InvalidWalletToken,
    LedgerStale,
    UnknownCredentialConfiguration,
    UnknownCredentialIdentifier,
    UseDpopNonce,
)
from jeung.services.wallets.credential_request import (
    ResponseEncryption,
    parse_credential_request,
    parse_deferred_request,
)
from jeung.services.wallets.issuer_metadata import CREDENTIAL_PATH, DEFERRED_PATH, NONCE_PATH, NOTIFICATION_PATH
from jeung.services.wallets.issuing import Deferral, Delivery

blueprint = APIBlueprint("issuing", __name__, tag="Wallets: credentials")

JWT: Final = "application/jwt"
_MAX_NOTIFICATION_ID_CHARACTERS = 256
_NOT_LET_IN = (InvalidWalletToken, InvalidDpopProof, UseDpopNonce)
_write_error = credential_errors("invalid_credential_request")


@operation(
    blueprint,
    Operation(
        "POST",
        NONCE_PATH,
        None,
        gives=CredentialNonce,
        # The standard knows no body here, but wallets with one way of posting send an empty object.
        ignores_body=True,
        limit=Limit.PUBLIC,
        wallet=True,
        dpop=True,
        on_error=credential_errors("invalid_request"),
    ),
)
def give_nonce() -> tuple[CredentialNonce, int, dict[str, Any]]:
    """Give a wallet a nonce for its key proofs."""
    nonce = runtime().challenges.issue(ChallengeKind.C_NONCE)
    return CredentialNonce(c_nonce=nonce), 200, {"Cache-Control": "no-store"}


@operation(
    blueprint,
    Operation(
        "POST",
        CREDENTIAL_PATH,
        None,
        raw=(JSON, JWT),
        body_limit=0,
        limit=Limit.PUBLIC,
        wallet=True,
        dpop=True,
        also=(202,),
        refuses=(
            *_NOT_LET_IN,
            InvalidCredentialRequest,
            UnknownCredentialConfiguration,
            UnknownCredentialIdentifier,
            InvalidKeyProof,
            InvalidProofNonce,
            InvalidEncryptionParameters,
            CredentialRequestDenied,
            LedgerStale,
        ),
        on_error=_write_error,
    ),
)
def give_credentials() -> Response:
    """Give a wallet a copy of a credential for each key it proves, or say when to ask again."""
    grant = _admitted(CREDENTIAL_PATH)
    body, encrypted = _body()
    asked = parse_credential_request(body, encrypted=encrypted)
    return _answer(runtime().issuer.issuing.request(grant, asked), asked.encryption)


@operation(
    blueprint,
    Operation(
        "POST",
        DEFERRED_PATH,
        None,
        raw=(JSON, JWT),
        limit=Limit.PUBLIC,
        wallet=True,
        dpop=True,
        also=(202,),
        refuses=(
            *_NOT_LET_IN,
            InvalidCredentialRequest,
            InvalidTransactionId,
            InvalidEncryptionParameters,
            CredentialRequestDenied,
            LedgerStale,
        ),
        on_error=_write_error,
    ),
)
def give_deferred_credentials() -> Response:
    """Give a wallet the credentials that had to wait, or say when to ask again."""
    grant = _admitted(DEFERRED_PATH)
    body, encrypted = _body()
    asked = parse_deferred_request(body, encrypted=encrypted)
    return _answer(runtime().issuer.issuing.deferred(grant, asked), asked.encryption)


@operation(
    blueprint,
    Operation(
        "POST",
        NOTIFICATION_PATH,
        None,
        raw=(JSON,),
        status=204,
        limit=Limit.PUBLIC,
        wallet=True,
        dpop=True,
        refuses=(*_NOT_LET_IN, InvalidNotificationRequest, InvalidNotificationId),
        on_error=credential_errors("invalid_notification_request"),
    ),
)
def take_notification() -> Response:
    """Note what became of credentials in the wallet; the same report may come again."""
    grant = _admitted(NOTIFICATION_PATH)
    body = read_object(request.get_data())
    notification_id = body.get("notification_id")
    if not isinstance(notification_id, str) or not 0 < len(notification_id) <= _MAX_NOTIFICATION_ID_CHARACTERS:
        raise InvalidNotificationRequest("`notification_id` is missing or no short text")
    try:
        event = NotificationEvent(str(body.get("event")))
    except ValueError:
        raise InvalidNotificationRequest("`event` is none of the three there are") from None
    runtime().issuer.issuing.notify(grant, notification_id, event)
    answer = Response(status=204)
    del answer.headers["Content-Type"]
    return answer


@operation(
    blueprint,
    Operation(
        "GET",
        "/.well-known/openid-credential-issuer",
        None,
        limit=Limit.PUBLIC,
        wallet=True,
        refuses=(NotAcceptable, LedgerStale),
    ),
)
def get_credential_issuer_metadata() -> Response:
    """Tell wallets what this member issues and where; signed where the Accept header asks for `application/jwt`."""
    wanted = acceptable(JSON, JWT)
    if wanted is None:
        raise NotAcceptable
    metadata = runtime().issuer.metadata
    if wanted == JWT:
        return published(metadata.signed().encode("ascii"), JWT, METADATA_AGE_S)
    return published(json.dumps(metadata.document()).encode(), JSON, METADATA_AGE_S)


def _admitted(path: str) -> WalletGrant:
    """Let the wallet in by its access token; a token anywhere but in the header is not looked at.

    Raises:
        InvalidWalletToken, InvalidDpopProof, UseDpopNonce: it does not get in.
    """
    return runtime().wallet_access.authorize_wallet(
        request.headers.getlist("Authorization"),
        request.headers.getlist("DPoP"),
        method="POST",
        url=runtime().settings.base_url + path,
    )


def _body() -> tuple[dict[str, Any], bool]:
    """Give the JSON object of the request, and whether it came encrypted.

    Raises:
        MalformedJson: it is none.
        InvalidEncryptionParameters: it is encrypted, but not to us in a way we read.
    """
    data = request.get_data()
    if request.mimetype != JWT:
        return read_object(data), False
    return read_object(runtime().issuer.encryption.open(data.decode("latin-1"))), True


def _answer(given: Delivery | Deferral, encryption: ResponseEncryption | None) -> Response:
    if isinstance(given, Delivery):
        delivered = [HandedOver(credential=credential) for credential in given.credentials]
        body = CredentialAnswer(credentials=delivered, notification_id=given.notification_id).model_dump_json()
        status = 200
    else:
        body = DeferralAnswer(transaction_id=given.transaction_id, interval=given.interval_s).model_dump_json()
        status = 202
    if encryption is None:
        return Response(body, status, content_type=JSON)
    return Response(encryption.encrypt(body.encode()), status, content_type=JWT)
