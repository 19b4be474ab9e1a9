from typing import Any

import pytest

from jeung.crypto import base64url
from jeung.crypto.jws import sign_jws
from jeung.crypto.status_list import StatusList
from jeung.crypto.status_token import (
    MAX_TOKEN_CHARACTERS,
    issue_status_list_token,
    parse_status_list_token,
    verify_status_list_token,
)
from jeung.errors import (
    AlgorithmNotAllowed,
    InputTooLarge,
    InvalidSignature,
    MalformedJson,
    MalformedJws,
    MalformedStatusList,
    StatusListNotCurrent,
    StatusReferenceInvalid,
    WrongType,
)
from tests.common.jose import Ed25519Signer, P256Signer, certificate

SIGNER = P256Signer()
URI = "http://bank/status-lists/0"
STATUSES = StatusList.from_words({5: 0b10_01})
CLAIMS: dict[str, Any] = {"sub": URI, "iat": 1_000, "exp": 2_000, "status_list": {"bits": 1, "lst": "eNrbuRgAAhcBXQ"}}


def issued(certificates: tuple[str, ...] = ()) -> str:
    return issue_status_list_token(
        STATUSES,
        uri=URI,
        issued_at=1_000,
        expires_at=2_000,
        ttl_s=300,
        key_id="k",
        certificates=certificates,
        sign=SIGNER.sign,
    )


def token_with(claims: dict[str, Any], **header: object) -> str:
    return sign_jws({"alg": "ES256", "typ": "statuslist+jwt"} | header, claims, SIGNER.sign)


def test_an_issued_list_is_read_back() -> None:
    token = parse_status_list_token(issued())
    assert (token.uri, token.issued_at, token.expires_at, token.ttl_s) == (URI, 1_000, 2_000, 300)
    assert verify_status_list_token(token, SIGNER.key, uri=URI, now=1_500, skew_s=60) == STATUSES


def test_the_certificate_chain_stands_in_the_header() -> None:
    leaf = certificate(SIGNER.private_key)
    assert parse_status_list_token(issued((leaf,))).jws.header["x5c"] == [leaf]
    assert "x5c" not in parse_status_list_token(issued()).jws.header


def test_a_list_without_ttl_is_accepted() -> None:
    assert parse_status_list_token(token_with(CLAIMS)).ttl_s is None


def test_the_ledgers_bits_survive_a_full_list() -> None:
    full = StatusList.from_words(dict.fromkeys(range(8_192), 2**256 - 1))
    text = issue_status_list_token(
        full, uri=URI, issued_at=1, expires_at=2, ttl_s=1, key_id="k", certificates=(), sign=SIGNER.sign
    )
    assert verify_status_list_token(parse_status_list_token(text), SIGNER.key, uri=URI, now=1, skew_s=0) == full


def test_a_list_signed_by_another_key_is_refused() -> None:
    with pytest.raises(InvalidSignature):
        verify_status_list_token(parse_status_list_token(issued()), P256Signer().key, uri=URI, now=1_500, skew_s=0)


@pytest.mark.parametrize("uri", ["http://bank/status-lists/1", URI + "/", URI.upper(), ""])
def test_another_list_of_the_same_issuer_is_refused(uri: str) -> None:
    with pytest.raises(StatusReferenceInvalid):
        verify_status_list_token(parse_status_list_token(issued()), SIGNER.key, uri=uri, now=1_500, skew_s=0)


@pytest.mark.parametrize(("now", "skew_s"), [(2_000, 0), (2_060, 60), (999, 0), (939, 60)])
def test_a_list_that_is_not_current_is_refused(now: int, skew_s: int) -> None:
    with pytest.raises(StatusListNotCurrent):
        verify_status_list_token(parse_status_list_token(issued()), SIGNER.key, uri=URI, now=now, skew_s=skew_s)


@pytest.mark.parametrize(("now", "skew_s"), [(1_999, 0), (2_059, 60), (1_000, 0), (940, 60)])
def test_a_current_list_is_accepted_within_the_skew(now: int, skew_s: int) -> None:
    assert verify_status_list_token(parse_status_list_token(issued()), SIGNER.key, uri=URI, now=now, skew_s=skew_s)


@pytest.mark.parametrize("typ", ["JWT", "statuslist+cwt", None])
def test_another_type_is_refused(typ: object) -> None:
    with pytest.raises(WrongType):
        parse_status_list_token(token_with(CLAIMS, typ=typ))


def test_another_algorithm_is_refused() -> None:
    with pytest.raises(AlgorithmNotAllowed):
        parse_status_list_token(sign_jws({"alg": "Ed25519", "typ": "statuslist+jwt"}, CLAIMS, Ed25519Signer().sign))


@pytest.mark.parametrize("name", ["sub", "iat", "exp", "status_list"])
def test_every_claim_is_required(name: str) -> None:
    with pytest.raises(MalformedStatusList):
        parse_status_list_token(token_with({key: value for key, value in CLAIMS.items() if key != name}))


@pytest.mark.parametrize(
    "change",
    [
        {"sub": 1},
        {"iat": "1"},
        {"exp": None},
        {"ttl": -1},
        {"ttl": "300"},
        {"status_list": []},
        {"status_list": {}},
        {"status_list": {"bits": 1}},
        {"status_list": {"lst": "eNrbuRgAAhcBXQ"}},
        {"status_list": {"bits": 3, "lst": "eNrbuRgAAhcBXQ"}},
        {"status_list": {"bits": True, "lst": "eNrbuRgAAhcBXQ"}},
        {"status_list": {"bits": 1, "lst": 1}},
        {"status_list": {"bits": 1, "lst": "AAAA"}},
    ],
)
def test_a_claim_of_another_type_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(MalformedStatusList):
        parse_status_list_token(token_with(CLAIMS | change))


def test_what_is_no_token_is_refused() -> None:
    with pytest.raises(MalformedJws):
        parse_status_list_token("text")
    with pytest.raises(InputTooLarge):
        parse_status_list_token("A" * (MAX_TOKEN_CHARACTERS + 1))
    header = base64url.encode(b'{"alg":"ES256","typ":"statuslist+jwt"}')
    with pytest.raises(MalformedJson):
        parse_status_list_token(f"{header}.W10.AA")


def test_no_status_can_be_read_before_the_signature_is_checked() -> None:
    token = parse_status_list_token(issued())
    assert not [
        name for name in dir(token) if not name.startswith("_") and isinstance(getattr(token, name), StatusList)
    ]
    assert "StatusList(" not in repr(token)
