"""Make what holds keys beside the keystore's file, as the settings name it."""

import warnings
from collections.abc import Callable
from getpass import GetPassWarning, getpass
from pathlib import Path

from keys.backends.base import Backend
from keys.backends.elsewhere import Elsewhere
from keys.backends.pins import FilePin, Pin, RefusalNote, TypedPin
from keys.backends.pkcs11 import Pkcs11Backend
from keys.backends.sessions import TokenSettings, shared_connection
from keys.backends.web3signer import Web3SignerBackend
from keys.errors import PinRefused
from keys.files import require_private_file
from keys.purposes import Purpose
from node.key_settings import TokenPlace
from node.runtime.remote_signer import HttpSignerTransport
from node.settings import Settings, SettingsInvalid


def backends_of(settings: Settings, *, ask: Callable[[str], str] = getpass) -> Elsewhere:
    """Prepare the backends of the settings; none is asked for anything before a key of its own is used.

    PIN files and client keys that others can read are refused now, at the start.

    Raises:
        SettingsInvalid: a purpose that is none is placed.
        InsecureFile, PinRefused, BackendRefused: a secret cannot be read safely.
    """
    unknown = set(settings.keys.placement) - set(Purpose)
    if unknown:
        raise SettingsInvalid(f"keys.placement: expected purposes, got {', '.join(sorted(unknown))}")
    placement = {Purpose(purpose): name for purpose, name in settings.keys.placement.items()}
    backends: dict[str, Backend] = {}
    for name, place in settings.keys.pkcs11.items():
        wanted = TokenSettings(place.module, place.token, place.serial, place.sessions, place.wait_s)
        note = RefusalNote(settings.keystore_folder, name)
        backends[name] = Pkcs11Backend(shared_connection(wanted, _pin(place, settings.node_dir, name, ask), note))
    for name, signer in settings.keys.web3signer.items():
        located = signer.model_copy(
            update={
                field: settings.node_dir / path
                for field in ("ca_file", "client_certificate_file", "client_key_file")
                if (path := getattr(signer, field)) is not None
            }
        )
        backends[name] = Web3SignerBackend(HttpSignerTransport(located))
    return Elsewhere(backends, placement)


def _pin(place: TokenPlace, node_dir: Path, name: str, ask: Callable[[str], str]) -> Pin:
    if place.pin_file is None:
        try:
            with warnings.catch_warnings():
                # getpass only warns before it reads with the echo on.
                warnings.simplefilter("error", GetPassWarning)
                return TypedPin(ask(f"PIN of the token {name}: "))
        except (EOFError, GetPassWarning):
            raise PinRefused("there is no terminal to ask for the PIN") from None
    path = node_dir / place.pin_file
    require_private_file(path)
    return FilePin(path)
