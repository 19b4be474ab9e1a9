"""The metadata say what this member may issue now, in the words of the registered types, plain and signed."""

import json
from typing import Any

import pytest

from jeung.crypto.jwk import parse_certificate_key, parse_jwk
from jeung.crypto.jws import parse_jws, verify_jws
from jeung.domain.key_storage import KeyStorage
from jeung.domain.registrations import KeyPurpose
from jeung.services.wallets.issuer_metadata import IssuerMetadata, IssuerRules, credential_metadata
from jeung.services.wallets.request_encryption import EncryptionRules, RequestEncryption
from tests.common.memory.custody import MemoryResponseKeys
from tests.common.parties import BANK, VCT, Parties

LOGO = f"{BANK}/logo.png"


@pytest.fixture
def parties() -> Parties:
    return Parties()


def issuer(parties: Parties, **rules: Any) -> IssuerMetadata:  # noqa: ANN401 - fields of IssuerRules
    encryption = RequestEncryption(
        store=parties.bank.store, keys=MemoryResponseKeys(), clock=parties.clock, rules=EncryptionRules()
    )
    return IssuerMetadata(
        ledger=parties.ledger,
        signer=parties.bank.signer,
        clock=parties.clock,
        encryption=encryption,
        rules=IssuerRules(**{"url": BANK, "names": {"ko": "한빛은행", "en": "Hanbit Bank"}, **rules}),
    )


def test_document_names_issuer_endpoints_and_bounds(parties: Parties) -> None:
    document = issuer(parties, batch_size=8).document()
    assert document["credential_issuer"] == BANK
    assert {name: value for name, value in document.items() if name.endswith("_endpoint")} == {
        "credential_endpoint": f"{BANK}/oid4vci/credential",
        "nonce_endpoint": f"{BANK}/oid4vci/nonce",
        "deferred_credential_endpoint": f"{BANK}/oid4vci/deferred",
        "notification_endpoint": f"{BANK}/oid4vci/notification",
    }
    assert document["batch_credential_issuance"] == {"batch_size": 8}
    assert document["display"] == [
        {"name": "한빛은행", "locale": "ko", "logo": {"uri": LOGO, "alt_text": "한빛은행"}},
        {"name": "Hanbit Bank", "locale": "en", "logo": {"uri": LOGO, "alt_text": "Hanbit Bank"}},
    ]
    request, response = document["credential_request_encryption"], document["credential_response_encryption"]
    [key] = request["jwks"]["keys"]
    assert (key["alg"], key["use"], "kid" in key, "d" in key) == ("ECDH-ES", "enc", True, False)
    assert request["enc_values_supported"] == response["enc_values_supported"] == ["A128GCM", "A256GCM"]
    assert (request["encryption_required"], response["encryption_required"]) == (False, False)
    assert response["alg_values_supported"] == ["ECDH-ES"]
    assert "authorization_servers" not in document


def test_issuer_without_batches_or_names_claims_none(parties: Parties) -> None:
    document = issuer(parties, batch_size=1, names={}).document()
    assert {"batch_credential_issuance", "display"}.isdisjoint(document)


def test_configuration_is_what_haip_wants(parties: Parties) -> None:
    [(name, found)] = issuer(parties).document()["credential_configurations_supported"].items()
    assert (name, found["scope"], found["vct"], found["format"]) == ("real-name-1", "real-name-1", VCT, "dc+sd-jwt")
    assert found["cryptographic_binding_methods_supported"] == ["jwk"]
    assert found["credential_signing_alg_values_supported"] == ["ES256"]
    proof = {"proof_signing_alg_values_supported": ["ES256"]}
    assert found["proof_types_supported"] == {"jwt": proof, "attestation": proof}
    assert "credential_metadata" in found


def test_demanded_grade_is_published_with_all_that_are_stronger(parties: Parties) -> None:
    document = issuer(parties, least_storage=KeyStorage.MODERATE).document()
    [found] = document["credential_configurations_supported"].values()
    for proof in found["proof_types_supported"].values():
        assert proof["key_attestations_required"] == {"key_storage": ["iso_18045_moderate", "iso_18045_high"]}


def names(parties: Parties) -> list[str]:
    return list(issuer(parties).document()["credential_configurations_supported"])


def test_only_what_may_be_issued_now_is_offered(parties: Parties) -> None:
    other = parties.chain.register_schema("https://consortium.example/types/other-1")
    parties.chain.register_schema("https://consortium.example/elsewhere/nameless-1")
    assert names(parties) == ["real-name-1"]
    parties.chain.accredit(parties.bank.member, other)
    assert names(parties) == ["real-name-1", "other-1"]
    parties.chain.withdraw(parties.bank.member, parties.schema, parties.clock.now())
    assert names(parties) == ["other-1"]


