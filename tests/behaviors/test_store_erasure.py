"""What every store must do with erasures: keep them, and delete every row that leads to a person."""

from dataclasses import replace

import pytest

from jeung.domain.access import RequestKey
from jeung.domain.erasure import Erasure, ErasureGround, ErasureState, SubjectRecords
from jeung.domain.issuing import DeferredIssuance, Notification
from jeung.domain.ledger import CredentialStatus
from jeung.domain.proofing import ProofingState
from jeung.errors import Conflict, MalformedInput, NotFound
from tests.common import rows
from tests.common.rows_wallets import authorization, grant, offer
from tests.common.stores import Subject

SUBJECT = "subject-1"


def erasure(erasure_id: str = "ers_1", subject_id: str | None = SUBJECT) -> Erasure:
    return Erasure(
        erasure_id=erasure_id,
        act_id="act_1",
        request_digest=b"d" * 32,
        subject_id=subject_id,
        ground=ErasureGround.CUSTOMER_REQUEST,
        state=ErasureState.REVOKING,
        began_at=rows.NOW,
    )


@pytest.fixture
def person(kept: Subject) -> Subject:
    """Everything a store can hold of one person, and of another beside it."""
    with kept.store.write() as tx:
        for number, subject_id in ((1, SUBJECT), (2, "subject-2")):
            tx.data_keys.add(subject_id, b"wrapped", rows.NOW)
            tx.proofings.add(rows.proofing(f"proofing-{number}", subject_id=subject_id, checks=[rows.check()]))
            made = {"subject_id": subject_id, "proofing_id": f"proofing-{number}"}
            tx.credentials.add_family([rows.credential(number, **made)])
            tx.offers.add(offer(number, **made))
            tx.authorizations.add(authorization(number, offer_id=f"offer-{number}"))
            tx.grants.add(grant(number, **made))
            tx.deferred.put(
                DeferredIssuance(rows.digest_of(("d", number)), f"grant-{number}", "c", b"sealed", 0, rows.NOW)
            )
            note = rows.digest_of(("n", number))
            tx.notifications.add(Notification(note, f"grant-{number}", f"family-{number}", rows.NOW))
            key = RequestKey("caller", f"k{number}", "POST /v1/proofings", b"b" * 32)
            tx.idempotency.remember(key, f"proofing-{number}", rows.NOW)
    return kept


def records(kept: Subject, subject_id: str = SUBJECT) -> SubjectRecords | None:
    with kept.store.read() as tx:
        return tx.subjects.records(subject_id)


def test_records_list_what_stands_under_a_subject_and_nobody_elses(person: Subject) -> None:
    assert records(person) == SubjectRecords(
        subject_id=SUBJECT,
        has_key=True,
        proofings=(("proofing-1", ProofingState.OPEN),),
        families=("family-1",),
        credentials=("credential-1",),
        offers=("offer-1",),
        grants=("grant-1",),
        authorizations=("request-1",),
    )
    assert records(person, "nobody") is None
    found = records(person)
    assert found is not None
    assert found.ids[:2] == (SUBJECT, "proofing-1")


def test_everything_of_one_person_goes_and_nothing_of_another(person: Subject) -> None:
    before = records(person, "subject-2")
    with person.store.write() as tx:
        mine = tx.subjects.records(SUBJECT)
        assert mine is not None
        name = tx.log_names.of(SUBJECT, rows.NOW)
        tx.subjects.end_offers(mine)
        tx.subjects.empty_credentials(SUBJECT)
        assert [view.record.sealed for view in tx.credentials.of_subject(SUBJECT)] == [b""]
        tx.credentials.want_status(mine.credentials, CredentialStatus.REVOKED, rows.NOW)
        assert tx.subjects.forget_credentials(SUBJECT) == 1
        assert tx.subjects.forget_credentials(SUBJECT) == 0
        tx.subjects.forget_proofings(SUBJECT)
        tx.subjects.forget_traces(mine.ids)
        tx.data_keys.destroy(SUBJECT)
    assert records(person) is None
    assert records(person, "subject-2") == before
    with person.store.write() as tx:
        assert tx.log_names.of(SUBJECT, rows.NOW) != name
        assert tx.idempotency.find(RequestKey("caller", "k1", "POST /v1/proofings", b"b" * 32)) is None
        assert tx.idempotency.find(RequestKey("caller", "k2", "POST /v1/proofings", b"b" * 32)) == "proofing-2"
        assert tx.deferred.get(rows.digest_of(("d", 1))) is None
        assert tx.deferred.get(rows.digest_of(("d", 2))) is not None
        assert tx.notifications.get(rows.digest_of(("n", 1))) is None
        assert tx.notifications.get(rows.digest_of(("n", 2))) is not None
    assert [work.credential_id for work in person.outbox.waiting_attestations(9, rows.NOW * 2)] == ["credential-2"]
    assert person.outbox.waiting_statuses(9, rows.NOW * 2) == []


