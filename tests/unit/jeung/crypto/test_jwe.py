"""Encrypted messages: one suite, one form, nothing taken on the token's word."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwe as joserfc_jwe
from joserfc.jwk import ECKey

from jeung.crypto import base64url
from jeung.crypto.jwe import CONTENT_ENCRYPTIONS, encrypt_jwe, parse_jwe
from jeung.errors import EncryptionNotSupported, InputTooLarge, JeungError, MalformedJwe, MalformedKey

KEY = ECKey.generate_key("P-256")
PUBLIC: dict[str, Any] = {**KEY.as_dict(private=False), "use": "enc", "alg": "ECDH-ES", "kid": "a"}
MESSAGE = encrypt_jwe(b"message", PUBLIC, content_encryption="A128GCM")


def with_header(text: str, change: Callable[[dict[str, Any]], object]) -> str:
    header_text, _, rest = text.partition(".")
    header = json.loads(base64url.decode(header_text))
    change(header)
    return f"{base64url.encode(json.dumps(header).encode())}.{rest}"


@pytest.mark.parametrize("content_encryption", CONTENT_ENCRYPTIONS)
def test_holder_of_the_key_reads_what_was_encrypted_to_it(content_encryption: str) -> None:
    text = encrypt_jwe(b"message", PUBLIC, content_encryption=content_encryption, typ="JWT")
    message = parse_jwe(text)
    assert (message.key_id, message.content_encryption) == ("a", content_encryption)
    opened = joserfc_jwe.decrypt_compact(text, KEY, algorithms=["ECDH-ES", content_encryption])
    assert opened.plaintext == b"message"
    assert opened.protected["typ"] == "JWT"


def test_message_to_a_key_without_a_name_names_none() -> None:
    nameless = {name: value for name, value in PUBLIC.items() if name != "kid"}
    assert parse_jwe(encrypt_jwe(b"", nameless, content_encryption="A256GCM")).key_id is None


def test_two_messages_share_nothing() -> None:
    again = encrypt_jwe(b"message", PUBLIC, content_encryption="A128GCM")
    assert not set(MESSAGE.split(".")) - {""} & set(again.split("."))


@pytest.mark.parametrize(
    "change",
    [
        {"kty": "OKP"},
        {"crv": "P-384"},
        {"use": "sig"},
        {"alg": "ECDH-ES+A128KW"},
        {"d": "AA"},
        {"x": PUBLIC["x"] + "="},
        {"x": base64url.encode(bytes(32))},
        {"y": None},
    ],
)
def test_nothing_is_encrypted_to_a_key_that_is_not_for_it(change: dict[str, Any]) -> None:
    with pytest.raises(MalformedKey):
        encrypt_jwe(b"message", {**PUBLIC, **change}, content_encryption="A128GCM")


@pytest.mark.parametrize("content_encryption", ["A128CBC-HS256", "", "a128gcm"])
def test_nothing_is_encrypted_with_a_content_encryption_off_the_list(content_encryption: str) -> None:
    with pytest.raises(EncryptionNotSupported):
        encrypt_jwe(b"message", PUBLIC, content_encryption=content_encryption)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda header: header.update(alg="ECDH-ES+A128KW"), EncryptionNotSupported),
        (lambda header: header.update(alg="dir"), EncryptionNotSupported),
        (lambda header: header.update(alg="RSA-OAEP"), EncryptionNotSupported),
        (lambda header: header.update(enc="A128CBC-HS256"), EncryptionNotSupported),
        (lambda header: header.update(enc=["A128GCM"]), EncryptionNotSupported),
        (lambda header: header.pop("enc"), EncryptionNotSupported),
        (lambda header: header.update(zip="DEF"), EncryptionNotSupported),
        (lambda header: header.update(crit=["exp"]), MalformedJwe),
        (lambda header: header.update(kid=1), MalformedJwe),
        (lambda header: header.pop("epk"), MalformedJwe),
        (lambda header: header["epk"].update(crv="P-384"), MalformedJwe),
        (lambda header: header["epk"].update(y=header["epk"]["x"]), MalformedJwe),
        (lambda header: header["epk"].update(d=header["epk"]["x"]), MalformedJwe),
        (lambda header: header.update(apv="x" * 4_096), InputTooLarge),
    ],
)
def test_header_that_asks_for_anything_else_is_refused(
    change: Callable[[dict[str, Any]], object], error: type[JeungError]
) -> None:
    with pytest.raises(error):
        parse_jwe(with_header(MESSAGE, change))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "....",
        MESSAGE.replace("..", ".AAAA."),
        MESSAGE + "=",
        MESSAGE + "\n",
        MESSAGE.rpartition(".")[0],
        MESSAGE + ".AAAA",
        "bm90IGpzb24" + MESSAGE[MESSAGE.index(".") :],
        base64url.encode(b"[]") + MESSAGE[MESSAGE.index(".") :],
        # One character of base64url is no byte.
        MESSAGE.rpartition(".")[0] + ".A",
    ],
    ids=range(10),
)
def test_text_that_is_no_strict_compact_jwe_is_refused(text: str) -> None:
    with pytest.raises(MalformedJwe):
        parse_jwe(text)


def test_message_longer_than_its_bound_is_refused_unread() -> None:
    with pytest.raises(InputTooLarge):
        parse_jwe(MESSAGE, max_characters=len(MESSAGE) - 1)


@given(st.text(alphabet="AZaz09-_.=", max_size=60))
def test_rubbish_is_refused_with_an_error_of_ours(text: str) -> None:
    with pytest.raises(JeungError):
        parse_jwe(text)
