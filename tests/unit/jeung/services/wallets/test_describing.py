"""The page and the metadata say what the ledger says, in two languages, whatever shape the bytes have."""

from pathlib import Path
from typing import Any

import pytest

from jeung.crypto import canonical_json
from jeung.domain.identifiers import SchemaId
from jeung.domain.registrations import Schema
from jeung.services.wallets import secrets
from jeung.services.wallets.descriptions import TypeDescription, describe_type
from tests.common.memory.world import SystemEntropy
from tests.common.stores import in_memory
from tests.unit.jeung.services.wallets.stage import OTHER, TYPE, URL, Stage


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(in_memory(tmp_path)).found()


def described(metadata: object, language: str = "en") -> TypeDescription:
    schema = Schema(SchemaId(bytes(32)), "vct", canonical_json.canonical(metadata), 0)
    return describe_type("type-1", schema, language)


def test_type_is_described_in_either_language(stage: Stage) -> None:
    assert stage.server.describe([TYPE], "ko") == [TypeDescription("실명증명", ("성명",))]
    assert stage.server.describe([TYPE], "en") == [TypeDescription("Real name", ("Name",))]


def test_type_nobody_may_issue_any_more_goes_by_its_id(stage: Stage) -> None:
    assert stage.server.describe(["gone-1"], "ko") == [TypeDescription("gone-1", ())]


def test_other_languages_stand_in_for_a_missing_one() -> None:
    metadata = {
        "display": [{"lang": "de-DE", "name": "Echtname"}],
        "claims": [{"path": ["x"], "display": [{"lang": "de", "label": "X"}]}],
    }
    assert described(metadata) == TypeDescription("Echtname", ("X",))


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({}, TypeDescription("type-1", ())),
        ({"name": "Plain"}, TypeDescription("Plain", ())),
        ({"name": 7, "display": "x", "claims": {}}, TypeDescription("type-1", ())),
        (
            {"display": [1, {"name": 2}], "claims": [1, {}, {"path": "x"}, {"path": []}]},
            TypeDescription("type-1", ()),
        ),
        ({"claims": [{"path": ["a"]}, {"path": ["a", "b"]}, {"path": [None]}]}, TypeDescription("type-1", ("a",))),
        (
            {"claims": [{"path": [f"c{n}"]} for n in range(70)]},
            TypeDescription("type-1", tuple(f"c{n}" for n in range(64))),
        ),
        ({"name": "n" * 300}, TypeDescription("n" * 200, ())),
    ],
)
def test_strange_metadata_are_passed_over(metadata: Any, expected: TypeDescription) -> None:  # noqa: ANN401 - JSON
    assert described(metadata) == expected


def test_metadata_that_are_no_json_are_passed_over() -> None:
    schema = Schema(SchemaId(bytes(32)), "vct", b"\xff", 0)
    assert describe_type("type-1", schema, "en") == TypeDescription("type-1", ())


def test_server_metadata_name_what_is_supported(stage: Stage) -> None:
    document = stage.server.metadata.document()
    assert document["issuer"] == URL
    assert document["scopes_supported"] == [OTHER, TYPE]
    assert document["token_endpoint_auth_methods_supported"][-1] == "none"
    strict = stage.twin(attestation_required=True).server.metadata.document()
    assert strict["token_endpoint_auth_methods_supported"] == [
        "attest_jwt_client_auth",
        "attest_jwt_client_auth_dpop",
    ]
    assert strict["pre-authorized_grant_anonymous_access_supported"] is True


def test_member_without_accreditations_supports_no_scope(stage: Stage) -> None:
    stage.chain.about_member("MemberSuspended", stage.member, until=stage.clock.now() + 60)
    assert stage.server.metadata.document()["scopes_supported"] == []


def test_transaction_codes_have_their_length_and_every_digit() -> None:
    entropy = SystemEntropy()
    for length in (4, 6, 12):
        codes = [secrets.new_transaction_code(entropy, length) for _ in range(200)]
        assert all(len(code) == length and code.isdecimal() and code.isascii() for code in codes)
        assert set("".join(codes)) == set("0123456789")


def test_reception_number_is_read_however_it_is_typed() -> None:
    assert secrets.read_reception_number(" abcd-ef0l ") == "ABCDEF01"
    assert secrets.read_reception_number("OIL o i l") == "011011"
    assert len(secrets.read_reception_number("A" * 1_000)) == 32
    number = secrets.new_reception_number(SystemEntropy())
    assert secrets.read_reception_number(number) == number


def test_texts_are_compared_whole() -> None:
    assert secrets.same("123456", "123456")
    assert not secrets.same("123456", "12345")
    assert not secrets.same("123456", "１２３４５６")
    assert not secrets.same("123456", "12345\ud800")
