"""A request counts only as its signed form says, under the certificate its client id names."""

from typing import Any

import pytest

from cli.wallet.errors import NotTrusted
from cli.wallet.requests import PresentationRequest, ask_for, read_link, verify_request
from jeung.crypto import base64url
from jeung.crypto.hashing import sha256
from tests.common.custody import NOW
from tests.unit.cli.wallet.parts import VERIFIER, Authority, Servers, answer, signed_request, x5c_of

AUTHORITY = Authority("Mirae Exchange")
MEDIA_TYPE = "application/oauth-authz-req+jwt"


def verified(
    changes: dict[str, Any] | None = None, *, header: dict[str, Any] | None = None, client_id: str = ""
) -> PresentationRequest:
    named, signed = signed_request(AUTHORITY, changes, header)
    return verify_request(signed, client_id=client_id or named, wallet_nonce=None, now=NOW)


def refusal(
    changes: dict[str, Any] | None = None, *, header: dict[str, Any] | None = None, client_id: str = ""
) -> str:
    with pytest.raises(NotTrusted) as refused:
        verified(changes, header=header, client_id=client_id)
    return refused.value.reason


def test_a_request_under_the_hash_of_its_certificate_is_taken() -> None:
    request = verified()
    assert request.nonce == "n" * 43
    assert request.response_uri.startswith(VERIFIER)


def test_a_request_under_the_name_of_its_certificate_is_taken() -> None:
    client_id = "x509_san_dns:exchange.example"
    assert verified({"client_id": client_id}, client_id=client_id).client_id == client_id


@pytest.mark.parametrize(
    "client_id",
    [
        "x509_san_dns:other.example",
        "x509_hash:" + base64url.encode(sha256(b"another certificate")),
        "redirect_uri:https://exchange.example/cb",
        "exchange.example",
    ],
)
def test_a_client_id_that_does_not_bind_the_certificate_is_refused(client_id: str) -> None:
    assert refusal({"client_id": client_id}, client_id=client_id) == "request_refused"


def test_the_links_client_must_be_the_requests() -> None:
    assert refusal(client_id="x509_san_dns:exchange.example") == "request_refused"


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://somebody.example"},
        {"aud": None},
        {"exp": NOW},
        {"iat": NOW + 3600},
        {"wallet_nonce": "not asked for"},
        {"response_uri": "https://thief.example/responses/1"},
    ],
)
def test_a_signed_request_that_is_not_for_us_now_is_refused(changes: dict[str, Any]) -> None:
    assert refusal(changes) == "request_refused"


@pytest.mark.parametrize(
    "changes",
    [
        {"response_type": "code"},
        {"response_mode": "fragment"},
        {"nonce": "short"},
        {"scope": "openid"},
        {"redirect_uri": f"{VERIFIER}/cb"},
    ],
)
def test_a_request_that_breaks_the_profile_is_refused(changes: dict[str, Any]) -> None:
    assert refusal(changes) == "malformed_request"


@pytest.mark.parametrize("name", ["dcql_query", "nonce", "response_uri", "response_mode", "response_type"])
def test_a_request_without_its_required_members_is_refused(name: str) -> None:
    assert refusal({name: None}) == "malformed_answer"


def test_a_request_of_another_type_or_under_another_key_is_refused() -> None:
    _, other = AUTHORITY.leaf(VERIFIER)
    assert refusal(header={"typ": "JWT"}) == "request_refused"
    assert refusal(header={"x5c": x5c_of(other)}) == "request_refused"
    assert refusal(header={"x5c": []}) == "certificate_refused"
    assert refusal(header={"alg": "none"}) == "request_refused"


def test_a_self_signed_or_expired_certificate_is_refused() -> None:
    assert refusal(header={"x5c": x5c_of(AUTHORITY.anchor)}) == "certificate_refused"
    _, expired = AUTHORITY.leaf(VERIFIER, days=-1)
    assert refusal(header={"x5c": x5c_of(expired)}) == "certificate_refused"


def test_with_anchors_a_strangers_certificate_is_refused() -> None:
    client_id, signed = signed_request(AUTHORITY)
    verify_request(signed, client_id=client_id, wallet_nonce=None, now=NOW, anchors=[AUTHORITY.anchor])
    with pytest.raises(NotTrusted) as refused:
        verify_request(signed, client_id=client_id, wallet_nonce=None, now=NOW, anchors=[Authority().anchor])
    assert refused.value.reason == "certificate_refused"


def test_a_posted_fetch_demands_its_own_nonce_back() -> None:
    servers = Servers()
    client_id, stale = signed_request(AUTHORITY, {"wallet_nonce": "somebody else's"})
    servers.pages[f"{VERIFIER}/r/1"] = answer(stale.encode(), kind=MEDIA_TYPE)
    link = f"openid4vp://?client_id={client_id}&request_uri={VERIFIER}/r/1&request_uri_method=post"
    with pytest.raises(NotTrusted) as refused:
        ask_for(servers, link, now=NOW)
    assert refused.value.reason == "request_refused"
    ((method, _, body, _),) = servers.asked
    assert method == "POST"
    assert b"wallet_nonce=" in body


@pytest.mark.parametrize(
    "text",
    [
        "openid4vp://?client_id=a",
        "openid4vp://?request_uri=https://a.example",
        "openid4vp://?client_id=a&client_id=b&request_uri=https://a.example",
        "openid4vp://?client_id=a&request_uri=https://a.example&request_uri_method=put",
        "openid4vp://?client_id=" + "a" * 20_000,
    ],
)
def test_a_link_of_another_shape_is_refused(text: str) -> None:
    with pytest.raises(NotTrusted):
        read_link(text)
