"""Serve the authorization server to wallets: pushed requests, tokens, challenges, metadata (OpenID4VCI 1.0, HAIP)."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, json, request

from api.context import runtime
from api.errors import UnsupportedGrantType
from api.limits import Limit
from api.oauth_errors import write_error
from api.operation import Operation, operation
from api.wire.wallets import (
    Challenge,
    CredentialDetail,
    PushAnswer,
    PushRequest,
    WalletTokenAnswer,
    WalletTokenRequest,
)
from jeung.domain.wallets import ChallengeKind
from jeung.errors import (
    InvalidAuthorizationDetails,
    InvalidClient,
    InvalidClientAttestation,
    InvalidDpopProof,
    InvalidGrant,
    InvalidTarget,
    LedgerStale,
    MalformedInput,
    UnknownScope,
    UnsupportedResponseType,
    UseAttestationChallenge,
    UseDpopNonce,
    UseFreshAttestation,
)
from jeung.services.wallets.clients import Shown
from jeung.services.wallets.grants import TOKEN_PATH, GivenToken
from jeung.services.wallets.offers import AUTHORIZATION_CODE, PRE_AUTHORIZED
from jeung.services.wallets.pushing import PAR_PATH, Pushed
from jeung.services.wallets.server_metadata import CHALLENGE_PATH

blueprint = APIBlueprint("authorization", __name__, tag="Wallets: authorization")

METADATA_PATH = "/.well-known/oauth-authorization-server"
METADATA_AGE_S = 300
_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_CLIENT_ERRORS = (
    InvalidClient,
    InvalidClientAttestation,
    UseAttestationChallenge,
    UseFreshAttestation,
    InvalidDpopProof,
    UseDpopNonce,
    InvalidAuthorizationDetails,
    InvalidTarget,
    LedgerStale,
)


@operation(
    blueprint,
    Operation(
        "POST",
        PAR_PATH,
        None,
        takes=PushRequest,
        form=True,
        gives=PushAnswer,
        status=201,
        limit=Limit.PUBLIC,
        wallet=True,
        dpop=True,
        attested=True,
        refuses=(*_CLIENT_ERRORS, UnsupportedResponseType, UnknownScope),
        on_error=write_error,
    ),
)
def push_authorization(body: PushRequest) -> tuple[PushAnswer, int, dict[str, Any]]:
    """Take an authorization request from a wallet, and give the reference that its browser carries."""
    pushed = Pushed(**body.model_dump(exclude={"client_id"}))
    reference = runtime().authorization.pushing.push(_shown(body.client_id), pushed)
    return PushAnswer(request_uri=reference.request_uri, expires_in=reference.expires_in_s), 201, _NO_STORE


@operation(
    blueprint,
    Operation(
        "POST",
        TOKEN_PATH,
        None,
        takes=WalletTokenRequest,
        form=True,
        gives=WalletTokenAnswer,
        limit=Limit.PUBLIC,
        wallet=True,
        dpop=True,
        attested=True,
        refuses=(*_CLIENT_ERRORS, InvalidGrant, UnsupportedGrantType),
        on_error=write_error,
    ),
)
def redeem_code(body: WalletTokenRequest) -> tuple[WalletTokenAnswer, int, dict[str, Any]]:
    """Give a wallet an access token for a pre-authorized code or an authorization code."""
    if body.resource is not None and body.resource.removesuffix("/") != runtime().settings.base_url:
        raise InvalidTarget
    given = _redeemed(body)
    details = [CredentialDetail(**detail) for detail in given.authorization_details]
    answer = WalletTokenAnswer(
        access_token=given.token,
        token_type=given.token_type,
        expires_in=given.expires_in_s,
        scope=given.scope,
        authorization_details=details or None,
    )
    return answer, 200, _NO_STORE


@operation(
    blueprint,
    Operation(
        "POST",
        CHALLENGE_PATH,
        None,
        gives=Challenge,
        ignores_body=True,
        limit=Limit.PUBLIC,
        wallet=True,
        on_error=write_error,
    ),
)
def give_challenge() -> tuple[Challenge, int, dict[str, Any]]:
    """Give a wallet a challenge for the proof of possession beside its attestation."""
    challenge = runtime().challenges.issue(ChallengeKind.ATTESTATION)
    return Challenge(attestation_challenge=challenge), 200, _NO_STORE


@operation(
    blueprint,
    Operation("GET", METADATA_PATH, None, limit=Limit.PUBLIC, wallet=True, refuses=(LedgerStale,)),
)
def get_server_metadata() -> Response:
    """Tell wallets how this authorization server speaks (RFC 8414)."""
    response = Response(json.dumps(runtime().authorization.metadata.document()), content_type="application/json")
    response.headers["Cache-Control"] = f"public, max-age={METADATA_AGE_S}"
    return response


def _redeemed(body: WalletTokenRequest) -> GivenToken:
    shown, grants = _shown(body.client_id), runtime().authorization.grants
    if body.grant_type == PRE_AUTHORIZED:
        if body.pre_authorized_code is None:
            raise MalformedInput("`pre-authorized_code` is missing")
        return grants.redeem_offer(
            shown, code=body.pre_authorized_code, tx_code=body.tx_code, details=body.authorization_details
        )
    if body.grant_type == AUTHORIZATION_CODE:
        if body.code is None:
            raise MalformedInput("`code` is missing")
        return grants.redeem_code(
            shown,
            code=body.code,
            verifier=body.code_verifier,
            redirect_uri=body.redirect_uri,
            details=body.authorization_details,
        )
    raise UnsupportedGrantType


def _shown(client_id: str | None) -> Shown:
    headers = request.headers
    return Shown(
        client_id=client_id,
        dpop=headers.getlist("DPoP"),
        attestation=headers.getlist("OAuth-Client-Attestation"),
        attestation_pop=headers.getlist("OAuth-Client-Attestation-PoP"),
    )
