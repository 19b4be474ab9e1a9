"""Talking to a PKCS#11 token: its PIN, its sessions, and tokens that are absent, full or cannot."""

import ctypes
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from keys.backends import modules, sessions
from keys.backends.pins import FilePin, RefusalNote, TypedPin
from keys.backends.sessions import Connection, translated
from keys.errors import (
    BackendRefused,
    BackendUnavailable,
    InsecureFile,
    KeyCustodyError,
    KeystoreLocked,
    MechanismMissing,
    PinRefused,
    TokenAbsent,
    TokenFull,
)
from keys.keystore import Keystore
from keys.purposes import Purpose
from tests.common.chain import wait_for
from tests.common.custody import Pkcs11Custody
from tests.common.keystores import JWS_INPUT, UNSIGNED_TRANSACTION, active
from tests.common.softhsm import PIN, configure, initialise
from tests.common.tokens import connected, logged_out_afterwards

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def log_out() -> Iterator[None]:
    with logged_out_afterwards():
        yield


@pytest.fixture
def custody(tmp_path: Path) -> Pkcs11Custody:
    return Pkcs11Custody(tmp_path)


@pytest.fixture
def keystore(custody: Pkcs11Custody) -> Iterator[Keystore]:
    with custody.create() as keystore:
        yield keystore


# The PIN


def test_refused_pin_is_not_tried_a_second_time_by_anyone(custody: Pkcs11Custody) -> None:
    wrong = custody.pin.with_name("wrong")
    wrong.touch(mode=0o600)
    wrong.write_text("not the pin")
    with pytest.raises(PinRefused, match="PinIncorrect"):
        connected(custody, wrong).run(lambda lent: None)
    for _ in range(3):
        with pytest.raises(PinRefused, match="before"):
            connected(custody, wrong).run(lambda lent: None)
    wrong.write_text(PIN)
    assert connected(custody, wrong).run(lambda lent: lent.generation) == 0
    assert not (custody.folder.parent / "pin-refused.token").exists()


def test_note_of_a_refusal_does_not_tell_the_pin(custody: Pkcs11Custody) -> None:
    custody.pin.write_text("guess 4711 guess")
    with pytest.raises(PinRefused) as caught:
        connected(custody).run(lambda lent: None)
    note = custody.folder.parent / "pin-refused.token"
    assert note.stat().st_mode & 0o777 == 0o600
    shown = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    for text in (note.read_text(), shown, repr(FilePin(custody.pin)), repr(connected(custody))):
        assert "4711" not in text


def test_typed_pin_serves_and_is_not_shown(custody: Pkcs11Custody) -> None:
    pin = TypedPin(PIN)
    connection = Connection(custody.settings(), pin, RefusalNote(custody.folder.parent, "typed"))
    assert connection.run(lambda lent: lent.generation) == 0
    connection.close()
    assert PIN not in repr(pin)
    assert pin.read() == pin.read() == PIN.encode()
    wrong = Connection(custody.settings(), TypedPin("wrong"), RefusalNote(custody.folder.parent, "typed"))
    for expected in ("PinIncorrect", "before"):
        with pytest.raises(PinRefused, match=expected):
            wrong.run(lambda lent: None)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_pin_file_open_to_others_is_refused(custody: Pkcs11Custody, mode: int) -> None:
    custody.pin.chmod(mode)
    with pytest.raises(InsecureFile, match="0600"):
        connected(custody).run(lambda lent: None)


@pytest.mark.parametrize("content", ["", "\n", "two\nlines", "tab\tin it", "x" * 257])
def test_pin_that_is_none_is_refused_untried(custody: Pkcs11Custody, content: str) -> None:
    custody.pin.write_text(content)
    with pytest.raises(PinRefused, match="expected a PIN"):
        connected(custody).run(lambda lent: None)


def test_missing_pin_file_is_named(custody: Pkcs11Custody) -> None:
    custody.pin.unlink()
    with pytest.raises(PinRefused, match="no PIN file"):
        connected(custody).run(lambda lent: None)
    assert FilePin(custody.pin).stamp() == "missing"


@pytest.mark.parametrize(("flag", "words"), [(sessions._LOCKED, "locked"), (sessions._FINAL_TRY, "one try")])
def test_last_try_is_left_to_a_person(
    custody: Pkcs11Custody, monkeypatch: pytest.MonkeyPatch, flag: int, words: str
) -> None:
    """SoftHSM never locks; the flag is read from a mask that stands for what it says after a good log-in."""
    import pkcs11

    initialised = int(pkcs11.TokenFlag.TOKEN_INITIALIZED)
    monkeypatch.setattr(sessions, "_LOCKED" if words == "locked" else "_FINAL_TRY", initialised)
    with pytest.raises(PinRefused, match=words):
        connected(custody).run(lambda lent: None)
    assert flag in (0x20000, 0x40000)
    assert not (custody.folder.parent / "pin-refused.token").exists()


