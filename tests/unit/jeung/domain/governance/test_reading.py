"""What a person writes into a proposal is read as meant, or refused with a word about what was expected."""

from collections.abc import Callable
from typing import Any

import pytest

from jeung.crypto import canonical_json
from jeung.crypto.hashing import sha256
from jeung.domain.governance import reading
from jeung.domain.governance.calls import GOVERNED
from jeung.domain.governance.motions import MOTIONS, motion_call
from jeung.domain.identifiers import to_hex
from jeung.errors import JeungError, MalformedInput
from tests.common.jose import P256Signer

KEY = "ab" * 64
NOW = 1_800_000_000
ACCOUNT = "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb"
PROFILE = {
    "name": "lending",
    "schemas": ["0x" + "11" * 32],
    "claims": ["birthdate"],
    "required": ["birthdate"],
    "purpose": "Lending money",
    "assurance_level": "substantial",
}


def read_time(text: str) -> int:
    return reading.read_time(text, NOW)


def test_times_are_dates_seconds_and_spans_from_now() -> None:
    assert read_time("1800000000") == NOW
    assert read_time("2027-01-15") == NOW - 28_800
    assert read_time("2027-01-15T08:00:00+00:00") == NOW
    assert read_time("2027-01-15T08:00") == NOW
    assert (read_time("+1d"), read_time("-1h")) == (NOW + 86_400, NOW - 3_600)


def test_lengths_shares_numbers_and_roles() -> None:
    assert [reading.read_duration(text) for text in ("90", "30m", "12h", "2d")] == [90, 1_800, 43_200, 172_800]
    assert reading.read_share("2/3") == (2, 3)
    assert reading.read_number("0") == 0
    assert reading.role_mask([1, 4, 1]) == 5
    assert reading.read_hex("0x" + "AB" * 2, 2) == "0xabab"
    assert reading.read_name("StatusRegistry") == to_hex(b"StatusRegistry".ljust(32, b"\0"))
    assert reading.read_url("https://a.example") == "https://a.example"
    assert reading.read_indexes("3, 7-9 8") == [3, 7, 8, 9]


@pytest.mark.parametrize(
    "text", [ACCOUNT, ACCOUNT.lower(), "0x" + ACCOUNT[2:].upper()], ids=["right", "lower", "upper"]
)
def test_an_account_is_taken_in_one_case_or_with_its_checksum(text: str) -> None:
    assert reading.read_account(text) == ACCOUNT


def test_a_mistyped_account_is_refused_for_it_would_be_lost() -> None:
    with pytest.raises(MalformedInput, match="EIP-55"):
        reading.read_account(ACCOUNT.replace("D1", "d1"))


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (read_time, "tomorrow"),
        (read_time, "7d"),
        (read_time, "-1"),
        (read_time, "-99999d"),
        (read_time, "0001-01-01"),
        (read_time, "9" * 5_000),
        (read_time, "٣"),
        (reading.read_duration, "+7d"),
        (reading.read_duration, "week"),
        (reading.read_duration, "9" * 5_000),
        (reading.read_share, "2/0"),
        (reading.read_share, "0.66"),
        (reading.read_share, "3/2"),
        (reading.read_account, "0x12"),
        (reading.read_account, "12" * 20),
        (reading.read_number, "-1"),
        (reading.read_number, "1" * 10),
        (reading.read_url, "https://a.example/"),
        (reading.read_name, ""),
        (reading.read_name, "Two words"),
        (reading.read_name, "x" * 33),
        (reading.read_indexes, ""),
        (reading.read_indexes, "9-7"),
        (reading.read_indexes, "1-9999999"),
        (reading.read_indexes, "1-8192 9000-9001"),
        (reading.read_indexes, "1-8000 8001-9000 9001"),
        (reading.read_indexes, "a"),
        (reading.read_enode, "enode://ab@10.0.0.1:30303"),
        (reading.read_enode, f"enode://{KEY}@10.0.0.1"),
        (reading.read_enode, f"enode://{KEY}@10.0.0.1:x"),
        (reading.read_enode, f"enode://{KEY}@10.0.0.1:70000"),
        (reading.read_enode, f"http://{KEY}@10.0.0.1:1"),
        (reading.read_enode, f"enode://{KEY}@:1"),
        (reading.read_enode, f"enode://{KEY}@a:1?discport=-1"),
        (lambda text: reading.read_hex(text, 32), "0x12"),
        (lambda text: reading.salted_digest(b"s", text), " a "),
        (lambda text: reading.salted_digest(b"s", text), "x" * 501),
    ],
    ids=range(37),
)
def test_what_is_written_otherwise_is_refused_and_not_repeated(read: Callable[[str], Any], text: str) -> None:
    with pytest.raises(MalformedInput) as refused:
        read(text)
    assert len(refused.value.detail) < 120


