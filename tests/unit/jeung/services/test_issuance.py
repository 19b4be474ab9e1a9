"""A credential is issued only to who was proofed, by who may, once for each key, at places never used twice."""

import dataclasses
from typing import Any

import pytest

from jeung.crypto.sd_jwt_vc import credential_digest, parse_presentation, read_credential
from jeung.domain.access import RequestKey
from jeung.domain.identifiers import to_hex
from jeung.domain.ledger import LIST_SIZE
from jeung.domain.members import Role
from jeung.domain.registrations import KeyPurpose
from jeung.errors import (
    KeyUnavailable,
    LimitExceeded,
    MalformedInput,
    MalformedKey,
    NotAccredited,
    NotFound,
    ProofingClosed,
    SubjectErased,
)
from jeung.services import status_places
from jeung.services.issuance import IssuanceRules
from tests.common.jose import Ed25519Signer, P256Signer
from tests.common.parties import BANK, PERSON, VCT, Parties


def test_copies_share_nothing_that_links_them(parties: Parties) -> None:
    family = parties.issue(copies=3)
    read = [read_credential(parse_presentation(copy.sd_jwt)) for copy in family.copies]
    for name in ("status", "holder_jwk"):
        values = [repr(getattr(credential, name)) for credential in read]
        assert len(set(values)) == 3
    disclosures = [set(copy.sd_jwt.split("~")[1:-1]) for copy in family.copies]
    assert not disclosures[0] & disclosures[1] | disclosures[1] & disclosures[2]
    assert len({credential.issued_at for credential in read}) == 1


def test_credential_says_what_was_proofed(parties: Parties) -> None:
    copy = parties.issue().copies[0]
    credential = read_credential(parse_presentation(copy.sd_jwt))
    shown = credential.claims
    assert {name: shown[name] for name in PERSON} == PERSON
    assert shown["age_equal_or_over"] == {"14": True, "19": True}
    assert shown["proofing"] == {
        "methods": ["account_ownership", "id_document", "mobile_phone"],
        "assurance_level": "substantial",
        "verified_at": parties.clock.now(),
    }
    assert (credential.issuer, credential.vct, credential.schema_id) == (BANK, VCT, parties.schema)
    assert copy.record.digest == credential_digest(parse_presentation(copy.sd_jwt))


def test_every_claim_about_the_subject_can_be_kept_back(parties: Parties) -> None:
    jws = parties.issue().copies[0].sd_jwt.partition("~")[0]
    shown = read_credential(parse_presentation(f"{jws}~")).claims
    assert {name for name in shown if name in PERSON} == set()
    assert (shown["age_equal_or_over"], shown["proofing"]) == ({}, {})


def test_times_are_rounded_down(parties: Parties) -> None:
    parties.issuance._rules = IssuanceRules(url=BANK, time_rounding_s=3_600, validity_s=86_400)
    parties.clock.advance(1_801)
    record = parties.issue().copies[0].record
    assert record.issued_at == parties.clock.now() - 1_801
    assert record.expires_at == record.issued_at + 86_400


def test_digests_wait_in_the_outbox_with_the_record(parties: Parties) -> None:
    family = parties.issue(copies=2)
    works = parties.bank.database.read().attest_works
    assert list(works) == [copy.record.credential_id for copy in family.copies]


def test_repeated_request_gives_the_same_credentials(parties: Parties) -> None:
    proofing_id, keys = parties.proofed(), parties.wallet.new_keys(2)
    request = RequestKey("back-office", "k", "POST /v1/credentials", b"b" * 32)
    first = parties.issuance.issue(proofing_id, VCT, keys, request=request)
    assert parties.issuance.issue(proofing_id, VCT, keys, request=request) == first
    assert len(parties.bank.database.read().credentials) == 2


def test_open_proofing_issues_nothing(parties: Parties) -> None:
    proofing = parties.proofing.open(PERSON)
    with pytest.raises(ProofingClosed):
        parties.issuance.issue(proofing.proofing_id, VCT, parties.wallet.new_keys(1))
    assert parties.bank.database.read().credentials == {}


def test_unknown_proofing_or_type_is_not_found(parties: Parties) -> None:
    with pytest.raises(NotFound):
        parties.issuance.issue("prf_none", VCT, parties.wallet.new_keys(1))
    with pytest.raises(NotFound):
        parties.issuance.issue(parties.proofed(), f"{VCT}0", parties.wallet.new_keys(1))


