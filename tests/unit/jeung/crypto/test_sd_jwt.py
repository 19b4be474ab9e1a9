import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from jeung.crypto import base64url
from jeung.crypto.hashing import sha256
from jeung.crypto.jws import MAX_HEADER_CHARACTERS, sign_jws
from jeung.crypto.sd_jwt import MAX_DEPTH, MAX_DISCLOSURES, disclose, disclosure_digest, parse_sd_jwt
from jeung.errors import (
    AlgorithmNotAllowed,
    ClaimCollision,
    DuplicateDigest,
    InvalidDisclosure,
    JeungError,
    MalformedCredential,
    MalformedPresentation,
    PresentationTooLarge,
    ProtectedClaimDisclosed,
    ReservedClaimName,
    UnknownSdAlg,
    UnreferencedDisclosure,
    WrongType,
)
from tests.common.jose import P256Signer

SIGNER = P256Signer()
JWT = sign_jws({"alg": "ES256", "typ": "test"}, {"a": 1}, SIGNER.sign)


def disclosure(*elements: object) -> str:
    return base64url.encode(json.dumps(elements).encode())


NAME = disclosure("salt", "name", "Min-jun")
ELEMENT = disclosure("salt", "KR")


def sd(*disclosures: str) -> list[str]:
    return [disclosure_digest(text) for text in disclosures]


def test_the_digest_is_that_of_rfc_9901() -> None:
    # RFC 9901 section 4.2.3.
    text = "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0"
    assert disclosure_digest(text) == "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0"


def test_the_parts_are_taken_apart() -> None:
    binding = sign_jws({"alg": "ES256", "typ": "kb+jwt"}, {}, SIGNER.sign)
    parsed = parse_sd_jwt(f"{JWT}~{NAME}~{ELEMENT}~{binding}", typ="test")
    assert parsed.issuer_signed == JWT
    assert parsed.payload == {"a": 1}
    assert parsed.disclosures == (NAME, ELEMENT)
    assert parsed.digest == sha256(JWT.encode())
    assert parsed.bound_digest == sha256(f"{JWT}~{NAME}~{ELEMENT}~".encode())
    assert parsed.key_binding is not None
    assert parsed.key_binding.header["typ"] == "kb+jwt"


def test_without_disclosures_and_binding_only_the_tilde_remains() -> None:
    parsed = parse_sd_jwt(f"{JWT}~", typ="test")
    assert (parsed.disclosures, parsed.key_binding) == ((), None)
    assert parsed.bound_digest == sha256(f"{JWT}~".encode())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "~",
        JWT,
        f"~{JWT}~",
        f"{JWT}~~",
        f"{JWT}~{NAME}",
        f"{JWT}~{NAME}~~",
        f"{JWT}~{NAME}=~",
        f"{JWT}~{NAME} ~",
        f"{JWT}~{NAME}~\n",
        f" {JWT}~{NAME}~",
        f"{JWT}~{JWT}~",
        f"{JWT}~{NAME}~{JWT}~",
        f"{JWT}~{NAME}~a.b",
        f"{JWT}~{NAME}~a.b.c",
        f"{JWT}~{NAME}~..",
        f"{JWT}~{NAME}~{JWT}.",
        f"{JWT[:-1]}~",
        f"{JWT}=~",
        f"{JWT}~ñ~",
        json.dumps({"payload": JWT.split(".")[1], "disclosures": []}),
    ],
)
def test_another_form_is_refused(text: str) -> None:
    with pytest.raises(MalformedPresentation):
        parse_sd_jwt(text, typ="test")


@pytest.mark.parametrize("payload", [b"[]", b'{"a":1,"a":2}', b"x"])
def test_a_payload_that_is_no_strict_object_is_refused(payload: bytes) -> None:
    header, _, signature = JWT.split(".")
    with pytest.raises(MalformedPresentation):
        parse_sd_jwt(f"{header}.{base64url.encode(payload)}.{signature}~", typ="test")


def test_the_algorithms_of_both_tokens_are_judged() -> None:
    unsigned = base64url.encode(b'{"alg":"none"}') + ".e30.AA"
    with pytest.raises(AlgorithmNotAllowed):
        parse_sd_jwt(f"{unsigned}~", typ=None)
    with pytest.raises(AlgorithmNotAllowed):
        parse_sd_jwt(f"{JWT}~{unsigned}", typ="test")


def test_the_type_is_judged() -> None:
    with pytest.raises(WrongType):
        parse_sd_jwt(f"{JWT}~", typ="dc+sd-jwt")


def test_bounds_are_kept() -> None:
    parse_sd_jwt(f"{JWT}~" + "AA~" * MAX_DISCLOSURES, typ="test")
    with pytest.raises(PresentationTooLarge):
        parse_sd_jwt(f"{JWT}~" + "AA~" * (MAX_DISCLOSURES + 1), typ="test")
    with pytest.raises(PresentationTooLarge):
        parse_sd_jwt(f"{JWT}~", typ="test", max_characters=len(JWT))
    with pytest.raises(PresentationTooLarge):
        parse_sd_jwt("A" * (MAX_HEADER_CHARACTERS + 1) + ".e30.AA~", typ="test")


