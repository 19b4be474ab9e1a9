import json

import pytest

from jeung.crypto import base64url
from jeung.crypto.jws import MAX_HEADER_CHARACTERS, parse_jws, sign_jws, verify_jws
from jeung.errors import (
    AlgorithmNotAllowed,
    InputTooLarge,
    InvalidSignature,
    MalformedJson,
    MalformedJws,
    WrongType,
)
from tests.common.jose import Ed25519Signer, P256Signer

SIGNER = P256Signer()
HEADER = {"alg": "ES256", "typ": "test+jwt"}
TOKEN = sign_jws(HEADER, {"a": 1}, SIGNER.sign)


def token_with(header: object, payload: bytes = b'{"a":1}') -> str:
    """A correctly signed token with any header at all."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    signing_input = f"{base64url.encode(text)}.{base64url.encode(payload)}"
    return f"{signing_input}.{base64url.encode(SIGNER.sign(signing_input.encode()))}"


def test_a_signed_token_is_read_back() -> None:
    jws = parse_jws(TOKEN, typ="test+jwt")
    assert verify_jws(jws, SIGNER.key) == b'{"a":1}'
    assert (jws.header, jws.claims(), jws.algorithm) == (HEADER, {"a": 1}, "ES256")


def test_an_ed25519_token_verifies_under_its_own_key_only() -> None:
    signer = Ed25519Signer()
    jws = parse_jws(sign_jws({"alg": "Ed25519"}, {}, signer.sign), typ=None)
    assert verify_jws(jws, signer.key) == b"{}"
    with pytest.raises(InvalidSignature, match="algorithm"):
        verify_jws(jws, SIGNER.key)


def test_claims_are_read_afresh_each_time() -> None:
    jws = parse_jws(TOKEN, typ=None)
    jws.claims()["a"] = 2
    assert jws.claims() == {"a": 1}


@pytest.mark.parametrize("position", range(3))
def test_a_change_in_any_part_is_refused(position: int) -> None:
    parts = TOKEN.split(".")
    replaced = token_with({"alg": "ES256", "typ": "test+jwt", "x": 1}, b'{"a":2}').split(".")
    parts[position] = replaced[position]
    with pytest.raises(InvalidSignature):
        verify_jws(parse_jws(".".join(parts), typ="test+jwt"), SIGNER.key)


def test_another_key_is_refused() -> None:
    with pytest.raises(InvalidSignature):
        verify_jws(parse_jws(TOKEN, typ=None), P256Signer().key)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "a.b",
        TOKEN + "=",
        TOKEN + "==",
        TOKEN + "\n",
        " " + TOKEN,
        TOKEN + ".",
        TOKEN + "." + TOKEN,
        TOKEN.replace(".", "..", 1),
        TOKEN.rsplit(".", 1)[0] + ".",
        TOKEN.replace(".", "\u002e\u0301", 1),
        TOKEN[:-1],
        json.dumps({"payload": "", "signatures": []}),
    ],
)
def test_another_form_is_refused(text: str) -> None:
    with pytest.raises(MalformedJws):
        parse_jws(text, typ=None)


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"[]",
        b"null",
        b'"ES256"',
        b'{"alg":"ES256","alg":"ES256"}',
        b'{"alg":"none","alg":"ES256"}',
        b'{"alg":"ES256",}',
        {"alg": "ES256", "crit": ["exp"]},
        {"alg": "ES256", "crit": []},
        {"alg": "ES256", "b64": False},
        {"alg": "ES256", "b64": True},
    ],
)
def test_a_header_we_do_not_understand_is_refused(header: object) -> None:
    with pytest.raises(MalformedJws):
        parse_jws(token_with(header) if header else TOKEN.replace(TOKEN.split(".")[0], "AA"), typ=None)


@pytest.mark.parametrize(
    "algorithm",
    ["none", "None", "HS256", "RS256", "PS256", "ES384", "ES256K", "es256", "EdDSA", "", None, 1, ["ES256"], {}],
)
def test_an_algorithm_off_the_list_is_refused(algorithm: object) -> None:
    with pytest.raises(AlgorithmNotAllowed):
        parse_jws(token_with({"alg": algorithm}), typ=None)


def test_a_missing_algorithm_is_refused() -> None:
    with pytest.raises(AlgorithmNotAllowed):
        parse_jws(token_with({"typ": "test+jwt"}), typ=None)


def test_the_list_is_the_callers() -> None:
    with pytest.raises(AlgorithmNotAllowed):
        parse_jws(TOKEN, typ=None, algorithms={"Ed25519"})


@pytest.mark.parametrize("typ", ["JWT", "TEST+JWT", "application/test+jwt", "", None, ["test+jwt"]])
def test_another_type_is_refused(typ: object) -> None:
    with pytest.raises(WrongType):
        parse_jws(token_with({"alg": "ES256", "typ": typ}), typ="test+jwt")


def test_a_missing_type_is_refused() -> None:
    with pytest.raises(WrongType):
        parse_jws(token_with({"alg": "ES256"}), typ="test+jwt")


def test_bounds_are_kept() -> None:
    parse_jws(TOKEN, typ=None, max_characters=len(TOKEN))
    with pytest.raises(InputTooLarge):
        parse_jws(TOKEN, typ=None, max_characters=len(TOKEN) - 1)
    with pytest.raises(InputTooLarge, match="header"):
        parse_jws(token_with({"alg": "ES256", "x": "a" * MAX_HEADER_CHARACTERS}), typ=None)


def test_a_hostile_text_takes_linear_time() -> None:
    with pytest.raises(MalformedJws):
        parse_jws("a" * 2_000_000 + "!", typ=None, max_characters=3_000_000)


def test_the_key_in_the_header_is_never_used() -> None:
    attacker = P256Signer()
    header = {"alg": "ES256", "jwk": attacker.jwk}
    jws = parse_jws(sign_jws(header, {}, attacker.sign), typ=None)
    with pytest.raises(InvalidSignature):
        verify_jws(jws, SIGNER.key)


@pytest.mark.parametrize("payload", [b"text", b"[]", b'{"a":1,"a":2}', b""])
def test_claims_that_are_no_strict_object_are_refused(payload: bytes) -> None:
    jws = parse_jws(token_with({"alg": "ES256"}, payload or b"x"), typ=None)
    with pytest.raises(MalformedJson):
        jws.claims()


def test_nothing_is_signed_that_has_no_canonical_form() -> None:
    with pytest.raises(MalformedJson):
        sign_jws(HEADER, {"a": float("nan")}, SIGNER.sign)


def test_a_signer_that_returns_der_is_noticed() -> None:
    with pytest.raises(InvalidSignature, match="64 bytes"):
        sign_jws(HEADER, {}, lambda _: bytes(70))


def test_the_repr_shows_no_payload() -> None:
    jws = parse_jws(token_with({"alg": "ES256"}, b'{"name":"secret"}'), typ=None)
    assert "secret" not in repr(jws)
    assert "payload" not in repr(jws)