def test_erased_subject_gets_nothing(parties: Parties) -> None:
    proofing_id = parties.proofed()
    with parties.bank.store.write() as tx:
        tx.data_keys.destroy(parties.proofing.get(proofing_id).subject_id)
    with pytest.raises(SubjectErased):
        parties.issuance.issue(proofing_id, VCT, parties.wallet.new_keys(1))


@pytest.mark.parametrize("count", [0, 33])
def test_number_of_copies_is_bounded(parties: Parties, count: int) -> None:
    keys = [P256Signer().jwk] * count
    with pytest.raises(LimitExceeded):
        parties.issuance.issue(parties.proofed(), VCT, keys)


def _private(jwk: dict[str, str]) -> dict[str, Any]:
    return {**jwk, "d": "AA"}


@pytest.mark.parametrize(
    ("keys", "error"),
    [
        ([Ed25519Signer().jwk], MalformedKey),
        ([_private(P256Signer().jwk)], MalformedKey),
        ([{"kty": "RSA"}], MalformedKey),
        ([P256Signer(7).jwk, P256Signer(7).jwk], MalformedInput),
    ],
    ids=["Ed25519", "private", "RSA", "twice"],
)
def test_unfit_holder_key_is_refused(parties: Parties, keys: list[dict[str, Any]], error: type[Exception]) -> None:
    with pytest.raises(error):
        parties.issuance.issue(parties.proofed(), VCT, keys)


def _withdraw(parties: Parties) -> None:
    parties.chain.withdraw(parties.bank.member, parties.schema, parties.clock.now())


def _suspend(parties: Parties) -> None:
    args = {"suspendedBy": to_hex(b"\0" * 32), "reasonDigest": to_hex(b"r" * 32), "until": 0}
    parties.chain.about_member("MemberSuspended", parties.bank.member, **args)


def _lose_the_role(parties: Parties) -> None:
    parties.chain.about_member("RolesChanged", parties.bank.member, roles=int(Role.RELYING_PARTY))


def _be_nobody(parties: Parties) -> None:
    rules = dataclasses.replace(parties.issuance._rules, url="http://localhost:9999")
    parties.issuance._rules = rules


@pytest.mark.parametrize("fate", [_withdraw, _suspend, _lose_the_role, _be_nobody])
def test_member_that_may_not_issue_issues_nothing(parties: Parties, fate: Any) -> None:  # noqa: ANN401 - a function
    proofing_id = parties.proofed()
    fate(parties)
    with pytest.raises(NotAccredited):
        parties.issuance.issue(proofing_id, VCT, parties.wallet.new_keys(1))


def test_without_a_signing_key_nothing_is_issued(parties: Parties) -> None:
    del parties.bank.signer._active[KeyPurpose.CREDENTIAL_SIGNING]
    with pytest.raises(KeyUnavailable):
        parties.issue()


def test_places_spread_over_four_lists_and_never_repeat(parties: Parties) -> None:
    places = [copy.record.status for _ in range(8) for copy in parties.issue(copies=4).copies]
    assert len(set(places)) == 32
    assert {place.list_number for place in places} <= {0, 1, 2, 3}
    assert len({place.list_number for place in places}) > 1
    assert all(0 <= place.index < LIST_SIZE for place in places)


def test_fresh_lists_close_those_before(parties: Parties) -> None:
    parties.issue()
    first = parties.issuance.open_fresh_lists()
    assert parties.issue().copies[0].record.status.list_number in range(first, first + 4)
    assert parties.issuance.open_fresh_lists() == first + 4
    assert parties.issue().copies[0].record.status.list_number in range(first + 4, first + 8)


def test_fresh_lists_are_numbered_by_the_clock(parties: Parties) -> None:
    # Another restore of the same backup, a minute later, must not open the same lists.
    assert parties.issuance.open_fresh_lists() == parties.clock.now() // 64 * 4


def test_full_lists_make_room_for_the_next(parties: Parties, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status_places, "DOMAIN_SIZE", 3)
    first = {copy.record.status.list_number for copy in parties.issue(copies=3).copies}
    second = {copy.record.status.list_number for copy in parties.issue(copies=2).copies}
    assert (max(first) < 4, min(second) >= 4) == (True, True)
