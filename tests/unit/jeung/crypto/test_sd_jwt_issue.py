import itertools
import secrets
from collections.abc import Callable
from typing import Any

import pytest

from jeung.crypto import base64url
from jeung.crypto.sd_jwt import disclose, disclosure_digest, parse_sd_jwt
from jeung.crypto.sd_jwt_issue import Disclosable, conceal, issue_sd_jwt, present
from jeung.errors import MalformedJson, NotFound, ReservedClaimName, UnreferencedDisclosure
from tests.common.jose import P256Signer

SIGNER = P256Signer()
HEADER = {"alg": "ES256", "typ": "test"}
CLAIMS: dict[str, object] = {
    "iss": "http://issuer",
    "name": Disclosable("Min-jun"),
    "age": {"14": Disclosable(True), "19": Disclosable(False)},
    "address": Disclosable({"country": "KR", "city": Disclosable("Seoul")}),
    "nationalities": ["JP", Disclosable("KR"), Disclosable(["a", Disclosable("b")])],
}
PLAIN = {
    "iss": "http://issuer",
    "name": "Min-jun",
    "age": {"14": True, "19": False},
    "address": {"country": "KR", "city": "Seoul"},
    "nationalities": ["JP", "KR", ["a", "b"]],
}


def counting() -> Callable[[int], bytes]:
    numbers = itertools.count(1)
    return lambda length: next(numbers).to_bytes(length, "big")


def issued() -> str:
    return issue_sd_jwt(HEADER, CLAIMS, sign=SIGNER.sign, random_bytes=secrets.token_bytes)


def shown(sd_jwt: str) -> dict[str, Any]:
    parsed = parse_sd_jwt(sd_jwt, typ="test")
    return disclose(parsed.payload, parsed.disclosures).claims


def test_with_all_disclosures_everything_is_read_back() -> None:
    assert shown(issued()) == PLAIN


def test_the_payload_tells_nothing_that_is_disclosable() -> None:
    payload, disclosures = conceal(CLAIMS, random_bytes=secrets.token_bytes)
    assert len(disclosures) == 8
    for secret in ("name", "Min-jun", "14", "19", "address", "Seoul", "KR"):
        assert f"'{secret}'" not in str(payload)
    assert payload["_sd_alg"] == "sha-256"
    assert disclose(payload, ()).claims == {"iss": "http://issuer", "age": {}, "nationalities": ["JP"]}


def test_every_disclosure_has_128_random_bits_of_its_own() -> None:
    lengths: list[int] = []

    def random_bytes(length: int) -> bytes:
        lengths.append(length)
        return secrets.token_bytes(length)

    _, disclosures = conceal(CLAIMS, random_bytes=random_bytes)
    salts = {base64url.decode(text).split(b'"')[1] for text in disclosures}
    assert lengths == [16] * 8
    assert len(salts) == 8


def test_digests_are_sorted_so_that_their_order_tells_nothing() -> None:
    names = [f"claim{number}" for number in range(30)]
    payload, disclosures = conceal({name: Disclosable(1) for name in names}, random_bytes=counting())
    assert payload["_sd"] == sorted(payload["_sd"])
    assert payload["_sd"] != [disclosure_digest(text) for text in disclosures]


def test_decoys_lengthen_every_sd_array_and_only_those() -> None:
    payload, disclosures = conceal(CLAIMS, random_bytes=secrets.token_bytes, decoys=3)
    assert (len(payload["_sd"]), len(payload["age"]["_sd"]), len(disclosures)) == (2 + 3, 2 + 3, 8)
    assert all(len(digest) == 43 for digest in payload["_sd"])
    assert disclose(payload, disclosures).claims == PLAIN


def test_without_marks_nothing_is_added() -> None:
    assert conceal({"a": [1, (2,)], "b": None}, random_bytes=counting(), decoys=5) == ({"a": [1, [2]], "b": None}, [])


@pytest.mark.parametrize("name", ["_sd", "...", "_sd_alg"])
@pytest.mark.parametrize(
    "wrap", [lambda claims: claims, lambda claims: {"deep": claims}, lambda claims: {"list": [claims]}]
)
def test_reserved_names_are_not_issued(name: str, wrap: Callable[[object], dict[str, object]]) -> None:
    for value in ("x", Disclosable("x")):
        with pytest.raises(ReservedClaimName):
            conceal(wrap({name: value}), random_bytes=counting())


def test_a_value_without_canonical_form_is_not_issued() -> None:
    with pytest.raises(MalformedJson):
        conceal({"a": Disclosable(2**60)}, random_bytes=counting())


@pytest.mark.parametrize(
    ("show", "expected"),
    [
        ([], {"iss": "http://issuer", "age": {}, "nationalities": ["JP"]}),
        ([("name",)], {"name": "Min-jun"}),
        ([("age", "19")], {"age": {"19": False}}),
        ([("address",)], {"address": {"country": "KR", "city": "Seoul"}}),
        ([("address", "country")], {"address": {"country": "KR"}}),
        ([("address", "city")], {"address": {"country": "KR", "city": "Seoul"}}),
        ([("nationalities", 1)], {"nationalities": ["JP", "KR"]}),
        ([("nationalities", 2)], {"nationalities": ["JP", ["a", "b"]]}),
        ([("nationalities", 2, 0)], {"nationalities": ["JP", ["a"]]}),
        ([("nationalities",)], {"nationalities": ["JP", "KR", ["a", "b"]]}),
        ([()], PLAIN),
    ],
)
def test_a_holder_shows_what_it_picks_and_no_more(
    show: list[tuple[str | int, ...]], expected: dict[str, Any]
) -> None:
    rest = {"iss": "http://issuer", "age": {}, "nationalities": ["JP"]}
    assert shown(present(issued(), show)) == rest | expected


@pytest.mark.parametrize(
    "path", [("nme",), ("age", "20"), ("name", "x"), ("nationalities", 9), ("nationalities", "KR"), ("iss", "x")]
)
def test_a_path_to_nothing_is_refused(path: tuple[str | int, ...]) -> None:
    with pytest.raises(NotFound):
        present(issued(), [path])


def test_a_broken_credential_is_not_presented() -> None:
    with pytest.raises(UnreferencedDisclosure):
        present(issued() + base64url.encode(b'["salt","vip",true]') + "~", [])


def test_nobody_adds_a_claim_that_the_issuer_did_not_sign() -> None:
    forged = base64url.encode(b'["salt","assurance_level","high"]')
    with pytest.raises(UnreferencedDisclosure):
        shown(issued() + forged + "~")
