"""What every store keeps of wallets: offers, authorization requests, grants."""

from dataclasses import replace

import pytest

from jeung.domain.wallets import AuthorizationStage, OfferState
from jeung.errors import Conflict, NotFound
from jeung.ports.store import Transaction
from tests.common import rows
from tests.common.rows_wallets import authorization, grant, offer
from tests.common.stores import Subject


def add_proofing(tx: Transaction) -> None:
    tx.proofings.add(rows.proofing())


@pytest.fixture
def with_offer(kept: Subject) -> Subject:
    with kept.store.write() as tx:
        add_proofing(tx)
        tx.offers.add(offer(1))
    return kept


def test_offer_is_found_by_each_of_its_names(with_offer: Subject) -> None:
    wanted = offer(1)
    with with_offer.store.read() as tx:
        assert tx.offers.get(wanted.offer_id) == wanted
        assert tx.offers.by_reference(wanted.reference_hash) == wanted
        assert tx.offers.by_code(wanted.code_hash) == wanted
        assert tx.offers.by_issuer_state(wanted.issuer_state_hash) == wanted
        assert tx.offers.by_reception(wanted.reception_number) == wanted


def test_offer_is_not_found_by_the_name_of_another_place(with_offer: Subject) -> None:
    wanted = offer(1)
    with with_offer.store.read() as tx:
        assert tx.offers.get(wanted.reception_number) is None
        assert tx.offers.by_reference(wanted.code_hash) is None
        assert tx.offers.by_code(wanted.issuer_state_hash) is None
        assert tx.offers.by_issuer_state(wanted.reference_hash) is None
        assert tx.offers.by_reception(wanted.offer_id) is None


@pytest.mark.parametrize(
    "shared", ["offer_id", "reference_hash", "code_hash", "issuer_state_hash", "reception_number"]
)
def test_two_offers_never_share_a_name(with_offer: Subject, shared: str) -> None:
    with pytest.raises(Conflict), with_offer.store.write() as tx:
        tx.offers.add(replace(offer(2), **{shared: getattr(offer(1), shared)}))


def test_offers_for_a_proofing_are_given_newest_first(with_offer: Subject) -> None:
    with with_offer.store.write() as tx:
        standing = tx.offers.of_proofing("proofing-1", 5)
        newer = [offer(number, created_at=rows.NOW + number) for number in (50, 51)]
        for made in newer:
            tx.offers.add(made)
    with with_offer.store.read() as tx:
        assert list(tx.offers.of_proofing("proofing-1", 2)) == newer[::-1]
        assert list(tx.offers.of_proofing("proofing-1", 5)) == [*newer[::-1], *standing]
        assert list(tx.offers.of_proofing("proofing-2", 5)) == []


def test_offers_are_found_and_counted_by_who_made_them(kept: Subject) -> None:
    with kept.store.write() as tx:
        add_proofing(tx)
        for number in (3, 1, 2):
            tx.offers.add(offer(number, created_by="act-1", stored_state=list(OfferState)[number % 2]))
        tx.offers.add(offer(4))
    with kept.store.read() as tx:
        ids = [made.offer_id for made in tx.offers.made_by("act-1", after="", limit=2)]
        assert ids == ["offer-1", "offer-2"]
        assert [made.offer_id for made in tx.offers.made_by("act-1", after=ids[-1], limit=2)] == ["offer-3"]
        assert dict(tx.offers.tally("act-1")) == {OfferState.REDEEMED: 2, OfferState.OPEN: 1}
        assert dict(tx.offers.tally("nobody")) == {}


def test_changed_offer_takes_its_place(with_offer: Subject) -> None:
    changed = replace(offer(1), stored_state=OfferState.REDEEMED, attempts=3, closed_at=rows.NOW + 5, replayed_at=7)
    with with_offer.store.write() as tx:
        tx.offers.replace(changed)
    with with_offer.store.read() as tx:
        assert tx.offers.get(changed.offer_id) == changed


def test_unknown_rows_cannot_be_replaced(kept: Subject) -> None:
    with kept.store.write() as tx:
        with pytest.raises(NotFound):
            tx.offers.replace(offer(1))
        with pytest.raises(NotFound):
            tx.authorizations.replace(authorization(1))
        with pytest.raises(NotFound):
            tx.grants.replace(grant(1))


def test_authorization_request_is_found_by_its_uri_and_then_by_its_code(kept: Subject) -> None:
    pushed = authorization(1)
    with kept.store.write() as tx:
        tx.authorizations.add(pushed)
        tx.authorizations.add(authorization(2))
    with kept.store.read() as tx:
        assert tx.authorizations.by_uri(pushed.uri_hash) == pushed
        assert tx.authorizations.by_uri(rows.digest_of("other")) is None
    approved = replace(
        pushed,
        stage=AuthorizationStage.APPROVED,
        attempts=1,
        session_hash=rows.digest_of("session"),
        code_hash=rows.digest_of("code"),
        offer_id="ofr-1",
        grant_id="wgr-1",
    )
    with kept.store.write() as tx:
        tx.authorizations.replace(approved)
    with kept.store.read() as tx:
        assert tx.authorizations.by_code(rows.digest_of("code")) == approved
        assert tx.authorizations.by_code(rows.digest_of("other")) is None


@pytest.mark.parametrize("shared", ["request_id", "uri_hash"])
def test_two_authorization_requests_never_share_a_name(kept: Subject, shared: str) -> None:
    with kept.store.write() as tx:
        tx.authorizations.add(authorization(1))
    with pytest.raises(Conflict), kept.store.write() as tx:
        tx.authorizations.add(replace(authorization(2), **{shared: getattr(authorization(1), shared)}))


def test_grant_is_found_by_id_token_and_offer(kept: Subject) -> None:
    wanted = grant(1)
    with kept.store.write() as tx:
        tx.grants.add(wanted)
    with kept.store.read() as tx:
        assert tx.grants.get(wanted.grant_id) == wanted
        assert tx.grants.by_token(wanted.token_hash) == wanted
        assert tx.grants.of_offer(wanted.offer_id) == wanted
        assert tx.grants.get("other") is None
        assert tx.grants.by_token(rows.digest_of("other")) is None
        assert tx.grants.of_offer("other") is None


@pytest.mark.parametrize("shared", ["grant_id", "token_hash", "offer_id"])
def test_two_grants_never_share_a_name_or_an_offer(kept: Subject, shared: str) -> None:
    with kept.store.write() as tx:
        tx.grants.add(grant(1))
    with pytest.raises(Conflict), kept.store.write() as tx:
        tx.grants.add(replace(grant(2), **{shared: getattr(grant(1), shared)}))


def test_changed_grant_takes_its_place(kept: Subject) -> None:
    changed = replace(
        grant(1), revoked_at=rows.NOW, families=(("real-name-1", "fam-1"),), client_id=None, dpop_jkt=None
    )
    with kept.store.write() as tx:
        tx.grants.add(grant(1))
        tx.grants.replace(changed)
    with kept.store.read() as tx:
        assert tx.grants.get(changed.grant_id) == changed


def test_what_a_failed_transaction_kept_is_gone(with_offer: Subject) -> None:
    def fail() -> None:
        with with_offer.store.write() as tx:
            tx.offers.replace(replace(offer(1), attempts=4))
            tx.authorizations.add(authorization(1))
            tx.grants.add(grant(1))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with with_offer.store.read() as tx:
        assert tx.offers.get(offer(1).offer_id) == offer(1)
        assert tx.authorizations.by_uri(authorization(1).uri_hash) is None
        assert tx.grants.get(grant(1).grant_id) is None
