"""What every store must do with data keys, proofings, credentials and status lists."""

from dataclasses import replace

import pytest

from jeung.domain.credentials import AnchoringState, RevocationProgress, Selection, StatusReference
from jeung.domain.identifiers import SchemaId
from jeung.domain.ledger import CredentialStatus
from jeung.domain.proofing import AssuranceLevel, ProofingMethod, ProofingState
from jeung.errors import Conflict, MalformedInput, NotFound
from jeung.ports.store import StatusListToken
from tests.common import rows
from tests.common.stores import OTHER, Subject


def test_failed_transaction_leaves_nothing(kept: Subject) -> None:
    def half() -> None:
        with kept.store.write() as tx:
            rows.keep_credentials(tx, [rows.credential(1)])
            tx.data_keys.add("subject-1", b"wrapped", rows.NOW)
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        half()
    with kept.store.read() as tx:
        assert tx.proofings.get("proofing-1") is None
        assert tx.credentials.get("credential-1") is None
        assert tx.data_keys.get("subject-1") is None
    assert kept.outbox.waiting_attestations(10, rows.NOW) == []


def test_reader_keeps_its_snapshot_while_another_writes(kept: Subject) -> None:
    with kept.store.read() as before:
        assert before.data_keys.get("subject-1") is None
        with kept.store.write() as tx:
            tx.data_keys.add("subject-1", b"wrapped", rows.NOW)
        assert before.data_keys.get("subject-1") is None
    with kept.store.read() as after:
        assert after.data_keys.get("subject-1") == b"wrapped"


def test_owner_has_one_data_key(kept: Subject) -> None:
    with kept.store.write() as tx:
        tx.data_keys.add("subject-1", b"first", rows.NOW)
        with pytest.raises(Conflict):
            tx.data_keys.add("subject-1", b"second", rows.NOW)
        assert tx.data_keys.get("subject-1") == b"first"


def test_destroyed_data_key_is_gone_and_destroyed_once(kept: Subject) -> None:
    with kept.store.write() as tx:
        tx.data_keys.add("subject-1", b"first", rows.NOW)
        tx.data_keys.add("subject-2", b"second", rows.NOW)
        assert tx.data_keys.destroy("subject-1")
        assert not tx.data_keys.destroy("subject-1")
    with kept.store.read() as tx:
        assert tx.data_keys.get("subject-1") is None
        assert tx.data_keys.get("subject-2") == b"second"


def test_proofing_comes_back_as_it_was_kept(kept: Subject) -> None:
    opened = rows.proofing(checks=[rows.check()])
    completed = replace(
        opened,
        state=ProofingState.COMPLETED,
        checks=(*opened.checks, rows.check(ProofingMethod.ID_DOCUMENT)),
        completed_at=rows.NOW + 5,
        assurance_level=AssuranceLevel.HIGH,
    )
    with kept.store.write() as tx:
        tx.proofings.add(opened)
    with kept.store.read() as tx:
        assert tx.proofings.get("proofing-1") == opened
    with kept.store.write() as tx:
        tx.proofings.replace(completed)
    with kept.store.read() as tx:
        assert tx.proofings.get("proofing-1") == completed
        assert tx.proofings.get("proofing-2") is None


def test_recorded_check_cannot_be_changed_or_removed(kept: Subject) -> None:
    opened = rows.proofing(checks=[rows.check()])
    failed = replace(rows.check(), passed=False)
    with kept.store.write() as tx:
        tx.proofings.add(opened)
        with pytest.raises(Conflict):
            tx.proofings.replace(replace(opened, checks=(failed,)))
        with pytest.raises(Conflict):
            tx.proofings.replace(replace(opened, checks=()))
        assert tx.proofings.get("proofing-1") == opened


def test_unknown_proofing_is_not_replaced(kept: Subject) -> None:
    with kept.store.write() as tx, pytest.raises(NotFound):
        tx.proofings.replace(rows.proofing())


def test_proofing_id_is_taken_once(kept: Subject) -> None:
    with kept.store.write() as tx:
        tx.proofings.add(rows.proofing())
    with pytest.raises(Conflict), kept.store.write() as tx:
        tx.proofings.add(rows.proofing(subject_id="another"))
    with kept.store.read() as tx:
        assert tx.proofings.get("proofing-1") == rows.proofing()


