"""Fetch and verify presentation requests (OpenID4VP 1.0 sections 5 and 5.10, RFC 9101; HAIP 1.0 section 5).

1. The link names the client and where its request lies; nothing else of the link counts.
2. GET, or POST with a fresh `wallet_nonce`, which the signed request must repeat.
3. Strict JWS, `typ: oauth-authz-req+jwt`, ES256 under the leaf of `x5c`, `aud` is a wallet, current.
4. The client id's prefix binds the leaf: `x509_hash` is its SHA-256, `x509_san_dns` one of its DNS names.
5. The answer goes to a host the certificate was made for.
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from cryptography import x509

from cli.wallet import documents
from cli.wallet.dcql import read_query
from cli.wallet.errors import NotTrusted
from cli.wallet.http import FORM, WalletHttp
from cli.wallet.trust import Leaf, read_leaf
from jeung.crypto import base64url
from jeung.crypto.canonical_json import parse_object
from jeung.crypto.jwk import ES256
from jeung.crypto.jws import parse_jws, verify_jws
from jeung.crypto.sd_jwt_vc import CREDENTIAL_TYPE
from jeung.domain.dcql import DcqlQuery
from jeung.errors import JeungError

REQUEST_TYPE = "oauth-authz-req+jwt"
REQUEST_MEDIA_TYPE = "application/oauth-authz-req+jwt"
STATIC_AUDIENCE = "https://self-issued.me/v2"
DIRECT_POST, DIRECT_POST_JWT = "direct_post", "direct_post.jwt"

_MAX_CHARACTERS = 16_384
_MIN_NONCE = 22
_SKEW_S = 60
_WALLET_METADATA = {
    "vp_formats_supported": {CREDENTIAL_TYPE: {"sd-jwt_alg_values": [ES256], "kb-jwt_alg_values": [ES256]}},
    "client_id_prefixes_supported": ["x509_hash", "x509_san_dns"],
    "response_modes_supported": [DIRECT_POST, DIRECT_POST_JWT],
}


@dataclass(frozen=True, slots=True)
class Link:
    """Hold what a QR code or link says: who asks, and where the signed request lies."""

    client_id: str
    request_uri: str
    by_post: bool


@dataclass(frozen=True, slots=True)
class PresentationRequest:
    """Hold a request whose signature and names were checked."""

    client_id: str
    leaf: Leaf = field(repr=False)
    nonce: str
    state: str | None
    response_uri: str
    response_mode: str
    dcql_query: DcqlQuery
    client_metadata: dict[str, Any]
    transaction_data: tuple[str, ...]
    """As they were sent: the hash is over these characters."""
    claims: dict[str, Any] = field(repr=False)
    """The whole signed request."""


def read_link(text: str) -> Link:
    """Read a request's link, whatever its scheme.

    Raises:
        NotTrusted: no `client_id` or `request_uri`, or an unknown `request_uri_method`.
    """
    if len(text) > _MAX_CHARACTERS:
        raise NotTrusted("malformed_request", "the link is longer than its bound")
    pairs = parse_qsl(urlsplit(text).query, max_num_fields=32)
    given = dict(pairs)
    if len(given) != len(pairs):
        raise NotTrusted("malformed_request", "the link says something twice")
    method = given.get("request_uri_method", "get")
    if method not in ("get", "post"):
        raise NotTrusted("malformed_request", "an unknown way to fetch the request")
    return Link(documents.text(given, "client_id"), documents.text(given, "request_uri"), method == "post")


def fetch_request(http: WalletHttp, link: Link) -> tuple[str, str | None]:
    """Fetch the signed request; give it with the nonce it must repeat (None after a GET).

    Raises:
        NotTrusted: another media type.
        ServerRefused, Unanswered: it is not there, or not any more.
    """
    if not link.by_post:
        return http.get(link.request_uri, accept=REQUEST_MEDIA_TYPE).text(REQUEST_MEDIA_TYPE), None
    wallet_nonce = base64url.encode(secrets.token_bytes(32))
    form = {"wallet_nonce": wallet_nonce, "wallet_metadata": json.dumps(_WALLET_METADATA)}
    answer = http.post(
        link.request_uri,
        urlencode(form).encode("ascii"),
        content_type=FORM,
        headers={"Accept": REQUEST_MEDIA_TYPE},
    )
    return answer.text(REQUEST_MEDIA_TYPE), wallet_nonce


def verify_request(
    signed: str,
    *,
    client_id: str,
    wallet_nonce: str | None,
    now: int,
    anchors: Sequence[x509.Certificate] = (),
) -> PresentationRequest:
    """Check a signed request; steps 3 to 5.

    Args:
        signed: the request object.
        client_id: what the link said.
        wallet_nonce: what we posted, None after a GET.
        now: seconds UTC.
        anchors: authorities over relying parties' certificates, where the wallet knows any.

    Raises:
        NotTrusted: `malformed_request`, or `request_refused` where a check fails.
    """
    try:
        jws = parse_jws(signed, typ=REQUEST_TYPE, algorithms=frozenset({ES256}))
        leaf = read_leaf(jws.header, now=now, anchors=anchors)
        if leaf is None:
            raise _refused("the request names no certificate")
        verify_jws(jws, leaf.key)
        claims = jws.claims()
    except JeungError as refused:
        raise _refused(refused.detail) from None
    if claims.get("client_id") != client_id:
        raise _refused("the request is another client's than the link says")
    if claims.get("wallet_nonce") != wallet_nonce:
        raise _refused("the request was not made for us")
    if claims.get("aud") != STATIC_AUDIENCE:
        raise _refused("the request is not for a wallet")
    if documents.whole(claims, "exp", now + 1) <= now or documents.whole(claims, "iat", now) > now + _SKEW_S:
        raise _refused("the request is not current")
    response_uri = documents.text(claims, "response_uri")
    _check_client(client_id, leaf, response_uri)
    return _read(claims, client_id, leaf, response_uri)


def _check_client(client_id: str, leaf: Leaf, response_uri: str) -> None:
    prefix, _, name = client_id.partition(":")
    if prefix == "x509_hash":
        if name != base64url.encode(leaf.digest):
            raise _refused("the certificate is not the one the client id names")
    elif prefix == "x509_san_dns":
        if name not in leaf.dns_names():
            raise _refused("the certificate was made for another name")
    else:
        raise _refused("a client id of a kind we do not trust")
    host = urlsplit(response_uri).hostname
    if host not in leaf.dns_names() or (prefix == "x509_san_dns" and host != name):
        raise _refused("the answer would go to somebody else")


def _read(claims: dict[str, Any], client_id: str, leaf: Leaf, response_uri: str) -> PresentationRequest:
    mode, nonce = documents.text(claims, "response_mode"), documents.text(claims, "nonce")
    if documents.text(claims, "response_type") != "vp_token" or mode not in (DIRECT_POST, DIRECT_POST_JWT):
        raise NotTrusted("malformed_request", "the request asks for an answer of another kind")
    if len(nonce) < _MIN_NONCE or "scope" in claims or "redirect_uri" in claims:
        raise NotTrusted("malformed_request", "the request breaks the profile")
    return PresentationRequest(
        client_id=client_id,
        leaf=leaf,
        nonce=nonce,
        state=documents.optional_text(claims, "state"),
        response_uri=response_uri,
        response_mode=mode,
        dcql_query=read_query(documents.member(claims, "dcql_query")),
        client_metadata=documents.optional_member(claims, "client_metadata") or {},
        transaction_data=tuple(documents.texts(claims, "transaction_data")),
        claims=claims,
    )


def ask_for(
    http: WalletHttp, text: str, *, now: int, anchors: Sequence[x509.Certificate] = ()
) -> PresentationRequest:
    """Read a link, fetch its request and verify it; raises as the three steps do."""
    link = read_link(text)
    signed, wallet_nonce = fetch_request(http, link)
    return verify_request(signed, client_id=link.client_id, wallet_nonce=wallet_nonce, now=now, anchors=anchors)


def transaction_entries(request: PresentationRequest) -> list[Mapping[str, Any]]:
    """Read the transactions a request wants confirmed (section 8.4).

    Raises:
        NotTrusted: one cannot be read.
    """
    entries: list[Mapping[str, Any]] = []
    for encoded in request.transaction_data:
        try:
            entries.append(parse_object(base64url.decode(encoded)))
        except JeungError:
            raise NotTrusted("malformed_request", "a transaction cannot be read") from None
    return entries


def _refused(detail: str) -> NotTrusted:
    return NotTrusted("request_refused", detail)
