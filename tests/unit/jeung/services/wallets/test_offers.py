"""An offer is for one customer, for a short while, for once; nothing kept of it opens it."""

import json
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from jeung.domain.access import RequestKey
from jeung.domain.proofing import ProofingMethod
from jeung.domain.wallets import OfferState
from jeung.errors import (
    IdempotencyKeyReused,
    InvalidGrant,
    MalformedInput,
    NotAccredited,
    NotFound,
    OfferClosed,
    ProofingClosed,
    SubjectErased,
)
from jeung.services.proofing import CheckReport
from jeung.services.wallets.offers import MAX_CONFIGURATIONS, OfferPapers
from tests.unit.jeung.services.wallets.stage import (
    OTHER,
    TYPE,
    URL,
    Stage,
    code_of,
    issuer_state_of,
    wrong,
)

REQUEST = RequestKey("back-office", "key-1", "POST /v1/credential-offers", b"\1" * 32)


def reference_of(papers: OfferPapers) -> str:
    return papers.address.rpartition("/")[2]


def test_offer_names_issuer_credentials_and_both_grants(stage: Stage) -> None:
    papers = stage.offer()
    assert papers.document["credential_issuer"] == URL
    assert papers.document["credential_configuration_ids"] == [TYPE]
    assert set(papers.document["grants"]) == {
        "authorization_code",
        "urn:ietf:params:oauth:grant-type:pre-authorized_code",
    }
    tx_code = papers.document["grants"]["urn:ietf:params:oauth:grant-type:pre-authorized_code"]["tx_code"]
    assert (tx_code["input_mode"], tx_code["length"]) == ("numeric", 6)
    assert len(tx_code["description"]) <= 300
    assert len(papers.transaction_code) == 6


def test_offer_travels_by_value_and_by_reference(stage: Stage) -> None:
    papers = stage.offer()
    by_value = parse_qs(urlsplit(papers.by_value).query)
    assert json.loads(by_value["credential_offer"][0]) == papers.document
    by_reference = parse_qs(urlsplit(papers.by_reference).query)
    assert by_reference == {"credential_offer_uri": [papers.address]}
    assert papers.address.startswith(f"{URL}/oid4vci/offers/")
    assert stage.server.offers.fetch(reference_of(papers)) == papers.document
    assert stage.twin().server.offers.fetch(reference_of(papers)) == papers.document


def test_offer_without_configurations_holds_everything_we_may_issue(stage: Stage) -> None:
    papers = stage.server.offers.create(stage.proofing(), created_by="back-office")
    assert papers.offer.configuration_ids == (OTHER, TYPE)


def test_every_offer_has_secrets_of_its_own(stage: Stage) -> None:
    one, other = stage.offer(), stage.offer()
    secrets = [
        secret
        for papers in (one, other)
        for secret in (code_of(papers), issuer_state_of(papers), reference_of(papers), papers.offer.reception_number)
    ]
    assert len(set(secrets)) == len(secrets)
    assert all(len(secret) == 43 for secret in secrets if len(secret) != 8)


def test_nothing_that_is_kept_or_shown_by_accident_opens_an_offer(stage: Stage) -> None:
    papers = stage.offer()
    with stage.store.read() as tx:
        kept = tx.offers.get(papers.offer.offer_id)
    assert kept is not None
    told = [repr(kept), repr(papers), repr(stage.server.offers.get(kept.offer_id))]
    told.extend(repr(getattr(kept, name)) for name in kept.__dataclass_fields__)
    for secret in (code_of(papers), issuer_state_of(papers), reference_of(papers), f"'{papers.transaction_code}'"):
        assert all(secret not in text for text in told)
        assert secret.encode() not in kept.sealed


@pytest.mark.parametrize("names", [("nothing-1",), (TYPE, "nothing-1"), ("",)])
def test_what_we_may_not_issue_is_not_offered(stage: Stage, names: tuple[str, ...]) -> None:
    with pytest.raises(NotFound):
        stage.offer(*names)


def test_configuration_is_offered_once(stage: Stage) -> None:
    for names in ((TYPE, TYPE), tuple(f"type-{number}" for number in range(MAX_CONFIGURATIONS + 1))):
        with pytest.raises(MalformedInput):
            stage.offer(*names)


def test_offer_is_for_a_proofing_that_exists(stage: Stage) -> None:
    with pytest.raises(NotFound):
        stage.server.offers.create("prf_none", created_by="back-office")


def test_rejected_proofing_is_not_offered_anything(stage: Stage) -> None:
    proofing = stage.proofing()
    report = CheckReport(ProofingMethod.ID_DOCUMENT, stage.clock.now(), b"\1" * 32, passed=False)
    stage.proofings.record_check(proofing, report)
    with pytest.raises(ProofingClosed):
        stage.server.offers.create(proofing, created_by="back-office")


def test_member_that_may_issue_nothing_offers_nothing(stage: Stage) -> None:
    for name in (TYPE, OTHER):
        with stage.subject.ledger.view() as view:
            schema = view.registry.schema_by_vct(f"https://consortium.example/types/{name}")
        assert schema is not None
        stage.chain.withdraw(stage.member, schema.schema, stage.clock.now())
    with pytest.raises(NotAccredited):
        stage.offer()


