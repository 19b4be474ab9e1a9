"""One place has one URL, one identifier has one spelling."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeung.domain.identifiers import id_from_hex, parse_canonical_url, to_hex


@given(st.binary(min_size=32, max_size=32))
def test_identifier_reads_back(identifier: bytes) -> None:
    assert id_from_hex(to_hex(identifier)) == identifier


@pytest.mark.parametrize(
    "text", ["", "00" * 32, "0x" + "00" * 31, "0x" + "0g" * 32, "0x" + "00" * 33, "0x" + "00" * 32 + "\n"]
)
def test_other_spelling_of_an_identifier_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="64 hexadecimal"):
        id_from_hex(text)


@pytest.mark.parametrize(
    "url",
    [
        "https://bank.example",
        "http://localhost:8101",
        "https://bank.example:8443/jeung/v1",
        "https://a-b.c0.example/~x_y.z",
        "http://a:65535",
        "https://bank.example/..a",
        "http://127.0.0.1:8101",
        "https://255.255.255.255/a",
        "https://1.2.3.4.example",
        "https://7f.0xg",
        "https://" + "a" * 63,
    ],
)
def test_canonical_url_passes(url: str) -> None:
    assert parse_canonical_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "bank.example",
        "ftp://bank.example",
        "HTTPS://bank.example",
        "https://Bank.example",
        "https://bank.example/",
        "https://bank.example:443",
        "http://bank.example:80",
        "http://bank.example:080",
        "http://bank.example:65536",
        "http://bank.example:0",
        "https://bank.example?a",
        "https://bank.example#a",
        "https://user@bank.example",
        "https://bank..example",
        "https://-bank.example",
        "https://bank.example./x",
        "https://bank.example/a//b",
        "https://bank.example/../x",
        "https://bank.example/./x",
        "https://bänk.example",
        "https://bank.example\n",
        "https://bank.example/" + "a" * 250,
        "https://bank.example/.../x",
        "https://" + "a" * 64,
        "https://bank-.example",
        "https://bank.-example",
        "https://2130706433",
        "https://127.1",
        "https://127.0.0.0.1",
        "https://127.0.0.01",
        "https://127.0.0.256",
        "https://0x7f.0.0.1",
        "https://127.0.0.0x1",
        "https://127.0.0.0x",
        "https://bank.example.1/a",
    ],
)
def test_other_spelling_of_a_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="canonical"):
        parse_canonical_url(url)
