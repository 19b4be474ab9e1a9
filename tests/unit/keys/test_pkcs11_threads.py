"""Several threads sign at one token at the same time, where its module lets them; where it does not, in turn."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from keys.backends import modules
from keys.backends.modules import Module, calls
from keys.backends.sessions import Borrowed, Connection
from keys.errors import BackendRefused, BackendUnavailable
from keys.purposes import Purpose
from tests.common.custody import Pkcs11Custody
from tests.common.keystores import JWS_INPUT, active, message_for
from tests.common.tokens import connected, logged_out_afterwards


@pytest.fixture(autouse=True)
def log_out() -> Iterator[None]:
    with logged_out_afterwards():
        yield


@pytest.fixture
def custody(tmp_path: Path) -> Pkcs11Custody:
    return Pkcs11Custody(tmp_path)


def in_threads(*works: Callable[[], object]) -> list[BaseException]:
    """Run works at once; give what went wrong."""
    failures: list[BaseException] = []

    def guarded(work: Callable[[], object]) -> None:
        try:
            work()
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=guarded, args=(work,), daemon=True) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    return failures


def test_two_threads_are_at_the_token_at_the_same_time(custody: Pkcs11Custody) -> None:
    """Each waits for the other inside its act: one after the other they would wait for ever."""
    connection = connected(custody, sessions=2)
    both = threading.Barrier(2, timeout=30)

    def act(lent: Borrowed) -> None:
        both.wait()
        lent.session.generate_random(256)

    assert in_threads(*[lambda: connection.run(act)] * 2) == []


def test_module_that_lets_no_thread_in_is_entered_by_one_at_a_time(
    custody: Pkcs11Custody, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = connected(custody, sessions=2)
    module = Module(connection._module().library, lets_threads_in=False)
    monkeypatch.setattr(Connection, "_module", lambda self: module)
    inside: list[bool] = []

    def act(lent: Borrowed) -> None:
        # Whoever is inside holds the lock, so nobody else can take it without waiting.
        free: list[bool] = []
        looker = threading.Thread(target=lambda: free.append(calls.acquire(blocking=False)))
        looker.start()
        looker.join()
        inside.extend(free)

    assert in_threads(*[lambda: connection.run(act)] * 2) == []
    assert inside == [False, False]


def test_signatures_keys_and_data_keys_of_many_threads_are_all_good(custody: Pkcs11Custody) -> None:
    with custody.create() as keystore:
        purposes = (Purpose.TOKEN_SIGNING, Purpose.ATTEST, Purpose.WITNESS_COSIGNING)
        records = [active(keystore, purpose) for purpose in purposes]
        wrapping = active(keystore, Purpose.DATA_WRAPPING)

        def sign() -> None:
            for number in range(12):
                record = records[number % 3]
                assert keystore.sign(record.key_id, record.purpose, message_for(record.purpose))

        def wrap() -> None:
            for number in range(12):
                data_key = bytes([number]) * 32
                wrapped = keystore.wrap_data_key(wrapping.key_id, data_key, b"here")
                assert keystore.unwrap_data_key(wrapping.key_id, wrapped, b"here") == data_key

        def make() -> None:
            for _ in range(2):
                keystore.create(Purpose.WEBHOOK_SIGNING)

        assert in_threads(sign, sign, sign, wrap, wrap, make) == []
        assert keystore.get(wrapping.key_id).uses == 48


def test_token_lost_under_many_threads_is_found_again_by_all(custody: Pkcs11Custody) -> None:
    with custody.create() as keystore:
        record = active(keystore, Purpose.TOKEN_SIGNING)
        backend = custody.backend()

        def sign() -> None:
            for _ in range(10):
                assert keystore.sign(record.key_id, Purpose.TOKEN_SIGNING, JWS_INPUT)

        def lose() -> None:
            backend._connection._drop(backend._connection._generation)

        for _ in range(3):
            assert in_threads(sign, sign, sign, lose) == []
        backend.close()


def test_what_a_session_says_after_the_others_were_given_up_is_not_believed(custody: Pkcs11Custody) -> None:
    """Giving sessions up logs the process out; who was searching then found no key, and said it was not there."""
    connection = connected(custody, sessions=2)
    tries: list[int] = []

    def act(lent: Borrowed) -> int:
        tries.append(lent.generation)
        if len(tries) == 1:
            connection._drop(lent.generation)
            raise BackendRefused("expected one key, found 0")
        return lent.generation

    assert connection.run(act) == 1
    assert tries == [0, 1]

    def wrong(lent: Borrowed) -> None:
        raise BackendRefused("expected one key, found 0")

    with pytest.raises(BackendRefused):
        connection.run(wrong)


class Library:
    def __init__(self) -> None:
        self.said: list[str] = []

    def finalize(self) -> None:
        self.said.append("finalize")

    def initialize(self) -> None:
        self.said.append("initialize")


@pytest.mark.parametrize("answer", [0x0A, 0x191, -1], ids=["cannot-lock", "initialized", "no-function"])
def test_module_that_cannot_lock_is_initialised_as_the_library_does(
    monkeypatch: pytest.MonkeyPatch, answer: int
) -> None:
    monkeypatch.setattr(modules, "_initialize", lambda name, arguments: answer)
    library = Library()
    module = modules.loaded(Path(f"/made/up/{answer}.so"), lambda name: library)
    monkeypatch.delitem(modules._loaded, f"/made/up/{answer}.so")
    assert (module.lets_threads_in, library.said) == (False, ["finalize", "initialize"])


def test_library_without_a_table_of_functions_is_not_called(custody: Pkcs11Custody, monkeypatch: Any) -> None:  # noqa: ANN401
    class Empty:
        @staticmethod
        def C_GetFunctionList(_: object) -> int:
            return 5

    monkeypatch.setattr("keys.backends.modules.ctypes.CDLL", lambda name: Empty)
    assert modules._initialize("module.so", modules._InitializeArgs()) == -1


def test_session_that_nobody_gives_back_is_waited_for_a_bounded_time(custody: Pkcs11Custody) -> None:
    with custody.create() as keystore:
        record = active(keystore, Purpose.TOKEN_SIGNING)
    connection = connected(custody, sessions=1, wait_s=0.05)
    held, done = threading.Event(), threading.Event()

    def hold(_: Borrowed) -> None:
        held.set()
        done.wait(30)

    thread = threading.Thread(target=lambda: connection.run(hold))
    thread.start()
    held.wait(30)
    with pytest.raises(BackendUnavailable, match="in use"):
        connection.run(lambda lent: record)
    done.set()
    thread.join()