def test_suspended_member_offers_nothing(stage: Stage) -> None:
    stage.chain.about_member("MemberSuspended", stage.member, until=stage.clock.now() + 600)
    with pytest.raises(NotAccredited):
        stage.offer()


def test_erased_subject_is_offered_nothing(stage: Stage) -> None:
    proofing = stage.proofing()
    with stage.store.write() as tx:
        kept = tx.proofings.get(proofing)
        assert kept is not None
        tx.data_keys.destroy(kept.subject_id)
    with pytest.raises(SubjectErased):
        stage.server.offers.create(proofing, created_by="back-office")


def test_same_request_gives_the_same_offer_again(stage: Stage) -> None:
    proofing = stage.proofing()
    first = stage.server.offers.create(proofing, created_by="back-office", request=REQUEST)
    again = stage.server.offers.create(proofing, created_by="back-office", request=REQUEST)
    assert (again.document, again.transaction_code) == (first.document, first.transaction_code)
    assert stage.server.offers.papers(first.offer.offer_id).document == first.document
    with pytest.raises(IdempotencyKeyReused):
        stage.server.offers.create(
            proofing, created_by="back-office", request=replace(REQUEST, body_digest=b"\2" * 32)
        )


def test_same_request_does_not_bring_a_closed_offer_back(stage: Stage) -> None:
    proofing = stage.proofing()
    papers = stage.server.offers.create(proofing, created_by="back-office", request=REQUEST)
    stage.redeem(papers)
    with pytest.raises(OfferClosed):
        stage.server.offers.create(proofing, created_by="back-office", request=REQUEST)
    with pytest.raises(OfferClosed):
        stage.server.offers.papers(papers.offer.offer_id)


def test_closed_offers_cannot_be_fetched(stage: Stage) -> None:
    cancelled, redeemed, expired, erased = (stage.offer() for _ in range(4))
    stage.server.offers.cancel(cancelled.offer.offer_id)
    stage.redeem(redeemed)
    with stage.store.write() as tx:
        tx.data_keys.destroy(erased.offer.subject_id)
    for papers in (cancelled, redeemed, erased):
        with pytest.raises(NotFound):
            stage.server.offers.fetch(reference_of(papers))
    stage.server.offers.fetch(reference_of(expired))
    stage.clock.time = expired.offer.expires_at
    with pytest.raises(NotFound):
        stage.server.offers.fetch(reference_of(expired))


@pytest.mark.parametrize("name", ["code", "state", "id", "reception", "nothing"])
def test_offer_is_fetched_by_its_reference_alone(stage: Stage, name: str) -> None:
    papers = stage.offer()
    shown = {
        "code": code_of(papers),
        "state": issuer_state_of(papers),
        "id": papers.offer.offer_id,
        "reception": papers.offer.reception_number,
        "nothing": "A" * 43,
    }
    with pytest.raises(NotFound):
        stage.server.offers.fetch(shown[name])


def test_staff_sees_what_has_become_of_an_offer(stage: Stage) -> None:
    papers = stage.offer()
    name = papers.offer.offer_id
    assert stage.server.offers.get(name).state is OfferState.OPEN
    with pytest.raises(InvalidGrant):
        stage.redeem(papers, wrong(papers.transaction_code))
    assert stage.server.offers.get(name).offer.attempts == 1
    stage.redeem(papers)
    with stage.store.write() as tx:
        grant = tx.grants.of_offer(name)
        assert grant is not None
        tx.grants.replace(replace(grant, families=((TYPE, "fam_1"),)))
    view = stage.server.offers.get(name)
    assert (view.state, view.families) == (OfferState.REDEEMED, ("fam_1",))
    with pytest.raises(NotFound):
        stage.server.offers.get("ofr_none")


def test_cancelled_offer_stays_cancelled(stage: Stage) -> None:
    papers = stage.offer()
    name = papers.offer.offer_id
    assert stage.server.offers.cancel(name, request=REQUEST).state is OfferState.CANCELLED
    assert stage.server.offers.cancel(name, request=REQUEST).state is OfferState.CANCELLED
    assert stage.server.offers.cancel(name).state is OfferState.CANCELLED
    with pytest.raises(InvalidGrant):
        stage.redeem(papers)
    with pytest.raises(NotFound):
        stage.server.offers.cancel("ofr_none")


def test_offer_that_ended_otherwise_cannot_be_cancelled(stage: Stage) -> None:
    redeemed, expired = stage.offer(), stage.offer()
    stage.redeem(redeemed)
    with pytest.raises(OfferClosed):
        stage.server.offers.cancel(redeemed.offer.offer_id)
    stage.clock.time = expired.offer.expires_at
    with pytest.raises(OfferClosed):
        stage.server.offers.cancel(expired.offer.offer_id)


def test_log_tells_acts_and_no_secret(stage: Stage) -> None:
    papers = stage.offer()
    stage.redeem(papers)
    if stage.subject.dispose.__name__ == "<lambda>":
        events = stage.store._database.read().events  # type: ignore[attr-defined]  # the store in memory
        told = b" ".join(entry.body for entry in events)
        assert {entry.kind for entry in events} >= {"offer_made", "offer_redeemed", "wallet_grant_given"}
        assert code_of(papers).encode() not in told
        assert papers.transaction_code.encode() not in told.split(b'"')
