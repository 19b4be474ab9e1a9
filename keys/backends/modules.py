"""Load PKCS#11 modules so that several threads may be in one at the same time.

A module may be entered by one thread at a time unless it was initialised with CKF_OS_LOCKING_OK (PKCS#11 v2.40,
C_Initialize); python-pkcs11 initialises with nothing, and SoftHSM then hung when two threads signed. So the module is
loaded by the library, finalised before anything was done with it, and initialised again by its own C_Initialize with
that flag. A module that cannot lock, or whose table of functions is not where the standard has it, is initialised by
the library as before, and its calls are then made one at a time.
"""

import ctypes
import threading
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

_CKR_OK: Final = 0
_CKF_OS_LOCKING_OK: Final = 2
# CK_FUNCTION_LIST: the version (two bytes, padded to a pointer), then C_Initialize, C_Finalize, …
_C_INITIALIZE: Final = 1

calls: Final = threading.RLock()
"""Held around whatever changes what is open at a module, and around every call where threads may not enter."""


class _InitializeArgs(ctypes.Structure):
    """State CK_C_INITIALIZE_ARGS: no locks of our own, those of the system."""

    _fields_ = (
        ("create_mutex", ctypes.c_void_p),
        ("destroy_mutex", ctypes.c_void_p),
        ("lock_mutex", ctypes.c_void_p),
        ("unlock_mutex", ctypes.c_void_p),
        ("flags", ctypes.c_ulong),
        ("reserved", ctypes.c_void_p),
    )


@dataclass(frozen=True, slots=True)
class Module:
    """Hold a loaded module; `lets_threads_in` tells whether it locks for itself."""

    library: Any
    lets_threads_in: bool

    def turn(self) -> AbstractContextManager[object]:
        """Give what is held while a session is used."""
        return nullcontext() if self.lets_threads_in else calls


_loaded: dict[str, Module] = {}


def loaded(path: Path, load: Any) -> Module:  # noqa: ANN401 - pkcs11.lib, which has no type
    """Give a module, loaded by `load` and initialised once in this process.

    Raises:
        pkcs11.PKCS11Error: it cannot be loaded.
    """
    with calls:
        name = str(path)
        if name not in _loaded:
            library = load(name)
            _loaded[name] = Module(library, _let_threads_in(name, library))
        return _loaded[name]


def _let_threads_in(name: str, library: Any) -> bool:  # noqa: ANN401 - as above
    library.finalize()
    if _initialize(name, _InitializeArgs(flags=_CKF_OS_LOCKING_OK)) == _CKR_OK:
        return True
    library.initialize()
    return False


def _initialize(name: str, arguments: _InitializeArgs) -> int:
    """Call the module's C_Initialize, by way of C_GetFunctionList, the one function it has to export."""
    functions = ctypes.POINTER(ctypes.c_void_p)()
    code: int = ctypes.CDLL(name).C_GetFunctionList(ctypes.byref(functions))
    address = functions[_C_INITIALIZE] if code == _CKR_OK and functions else None
    if address is None:
        return -1
    function = ctypes.CFUNCTYPE(ctypes.c_ulong, ctypes.c_void_p)(address)
    return int(function(ctypes.byref(arguments)))