def test_a_hostile_text_takes_linear_time() -> None:
    with pytest.raises(MalformedPresentation):
        parse_sd_jwt("a.a.a~" + "a" * 5_000_000 + "!", typ=None, max_characters=6_000_000)


def test_a_claim_and_an_element_are_put_into_their_places() -> None:
    payload = {"_sd": sd(NAME), "_sd_alg": "sha-256", "list": ["JP", {"...": sd(ELEMENT)[0]}]}
    shown = disclose(payload, (NAME, ELEMENT))
    assert shown.claims == {"name": "Min-jun", "list": ["JP", "KR"]}
    assert shown.disclosed == ((("list", 1), ELEMENT), (("name",), NAME))


def test_the_payload_is_left_as_it_is() -> None:
    payload: dict[str, Any] = {"_sd": sd(NAME), "deep": {"list": [{"...": sd(ELEMENT)[0]}]}}
    before = json.dumps(payload)
    disclose(payload, (NAME, ELEMENT))
    assert json.dumps(payload) == before


def test_what_is_kept_back_leaves_no_trace() -> None:
    payload = {
        "_sd": ["decoy", *sd(NAME)],
        "list": [{"...": "decoy2"}, 1],
        "deep": {"_sd": ["decoy3"]},
        "none": {"_sd": []},
    }
    assert disclose(payload, ()).claims == {"list": [1], "deep": {}, "none": {}}


def test_disclosures_within_disclosures_are_followed() -> None:
    inner = disclosure("salt", "city", "Seoul")
    outer = disclosure("salt", "address", {"_sd": sd(inner), "country": "KR"})
    payload = {"_sd": sd(outer)}
    assert disclose(payload, (inner, outer)).claims == {"address": {"city": "Seoul", "country": "KR"}}
    assert disclose(payload, (outer,)).claims == {"address": {"country": "KR"}}
    assert disclose(payload, (outer, inner)).disclosed == ((("address",), outer), (("address", "city"), inner))


def test_arrays_within_array_elements_are_followed() -> None:
    inner = disclosure("salt", "blue")
    outer = disclosure("salt", [{"...": sd(inner)[0]}, {"_sd": []}])
    payload = {"list": [[{"...": sd(outer)[0]}]]}
    assert disclose(payload, (outer, inner)).claims == {"list": [[["blue", {}]]]}


def refused(
    payload: dict[str, Any], disclosures: Sequence[str] = (), *, never: frozenset[str] = frozenset()
) -> type[JeungError]:
    with pytest.raises(JeungError) as caught:
        disclose(payload, disclosures, never_disclosable=never)
    return type(caught.value)


@pytest.mark.parametrize("algorithm", ["sha-512", "SHA-256", "sha256", "", None, 1, ["sha-256"], {}])
def test_an_unknown_hash_is_refused(algorithm: object) -> None:
    assert refused({"_sd_alg": algorithm}) is UnknownSdAlg


def test_a_hash_named_below_the_top_is_refused() -> None:
    assert refused({"deep": {"_sd_alg": "sha-256"}}) is UnknownSdAlg
    hidden = disclosure("salt", "deep", {"_sd_alg": "sha-256"})
    assert refused({"_sd": sd(hidden)}, [hidden]) is UnknownSdAlg


@pytest.mark.parametrize(
    "payload",
    [
        {"_sd": sd(NAME, NAME)},
        {"_sd": sd(NAME), "deep": {"_sd": sd(NAME)}},
        {"_sd": sd(NAME), "list": [{"...": sd(NAME)[0]}]},
        {"list": [{"...": "decoy"}, {"...": "decoy"}]},
        {"_sd": ["decoy", "decoy"]},
    ],
)
@pytest.mark.parametrize("shown", [(), (NAME,)])
def test_a_digest_that_stands_twice_is_refused(payload: dict[str, Any], shown: Sequence[str]) -> None:
    assert refused(payload, shown) in {DuplicateDigest, InvalidDisclosure}
    assert refused(payload, ()) is DuplicateDigest


def test_a_digest_repeated_within_a_disclosure_is_refused() -> None:
    outer = disclosure("salt", "address", {"_sd": sd(NAME)})
    assert refused({"_sd": sd(outer, NAME)}, (outer,)) is DuplicateDigest


def test_a_disclosure_shown_twice_is_refused() -> None:
    assert refused({"_sd": sd(NAME)}, (NAME, NAME)) is DuplicateDigest


@pytest.mark.parametrize("payload", [{}, {"_sd": []}, {"_sd": ["decoy"]}, {"_sd": sd(ELEMENT)}, {"name": sd(NAME)}])
def test_a_disclosure_nobody_references_is_refused(payload: dict[str, Any]) -> None:
    assert refused(payload, (NAME,)) is UnreferencedDisclosure


def test_an_orphan_whose_parent_is_kept_back_is_refused() -> None:
    inner = disclosure("salt", "city", "Seoul")
    outer = disclosure("salt", "address", {"_sd": sd(inner)})
    assert refused({"_sd": sd(outer)}, (inner,)) is UnreferencedDisclosure


