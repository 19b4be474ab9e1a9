"""A registered profile that does not have exactly its shape permits nothing."""

from typing import Any

import pytest

from jeung.crypto import canonical_json
from jeung.domain.identifiers import MemberId, SchemaId, to_hex
from jeung.domain.key_storage import KeyStorage
from jeung.domain.profiles import MAX_PROFILE_BYTES, parse_profile, permits, profile_document, service_id
from jeung.domain.proofing import AssuranceLevel

MEMBER = MemberId(b"m" * 32)
DOCUMENT: dict[str, Any] = profile_document(
    name="account-opening",
    schemas=(SchemaId(b"s" * 32),),
    claims=frozenset({"family_name", "age_equal_or_over.19"}),
    required=frozenset({"family_name"}),
    purpose="Opening an account",
    assurance_level=AssuranceLevel.HIGH,
)


def _parsed(document: bytes, name: str = "account-opening") -> object:
    return parse_profile(MEMBER, service_id(name), document, 5)


def test_profile_reads_back_as_it_was_written() -> None:
    profile = parse_profile(MEMBER, service_id("account-opening"), canonical_json.canonical(DOCUMENT), 5)
    assert profile is not None
    assert (profile.name, profile.claims, profile.required) == (
        "account-opening",
        frozenset({"family_name", "age_equal_or_over.19"}),
        frozenset({"family_name"}),
    )
    assert (profile.schemas, profile.assurance_level, profile.registered_at) == ((b"s" * 32,), "high", 5)


def test_profile_that_demands_how_a_key_is_kept_requires_the_claim_that_says_it() -> None:
    document = profile_document(
        name="account-opening",
        schemas=(SchemaId(b"s" * 32),),
        claims=frozenset({"family_name", "device_key"}),
        required=frozenset({"family_name", "device_key.storage"}),
        purpose="Opening an account",
        assurance_level=AssuranceLevel.HIGH,
        key_storage=KeyStorage.MODERATE,
    )
    profile = parse_profile(MEMBER, service_id("account-opening"), canonical_json.canonical(document), 5)
    assert profile is not None
    assert profile.key_storage == "iso_18045_moderate"
    assert "key_storage" not in DOCUMENT


@pytest.mark.parametrize(
    "changes",
    [
        {"extra": 1},
        {"claims": "family_name"},
        {"claims": [1]},
        {"required": ["phone_number"]},
        {"required": ["age_equal_or_over"]},
        {"schemas": ["0x00"]},
        {"schemas": 7},
        {"schemas": [7]},
        {"assurance_level": "stellar"},
        {"assurance_level": ["high"]},
        {"name": 7},
        {"key_storage": "vault"},
        {"key_storage": 7},
        {"key_storage": ["iso_18045_high"]},
        {"key_storage": "iso_18045_high"},
    ],
    ids=str,
)
def test_profile_of_another_shape_is_none(changes: dict[str, object]) -> None:
    assert _parsed(canonical_json.canonical({**DOCUMENT, **changes})) is None


def test_profile_under_another_service_is_none() -> None:
    assert _parsed(canonical_json.canonical(DOCUMENT), name="another") is None


@pytest.mark.parametrize(
    "document", [b"", b"[]", b"{}", b"\xff", b'{"name":"a","name":"a"}', b" " * MAX_PROFILE_BYTES + b" "]
)
def test_junk_is_none(document: bytes) -> None:
    assert _parsed(document) is None


@pytest.mark.parametrize(
    ("claims", "name", "permitted"),
    [
        ({"account"}, "account", True),
        ({"account"}, "account.bank", True),
        ({"account.bank"}, "account.bank", True),
        ({"account.bank"}, "account", False),
        ({"account.bank"}, "account.number", False),
        ({"account"}, "accounts", False),
        (set(), "account", False),
    ],
)
def test_permission_reaches_downwards_only(claims: set[str], name: str, permitted: bool) -> None:
    assert permits(frozenset(claims), name) is permitted


def test_identifiers_are_hexadecimal() -> None:
    assert DOCUMENT["schemas"] == [to_hex(b"s" * 32)]
