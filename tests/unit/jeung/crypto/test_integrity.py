import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeung.crypto.integrity import integrity_of, parse_integrity, schema_id
from jeung.errors import MalformedInput

EMPTY = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="


def test_the_schema_id_is_the_sha256_of_the_exact_bytes() -> None:
    assert integrity_of(schema_id(b"")) == EMPTY
    assert schema_id(b"{}") != schema_id(b"{ }")


@given(st.binary(min_size=32, max_size=32))
def test_integrity_is_read_back(digest: bytes) -> None:
    assert parse_integrity(integrity_of(digest)) == digest


@pytest.mark.parametrize(
    "text",
    [
        "",
        EMPTY[:-1],
        EMPTY + " ",
        EMPTY + "\n",
        EMPTY + "?foo",
        f"{EMPTY} {EMPTY}",
        "sha384-" + EMPTY[7:],
        "SHA256-" + EMPTY[7:],
        "sha256-47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU=",
        "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=",
    ],
)
def test_another_spelling_of_integrity_is_refused(text: str) -> None:
    with pytest.raises(MalformedInput):
        parse_integrity(text)