def test_second_type_of_a_name_is_left_out(parties: Parties) -> None:
    twin = parties.chain.register_schema("https://another.example/types/real-name-1")
    parties.chain.accredit(parties.bank.member, twin)
    document = issuer(parties).document()
    assert document["credential_configurations_supported"]["real-name-1"]["vct"] == VCT


def test_stranger_issues_nothing(parties: Parties) -> None:
    assert issuer(parties, url="http://localhost:9999").document()["credential_configurations_supported"] == {}


def test_signed_metadata_are_the_plain_ones_under_the_issuers_certificate(parties: Parties) -> None:
    service = issuer(parties)
    jws = parse_jws(service.signed(), typ="openidvci-issuer-metadata+jwt")
    key = parties.bank.signer.active_key(KeyPurpose.CREDENTIAL_SIGNING)
    claims = json.loads(verify_jws(jws, parse_jwk(key.jwk)))
    assert jws.algorithm == "ES256"
    assert parse_certificate_key(jws.header["x5c"][0]).thumbprint == parse_jwk(key.jwk).thumbprint
    now = parties.clock.now()
    assert {name: claims.pop(name) for name in ("iss", "sub", "iat", "exp")} == {
        "iss": BANK,
        "sub": BANK,
        "iat": now,
        "exp": now + 86_400,
    }
    assert claims == service.document()


def test_signature_is_reused_until_it_ages_or_something_changes(parties: Parties) -> None:
    service = issuer(parties)
    first = service.signed()
    parties.clock.advance(299)
    assert service.signed() == first
    parties.clock.advance(1)
    second = service.signed()
    assert second != first
    parties.chain.withdraw(parties.bank.member, parties.schema, parties.clock.now())
    third = service.signed()
    assert third != second
    parties.bank.signer.rotate(KeyPurpose.CREDENTIAL_SIGNING)
    assert service.signed() != third


def test_key_without_certificate_shows_none(parties: Parties) -> None:
    key = parties.bank.signer._active[KeyPurpose.CREDENTIAL_SIGNING]
    parties.bank.signer._active[KeyPurpose.CREDENTIAL_SIGNING] = type(key)(key.key_id, key.purpose, key.jwk, ())
    header = parse_jws(issuer(parties).signed(), typ="openidvci-issuer-metadata+jwt").header
    assert "x5c" not in header


def metadata(**document: object) -> dict[str, Any]:
    return credential_metadata(json.dumps(document).encode(), LOGO)


def test_types_display_and_claims_are_written_in_the_words_of_openid4vci() -> None:
    rendering = {
        "simple": {
            "logo": {"uri": "data:,x", "uri#integrity": "sha256-", "alt_text": "A"},
            "background_color": "#123456",
            "text_color": "#ffffff",
        }
    }
    found = metadata(
        display=[
            {"locale": "ko", "name": "실명확인증", "description": "설명", "rendering": rendering},
            {"locale": "en", "name": "Real name"},
        ],
        claims=[
            {
                "path": ["name_ko"],
                "mandatory": True,
                "sd": "always",
                "display": [{"locale": "ko", "label": "성명", "description": "d"}],
            },
            {"path": ["account", "bank"]},
        ],
    )
    assert found == {
        "display": [
            {
                "name": "실명확인증",
                "locale": "ko",
                "description": "설명",
                "logo": {"uri": "data:,x", "alt_text": "A"},
                "background_color": "#123456",
                "text_color": "#ffffff",
            },
            {"name": "Real name", "locale": "en", "logo": {"uri": LOGO, "alt_text": "Real name"}},
        ],
        "claims": [
            {"path": ["name_ko"], "mandatory": True, "display": [{"name": "성명", "locale": "ko"}]},
            {"path": ["account", "bank"]},
        ],
    }


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"display": 1, "claims": 1},
        {"display": [1, {}, {"name": 1}], "claims": [1, {}, {"path": []}, {"path": "x"}]},
    ],
    ids=str,
)
def test_what_does_not_fit_is_left_out(document: dict[str, object]) -> None:
    assert metadata(**document) == {}


def test_odd_parts_of_a_display_are_left_out() -> None:
    entry = {"name": "N", "locale": 1, "rendering": {"simple": {"logo": {"alt_text": "x"}, "text_color": 1}}}
    claim = {"path": ["x"], "display": [1, {"label": "only"}, {"locale": "en"}], "mandatory": "yes"}
    assert metadata(
        display=[entry, {"name": "M", "rendering": 1}, {"name": "K", "rendering": {"simple": 1}}], claims=[claim]
    ) == {
        "display": [{"name": name, "logo": {"uri": LOGO, "alt_text": name}} for name in ("N", "M", "K")],
        "claims": [{"path": ["x"]}],
    }


def test_bytes_that_are_no_document_say_nothing() -> None:
    assert credential_metadata(b"[]", LOGO) == {}