def test_family_is_kept_in_order_and_waits_to_be_attested(kept: Subject) -> None:
    copies = [rows.credential(number, family_id="family") for number in range(1, 4)]
    with kept.store.write() as tx:
        tx.proofings.add(rows.proofing())
        tx.credentials.add_family(copies)
        rows.keep_credentials(tx, [rows.credential(9, subject_id="subject-2", proofing_id="proofing-2")])
    with kept.store.read() as tx:
        family = tx.credentials.family("family")
        assert [view.record for view in family] == copies
        assert {view.anchoring for view in family} == {AnchoringState.PENDING}
        assert {view.ledger_status for view in family} == {CredentialStatus.VALID}
        assert tx.credentials.of_subject("subject-1") == family
        assert tx.credentials.get("credential-2") == family[1]
        assert tx.credentials.family("unknown") == []
        assert tx.credentials.of_subject("unknown") == []
        assert tx.credentials.get("unknown") is None
    waiting = kept.outbox.waiting_attestations(3, rows.NOW)
    assert [(work.credential_id, work.family_id, work.digest) for work in waiting] == [
        (copy.credential_id, "family", copy.digest) for copy in copies
    ]


@pytest.mark.parametrize(
    "clash",
    [
        {"credential_id": "credential-1"},
        {"digest": rows.digest_of(1)},
        {"status": StatusReference(1, 1)},
    ],
    ids=["id", "digest", "place in the status list"],
)
def test_credential_that_clashes_with_another_is_refused(kept: Subject, clash: dict[str, object]) -> None:
    with kept.store.write() as tx:
        rows.keep_credentials(tx, [rows.credential(1)])
    with pytest.raises(Conflict), kept.store.write() as tx:
        rows.keep_credentials(tx, [rows.credential(2), rows.credential(3, **clash)])
    with kept.store.read() as tx:
        assert len(tx.credentials.page(cursor=None, limit=10).items) == 1
    assert len(kept.outbox.waiting_attestations(10, rows.NOW)) == 1


