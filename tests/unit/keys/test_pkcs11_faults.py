"""Tokens with faults SoftHSM cannot be made to have: stand-ins that answer as PKCS#11 lets a module answer."""

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest

from keys.backends import pkcs11 as backend_module
from keys.backends import sessions
from keys.backends.modules import Module
from keys.backends.pins import FilePin, RefusalNote
from keys.backends.pkcs11 import _public_part, _require_made
from keys.backends.sessions import Connection, TokenSettings, release_connection, shared_connection
from keys.errors import BackendRefused, BackendUnavailable, EnvelopeRefused, MechanismMissing, TokenAbsent
from keys.purposes import Purpose
from tests.common.custody import Pkcs11Custody
from tests.common.keystores import active
from tests.common.tokens import connected, logged_out_afterwards


@pytest.fixture(autouse=True)
def log_out() -> Iterator[None]:
    with logged_out_afterwards():
        yield


@pytest.fixture
def custody(tmp_path: Path) -> Pkcs11Custody:
    return Pkcs11Custody(tmp_path)


def failing(name: str) -> Callable[..., NoReturn]:
    exceptions = pytest.importorskip("pkcs11.exceptions")

    def fail(*_: object, **__: object) -> NoReturn:
        raise getattr(exceptions, name)()

    return fail


class Key(dict[Any, bool]):
    is_destroyed = False

    def destroy(self) -> None:
        self.is_destroyed = True


@pytest.mark.parametrize("lacking", ["LOCAL", "NEVER_EXTRACTABLE"])
def test_key_the_token_did_not_make_itself_is_erased(custody: Pkcs11Custody, lacking: str) -> None:
    from pkcs11 import Attribute

    marks = ("SENSITIVE", "LOCAL", "NEVER_EXTRACTABLE")
    key = Key({getattr(Attribute, mark): mark != lacking for mark in marks}, **{})
    key[Attribute.EXTRACTABLE] = False
    public = Key()
    with pytest.raises(BackendRefused, match="itself"):
        _require_made(key, public)
    assert (key.is_destroyed, public.is_destroyed) == (True, True)


def test_public_point_without_its_wrapping_is_read_too(custody: Pkcs11Custody) -> None:
    from pkcs11 import Attribute

    point = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
    bare, wrapped = ({Attribute.EC_POINT: prefix + point} for prefix in (b"", b"\x04\x20"))
    assert _public_part("Ed25519", bare) == _public_part("Ed25519", wrapped)


def test_token_that_says_plainly_that_the_tag_is_wrong_is_believed(
    custody: Pkcs11Custody, monkeypatch: pytest.MonkeyPatch
) -> None:
    with custody.create() as keystore:
        record = active(keystore, Purpose.DATA_WRAPPING)
        wrapped = keystore.wrap_data_key(record.key_id, bytes(32), b"")
        monkeypatch.setattr(backend_module, "_gcm", failing("EncryptedDataInvalid"))
        with pytest.raises(EnvelopeRefused):
            keystore.unwrap_data_key(record.key_id, wrapped, b"")


def test_token_without_mechanisms_makes_no_key(custody: Pkcs11Custody, monkeypatch: pytest.MonkeyPatch) -> None:
    with custody.create() as keystore:
        monkeypatch.setattr(Connection, "mechanisms", lambda self: set())
        with pytest.raises(MechanismMissing, match="ECDSA"):
            keystore.create(Purpose.TOKEN_SIGNING)
        assert keystore.list() == []


def test_slots_that_cannot_be_read_are_said(custody: Pkcs11Custody, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Module(SimpleNamespace(get_tokens=failing("DeviceRemoved")), lets_threads_in=False)
    monkeypatch.setattr(Connection, "_module", lambda self: broken)
    with pytest.raises(TokenAbsent):
        connected(custody).token()


def test_forgotten_log_in_is_made_again(custody: Pkcs11Custody) -> None:
    connection = connected(custody)
    stale = SimpleNamespace(token=SimpleNamespace(open=failing("SessionHandleInvalid")), close=lambda: None)
    connection._anchor = stale  # type: ignore[assignment]
    assert connection.run(lambda lent: lent.generation) == 1


def test_token_that_opens_no_second_session_is_unavailable(
    custody: Pkcs11Custody, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = SimpleNamespace(token=SimpleNamespace(open=failing("SessionCount")), close=lambda: None)
    monkeypatch.setattr(Connection, "_logged_in", lambda self: full)
    with pytest.raises(BackendUnavailable, match="SessionCount"):
        connected(custody).run(lambda lent: None)


def test_token_that_fails_at_log_in_is_not_said_to_have_refused_the_pin(
    custody: Pkcs11Custody, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = SimpleNamespace(
        label="token",
        open=failing("DeviceError"),
        slot=SimpleNamespace(get_token=lambda: SimpleNamespace(flags=0)),
    )
    monkeypatch.setattr(Connection, "token", lambda self: token)
    with pytest.raises(BackendUnavailable, match="DeviceError"):
        connected(custody).run(lambda lent: None)
    assert not (custody.folder.parent / "pin-refused.token").exists()


def test_sessions_of_another_generation_are_left_alone(custody: Pkcs11Custody) -> None:
    connection = connected(custody)
    assert connection.run(lambda lent: lent.generation) == 0
    connection._drop(7)
    assert connection.run(lambda lent: lent.generation) == 0


def test_connection_is_released_once(tmp_path: Path) -> None:
    settings = TokenSettings(Path("/nonexistent.so"), "nobody's")
    connection = shared_connection(settings, FilePin(tmp_path / "pin"), RefusalNote(tmp_path, "x"))
    release_connection(connection)
    release_connection(connection)
    assert (str(settings.module), settings.label, None) not in sessions._shared
