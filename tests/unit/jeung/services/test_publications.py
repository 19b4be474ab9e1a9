"""What a member publishes can be rebuilt by anyone: status lists, issuer metadata, types, Merkle proofs."""

import pytest

from jeung.crypto import base64url, canonical_json
from jeung.crypto.jwk import parse_jwk
from jeung.crypto.jws import parse_jws, verify_jws
from jeung.crypto.merkle import verify_proof
from jeung.crypto.status_list import StatusList
from jeung.domain.identifiers import CredentialDigest, KeyThumbprint, MemberId, ProposalId, SchemaId
from jeung.domain.ledger import CredentialStatus
from jeung.domain.registrations import KeyPurpose
from jeung.errors import KeyUnavailable, NotFound
from jeung.services.attestations import AttestationService
from jeung.services.metadata import MetadataService
from jeung.services.nonces import NonceRules, NonceService
from jeung.services.registry import RegistryService
from jeung.services.status_lists import StatusListRules, StatusListService
from jeung.services.status_uri import parse_status_list_uri, status_list_uri
from tests.common.memory.custody import MemorySigner
from tests.common.parties import BANK, CLIENT, EXCHANGE, PROFILE, VCT, Parties


@pytest.fixture
def lists(parties: Parties) -> StatusListService:
    return StatusListService(
        store=parties.bank.store,
        ledger=parties.ledger,
        signer=parties.bank.signer,
        clock=parties.clock,
        rules=StatusListRules(url=BANK, lifetime_s=100, ttl_s=10),
    )


def test_published_list_is_the_ledgers(parties: Parties, lists: StatusListService) -> None:
    place = parties.issue().copies[0].record.status
    parties.chain.set_statuses(parties.bank.member, place.list_number, CredentialStatus.SUSPENDED, place.index)
    parties.chain.set_statuses(parties.exchange.member, place.list_number, CredentialStatus.REVOKED, 1)
    token = lists.publish(place.list_number)
    assert lists.current(place.list_number) == token
    jws = parse_jws(token.token, typ="statuslist+jwt", max_characters=1 << 20)
    key = parties.bank.signer.active_key(KeyPurpose.STATUS_SIGNING)
    claims = canonical_json.parse_object(verify_jws(jws, parse_jwk(key.jwk)))
    published = StatusList.from_compressed(2, claims["status_list"]["lst"])
    assert (published[place.index], published[place.index ^ 1]) == (2, 0)
    assert (claims["sub"], claims["ttl"]) == (status_list_uri(BANK, place.list_number), 10)
    assert claims["exp"] - claims["iat"] == 100
    assert list(jws.header["x5c"]) == list(key.x5c)


def test_list_we_never_used_is_not_published(parties: Parties, lists: StatusListService) -> None:
    number = parties.issue().copies[0].record.status.list_number
    for other in {0, 1, 2, 3, 4} - {number}:
        with pytest.raises(NotFound):
            lists.publish(other)
        with pytest.raises(NotFound):
            lists.current(other)


def test_lists_are_published_when_they_change_or_age(parties: Parties, lists: StatusListService) -> None:
    place = parties.issue().copies[0].record.status
    assert [lists.publish_due(), lists.publish_due()] == [1, 0]
    parties.chain.set_statuses(parties.bank.member, place.list_number, CredentialStatus.REVOKED, place.index)
    assert [lists.publish_due(), lists.publish_due()] == [1, 0]
    parties.clock.advance(49)
    assert lists.publish_due() == 0
    parties.clock.advance(1)
    assert [lists.publish_due(), lists.publish_due()] == [1, 0]


def test_stranger_publishes_empty_lists_only(parties: Parties) -> None:
    """A node whose URL the chain does not know owns no words."""
    place = parties.issue().copies[0].record.status
    parties.chain.set_statuses(parties.bank.member, place.list_number, CredentialStatus.REVOKED, place.index)
    key = parties.bank.signer._active[KeyPurpose.STATUS_SIGNING]
    parties.bank.signer._active[KeyPurpose.STATUS_SIGNING] = type(key)(key.key_id, key.purpose, key.jwk, ())
    lists = StatusListService(
        store=parties.bank.store,
        ledger=parties.ledger,
        signer=parties.bank.signer,
        clock=parties.clock,
        rules=StatusListRules(url="http://localhost:9999"),
    )
    jws = parse_jws(lists.publish(place.list_number).token, typ="statuslist+jwt", max_characters=1 << 20)
    assert StatusList.from_compressed(2, jws.claims()["status_list"]["lst"]).to_words() == {}
    assert "x5c" not in jws.header


@pytest.mark.parametrize("number", [0, 1, 4_294_967_295])
def test_status_list_uri_is_read_as_written(number: int) -> None:
    assert parse_status_list_uri(BANK, status_list_uri(BANK, number)) == number


@pytest.mark.parametrize("text", ["", "00", "-1", "+1", "1/", "1?x", "٣", "4294967296", "99999999999", "1e3"])
def test_other_spelling_of_a_status_list_is_no_list(text: str) -> None:
    assert parse_status_list_uri(BANK, f"{BANK}/status-lists/{text}") is None
    assert parse_status_list_uri(BANK, f"{EXCHANGE}/status-lists/0") is None