def test_attestation_that_has_not_begun_never_does(person: Subject) -> None:
    with person.store.write() as tx:
        assert tx.subjects.unsettled(SUBJECT) == 1
        tx.subjects.empty_credentials(SUBJECT)
    assert [work.credential_id for work in person.outbox.waiting_attestations(9, rows.NOW * 2)] == ["credential-2"]


def test_copy_is_unsettled_until_the_ledger_shows_it_revoked(person: Subject) -> None:
    with person.store.write() as tx:
        tx.subjects.empty_credentials(SUBJECT)
        assert tx.subjects.unsettled(SUBJECT) == 1
        assert tx.subjects.unsettled("nobody") == 0
    place = rows.credential(1).status
    change = rows.status_change(0, place.list_number, CredentialStatus.REVOKED, [place.index])
    person.index.apply(rows.blocks(0, 0, changes=[change]), fence=person.fence, polled_at=rows.NOW)
    with person.store.read() as tx:
        assert tx.subjects.unsettled(SUBJECT) == 0


def test_log_has_one_random_name_for_an_id(kept: Subject) -> None:
    with kept.store.write() as tx:
        first = tx.log_names.of("crd_1", rows.NOW)
        assert first == tx.log_names.of("crd_1", rows.NOW + 1)
        assert first != tx.log_names.of("crd_2", rows.NOW)
        assert first.startswith("crd-")


def test_erasure_is_kept_changed_and_found(kept: Subject) -> None:
    with kept.store.write() as tx:
        tx.erasures.add(erasure())
        assert tx.erasures.of_subject(SUBJECT) == tx.erasures.get("ers_1") == erasure()
        assert tx.erasures.get("ers_2") is None
        assert tx.erasures.of_subject("nobody") is None
        done = replace(
            erasure(),
            subject_id=None,
            state=ErasureState.ERASED,
            locked_until=1,
            deleted_at=2,
            backups_until=3,
            certificate="c",
        )
        tx.erasures.replace(done)
        assert tx.erasures.get("ers_1") == done
        assert tx.erasures.of_subject(SUBJECT) is None
        assert list(tx.erasures.in_states((ErasureState.ERASED,), 5)) == [done]
        assert list(tx.erasures.in_states((ErasureState.LOCKED,), 5)) == []
    with pytest.raises(NotFound), kept.store.write() as tx:
        tx.erasures.replace(erasure("ers_2"))


@pytest.mark.parametrize("second", [erasure("ers_1", "other"), erasure("ers_2")], ids=["id", "subject"])
def test_subject_is_not_erased_twice_at_once(kept: Subject, second: Erasure) -> None:
    with kept.store.write() as tx:
        tx.erasures.add(erasure())
    with pytest.raises(Conflict), kept.store.write() as tx:
        tx.erasures.add(second)


def test_erasures_are_listed_newest_first_in_pages(kept: Subject) -> None:
    with kept.store.write() as tx:
        for number in range(3):
            tx.erasures.add(erasure(f"ers_{number}", None))
    with kept.store.read() as tx:
        first = tx.erasures.page(cursor=None, limit=2)
        assert [one.erasure_id for one in first.items] == ["ers_2", "ers_1"]
        rest = tx.erasures.page(cursor=first.next_cursor, limit=2)
        assert ([one.erasure_id for one in rest.items], rest.next_cursor) == (["ers_0"], None)
        with pytest.raises(MalformedInput):
            tx.erasures.page(cursor="?", limit=2)


def test_locked_erasures_whose_duty_has_lapsed_are_found_the_longest_lapsed_first(kept: Subject) -> None:
    with kept.store.write() as tx:
        for number, until in enumerate((rows.NOW + 9, rows.NOW, rows.NOW - 5, rows.NOW - 2)):
            state = ErasureState.ERASED if number == 3 else ErasureState.LOCKED
            one = erasure(f"ers_{number}", f"sub_{number}")
            tx.erasures.add(replace(one, state=state, locked_until=until))
    with kept.store.read() as tx:
        assert [one.erasure_id for one in tx.erasures.lapsed(rows.NOW, 9)] == ["ers_2", "ers_1"]
        assert [one.erasure_id for one in tx.erasures.lapsed(rows.NOW, 1)] == ["ers_2"]
