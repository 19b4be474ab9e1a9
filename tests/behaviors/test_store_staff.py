"""What every store must do with staff accounts, their sessions, failed log-ins, and the list of proofings."""

from dataclasses import replace

import pytest

from jeung.domain.staff import Attempts, LoginMethod, StaffAccount, StaffRole, StaffSession
from jeung.errors import Conflict, MalformedInput, NotFound
from tests.common import rows
from tests.common.stores import Subject

OFFICER = StaffAccount("stf_1", "minji", frozenset({StaffRole.ISSUER_OFFICER, StaffRole.AUDITOR}), "$hash", rows.NOW)
SESSION = StaffSession(
    rows.digest_of("token"), "stf_1", rows.NOW, rows.NOW, rows.NOW + 3600, rows.NOW, LoginMethod.PASSWORD
)


def test_account_is_found_by_id_and_by_name(kept: Subject) -> None:
    with kept.store.write() as tx:
        tx.staff.add(OFFICER)
    with kept.store.read() as tx:
        assert tx.staff.get("stf_1") == tx.staff.named("minji") == OFFICER
        assert tx.staff.get("stf_2") is None
        assert tx.staff.named("MINJI") is None


@pytest.mark.parametrize(
    "second", [replace(OFFICER, staff_id="stf_2"), replace(OFFICER, name="junho")], ids=["name", "id"]
)
def test_name_and_id_of_an_account_occur_once(kept: Subject, second: StaffAccount) -> None:
    with kept.store.write() as tx:
        tx.staff.add(OFFICER)
    with pytest.raises(Conflict), kept.store.write() as tx:
        tx.staff.add(second)


def test_accounts_are_listed_by_name(kept: Subject) -> None:
    second = replace(OFFICER, staff_id="stf_2", name="areum")
    with kept.store.write() as tx:
        tx.staff.add(OFFICER)
        tx.staff.add(second)
    with kept.store.read() as tx:
        assert list(tx.staff.all()) == [second, OFFICER]


def test_account_is_replaced_whole(kept: Subject) -> None:
    changed = replace(OFFICER, roles=frozenset({StaffRole.AUDITOR}), password_hash="$other", disabled_at=rows.NOW)
    with kept.store.write() as tx:
        tx.staff.add(OFFICER)
        tx.staff.replace(changed)
    with kept.store.read() as tx:
        assert tx.staff.get("stf_1") == changed
    with pytest.raises(NotFound), kept.store.write() as tx:
        tx.staff.replace(replace(OFFICER, staff_id="stf_2"))


def test_session_lives_until_it_is_removed(kept: Subject) -> None:
    with kept.store.write() as tx:
        tx.staff.add(OFFICER)
        tx.staff_sessions.add(SESSION)
        tx.staff_sessions.touch(SESSION.token_hash, rows.NOW + 5)
    with kept.store.write() as tx:
        assert tx.staff_sessions.get(SESSION.token_hash) == replace(SESSION, seen_at=rows.NOW + 5)
        assert tx.staff_sessions.remove(SESSION.token_hash)
        assert not tx.staff_sessions.remove(SESSION.token_hash)
        tx.staff_sessions.touch(SESSION.token_hash, rows.NOW + 9)
        assert tx.staff_sessions.get(SESSION.token_hash) is None


def test_sessions_of_one_account_end_together(kept: Subject) -> None:
    others = replace(SESSION, token_hash=rows.digest_of("others"), staff_id="stf_2")
    with kept.store.write() as tx:
        tx.staff.add(OFFICER)
        tx.staff.add(replace(OFFICER, staff_id="stf_2", name="areum"))
        for session in (SESSION, replace(SESSION, token_hash=rows.digest_of("second")), others):
            tx.staff_sessions.add(session)
    with kept.store.write() as tx:
        assert tx.staff_sessions.remove_of("stf_1") == 2
        assert tx.staff_sessions.remove_of("stf_1") == 0
        assert tx.staff_sessions.get(others.token_hash) == others


def test_sessions_of_an_account_are_listed_the_one_used_last_first(kept: Subject) -> None:
    later = replace(SESSION, token_hash=rows.digest_of("later"), seen_at=rows.NOW + 9, method=LoginMethod.OIDC)
    others = replace(SESSION, token_hash=rows.digest_of("others"), staff_id="stf_2")
    with kept.store.write() as tx:
        tx.staff.add(OFFICER)
        tx.staff.add(replace(OFFICER, staff_id="stf_2", name="areum"))
        for session in (SESSION, later, others):
            tx.staff_sessions.add(session)
    with kept.store.read() as tx:
        assert list(tx.staff_sessions.of("stf_1")) == [later, SESSION]
        assert list(tx.staff_sessions.of("nobody")) == []


def test_failed_log_ins_are_counted_per_key(kept: Subject) -> None:
    with kept.store.write() as tx:
        assert tx.login_attempts.get("name:1") is None
        tx.login_attempts.put(Attempts("name:1", 1, rows.NOW))
        tx.login_attempts.put(Attempts("name:1", 2, rows.NOW + 1))
        tx.login_attempts.put(Attempts("address:1", 9, rows.NOW))
    with kept.store.write() as tx:
        assert tx.login_attempts.get("name:1") == Attempts("name:1", 2, rows.NOW + 1)
        tx.login_attempts.remove("name:1")
        tx.login_attempts.remove("name:1")
        assert tx.login_attempts.get("name:1") is None
        assert tx.login_attempts.get("address:1") is not None


def test_proofings_are_listed_newest_first_in_pages(kept: Subject) -> None:
    checked = rows.proofing("p-2", opened_at=rows.NOW + 1, checks=[rows.check()])
    made = [rows.proofing("p-0"), rows.proofing("p-1"), checked]
    with kept.store.write() as tx:
        for proofing in made:
            tx.proofings.add(proofing)
    with kept.store.read() as tx:
        first = tx.proofings.page(cursor=None, limit=2)
        assert list(first.items) == [made[2], made[1]]
        rest = tx.proofings.page(cursor=first.next_cursor, limit=2)
        assert (list(rest.items), rest.next_cursor) == ([made[0]], None)


@pytest.mark.parametrize("cursor", ["", "x", "-1.p", "1", "1.p'; DROP TABLE proofings", "f" * 20 + ".p"])
def test_cursor_that_is_not_ours_is_refused(kept: Subject, cursor: str) -> None:
    if not cursor and "memory" in type(kept.store).__module__:
        pytest.skip("an empty cursor is the first page in memory")
    with kept.store.read() as tx, pytest.raises(MalformedInput):
        tx.proofings.page(cursor=cursor, limit=2)


def test_sessions_are_found_by_the_providers_own(kept: Subject) -> None:
    with kept.store.write() as tx:
        tx.staff.add(OFFICER)
        for number, named in ((1, b"p" * 32), (2, b"p" * 32), (3, b"q" * 32), (4, None)):
            one = replace(SESSION, token_hash=bytes([number]) * 32, provider_session=named)
            tx.staff_sessions.add(one)
    with kept.store.read() as tx:
        found = tx.staff_sessions.of_provider(b"p" * 32)
        assert [one.token_hash[0] for one in found] == [1, 2]
        assert {one.provider_session for one in found} == {b"p" * 32}
        assert tx.staff_sessions.of_provider(b"r" * 32) == []