def test_pages_give_every_credential_once_in_order_of_issue(kept: Subject) -> None:
    with kept.store.write() as tx:
        rows.keep_credentials(tx, [rows.credential(number) for number in range(1, 8)])
        rows.keep_credentials(tx, [rows.credential(8, subject_id="subject-2", proofing_id="proofing-2")])
    seen: list[str] = []
    cursor = None
    while True:
        with kept.store.read() as tx:
            page = tx.credentials.page(cursor=cursor, limit=3)
        seen += [view.record.credential_id for view in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == [f"credential-{number}" for number in range(1, 9)]


@pytest.mark.parametrize("subject_id", [None, "subject-1"])
def test_pages_newest_first_hold_each_credential_once(kept: Subject, subject_id: str | None) -> None:
    with kept.store.write() as tx:
        rows.keep_credentials(tx, [rows.credential(number) for number in range(1, 8)])
    seen: list[str] = []
    cursor = None
    while True:
        with kept.store.read() as tx:
            page = tx.credentials.page(cursor=cursor, limit=3, subject_id=subject_id, newest_first=True)
        seen += [view.record.credential_id for view in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == [f"credential-{number}" for number in range(7, 0, -1)]


def test_page_of_a_subject_leaves_others_out_and_ends(kept: Subject) -> None:
    with kept.store.write() as tx:
        for number in range(1, 5):
            subject = f"subject-{number % 2}"
            rows.keep_credentials(
                tx, [rows.credential(number, subject_id=subject, proofing_id=f"proofing-{number % 2}")]
            )
    with kept.store.read() as tx:
        first = tx.credentials.page(cursor=None, limit=1, subject_id="subject-1")
        second = tx.credentials.page(cursor=first.next_cursor, limit=1, subject_id="subject-1")
    assert [view.record.credential_id for view in (*first.items, *second.items)] == ["credential-1", "credential-3"]
    assert second.next_cursor is None


@pytest.mark.parametrize("cursor", ["x", "-1", "1 OR 1=1", "٣", "1" * 40, " 1"])
def test_foreign_cursor_is_refused(kept: Subject, cursor: str) -> None:
    with kept.store.read() as tx:
        with pytest.raises(MalformedInput):
            tx.credentials.page(cursor=cursor, limit=3)
        with pytest.raises(MalformedInput):
            tx.evidence.page(cursor=cursor, limit=3)
        with pytest.raises(MalformedInput):
            tx.intents.page(cursor=cursor, limit=3)


def test_view_joins_what_the_ledger_says(kept: Subject) -> None:
    with kept.store.write() as tx:
        rows.keep_credentials(tx, [rows.credential(1), rows.credential(2)])
    attested = rows.batch(5, [rows.digest_of(1)])
    revoked = rows.status_change(5, 2, CredentialStatus.REVOKED, [2])
    kept.index.apply(rows.blocks(1, 5, batches=[attested], changes=[revoked]), fence=kept.fence, polled_at=rows.NOW)
    with kept.store.read() as tx:
        first, second = tx.credentials.page(cursor=None, limit=10).items
    assert (first.anchoring, first.ledger_status) == (AnchoringState.ATTESTED, CredentialStatus.VALID)
    assert (second.anchoring, second.ledger_status) == (AnchoringState.PENDING, CredentialStatus.REVOKED)


def test_attestation_and_status_of_another_member_or_schema_mean_nothing(kept: Subject) -> None:
    with kept.store.write() as tx:
        rows.keep_credentials(tx, [rows.credential(1)])
    foreign = rows.batch(5, [rows.digest_of(1)], issuer=OTHER)
    other_schema = rows.batch(5, [rows.digest_of(1)], schema=SchemaId(b"\x5d" * 32), log_index=3)
    revoked = rows.status_change(5, 1, CredentialStatus.REVOKED, [1], issuer=OTHER)
    found = rows.blocks(5, 5, batches=[foreign, other_schema], changes=[revoked])
    kept.index.apply(found, fence=kept.fence, polled_at=rows.NOW)
    with kept.store.read() as tx:
        view = tx.credentials.get("credential-1")
    assert view is not None
    assert (view.anchoring, view.ledger_status) == (AnchoringState.PENDING, CredentialStatus.VALID)
    assert len(kept.outbox.waiting_attestations(10, rows.NOW)) == 1


def test_status_of_an_unknown_credential_changes_nothing(kept: Subject) -> None:
    with kept.store.write() as tx:
        rows.keep_credentials(tx, [rows.credential(1)])
        with pytest.raises(NotFound):
            tx.credentials.want_status(["credential-1", "unknown"], CredentialStatus.REVOKED, rows.NOW)
    with kept.store.read() as tx:
        view = tx.credentials.get("credential-1")
    assert view is not None
    assert view.record.wanted_status is CredentialStatus.VALID
    assert kept.outbox.waiting_statuses(10, rows.NOW) == []


def test_counters_are_handed_out_once(kept: Subject) -> None:
    with kept.store.write() as tx:
        tx.status_indexes.open_group(0, b"key-1")
        assert tx.status_indexes.reserve(3) == range(3)
    with kept.store.write() as tx:
        assert tx.status_indexes.reserve(2) == range(3, 5)
        tx.status_indexes.open_group(4, b"key-2")
        assert tx.status_indexes.group() == (4, b"key-2")
        assert tx.status_indexes.reserve(1) == range(1)


def test_nothing_is_reserved_before_a_group_is_open(kept: Subject) -> None:
    with kept.store.write() as tx:
        with pytest.raises(NotFound):
            tx.status_indexes.group()
        with pytest.raises(NotFound):
            tx.status_indexes.reserve(1)


@pytest.mark.parametrize("first_list", [4, 0])
def test_group_of_lists_is_never_opened_again(kept: Subject, first_list: int) -> None:
    with kept.store.write() as tx:
        tx.status_indexes.open_group(4, b"key-1")
        with pytest.raises(Conflict):
            tx.status_indexes.open_group(first_list, b"key-2")
        assert tx.status_indexes.group() == (4, b"key-1")


def test_newest_status_list_token_stands(kept: Subject) -> None:
    first, second = StatusListToken(1, "a.b.c", 1, 2), StatusListToken(1, "d.e.f", 3, 4)
    with kept.store.write() as tx:
        assert tx.status_tokens.get(1) is None
        tx.status_tokens.put(first)
        tx.status_tokens.put(second)
        tx.status_tokens.put(replace(first, list_number=2))
    with kept.store.read() as tx:
        assert tx.status_tokens.get(1) == second
        assert tx.status_tokens.get(2) == replace(first, list_number=2)


def test_open_lists_are_those_that_credentials_use(kept: Subject) -> None:
    with kept.store.write() as tx:
        assert list(tx.status_tokens.open_lists()) == []
        rows.keep_credentials(tx, [rows.credential(number) for number in (1, 2, 5, 9)])
        assert list(tx.status_tokens.open_lists()) == [1, 2]


def test_selected_copies_come_in_the_order_of_their_places_until_they_are_revoked(kept: Subject) -> None:
    with kept.store.write() as tx:
        places = [StatusReference(1, 5), StatusReference(0, 9), StatusReference(0, 2)]
        made = [
            rows.credential(number, status=place, subject_id="subject-1", issued_at=rows.NOW + number)
            for number, place in enumerate(places, 1)
        ]
        rows.keep_credentials(tx, made)
        everything = Selection(subject_id="subject-1")
        assert tx.credentials.unrevoked(everything, 10) == ["credential-3", "credential-2", "credential-1"]
        assert tx.credentials.unrevoked(everything, 1) == ["credential-3"]
        tx.credentials.revoke_all([], rows.NOW)
        tx.credentials.revoke_all(["credential-3", "credential-1"], rows.NOW)
        assert tx.credentials.unrevoked(everything, 10) == ["credential-2"]
        assert tx.credentials.progress(everything) == RevocationProgress(3, 2, 2)
        assert tx.credentials.waiting_changes() == 2


def test_selection_by_attestation_takes_what_came_later_and_what_is_still_to_come(kept: Subject) -> None:
    """By the earliest attestation of our own, under the credential's type: those of others mean nothing."""
    with kept.store.write() as tx:
        rows.keep_credentials(tx, [rows.credential(number) for number in (1, 2, 3, 4)])
    batches = [
        rows.batch(5, [rows.digest_of(1)]),
        rows.batch(5, [rows.digest_of(3)], issuer=OTHER, log_index=3),
        rows.batch(5, [rows.digest_of(3)], schema=SchemaId(b"\x5d" * 32), log_index=4),
        rows.batch(9, [rows.digest_of(1), rows.digest_of(2)]),
    ]
    kept.index.apply(rows.blocks(1, 9, batches=batches), fence=kept.fence, polled_at=rows.NOW)
    for since, ids in (
        (rows.NOW + 5, {"credential-1", "credential-2", "credential-3", "credential-4"}),
        (rows.NOW + 6, {"credential-2", "credential-3", "credential-4"}),
        (rows.NOW + 9, {"credential-2", "credential-3", "credential-4"}),
        (rows.NOW + 10, {"credential-3", "credential-4"}),
    ):
        with kept.store.read() as tx:
            selection = Selection(signing_key_id="key-1", attested_from=since)
            assert set(tx.credentials.unrevoked(selection, 10)) == ids
            assert tx.credentials.progress(selection).selected == len(ids)


def test_selection_takes_all_its_criteria_together(kept: Subject) -> None:
    with kept.store.write() as tx:
        made = [
            rows.credential(1, signing_key_id="key-1", issued_at=rows.NOW),
            rows.credential(2, signing_key_id="key-1", issued_at=rows.NOW + 10),
            rows.credential(3, signing_key_id="key-2", issued_at=rows.NOW),
        ]
        rows.keep_credentials(tx, made)
        schema = made[0].schema
        for selection, ids in (
            (Selection(signing_key_id="key-1"), {"credential-1", "credential-2"}),
            (Selection(signing_key_id="key-1", issued_until=rows.NOW + 10), {"credential-1"}),
            (Selection(issued_from=rows.NOW + 10), {"credential-2"}),
            (Selection(schema=schema, signing_key_id="key-2"), {"credential-3"}),
            (Selection(schema=SchemaId(bytes(32))), set()),
            (Selection(family_id=made[2].family_id), {"credential-3"}),
        ):
            assert set(tx.credentials.unrevoked(selection, 10)) == ids
