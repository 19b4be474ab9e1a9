"""Keys follow each other by themselves: nothing works before the chain knows it, nothing ends too early."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jeung.domain.identifiers import Address
from jeung.domain.members import OperatorPurpose
from jeung.domain.registrations import KeyPurpose
from jeung.errors import Conflict
from jeung.services.own_keys import OwnStanding
from keys.backends.elsewhere import Elsewhere
from keys.errors import BackendRefused
from keys.keystore import Keystore
from keys.model import KeyRecord, State
from keys.purposes import Purpose
from node.runtime.keeper import due_of, is_known
from tests.common.keeping import DAY, Scene, thumbprint
from tests.common.memory.backends import MemoryBackend, MemoryToken


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path)
    yield made
    made.keystore.close()


def test_new_key_works_only_once_the_chain_has_it(scene: Scene) -> None:
    old = scene.keystore.current(Purpose.CREDENTIAL_SIGNING)
    fresh = scene.rotate()
    for _ in range(3):
        scene.keeper.step()
        assert scene.state(fresh) is State.PRE_ACTIVE
        assert scene.keystore.current(Purpose.CREDENTIAL_SIGNING).key_id == old.key_id
    assert [function for function, _ in scene.wanted()] == ["registerKey"]
    scene.take(fresh)
    scene.keeper.step()
    assert scene.keystore.current(Purpose.CREDENTIAL_SIGNING).key_id == fresh.key_id
    assert scene.state(old) is State.ACTIVE, "both may sign for the overlap"


def test_old_key_is_retired_after_the_overlap_and_ends_with_its_last_credential(scene: Scene) -> None:
    old = scene.keystore.current(Purpose.CREDENTIAL_SIGNING)
    expires_at = scene.clock.now() + 300 * DAY
    with scene.parties.bank.store.write() as tx:
        from tests.common import rows

        rows.keep_credentials(tx, [rows.credential(1, signing_key_id=old.key_id, expires_at=expires_at)])
    scene.take(scene.rotate())
    scene.keeper.step()
    scene.clock.advance(scene.settings.rotation.overlap_s - 1)
    scene.keeper.step()
    assert scene.state(old) is State.ACTIVE
    scene.clock.advance(1)
    scene.keeper.step()
    assert scene.state(old) is State.RETIRED
    scene.keeper.step()
    assert scene.wanted()[-1] == ("revokeKey", ("0x" + thumbprint(old).hex(), expires_at))
    before = len(scene.wanted())
    scene.keeper.step()
    assert len(scene.wanted()) == before, "said once"


def test_key_that_signed_no_credential_ends_at_once(scene: Scene) -> None:
    old = scene.keystore.current(Purpose.WEBHOOK_SIGNING)
    scene.take(scene.rotate(Purpose.WEBHOOK_SIGNING))
    scene.keeper.step()
    scene.clock.advance(scene.settings.rotation.overlap_s)
    scene.keeper.step()
    scene.keeper.step()
    assert scene.wanted()[-1] == ("revokeKey", ("0x" + thumbprint(old).hex(), 0))


@pytest.mark.parametrize("purpose", [Purpose.LOG_CHECKPOINT_SIGNING, Purpose.WITNESS_COSIGNING])
def test_a_key_of_the_log_is_followed_as_others_are(scene: Scene, purpose: Purpose) -> None:
    old = scene.keystore.current(purpose)
    fresh = scene.rotate(purpose)
    scene.keeper.step()
    assert scene.keystore.current(purpose).key_id == old.key_id
    scene.take(fresh)
    scene.keeper.step()
    assert scene.keystore.current(purpose).key_id == fresh.key_id
    scene.clock.advance(scene.settings.rotation.overlap_s)
    scene.keeper.step()
    scene.keeper.step()
    assert scene.wanted()[-1] == ("revokeKey", ("0x" + thumbprint(old).hex(), 0))


def test_compromised_key_stops_at_once_and_the_chain_hears_since_when(scene: Scene) -> None:
    old = scene.keystore.current(Purpose.CREDENTIAL_SIGNING)
    since = scene.clock.now() - 60
    fresh = scene.rotate(since=since)
    assert scene.state(old) is State.COMPROMISED
    scene.keeper.step()
    assert {function for function, _ in scene.wanted()} == {"registerKey", "declareCompromised"}
    assert ("declareCompromised", ("0x" + thumbprint(old).hex(), since)) in scene.wanted()
    assert scene.state(fresh) is State.PRE_ACTIVE
    scene.parties.chain.compromise_key(scene.parties.bank.member, thumbprint(old), since)
    scene.take(fresh)
    scene.keeper.step()
    assert scene.state(fresh) is State.ACTIVE
    assert len(scene.wanted()) == 2


def test_key_that_the_chain_knows_as_compromised_never_begins(scene: Scene) -> None:
    fresh = scene.rotate()
    scene.take(fresh)
    scene.parties.chain.compromise_key(scene.parties.bank.member, thumbprint(fresh), scene.clock.now())
    scene.keeper.step()
    assert scene.state(fresh) is State.COMPROMISED


def test_successor_that_the_chain_has_ended_never_begins_and_another_is_made(scene: Scene) -> None:
    """A restored keystore may hold a successor that has since begun, worked and ended."""
    fresh = scene.rotate()
    scene.take(fresh)
    scene.parties.chain.revoke_key(scene.parties.bank.member, thumbprint(fresh), scene.clock.now())
    scene.clock.advance(365 * DAY)
    scene.keeper.step()
    assert scene.state(fresh) is State.PRE_ACTIVE
    assert len(scene.keystore.list(purpose=Purpose.CREDENTIAL_SIGNING, state=State.PRE_ACTIVE)) == 2


def test_restored_keystore_does_not_go_on_with_a_key_that_is_compromised_on_the_chain(scene: Scene) -> None:
    old, since = scene.keystore.current(Purpose.CREDENTIAL_SIGNING), scene.clock.now() - 60
    scene.parties.chain.compromise_key(scene.parties.bank.member, thumbprint(old), since)
    scene.keeper.step()
    assert scene.keystore.get(old.key_id).compromised_since == since
    (fresh,) = scene.keystore.list(purpose=Purpose.CREDENTIAL_SIGNING, state=State.PRE_ACTIVE)
    scene.take(fresh)
    scene.keeper.step()
    assert scene.keystore.current(Purpose.CREDENTIAL_SIGNING).key_id == fresh.key_id
    scene.parties.chain.compromise_key(scene.parties.bank.member, thumbprint(old), since - 10)
    scene.keeper.step()
    assert scene.keystore.get(old.key_id).compromised_since == since - 10
    assert "declareCompromised" not in [function for function, _ in scene.wanted()]


def test_restored_keystore_does_not_go_on_with_a_key_that_has_ended_on_the_chain(scene: Scene) -> None:
    old = scene.keystore.current(Purpose.WEBHOOK_SIGNING)
    scene.parties.chain.revoke_key(scene.parties.bank.member, thumbprint(old), scene.clock.now())
    scene.keeper.step()
    assert scene.state(old) is State.RETIRED
    assert scene.keystore.list(purpose=Purpose.WEBHOOK_SIGNING, state=State.PRE_ACTIVE)


def test_restored_keystore_does_not_send_from_an_account_that_was_retired(scene: Scene) -> None:
    old, bank = scene.keystore.current(Purpose.STATUS), scene.parties.bank.member
    scene.parties.chain.authorize(bank, OperatorPurpose.STATUS, Address(old.address or ""))
    scene.keeper.step()
    assert scene.state(old) is State.ACTIVE
    scene.parties.chain.retire(bank, OperatorPurpose.STATUS, Address(old.address or ""))
    scene.keeper.step()
    assert scene.state(old) is State.RETIRED


def test_key_is_followed_before_it_ends_on_the_chain(scene: Scene) -> None:
    """By age alone the receipt key would go on for a moment after its end on the chain, two years after its start."""
    receipt, bank = scene.keystore.current(Purpose.RECEIPT_SIGNING), scene.parties.bank.member
    end = scene.clock.now() + 730 * DAY
    scene.parties.chain.register_key(bank, thumbprint(receipt), KeyPurpose.RECEIPT_SIGNING, not_after=end)
    scene.clock.advance(720 * DAY)
    assert not due_of(receipt, scene.settings).is_due_at(scene.clock.now())
    scene.keeper.step()
    assert scene.keystore.list(purpose=Purpose.RECEIPT_SIGNING, state=State.PRE_ACTIVE)


def test_compromise_is_written_down_though_no_successor_can_be_made(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = scene.keystore.current(Purpose.CREDENTIAL_SIGNING)

    def full(*_: object, **__: object) -> KeyRecord:
        raise BackendRefused("no room")

    monkeypatch.setattr(Keystore, "create", full)
    with pytest.raises(BackendRefused):
        scene.rotate(since=scene.clock.now())
    assert scene.state(old) is State.COMPROMISED
    scene.keeper.step()
    monkeypatch.undo()
    scene.keeper.step()
    assert scene.keystore.list(purpose=Purpose.CREDENTIAL_SIGNING, state=State.PRE_ACTIVE)


def test_what_cannot_be_made_holds_up_no_other_key_and_is_for_people(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    make = Keystore.create

    def picky(self: Keystore, purpose: Purpose, *arguments: Any, **options: Any) -> KeyRecord:  # noqa: ANN401 - as it is
        if purpose is Purpose.ATTEST:
            raise BackendRefused("a remote signer makes no keys for us")
        return make(self, purpose, *arguments, **options)

    monkeypatch.setattr(Keystore, "create", picky)
    scene.clock.advance(366 * DAY)
    scene.keeper.step()
    assert scene.keystore.list(purpose=Purpose.STATUS, state=State.PRE_ACTIVE)
    assert "to be replaced by people: attest" in caplog.text


def test_compromised_key_is_followed_by_the_successor_that_waits_already(scene: Scene) -> None:
    old = scene.keystore.current(Purpose.CREDENTIAL_SIGNING)
    waiting = scene.rotate()
    assert scene.rotate(since=scene.clock.now()).key_id == waiting.key_id
    assert scene.state(old) is State.COMPROMISED


def test_key_of_a_later_day_is_no_successor_of_a_compromised_one(scene: Scene) -> None:
    later = scene.keystore.create(Purpose.DATA_WRAPPING, not_before=scene.clock.now() + 10 * DAY)
    fresh = scene.rotate(Purpose.DATA_WRAPPING, since=scene.clock.now())
    assert fresh.key_id != later.key_id


def test_successor_stays_in_the_backend_of_the_key_before(scene: Scene) -> None:
    """Else one key made in a token by hand would be followed by one in software, unasked."""
    token = Elsewhere({"token": MemoryBackend(MemoryToken())}, {})
    scene.keystore._elsewhere = token
    made = scene.keystore.create(Purpose.DATA_WRAPPING, backend="token")
    scene.keystore.activate(made.key_id)
    assert scene.rotate(Purpose.DATA_WRAPPING).backend == "token"
    assert scene.rotate(Purpose.WEBHOOK_SIGNING).backend == "software"
    assert scene.keystore.place_of_successor(Purpose.WITNESS_COSIGNING) == "software"


def test_settings_move_the_successor_where_they_place_its_purpose(scene: Scene) -> None:
    backends = {"token": MemoryBackend(MemoryToken())}
    scene.keystore._elsewhere = Elsewhere(backends, {Purpose.DATA_WRAPPING: "token"})
    assert scene.rotate(Purpose.DATA_WRAPPING).backend == "token"


def test_key_counts_as_known_where_the_chain_has_it_or_need_not(scene: Scene) -> None:
    bank, keystore = scene.parties.bank.member, scene.keystore

    def known(record: KeyRecord) -> bool:
        standing = scene.own.standing()
        assert standing is not None
        return is_known(record, standing)

    assert known(keystore.current(Purpose.GOVERNANCE))
    assert known(keystore.current(Purpose.DATA_WRAPPING))
    account = keystore.current(Purpose.ATTEST)
    assert not known(account)
    scene.parties.chain.authorize(bank, OperatorPurpose.ATTEST, Address(account.address or ""))
    assert known(account)
    fresh = scene.rotate()
    assert not known(fresh)
    assert is_known(fresh, OwnStanding())


def test_account_is_authorised_before_its_first_transaction_and_retired_after_the_last(scene: Scene) -> None:
    old = scene.keystore.current(Purpose.ATTEST)
    bank = scene.parties.bank.member
    scene.parties.chain.authorize(bank, OperatorPurpose.ATTEST, Address(old.address or ""))
    fresh = scene.rotate(Purpose.ATTEST)
    scene.keeper.step()
    assert scene.wanted() == [("authorizeOperator", (1, fresh.address))]
    assert scene.state(fresh) is State.PRE_ACTIVE
    scene.parties.chain.authorize(bank, OperatorPurpose.ATTEST, Address(fresh.address or ""))
    scene.keeper.step()
    assert scene.keystore.current(Purpose.ATTEST).key_id == fresh.key_id
    scene.clock.advance(scene.settings.rotation.overlap_s)
    scene.keeper.step()
    scene.keeper.step()
    assert scene.wanted()[-1] == ("retireOperator", (1, old.address))
    scene.keystore.mark_compromised(fresh.key_id, scene.clock.now())
    scene.keeper.step()
    assert scene.wanted()[-1] == ("declareOperatorCompromised", (1, fresh.address, scene.clock.now()))


def test_wrapping_key_follows_without_the_chain(scene: Scene) -> None:
    fresh = scene.rotate(Purpose.DATA_WRAPPING)
    scene.keeper.step()
    assert scene.keystore.current(Purpose.DATA_WRAPPING).key_id == fresh.key_id
    scene.clock.advance(scene.settings.rotation.overlap_s)
    scene.keeper.step()
    scene.keeper.step()
    assert scene.wanted() == []


def test_key_begins_no_earlier_than_it_may(scene: Scene) -> None:
    later = scene.keystore.create(Purpose.DATA_WRAPPING, not_before=scene.clock.now() + 10)
    scene.keeper.step()
    assert scene.state(later) is State.PRE_ACTIVE
    scene.clock.advance(10)
    scene.keeper.step()
    assert scene.state(later) is State.ACTIVE


def test_keys_that_are_due_are_followed_and_people_hear_of_theirs(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.clock.advance(365 * DAY)
    scene.keeper.step()
    due = {record.purpose for record in scene.keystore.list(state=State.PRE_ACTIVE)}
    assert Purpose.CREDENTIAL_SIGNING in due
    assert Purpose.ATTEST in due
    assert Purpose.DATA_WRAPPING in due
    assert Purpose.RECEIPT_SIGNING not in due
    scene.keeper.step()
    assert len(scene.keystore.list(purpose=Purpose.CREDENTIAL_SIGNING)) == 2, "one successor is enough"
    assert "by people" not in caplog.text
    scene.clock.advance((730 - 365 - 30) * DAY)
    scene.keeper.step()
    scene.keeper.step()
    assert caplog.text.count("to be replaced by people: governance") == 1
    assert not scene.keystore.list(purpose=Purpose.GOVERNANCE, state=State.PRE_ACTIVE)


def test_key_that_was_used_enough_is_due(scene: Scene) -> None:
    record = scene.keystore.current(Purpose.CREDENTIAL_SIGNING)
    from dataclasses import replace

    assert not due_of(record, scene.settings).is_due_at(scene.clock.now())
    assert due_of(replace(record, uses=10**9), scene.settings).is_due_at(scene.clock.now())
    wrapping = scene.keystore.current(Purpose.DATA_WRAPPING)
    assert due_of(replace(wrapping, uses=1 << 30), scene.settings).is_due_at(scene.clock.now())


def test_nothing_is_done_before_the_chain_was_ever_followed(scene: Scene) -> None:
    from tests.common.memory.chain import MemoryLedger
    from tests.common.memory.database import MemoryDatabase

    fresh = scene.rotate()
    scene.own._ledger = MemoryLedger(MemoryDatabase())
    scene.keeper.step()
    assert scene.state(fresh) is State.PRE_ACTIVE


@pytest.mark.parametrize("purpose", [Purpose.GOVERNANCE, Purpose.CERTIFICATE_AUTHORITY])
def test_keys_for_people_are_left_to_them(scene: Scene, purpose: Purpose) -> None:
    with pytest.raises(Conflict):
        scene.rotate(purpose)
    second = scene.keystore.create(purpose)
    scene.keeper.step()
    assert scene.state(second) is State.PRE_ACTIVE


def test_second_successor_is_refused(scene: Scene) -> None:
    scene.rotate()
    with pytest.raises(Conflict, match="waits already"):
        scene.rotate()
