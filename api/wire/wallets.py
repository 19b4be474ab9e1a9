"""Describe on the wire what wallets send to the authorization server and what they get."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from api.wire.base import In, Out, Query

_Text = Annotated[str | None, Field(max_length=2_048)]
_Long = Annotated[str | None, Field(max_length=8_192)]
_Short = Annotated[str | None, Field(max_length=256)]


class WalletForm(In):
    """Base a form of OAuth: what nobody knows is passed over, what is empty was not sent (RFC 6749 section 3.1)."""

    model_config = ConfigDict(extra="ignore")

    @model_validator(mode="before")
    @classmethod
    def _without_empty_ones(cls, fields: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in fields.items() if value != ""}


class WalletTokenRequest(WalletForm):
    """Redeem a pre-authorized code or an authorization code."""

    grant_type: Annotated[str, Field(max_length=128)]
    client_id: _Text = None
    code: _Short = None
    code_verifier: _Short = None
    redirect_uri: _Text = None
    pre_authorized_code: Annotated[_Short, Field(alias="pre-authorized_code")] = None
    tx_code: _Short = None
    authorization_details: _Long = None
    resource: _Text = None


class CredentialDetail(Out):
    """Name the dataset that may be asked for under a configuration (OpenID4VCI 1.0 section 6.2)."""

    type: Literal["openid_credential"]
    credential_configuration_id: str
    credential_identifiers: list[str]


class WalletTokenAnswer(Out):
    """Give an access token; `expires_in` is in seconds.

    What the answer does not say is left out: wallets that read strictly take `null` for a broken member.
    """

    access_token: str
    token_type: Literal["DPoP", "Bearer"]
    expires_in: int
    scope: str
    authorization_details: Annotated[
        list[CredentialDetail] | None, Field(exclude_if=lambda details: details is None)
    ] = None


class PushRequest(WalletForm):
    """Push an authorization request (RFC 9126)."""

    response_type: _Short = None
    response_mode: _Short = None
    client_id: _Text = None
    redirect_uri: _Text = None
    scope: _Text = None
    authorization_details: _Long = None
    state: _Text = None
    code_challenge: _Short = None
    code_challenge_method: _Short = None
    dpop_jkt: _Short = None
    issuer_state: _Text = None
    resource: _Text = None
    request_uri: _Text = None
    request: _Long = None


class PushAnswer(Out):
    """Give the reference that the browser carries; `expires_in` is in seconds."""

    request_uri: str
    expires_in: int


class Challenge(Out):
    """Give a challenge for the proof of possession beside a wallet attestation."""

    attestation_challenge: str


class AuthorizeQuery(Query):
    """Open the consent page of a pushed request."""

    model_config = ConfigDict(extra="ignore")

    client_id: _Text = None
    request_uri: _Text = None
    lang: Annotated[str | None, Field(max_length=8)] = None


class ConsentForm(WalletForm):
    """Answer the consent page; the fields are those of its form."""

    client_id: Annotated[str, Field(max_length=2_048)]
    request_uri: Annotated[str, Field(max_length=2_048)]
    consent: Annotated[str, Field(max_length=256)]
    decision: Annotated[str, Field(pattern="^(?:approve|deny)$")]
    tx_code: Annotated[str, Field(max_length=256)] = ""
    reception_number: Annotated[str, Field(max_length=64)] = ""
    lang: Annotated[str | None, Field(max_length=8)] = None
