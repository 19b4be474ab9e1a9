"""Describe the token endpoint on the wire (RFC 6749, RFC 7523)."""

from typing import Annotated, Literal

from pydantic import Field

from api.wire.base import In, Out

CLIENT_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class TokenRequest(In):
    """Ask for an access token with the client's own assertion as its credentials."""

    grant_type: Annotated[str, Field(max_length=128, description="client_credentials")]
    client_assertion_type: Annotated[str, Field(max_length=128, description=CLIENT_ASSERTION_TYPE)]
    client_assertion: Annotated[str, Field(max_length=4096, description="a JWT signed with the client's key")]
    client_id: Annotated[str | None, Field(max_length=256, description="of no effect: the assertion says it")] = None
    scope: Annotated[str | None, Field(max_length=256, description="scopes separated by spaces")] = None


class TokenAnswer(Out):
    """Give an access token; `expires_in` is in seconds."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    scope: str