def test_process_that_waits_too_long_for_its_turn_to_log_in_says_so(
    custody: Pkcs11Custody, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("keys.backends.pins._LOCK_TIMEOUT_S", 0.01)
    note = RefusalNote(custody.folder.parent, "token")
    with note.turn(FilePin(custody.pin)), pytest.raises(BackendUnavailable, match="too long"):
        connected(custody).run(lambda lent: None)


# Sessions


def reset(custody: Pkcs11Custody) -> None:
    """Let the module forget every session and log-in, as after a reset of the token."""
    name = str(custody.token.module)
    assert ctypes.CDLL(name).C_Finalize(None) == 0
    assert modules._initialize(name, modules._InitializeArgs(flags=2)) == 0


def test_token_reset_under_a_running_node_is_healed_by_the_next_signature(
    keystore: Keystore, custody: Pkcs11Custody
) -> None:
    records = [active(keystore, purpose) for purpose in (Purpose.GOVERNANCE, Purpose.TOKEN_SIGNING)]
    for _ in range(3):
        for record in records:
            message = UNSIGNED_TRANSACTION if record.address else JWS_INPUT
            assert keystore.sign(record.key_id, record.purpose, message)
        reset(custody)
    assert keystore.create(Purpose.STATUS).backend == "token"


def test_lost_session_is_replaced(custody: Pkcs11Custody) -> None:
    connection = connected(custody)
    attempts = []

    def act(lent: sessions.Borrowed) -> int:
        attempts.append(lent.generation)
        if len(attempts) == 1:
            lent.session.close()
        lent.session.generate_random(8)
        return lent.generation

    assert connection.run(act) == 1
    assert attempts == [0, 1]


def test_act_that_fails_on_new_sessions_too_is_given_up(custody: Pkcs11Custody) -> None:
    connection = connected(custody)
    attempts = []

    def act(lent: sessions.Borrowed) -> None:
        attempts.append(lent.generation)
        lent.session.close()
        lent.session.generate_random(8)

    with pytest.raises(BackendUnavailable, match="SessionHandleInvalid"):
        connection.run(act)
    assert attempts == [0, 1]


def test_sessions_are_bounded_and_waiting_for_one_ends(custody: Pkcs11Custody) -> None:
    connection = connected(custody, sessions=2, wait_s=0.05)
    with ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(connection._borrowed())
        with pytest.raises(BackendUnavailable, match="in use"):
            connection.run(lambda lent: None)
    assert connection.run(lambda lent: lent.generation) == 0


def test_who_waits_gets_the_session_that_is_given_back(custody: Pkcs11Custody) -> None:
    connection = connected(custody, sessions=1)
    got: list[int] = []
    with connection._borrowed():
        thread = threading.Thread(target=lambda: got.append(connection.run(lambda lent: lent.generation)))
        thread.start()
        wait_for(lambda: len(connection._condition._waiters) == 1)  # type: ignore[attr-defined]
        assert got == []
    thread.join()
    assert got == [0]


def test_more_threads_than_sessions_all_sign(keystore: Keystore) -> None:
    record = active(keystore, Purpose.TOKEN_SIGNING)
    made: list[bytes] = []

    def work() -> None:
        made.extend(keystore.sign(record.key_id, Purpose.TOKEN_SIGNING, JWS_INPUT) for _ in range(5))

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 30
    assert keystore.get(record.key_id).uses == 30


def test_forked_process_does_not_use_its_parents_sessions(
    keystore: Keystore, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = active(keystore, Purpose.TOKEN_SIGNING)
    monkeypatch.setattr("keys.backends.sessions.os.getpid", lambda: 1)
    with pytest.raises(KeystoreLocked, match="forking"):
        keystore.sign(record.key_id, Purpose.TOKEN_SIGNING, JWS_INPUT)


def test_closing_one_keystore_leaves_the_other_logged_in(custody: Pkcs11Custody) -> None:
    with custody.create() as one:
        record = active(one, Purpose.TOKEN_SIGNING)
        other = custody.open()
        other.close()
        other.close()
        assert one.sign(record.key_id, Purpose.TOKEN_SIGNING, JWS_INPUT)


def test_closed_backend_does_nothing(keystore: Keystore, custody: Pkcs11Custody) -> None:
    record = active(keystore, Purpose.TOKEN_SIGNING)
    backend = custody.backend()
    backend.close()
    backend.close()
    acts = (
        lambda: backend.sign(record, JWS_INPUT),
        lambda: backend.generate(Purpose.STATUS, "ES256K-R"),
        lambda: backend.destroy(record),
    )
    for act in acts:
        with pytest.raises(KeystoreLocked):
            act()


# Tokens that are absent, full or cannot


def test_absent_token_is_named(custody: Pkcs11Custody) -> None:
    for connection in (connected(custody, label="no such token"), connected(custody, serial="ffff")):
        with pytest.raises(TokenAbsent, match="in no slot"):
            connection.run(lambda lent: None)


def test_token_is_told_from_another_by_its_serial_number(custody: Pkcs11Custody) -> None:
    serial = connected(custody).token().serial.decode()
    assert connected(custody, serial=serial).token().serial.decode() == serial


def test_module_that_cannot_be_loaded_is_named(custody: Pkcs11Custody, tmp_path: Path) -> None:
    (tmp_path / "module.so").write_text("no library")
    with pytest.raises(BackendUnavailable, match=r"module\.so"):
        connected(custody, module=tmp_path / "module.so").run(lambda lent: None)


def test_without_the_extra_the_backend_says_what_to_install(
    custody: Pkcs11Custody, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pkcs11", None)
    with pytest.raises(BackendUnavailable, match=r"jeung\[pkcs11\]"):
        connected(custody).run(lambda lent: None)


TOKEN_WITHOUT_EDWARDS = """
import sys
from pathlib import Path
from keys.backends.pins import FilePin, RefusalNote
from keys.backends.pkcs11 import Pkcs11Backend
from keys.backends.sessions import TokenSettings, shared_connection
from keys.errors import MechanismMissing
from keys.purposes import Purpose

folder, module = Path(sys.argv[1]), Path(sys.argv[2])
backend = Pkcs11Backend(
    shared_connection(TokenSettings(module, "plain"), FilePin(folder / "pin"), RefusalNote(folder, "t"))
)
try:
    backend.generate(Purpose.WITNESS_COSIGNING, "Ed25519")
except MechanismMissing as refused:
    print(refused.detail)
print(len(backend.generate(Purpose.TOKEN_SIGNING, "ES256").handle))
backend.close()
"""


def test_mechanism_the_token_lacks_is_named_and_the_others_work(custody: Pkcs11Custody, tmp_path: Path) -> None:
    path = configure(tmp_path, "-CKM_EDDSA,CKM_EC_EDWARDS_KEY_PAIR_GEN")
    initialise(tmp_path, "plain")
    done = subprocess.run(
        [sys.executable, "-c", TOKEN_WITHOUT_EDWARDS, str(tmp_path), str(custody.token.module)],
        cwd=ROOT,
        env={"SOFTHSM2_CONF": str(path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    refusal, handle = done.stdout.splitlines()
    assert "the token plain lacks EC_EDWARDS_KEY_PAIR_GEN" in refusal
    assert handle == "32"


def test_algorithm_no_token_knows_is_refused(custody: Pkcs11Custody, keystore: Keystore) -> None:
    with pytest.raises(MechanismMissing):
        custody.backend().generate(Purpose.TOKEN_SIGNING, "ML-DSA-65")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("DeviceMemory", TokenFull),
        ("TokenNotPresent", TokenAbsent),
        ("DeviceRemoved", TokenAbsent),
        ("NoSuchToken", TokenAbsent),
        ("PinIncorrect", PinRefused),
        ("PinLocked", PinRefused),
        ("MechanismInvalid", MechanismMissing),
        ("DomainParamsInvalid", MechanismMissing),
        ("SessionCount", BackendUnavailable),
        ("GeneralError", BackendUnavailable),
        ("SessionHandleInvalid", BackendUnavailable),
        ("KeyTypeInconsistent", BackendRefused),
        ("TokenWriteProtected", BackendRefused),
    ],
)
def test_each_answer_of_a_module_has_its_own_stable_code(name: str, kind: type[KeyCustodyError]) -> None:
    exceptions = pytest.importorskip("pkcs11.exceptions")
    error = translated(getattr(exceptions, name)(), "token")
    assert type(error) is kind


def test_every_name_of_an_answer_is_one_the_library_has() -> None:
    exceptions = pytest.importorskip("pkcs11.exceptions")
    names = (*sessions._LOST, *sessions._ABSENT, *sessions._PIN, *sessions._MECHANISM, *sessions._BUSY)
    assert [name for name in names if not hasattr(exceptions, name)] == []