def test_issuer_metadata_names_the_active_key(parties: Parties) -> None:
    service = MetadataService(ledger=parties.ledger, signer=parties.bank.signer, url=BANK)
    document = service.jwt_vc_issuer()
    [jwk] = document["jwks"]["keys"]
    assert document["issuer"] == BANK
    assert parse_jwk(jwk).thumbprint == parties.issuer_key == base64url.decode(jwk["kid"])


def test_issuer_metadata_names_the_keys_of_the_past_behind_the_active_one(parties: Parties) -> None:
    service = MetadataService(ledger=parties.ledger, signer=parties.bank.signer, url=BANK)
    old = parties.bank.signer.active_key(KeyPurpose.CREDENTIAL_SIGNING).key_id
    new = parties.bank.signer.rotate(KeyPurpose.CREDENTIAL_SIGNING).key_id
    assert [jwk["kid"] for jwk in service.jwt_vc_issuer()["jwks"]["keys"]] == [new, old]


def test_who_signs_no_credentials_has_no_issuer_metadata(parties: Parties) -> None:
    service = MetadataService(ledger=parties.ledger, signer=MemorySigner(), url=BANK)
    with pytest.raises(KeyUnavailable):
        service.jwt_vc_issuer()


@pytest.mark.parametrize("name", ["real-name-2", "", "types", "/types/real-name-1", VCT])
def test_types_are_found_by_their_name_only(parties: Parties, name: str) -> None:
    parties.chain.register_schema("https://consortium.example/elsewhere/real-name-2")
    service = MetadataService(ledger=parties.ledger, signer=parties.bank.signer, url=BANK)
    assert service.type_metadata("real-name-1") == canonical_json.canonical({"vct": VCT})
    with pytest.raises(NotFound):
        service.type_metadata(name)


def test_proof_leads_to_the_batch_root(parties: Parties) -> None:
    family = parties.attested(copies=5)
    service = AttestationService(ledger=parties.ledger)
    for copy in family.copies:
        found = service.proof(copy.record.digest, issuer=parties.bank.member, schema=parties.schema)
        verify_proof(found.root, copy.record.digest, found.proof)
        assert found.attestation.digest == copy.record.digest
    for issuer, schema, digest in (
        (parties.exchange.member, parties.schema, family.copies[0].record.digest),
        (parties.bank.member, SchemaId(b"?" * 32), family.copies[0].record.digest),
        (parties.bank.member, parties.schema, CredentialDigest(b"?" * 32)),
    ):
        with pytest.raises(NotFound):
            service.proof(digest, issuer=issuer, schema=schema)


def test_registry_answers_what_is_registered(parties: Parties) -> None:
    service = RegistryService(ledger=parties.ledger)
    bank, exchange = parties.bank.member, parties.exchange.member
    assert [member.member for member in service.members()] == [bank, exchange]
    assert service.member(bank).url == BANK
    assert service.schema(parties.schema) in service.schemas()
    assert len(service.accreditations()) == len(service.accreditations(member=bank, schema=parties.schema)) == 1
    assert service.accreditations(member=exchange) == service.accreditations(schema=SchemaId(b"?" * 32)) == ()
    assert service.key(bank, parties.issuer_key) in service.keys(member=bank)
    assert service.keys(member=exchange) == ()
    assert [profile.name for profile in service.profiles(member=exchange)] == [PROFILE]
    assert (service.profiles(member=bank), service.proposals()) == ((), ())
    assert service.freshness().head_time == parties.clock.now()
    for missing in (
        lambda: service.member(MemberId(b"?" * 32)),
        lambda: service.schema(SchemaId(b"?" * 32)),
        lambda: service.key(exchange, KeyThumbprint(parties.issuer_key)),
        lambda: service.proposal(ProposalId(b"?" * 32)),
    ):
        with pytest.raises(NotFound):
            missing()


def test_nonces_are_fresh_and_bound(parties: Parties) -> None:
    first, second = parties.nonce(), parties.nonce()
    assert first.nonce != second.nonce
    assert (len(first.nonce), first.profile, first.audience) == (43, PROFILE, EXCHANGE)
    assert first.expires_at == first.issued_at + 300
    assert (first.client_id, first.used_at, first.evidence_id) == (CLIENT, None, None)
    with parties.exchange.store.read() as tx:
        assert tx.nonces.get(first.nonce) == first


def test_nonce_needs_a_profile_of_our_own(parties: Parties) -> None:
    with pytest.raises(NotFound):
        parties.nonces.issue("another", client_id=CLIENT)
    for url in (BANK, "http://localhost:9999"):
        service = NonceService(
            store=parties.exchange.store,
            ledger=parties.ledger,
            clock=parties.clock,
            entropy=parties.exchange.entropy,
            rules=NonceRules(url=url),
        )
        with pytest.raises(NotFound):
            service.issue(PROFILE, client_id=CLIENT)
    parties.chain.withdraw_profile(parties.exchange.member, PROFILE)
    with pytest.raises(NotFound):
        parties.nonce()