@pytest.mark.parametrize(
    "text",
    [
        disclosure(),
        disclosure("salt"),
        disclosure("salt", "KR"),
        disclosure("salt", "name", "value", "more"),
        disclosure("salt", 1, "value"),
        disclosure("salt", None, "value"),
        disclosure("salt", ["name"], "value"),
        disclosure(1, "name", "value"),
        disclosure(None, "name", "value"),
        base64url.encode(b'{"salt":"name"}'),
        base64url.encode(b'"salt"'),
        base64url.encode(b"not json"),
        base64url.encode(b'["salt","name",{"a":1,"a":2}]'),
        base64url.encode(b'["salt","name",1'),
        base64url.encode(b'["salt","name",NaN]'),
        NAME[:-1] + "!",
        NAME + "=",
        "A",
    ],
)
def test_a_disclosure_of_another_shape_is_no_claim(text: str) -> None:
    assert refused({"_sd": sd(text)}, (text,)) is InvalidDisclosure


@pytest.mark.parametrize(
    "text", [disclosure(), disclosure("salt"), NAME, disclosure(1, "KR"), base64url.encode(b"{}")]
)
def test_a_disclosure_of_another_shape_is_no_element(text: str) -> None:
    assert refused({"list": [{"...": sd(text)[0]}]}, (text,)) is InvalidDisclosure


@pytest.mark.parametrize("name", ["_sd", "...", "_sd_alg"])
def test_a_claim_with_a_reserved_name_is_refused(name: str) -> None:
    text = disclosure("salt", name, ["decoy"])
    assert refused({"_sd": sd(text)}, (text,)) is ReservedClaimName
    assert refused({"deep": {"_sd": sd(text)}}, (text,)) is ReservedClaimName


def test_a_claim_that_already_stands_there_is_refused() -> None:
    assert refused({"name": "A", "_sd": sd(NAME)}, (NAME,)) is ClaimCollision
    other = disclosure("other", "name", "B")
    assert refused({"_sd": sd(NAME, other)}, (NAME, other)) is ClaimCollision


def test_the_same_name_on_another_level_is_fine() -> None:
    assert disclose({"name": "A", "deep": {"_sd": sd(NAME)}}, (NAME,)).claims == {
        "name": "A",
        "deep": {"name": "Min-jun"},
    }


@pytest.mark.parametrize(
    "payload",
    [
        {"_sd": "decoy"},
        {"_sd": None},
        {"_sd": {"a": 1}},
        {"_sd": [1]},
        {"_sd": [None]},
        {"_sd": [["decoy"]]},
        {"list": [{"...": 1}]},
        {"list": [{"...": None}]},
        {"list": [{"...": "decoy", "more": 1}]},
        {"...": "decoy"},
        {"deep": {"...": "decoy"}},
    ],
)
def test_misplaced_or_mistyped_digests_are_refused(payload: dict[str, Any]) -> None:
    assert refused(payload) is MalformedCredential


@pytest.mark.parametrize("wrap", [lambda node: {"a": node}, lambda node: [node]])
def test_claims_nested_too_deeply_are_refused(wrap: Callable[[object], object]) -> None:
    node: object = 1
    for _ in range(MAX_DEPTH):
        node = wrap(node)
    assert disclose({"a": node}, ()).claims == {"a": node}
    assert refused({"a": wrap(node)}) is MalformedCredential


def test_disclosures_nested_too_deeply_are_refused() -> None:
    chain: list[str] = []
    node: Any = 1
    for _ in range(MAX_DEPTH + 2):
        chain.append(disclosure("salt", "a", node))
        node = {"_sd": sd(chain[-1])}
    assert refused(node, chain) is MalformedCredential


def test_a_protected_claim_never_comes_from_a_disclosure() -> None:
    never = frozenset({"iss", "cnf"})
    hidden = disclosure("salt", "iss", "http://evil")
    assert refused({"_sd": sd(hidden)}, (hidden,), never=never) is ProtectedClaimDisclosed
    assert disclose({"deep": {"_sd": sd(hidden)}}, (hidden,), never_disclosable=never).claims["deep"]


@pytest.mark.parametrize(
    "inside", [{"_sd": ["decoy"]}, {"jwk": {"_sd": ["decoy"]}}, {"list": [{"...": "decoy"}]}, [{"...": "decoy"}]]
)
def test_no_part_of_a_protected_claim_may_be_kept_back(inside: object) -> None:
    assert refused({"cnf": inside}, never=frozenset({"cnf"})) is ProtectedClaimDisclosed


def test_reprs_show_no_claims() -> None:
    parsed = parse_sd_jwt(f"{sign_jws({'alg': 'ES256'}, {'n': 'secret'}, SIGNER.sign)}~{NAME}~", typ=None)
    assert "secret" not in repr(parsed)
    assert NAME not in repr(parsed)
    assert "Min-jun" not in repr(disclose({"_sd": sd(NAME)}, (NAME,)))
