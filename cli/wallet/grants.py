"""Get an access token: by the pre-authorized code of an offer, or by the customer's consent at the issuer's page."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from cli.wallet import documents
from cli.wallet.conversation import Conversation, Token
from cli.wallet.errors import NotTrusted, ServerRefused
from cli.wallet.offers import AUTHORIZATION_CODE, PRE_AUTHORIZED, Offer
from jeung.crypto import base64url
from jeung.crypto.hashing import sha256

REDIRECT_URI = "jeung-headless-wallet://authorized"

Browse = Callable[[str, str], str]
"""Takes the address of the consent page and our redirect address; gives the address the browser is sent to."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """Hold a pushed authorization request: its reference, and what only this wallet knows of it."""

    request_uri: str
    state: str = field(repr=False)
    verifier: str = field(repr=False)


def pre_authorized(talk: Conversation, offer: Offer, tx_code: str | None) -> Token:
    """Trade the offer's code for a token (OpenID4VCI 1.0 section 6.1).

    Raises:
        NotTrusted: the offer carries no such code, or the answer has no shape.
        ServerRefused, Unanswered: the server refuses, or nobody answers.
    """
    if offer.pre_authorized_code is None:
        raise NotTrusted("grant_missing", "the offer carries no pre-authorized code")
    form = {"grant_type": PRE_AUTHORIZED, "pre-authorized_code": offer.pre_authorized_code}
    if tx_code is not None:
        form["tx_code"] = tx_code
    return read_token(talk.post_form("token_endpoint", form).json())


def push(
    talk: Conversation, scopes: tuple[str, ...], *, issuer_state: str | None, redirect_uri: str = REDIRECT_URI
) -> Pushed:
    """Push an authorization request with a fresh state and PKCE verifier (RFC 9126, RFC 7636).

    Raises:
        NotTrusted: the server takes no pushed requests, or answers without a reference.
        ServerRefused, Unanswered: the server refuses, or nobody answers.
    """
    state, verifier = (base64url.encode(secrets.token_bytes(32)) for _ in range(2))
    form = {
        "response_type": "code",
        "redirect_uri": redirect_uri,
        "scope": " ".join(scopes),
        "state": state,
        "code_challenge": base64url.encode(sha256(verifier.encode("ascii"))),
        "code_challenge_method": "S256",
    }
    if issuer_state is not None:
        form["issuer_state"] = issuer_state
    answer = talk.post_form("pushed_authorization_request_endpoint", form).json()
    return Pushed(documents.text(answer, "request_uri"), state, verifier)


def consent_page(talk: Conversation, pushed: Pushed) -> str:
    """Give the address the customer's browser opens.

    Raises:
        NotTrusted: the server has no such page.
    """
    query = urlencode({"client_id": talk.client_id or "", "request_uri": pushed.request_uri})
    return f"{talk.issuer.server_endpoint('authorization_endpoint')}?{query}"


def read_redirect(talk: Conversation, pushed: Pushed, redirected: str) -> str:
    """Give the authorization code out of the address the browser was sent to.

    Raises:
        NotTrusted: another state, another issuer (RFC 9207), no code.
        ServerRefused: the customer or the server said no.
    """
    pairs = parse_qsl(urlsplit(redirected).query, keep_blank_values=True, max_num_fields=16)
    answer = dict(pairs)
    if len(answer) != len(pairs) or answer.get("state") != pushed.state:
        raise NotTrusted("state_mismatch", "the answer belongs to another request")
    # A server that announces `iss` always sends it, also with an error; one that does not is no server of HAIP.
    if answer.get("iss") != talk.issuer.server_issuer:
        raise NotTrusted("issuer_mismatch", "the answer is another authorization server's")
    if "error" in answer:
        raise ServerRefused(302, answer["error"], answer.get("error_description", ""))
    return documents.text(answer, "code")


def redeem(talk: Conversation, pushed: Pushed, code: str, *, redirect_uri: str = REDIRECT_URI) -> Token:
    """Trade an authorization code for a token.

    Raises:
        NotTrusted: the answer has no shape.
        ServerRefused, Unanswered: the server refuses, or nobody answers.
    """
    form = {
        "grant_type": AUTHORIZATION_CODE,
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": pushed.verifier,
    }
    return read_token(talk.post_form("token_endpoint", form).json())


def authorize(
    talk: Conversation, scopes: tuple[str, ...], browse: Browse, *, issuer_state: str | None = None
) -> Token:
    """Go the whole way of the authorization code: push, consent, redeem; raises as its steps do."""
    pushed = push(talk, scopes, issuer_state=issuer_state)
    redirected = browse(consent_page(talk, pushed), REDIRECT_URI)
    return redeem(talk, pushed, read_redirect(talk, pushed, redirected))


def read_token(answer: Mapping[str, Any]) -> Token:
    """Read a token response.

    Raises:
        NotTrusted: it is none.
    """
    details = documents.objects(answer, "authorization_details") if "authorization_details" in answer else []
    identifiers = {
        documents.text(detail, "credential_configuration_id"): tuple(
            documents.texts(detail, "credential_identifiers")
        )
        for detail in details
        if detail.get("type") == "openid_credential"
    }
    return Token(documents.text(answer, "access_token"), documents.text(answer, "token_type"), identifiers)
