"""What every store must do with passkeys of staff, the challenges they answer, and codes that add one."""

from dataclasses import replace

import pytest

from jeung.domain.passkeys import Ceremony, Enrolment, Passkey, StaffChallenge
from jeung.domain.staff import FederatedIdentity
from jeung.errors import Conflict, NotFound
from tests.behaviors.test_store_staff import OFFICER
from tests.common import rows
from tests.common.stores import Subject

PASSKEY = Passkey(b"\x01" * 32, "stf_1", b"\x02" * 77, -7, 3, "Key", "aaguid", True, False, rows.NOW)
CHALLENGE = StaffChallenge(
    rows.digest_of("challenge"), Ceremony.LOG_IN, None, rows.digest_of("browser"), rows.NOW + 300
)
ENROLMENT = Enrolment("stf_1", rows.digest_of("code"), 0, rows.NOW + 900)


@pytest.fixture
def staffed(kept: Subject) -> Subject:
    with kept.store.write() as tx:
        tx.staff.add(OFFICER)
        tx.staff.add(replace(OFFICER, staff_id="stf_2", name="areum"))
    return kept


def test_passkey_is_found_listed_replaced_and_removed(staffed: Subject) -> None:
    later = replace(PASSKEY, credential_id=b"\x00", created_at=rows.NOW + 1)
    with staffed.store.write() as tx:
        for passkey in (later, PASSKEY, replace(PASSKEY, credential_id=b"\x09", staff_id="stf_2")):
            tx.passkeys.add(passkey)
    changed = replace(PASSKEY, sign_count=9, label="Desk", backed_up=True, last_used_at=5, suspected_at=6)
    with staffed.store.write() as tx:
        assert list(tx.passkeys.of("stf_1")) == [PASSKEY, later]
        tx.passkeys.replace(changed)
        assert tx.passkeys.get(PASSKEY.credential_id) == changed
        assert tx.passkeys.remove(later.credential_id)
        assert not tx.passkeys.remove(later.credential_id)
        assert tx.passkeys.get(later.credential_id) is None
        assert list(tx.passkeys.of("nobody")) == []


def test_passkey_stands_once_whoever_adds_it(staffed: Subject) -> None:
    with staffed.store.write() as tx:
        tx.passkeys.add(PASSKEY)
    with pytest.raises(Conflict), staffed.store.write() as tx:
        tx.passkeys.add(replace(PASSKEY, staff_id="stf_2"))
    with pytest.raises(NotFound), staffed.store.write() as tx:
        tx.passkeys.replace(replace(PASSKEY, credential_id=b"\x07"))


def test_challenge_is_taken_once_and_a_browser_has_one_for_each_ceremony(staffed: Subject) -> None:
    newer = replace(CHALLENGE, challenge_hash=rows.digest_of("newer"))
    other = replace(CHALLENGE, challenge_hash=rows.digest_of("other"), ceremony=Ceremony.ADD, staff_id="stf_1")
    with staffed.store.write() as tx:
        for challenge in (CHALLENGE, newer, other):
            tx.staff_challenges.put(challenge)
    with staffed.store.write() as tx:
        assert tx.staff_challenges.take(CHALLENGE.challenge_hash) is None
        assert tx.staff_challenges.take(newer.challenge_hash) == newer
        assert tx.staff_challenges.take(newer.challenge_hash) is None
        assert tx.staff_challenges.take(other.challenge_hash) == other


def test_account_has_one_enrolment(staffed: Subject) -> None:
    with staffed.store.write() as tx:
        assert tx.enrolments.get("stf_1") is None
        tx.enrolments.put(ENROLMENT)
        tx.enrolments.put(replace(ENROLMENT, failures=2))
    with staffed.store.write() as tx:
        assert tx.enrolments.get("stf_1") == replace(ENROLMENT, failures=2)
        tx.enrolments.remove("stf_1")
        tx.enrolments.remove("stf_1")
        assert tx.enrolments.get("stf_1") is None


def test_subject_of_a_provider_is_one_account_and_an_account_one_subject(staffed: Subject) -> None:
    identity = FederatedIdentity("https://idp.example", "1", "stf_1", rows.NOW)
    with staffed.store.write() as tx:
        tx.identities.put(identity)
        assert tx.identities.get("https://idp.example", "1") == identity
        assert tx.identities.get("https://other.example", "1") is None
    for second in (replace(identity, staff_id="stf_2"), replace(identity, subject="2")):
        with pytest.raises(Conflict), staffed.store.write() as tx:
            tx.identities.put(second)
    with staffed.store.write() as tx:
        assert tx.identities.remove_of("stf_1")
        assert not tx.identities.remove_of("stf_1")
