"""Talk to a PKCS#11 token through a bounded pool of sessions, and begin anew when the token forgot them.

Logging in counts for the whole process (PKCS#11 v2.40, 5.6), so a process has one `Connection` to a token, however
many keystores use it: one session that logged in and is kept, and a few that do the work. A reset, a removed card or
a lost connection invalidates all of them at once; the act that notices opens them anew, once, and is then done again.
A signature made twice does no harm.

As many threads as there are sessions are in the module at once, where it lets them (`keys.backends.modules`); what
opens and ends sessions is done one at a time.

python-pkcs11 translates CKR codes to exceptions; here they become errors of ours, and nothing of theirs is shown.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

from keys.backends.modules import Module, calls, loaded
from keys.backends.pins import Pin, RefusalNote
from keys.errors import (
    BackendRefused,
    BackendUnavailable,
    KeyCustodyError,
    KeystoreLocked,
    MechanismMissing,
    PinRefused,
    TokenAbsent,
    TokenFull,
)
from keys.guarded import Guarded
from keys.memory import wiped

if TYPE_CHECKING:
    from pkcs11 import Session, Token

T = TypeVar("T")

MAX_SESSIONS = 64
_BETWEEN_OPENINGS_S = 0.2
# CK_TOKEN_INFO flags (PKCS#11 v2.40, 3.2).
_FINAL_TRY, _LOCKED = 0x0002_0000, 0x0004_0000

_LOST = (
    *("SessionHandleInvalid", "SessionClosed", "DeviceRemoved", "DeviceError", "TokenNotPresent", "UserNotLoggedIn"),
    *("KeyHandleInvalid", "ObjectHandleInvalid", "SlotIDInvalid", "OperationActive"),
)
_ABSENT = ("NoSuchToken", "TokenNotPresent", "TokenNotRecognised", "DeviceRemoved", "SlotIDInvalid")
_PIN = ("PinIncorrect", "PinInvalid", "PinLenRange", "PinLocked", "PinExpired", "UserPinNotInitialized")
_MECHANISM = ("MechanismInvalid", "MechanismParamInvalid", "FunctionNotSupported", "DomainParamsInvalid")
_BUSY = ("SessionCount", "FunctionCancelled", "FunctionFailed", "GeneralError", "HostMemory", "DeviceError")


@dataclass(frozen=True, slots=True)
class TokenSettings:
    """Say which token and how to talk to it; `serial` tells two tokens of one label apart."""

    module: Path
    label: str
    serial: str | None = None
    sessions: int = 4
    wait_s: float = 5.0


class _Lost(Exception):
    """The sessions are gone; the act may be done again on new ones."""

    def __init__(self, error: KeyCustodyError) -> None:
        self.error = error


@dataclass(eq=False, slots=True)
class Borrowed:
    """Lend one session, with the keys found through it so far."""

    session: "Session"
    generation: int
    found: dict[bytes, Any] = field(default_factory=dict)


def library() -> ModuleType:
    """Give python-pkcs11.

    Raises:
        BackendUnavailable: the extra is not installed.
    """
    try:
        import pkcs11
    except ImportError:
        raise BackendUnavailable("PKCS#11 needs the extra: install jeung[pkcs11]") from None
    return pkcs11


def is_one_of(problem: BaseException, names: tuple[str, ...]) -> bool:
    """Tell whether a problem is one of python-pkcs11's of these names."""
    return type(problem).__name__ in names


def translated(problem: Exception, label: str) -> KeyCustodyError:
    """Give our error for one of python-pkcs11's; only its name is told, for its text is the module's."""
    kind = type(problem).__name__
    if is_one_of(problem, _ABSENT):
        return TokenAbsent(f"the token {label} is in no slot")
    if is_one_of(problem, ("DeviceMemory",)):
        return TokenFull(f"the token {label} has no room")
    if is_one_of(problem, _PIN):
        return PinRefused(f"the token {label} refuses the PIN ({kind})")
    if is_one_of(problem, _MECHANISM):
        return MechanismMissing(f"the token {label} cannot do this ({kind})")
    if is_one_of(problem, (*_LOST, *_BUSY)):
        return BackendUnavailable(f"the token {label} does not work now ({kind})")
    return BackendRefused(f"the token {label} refuses ({kind})")


