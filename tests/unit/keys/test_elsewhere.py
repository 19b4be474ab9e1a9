"""Keys that other backends hold, one here and the next there, under one keystore's records."""

from pathlib import Path

import pytest

from keys.backends.elsewhere import Elsewhere
from keys.errors import (
    BackendMissing,
    BackendRefused,
    BackendUnavailable,
    KeystoreNotWritten,
    WrongState,
)
from keys.model import SOFTWARE, State
from keys.purposes import Purpose
from tests.common.custody import NOW, SoftwareCustody
from tests.common.keystores import UNSIGNED_TRANSACTION
from tests.common.memory.backends import MemoryBackend, MemoryToken


class TwoTokens(SoftwareCustody):
    """Have two tokens beside the file; only the governance account is placed in one of them."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.tokens = {"hsm": MemoryToken(), "signer": MemoryToken()}

    def elsewhere(self) -> Elsewhere:
        backends = {name: MemoryBackend(token) for name, token in self.tokens.items()}
        return Elsewhere(backends, {Purpose.GOVERNANCE: "hsm"})


@pytest.fixture
def custody(tmp_path: Path) -> TwoTokens:
    return TwoTokens(tmp_path)


def test_each_key_says_which_backend_holds_it(custody: TwoTokens) -> None:
    with custody.create() as keystore:
        governance = keystore.create(Purpose.GOVERNANCE)
        attest = keystore.create(Purpose.ATTEST, backend="signer")
        status = keystore.create(Purpose.STATUS)
        second = keystore.create(Purpose.GOVERNANCE, backend=SOFTWARE)
    assert [record.backend for record in (governance, attest, status, second)] == [
        "hsm",
        "signer",
        SOFTWARE,
        SOFTWARE,
    ]
    assert len(custody.tokens["hsm"].keys) == len(custody.tokens["signer"].keys) == 1
    with custody.open() as keystore:
        for record in (governance, attest, status):
            keystore.activate(record.key_id)
            assert keystore.sign(record.key_id, record.purpose, UNSIGNED_TRANSACTION)


def test_key_of_a_backend_the_settings_lack_is_refused_and_the_others_work(custody: TwoTokens) -> None:
    with custody.create() as keystore:
        held = keystore.activate(keystore.create(Purpose.GOVERNANCE).key_id)
        own = keystore.activate(keystore.create(Purpose.STATUS).key_id)
    with SoftwareCustody(custody.folder.parent).open() as keystore:
        with pytest.raises(BackendMissing, match="hsm"):
            keystore.sign(held.key_id, Purpose.GOVERNANCE, UNSIGNED_TRANSACTION)
        with pytest.raises(BackendMissing):
            keystore.create(Purpose.ATTEST, backend="hsm")
        assert keystore.sign(own.key_id, Purpose.STATUS, UNSIGNED_TRANSACTION)


def test_unreachable_backend_makes_no_key_and_no_record(custody: TwoTokens) -> None:
    custody.tokens["hsm"].is_unplugged = True
    with custody.create() as keystore:
        with pytest.raises(BackendUnavailable):
            keystore.create(Purpose.GOVERNANCE)
        assert keystore.list() == []
        assert keystore.create(Purpose.STATUS).backend == SOFTWARE


def test_unreachable_backend_is_no_key_that_was_replaced(custody: TwoTokens) -> None:
    with custody.create() as keystore:
        record = keystore.activate(keystore.create(Purpose.GOVERNANCE).key_id)
        custody.tokens["hsm"].is_unplugged = True
        with pytest.raises(BackendUnavailable):
            keystore.sign(record.key_id, Purpose.GOVERNANCE, UNSIGNED_TRANSACTION)
        assert keystore.current(Purpose.GOVERNANCE) == record
        custody.tokens["hsm"].is_unplugged = False
        assert keystore.sign(record.key_id, Purpose.GOVERNANCE, UNSIGNED_TRANSACTION)


def test_key_the_backend_has_already_is_adopted_once(custody: TwoTokens) -> None:
    held = MemoryBackend(custody.tokens["signer"]).generate(Purpose.ATTEST, "ES256K-R")
    with custody.create() as keystore:
        record = keystore.create(Purpose.ATTEST, backend="signer", adopt=held.handle)
        assert (record.address, record.state) == (held.public.address, State.PRE_ACTIVE)
        with pytest.raises(BackendRefused, match="already"):
            keystore.create(Purpose.STATUS, backend="signer", adopt=held.handle)
        assert held.handle in custody.tokens["signer"].keys


def test_key_the_backend_does_not_have_is_not_adopted(custody: TwoTokens) -> None:
    with custody.create() as keystore:
        for backend, name in (("signer", "0042"), (SOFTWARE, "0001")):
            with pytest.raises(BackendRefused):
                keystore.create(Purpose.ATTEST, backend=backend, adopt=name)
        assert keystore.list() == []


def test_made_key_that_cannot_be_recorded_is_undone(custody: TwoTokens, monkeypatch: pytest.MonkeyPatch) -> None:
    with custody.create() as keystore:
        monkeypatch.setattr("keys.backends.software.MAX_KEYS", 0)
        with pytest.raises(KeystoreNotWritten):
            keystore.create(Purpose.GOVERNANCE)
        assert custody.tokens["hsm"].keys == {}


def test_destroying_erases_the_material_in_the_backend(custody: TwoTokens) -> None:
    with custody.create() as keystore:
        record = keystore.create(Purpose.GOVERNANCE)
        assert keystore.destroy(record.key_id).state is State.DESTROYED
        assert custody.tokens["hsm"].keys == {}


def test_key_whose_material_could_not_be_erased_is_not_called_destroyed(custody: TwoTokens) -> None:
    with custody.create() as keystore:
        record = keystore.create(Purpose.GOVERNANCE)
        custody.tokens["hsm"].is_unplugged = True
        with pytest.raises(BackendUnavailable):
            keystore.destroy(record.key_id)
        assert keystore.get(record.key_id) == record
        custody.tokens["hsm"].is_unplugged = False
        assert keystore.destroy(record.key_id).destroyed_at == NOW


def test_active_key_is_not_erased_by_one_slip(custody: TwoTokens) -> None:
    with custody.create() as keystore:
        record = keystore.activate(keystore.create(Purpose.GOVERNANCE).key_id)
        with pytest.raises(WrongState):
            keystore.destroy(record.key_id)
        assert len(custody.tokens["hsm"].keys) == 1


def test_repr_of_what_lies_elsewhere_shows_no_backend(custody: TwoTokens) -> None:
    assert "Memory" not in repr(custody.elsewhere())


def test_first_key_of_a_purpose_is_made_where_it_is_placed_or_in_software(custody: TwoTokens) -> None:
    elsewhere = custody.elsewhere()
    assert elsewhere.place_of_successor(Purpose.GOVERNANCE, []) == "hsm"
    assert elsewhere.place_of_successor(Purpose.ATTEST, []) == SOFTWARE
