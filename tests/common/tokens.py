"""What the tests of a PKCS#11 token share: connections of their own beside the keystore's."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from keys.backends import sessions
from keys.backends.pins import FilePin, RefusalNote
from keys.backends.sessions import Connection
from tests.common.custody import Pkcs11Custody

_connected: list[Connection] = []


@contextmanager
def logged_out_afterwards() -> Iterator[None]:
    """Close what a test opened: a process that is logged in already would not be asked for its PIN.

    A test of faults may leave a keystore's shared connection behind; that too ends with it.
    """
    yield
    while _connected:
        _connected.pop().close()
    while sessions._shared:
        sessions._shared.popitem()[1][0].close()


def connected(custody: Pkcs11Custody, pin: Path | None = None, **changes: object) -> Connection:
    settings = replace(custody.settings(), **changes)  # type: ignore[arg-type]
    connection = Connection(settings, FilePin(pin or custody.pin), RefusalNote(custody.folder.parent, "token"))
    _connected.append(connection)
    return connection


def objects(custody: Pkcs11Custody, handle: str) -> list[Any]:
    """Give what the token holds under a handle, looked at through a session of the test's own."""
    import pkcs11

    connection = connected(custody)
    return connection.run(lambda lent: list(lent.session.get_objects({pkcs11.Attribute.ID: bytes.fromhex(handle)})))