class Connection(Guarded):
    """Hold this process's log-in at a token, and lend sessions; several backends may share one."""

    __slots__ = (
        "_anchor",
        "_condition",
        "_generation",
        "_idle",
        "_lent",
        "_note",
        "_opened_at",
        "_pid",
        "_pin",
        "settings",
    )

    def __init__(self, settings: TokenSettings, pin: Pin, note: RefusalNote) -> None:
        """Do nothing yet: the token is first asked when something is to be done with it."""
        self.settings = settings
        self._pin = pin
        self._note = note
        self._condition = threading.Condition()
        self._anchor: Session | None = None
        self._idle: list[Borrowed] = []
        self._lent = 0
        self._generation = 0
        self._opened_at = -_BETWEEN_OPENINGS_S
        self._pid = os.getpid()

    def run(self, act: Callable[[Borrowed], T]) -> T:
        """Do something with a session; once more on new sessions if the token has forgotten the old ones.

        Raises:
            BackendUnavailable, BackendRefused, PinRefused: what `translated` makes of it.
        """
        try:
            return self._tried(act)
        except _Lost:
            pass
        try:
            return self._tried(act)
        except _Lost as lost:
            raise lost.error from None

    def _tried(self, act: Callable[[Borrowed], T]) -> T:
        with self._borrowed() as borrowed:
            try:
                with self._module().turn():
                    return act(borrowed)
            except library().PKCS11Error as problem:
                error = translated(problem, self.settings.label)
                if is_one_of(problem, _LOST) or self._is_stale(borrowed):
                    self._drop(borrowed.generation)
                    raise _Lost(error) from None
                raise error from None
            except KeyCustodyError as error:
                if self._is_stale(borrowed):
                    raise _Lost(error) from None
                raise

    def _is_stale(self, borrowed: Borrowed) -> bool:
        """Tell whether another thread gave the sessions up meanwhile.

        That logs the whole process out, and a session in the middle of its work then sees no private key at all: what
        it says of a key means nothing.
        """
        return borrowed.generation != self._generation

    def token(self) -> "Token":
        """Find the token in its slot, as it stands now.

        Raises:
            TokenAbsent: it is in none, or two have the same label and no serial number was given.
        """
        pkcs11, wanted, module = library(), self.settings, self._module()
        try:
            with calls:
                tokens = list(module.library.get_tokens(token_label=wanted.label))
        except pkcs11.PKCS11Error as problem:
            raise translated(problem, wanted.label) from None
        found = [
            token
            for token in tokens
            if wanted.serial is None or token.serial.decode(errors="replace").strip() == wanted.serial
        ]
        if len(found) != 1:
            detail = "is in no slot" if not found else "is not the only one of its label: name its serial number"
            raise TokenAbsent(f"the token {wanted.label} {detail}")
        token: Token = found[0]
        return token

    def _module(self) -> Module:
        pkcs11 = library()
        try:
            return loaded(self.settings.module, pkcs11.lib)
        except pkcs11.PKCS11Error:
            raise BackendUnavailable(f"cannot load the PKCS#11 module {self.settings.module}") from None

    def mechanisms(self) -> set[Any]:
        """Give the mechanisms the token offers.

        Raises:
            TokenAbsent, BackendUnavailable: it cannot be asked.
        """
        slot = self.token().slot
        with calls:
            return set(slot.get_mechanisms())

    def close(self) -> None:
        """Log out and end all sessions."""
        with self._condition:
            self._drop(self._generation)

    @contextmanager
    def _borrowed(self) -> Iterator[Borrowed]:
        borrowed = self._lend()
        try:
            yield borrowed
        finally:
            with self._condition:
                self._lent -= 1
                if borrowed.generation == self._generation:
                    self._idle.append(borrowed)
                else:
                    _end(borrowed.session)
                self._condition.notify()

    def _lend(self) -> Borrowed:
        if os.getpid() != self._pid:
            raise KeystoreLocked("a token is opened after forking: sessions do not survive it")
        deadline = time.monotonic() + self.settings.wait_s
        with self._condition:
            while self._lent >= min(self.settings.sessions, MAX_SESSIONS):
                if not self._condition.wait(deadline - time.monotonic()):
                    raise BackendUnavailable(f"all {self.settings.sessions} sessions of the token are in use")
            borrowed = self._idle.pop() if self._idle else self._opened()
            self._lent += 1
            return borrowed

    def _opened(self) -> Borrowed:
        session = self._open()
        # Opening may have begun a new generation.
        return Borrowed(session, self._generation)

    def _open(self) -> "Session":
        """Open a session; the first one logs in, anew where the token forgot it. The caller holds the condition."""
        pkcs11 = library()
        if self._anchor is not None:
            try:
                with calls:
                    return self._anchor.token.open(rw=True)
            except pkcs11.PKCS11Error:
                self._drop(self._generation)
        # A token that fails at once must not be asked in a tight loop.
        if time.monotonic() - self._opened_at < _BETWEEN_OPENINGS_S:
            self._condition.wait(_BETWEEN_OPENINGS_S)
        self._opened_at = time.monotonic()
        try:
            self._anchor = self._logged_in()
            with calls:
                return self._anchor.token.open(rw=True)
        except pkcs11.PKCS11Error as problem:
            self._drop(self._generation)
            raise translated(problem, self.settings.label) from None

    def _logged_in(self) -> "Session":
        token, pkcs11 = self.token(), library()
        with self._note.turn(self._pin) as note_refusal:
            with calls:
                flags = int(token.slot.get_token().flags)
            if flags & _LOCKED:
                raise PinRefused(f"the token {token.label} has locked its PIN")
            if flags & _FINAL_TRY:
                raise PinRefused(f"the token {token.label} leaves one try: log in by hand first")
            with wiped(self._pin.read()) as pin, calls:
                try:
                    return token.open(rw=True, user_pin=pin.decode(errors="replace"))
                except pkcs11.UserAlreadyLoggedIn:
                    # The token remembers this process though its sessions were dropped.
                    return token.open(rw=True)
                except pkcs11.PKCS11Error as problem:
                    if is_one_of(problem, _PIN):
                        note_refusal()
                    raise translated(problem, token.label) from None

    def _drop(self, generation: int) -> None:
        """Forget the sessions of a generation; whoever has one of them gives it up when done."""
        with self._condition:
            if generation != self._generation:
                return
            self._generation += 1
            for borrowed in self._idle:
                _end(borrowed.session)
            self._idle.clear()
            if self._anchor is not None:
                _end(self._anchor)
            self._anchor = None


def _end(session: "Session") -> None:
    # A session the token forgot cannot be ended; that is as good.
    with suppress(library().PKCS11Error), calls:
        session.close()


_shared: dict[tuple[str, str, str | None], tuple[Connection, int]] = {}
_sharing = threading.Lock()


def shared_connection(settings: TokenSettings, pin: Pin, note: RefusalNote) -> Connection:
    """Give this process's one connection to a token; each call is to be undone by `release_connection`."""
    key = (str(settings.module), settings.label, settings.serial)
    with _sharing:
        connection, users = _shared.get(key, (None, 0))
        if connection is None or connection._pid != os.getpid():
            connection, users = Connection(settings, pin, note), 0
        _shared[key] = connection, users + 1
        return connection


def release_connection(connection: Connection) -> None:
    """Let go of a connection; the last one to do so closes it."""
    settings = connection.settings
    key = (str(settings.module), settings.label, settings.serial)
    with _sharing:
        held, users = _shared.get(key, (None, 0))
        if held is not connection:
            return
        if users > 1:
            _shared[key] = connection, users - 1
            return
        del _shared[key]
    connection.close()