def test_a_reason_becomes_the_digest_that_its_salt_proves() -> None:
    assert reading.salted_digest(b"salt", " Keys on the street ") == to_hex(sha256(b"saltKeys on the street"))


def test_a_member_without_a_role_is_none() -> None:
    with pytest.raises(MalformedInput):
        reading.role_mask([])


@pytest.mark.parametrize(
    ("host", "endpoint"),
    [
        ("10.0.0.1", ["0x" + "00" * 10 + "ffff0a000001", ""]),
        ("[::1]", ["0x" + "00" * 15 + "01", ""]),
        ("Node.Example", ["0x" + "00" * 16, "node.example"]),
    ],
    ids=["ipv4", "ipv6", "name"],
)
def test_an_enode_url_becomes_an_endpoint(host: str, endpoint: list[str]) -> None:
    halves = ["0x" + "ab" * 32] * 2
    assert reading.read_enode(f"enode://{KEY}@{host}:30303?discport=0") == [*halves, *endpoint, 30303, 0]
    assert reading.read_enode(f"enode://{KEY}@{host}:30303")[-1] == 30303


def test_documents_are_read_with_what_the_call_wants_of_them() -> None:
    metadata = b'{ "vct": "https://a.example/t" }\n'
    assert reading.read_metadata(metadata) == {"metadata": to_hex(metadata), "vct": "https://a.example/t"}
    found = reading.read_profile(canonical_json.canonical(PROFILE) + b"\n")
    assert found["profile"] == to_hex(canonical_json.canonical(PROFILE))
    jwk = P256Signer().jwk
    assert reading.read_jwk(canonical_json.canonical(jwk)) == to_hex(canonical_json.canonical(jwk))


@pytest.mark.parametrize(
    ("read", "document"),
    [
        (reading.read_metadata, b"{}"),
        (reading.read_metadata, b'{"vct": 5}'),
        (reading.read_metadata, b"\xff"),
        (reading.read_profile, b"[]"),
        (reading.read_profile, b'{"name": 5}'),
        (reading.read_profile, canonical_json.canonical({**PROFILE, "required": ["address"]})),
        (reading.read_jwk, b'{"kty": "EC"}'),
        (reading.read_jwk, b'{"kty": "EC", "d": "AA"}'),
    ],
    ids=range(8),
)
def test_a_document_of_another_shape_is_refused(read: Callable[[bytes], Any], document: bytes) -> None:
    with pytest.raises(JeungError):
        read(document)


def test_every_governed_call_is_a_motion_and_every_motion_a_governed_call() -> None:
    assert sorted(MOTIONS.values()) == sorted(GOVERNED)
    assert len(set(MOTIONS.values())) == len(MOTIONS)


def test_a_motion_puts_its_values_into_the_calls_order() -> None:
    values = {"lifetime": 4, "timelock": 3, "denominator": 2, "numerator": 1}
    assert motion_call("rules", values).args == ([1, 2, 3, 4],)
    assert motion_call("add-url", {"url": "u", "member": "m"}).args == ("m", "u")
