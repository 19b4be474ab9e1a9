"""Whatever is done to a valid presentation, it says the same or it is refused; nothing escapes the error tree."""

import secrets
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from jeung.crypto import base64url, sd_jwt_vc
from jeung.crypto.canonical_json import canonical
from jeung.crypto.jwk import parse_jwk
from jeung.crypto.key_binding import KeyBinding, bind_key, verify_key_binding, verify_sd_hash
from jeung.crypto.sd_jwt import RESERVED_NAMES, DisclosedClaims, disclose, disclosure_digest
from jeung.crypto.sd_jwt_issue import Disclosable, conceal, present
from jeung.errors import JeungError, MissingKeyBinding
from tests.common.jose import P256Signer

ISSUER, HOLDER = P256Signer(), P256Signer()
ISSUED = sd_jwt_vc.issue_credential(
    {
        "family_name": Disclosable("김"),
        "address": Disclosable({"city": Disclosable("서울"), "country": "KR"}),
        "age_equal_or_over": {"14": Disclosable(True), "19": Disclosable(True)},
        "proofing": Disclosable({"methods": ["phone", Disclosable("account")]}),
    },
    issuer="http://bank",
    vct="http://types/real-name",
    schema_id=bytes(32),
    holder_jwk=HOLDER.jwk,
    status=sd_jwt_vc.StatusReference("http://bank/status-lists/0", 7),
    issued_at=1_700_000_000,
    expires_at=1_800_000_000,
    key_id="k",
    certificates=(),
    sign=ISSUER.sign,
    random_bytes=secrets.token_bytes,
)
PRESENTATION = bind_key(
    present(ISSUED, [("family_name",), ("address",), ("age_equal_or_over", "19")]),
    audience="http://rp",
    nonce="nonce",
    issued_at=1_700_000_001,
    sign=HOLDER.sign,
)
ALPHABET = 'AQgwZz09-_~.=+/ \n{}"é\0'


def verify(text: str) -> tuple[dict[str, Any], KeyBinding]:
    """Verify as far as nothing but the text and the issuer's key is needed."""
    parsed = sd_jwt_vc.parse_presentation(text)
    credential = sd_jwt_vc.read_credential(parsed)
    sd_jwt_vc.verify_issuer_signature(parsed, ISSUER.key)
    if credential.holder_jwk is None:
        raise MissingKeyBinding
    binding = verify_key_binding(parsed, parse_jwk(credential.holder_jwk))
    verify_sd_hash(parsed, binding)
    return credential.claims, binding


HONEST = verify(PRESENTATION)


def same_or_refused(text: str) -> None:
    try:
        found = verify(text)
    except JeungError as error:
        # A message of ours is a sentence; nothing of the presentation stands in it.
        assert not [word for word in error.detail.split() if len(word) > 40]  # noqa: PT017
        return
    assert found == HONEST


def test_the_honest_presentation_verifies() -> None:
    claims, binding = HONEST
    assert claims["address"] == {"city": "서울", "country": "KR"}
    assert claims["age_equal_or_over"] == {"19": True}
    assert "proofing" not in claims
    assert binding.audience == "http://rp"


@settings(max_examples=400, deadline=None)
@given(st.integers(0, len(PRESENTATION) - 1), st.sampled_from(ALPHABET))
def test_a_replaced_character_changes_nothing_or_is_refused(position: int, character: str) -> None:
    same_or_refused(PRESENTATION[:position] + character + PRESENTATION[position + 1 :])


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(PRESENTATION)), st.text(ALPHABET, min_size=1, max_size=4))
def test_inserted_characters_are_refused(position: int, text: str) -> None:
    with pytest.raises(JeungError):
        verify(PRESENTATION[:position] + text + PRESENTATION[position:])


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(PRESENTATION) - 1), st.integers(1, 80))
def test_removed_characters_are_refused(position: int, length: int) -> None:
    with pytest.raises(JeungError):
        verify(PRESENTATION[:position] + PRESENTATION[position + length :])


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_shuffled_dropped_and_repeated_parts_are_refused(data: st.DataObject) -> None:
    parts = PRESENTATION.split("~")
    pool = [*parts, *ISSUED.split("~")]
    made = data.draw(st.lists(st.sampled_from(pool), min_size=1, max_size=9))
    assume(made != parts)
    with pytest.raises(JeungError):
        verify("~".join(made))


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200) | st.text("abAB01-_.~", max_size=200))
def test_any_text_at_all_is_refused(text: str) -> None:
    with pytest.raises(JeungError):
        verify(text)


names = st.text(st.characters(codec="utf-8"), max_size=6).filter(lambda name: name not in RESERVED_NAMES)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(codec="utf-8"), max_size=6)
)
plain = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=10,
)


def marked_claims(claims: dict[str, Any], data: st.DataObject) -> dict[str, object]:
    """Mark some members and elements, at any depth, as disclosable."""

    def maybe(value: object) -> object:
        marked = beneath(value)
        return Disclosable(marked) if data.draw(st.booleans()) else marked

    def beneath(value: object) -> object:
        if isinstance(value, dict):
            return {name: maybe(member) for name, member in value.items()}
        return [maybe(element) for element in value] if isinstance(value, list) else value

    return {name: maybe(value) for name, value in claims.items()}


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(names, plain, max_size=4), st.data())
def test_concealing_and_disclosing_everything_changes_nothing(claims: dict[str, Any], data: st.DataObject) -> None:
    payload, disclosures = conceal(marked_claims(claims, data), random_bytes=secrets.token_bytes, decoys=1)
    shuffled = data.draw(st.permutations(disclosures))
    shown = disclose(payload, shuffled)
    assert shown.claims == claims
    assert sorted(text for _, text in shown.disclosed) == sorted(disclosures)
    assert all(follow(shown, path) for path, _ in shown.disclosed)


def follow(shown: DisclosedClaims, path: tuple[str | int, ...]) -> bool:
    """Walk a path, which must lead somewhere."""
    node: Any = shown.claims
    for step in path:
        node = node[step]
    return True


hostile_names = st.sampled_from(["_sd", "...", "_sd_alg", "iss", "a"])
hostile = st.recursive(
    scalars | st.sampled_from([disclosure_digest("AA"), disclosure_digest("WyJzIiwiYSIsMV0"), "sha-256"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(hostile_names, inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(hostile_names, hostile, max_size=4), st.lists(hostile, max_size=3))
def test_hostile_payloads_never_leave_the_error_tree(payload: dict[str, Any], contents: list[object]) -> None:
    texts = ["AA", "WyJzIiwiYSIsMV0", *(base64url.encode(canonical(content)) for content in contents)]
    for disclosures in ([], texts[1:2], texts):
        try:
            shown = disclose(payload, disclosures, never_disclosable={"iss"})
        except JeungError:
            continue
        assert len(shown.disclosed) == len(disclosures)
        assert not RESERVED_NAMES & set(shown.claims)
