import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeung.crypto import base64url
from jeung.errors import MalformedBase64url


@given(st.binary(max_size=200))
def test_decoding_inverts_encoding(data: bytes) -> None:
    text = base64url.encode(data)
    assert base64url.decode(text) == data
    assert text == base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@given(st.text(alphabet="ABab01-_gwQIMEUYck=+/ \n\u0100", max_size=12))
def test_whatever_decodes_is_the_one_spelling_of_its_bytes(text: str) -> None:
    try:
        data = base64url.decode(text)
    except MalformedBase64url:
        return
    assert base64url.encode(data) == text


@pytest.mark.parametrize(
    "text",
    [
        "Zg==",
        "Zg=",
        "Zm8=",
        "Z",
        "ZZZZZ",
        "Zh",
        "Zm9",
        "Zm+v",
        "Zm/v",
        "Zm 9v",
        "Zm9v\n",
        "\nZm9v",
        "Zm9v\u00e9",
        "ゐ9",
        "Zm!v",
    ],
)
def test_a_second_spelling_is_refused(text: str) -> None:
    with pytest.raises(MalformedBase64url) as caught:
        base64url.decode(text)
    assert caught.value.detail == "The text is not unpadded, canonical base64url."


def test_nothing_spells_nothing() -> None:
    assert base64url.decode("") == b""
    assert base64url.encode(b"") == ""
