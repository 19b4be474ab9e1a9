"""What tests of key custody share."""

from pathlib import Path

from keys.backends.elsewhere import Elsewhere
from keys.backends.pins import FilePin, RefusalNote
from keys.backends.pkcs11 import Pkcs11Backend
from keys.backends.sessions import TokenSettings, shared_connection
from keys.keystore import Keystore
from keys.passphrase import Passphrase
from keys.purposes import Purpose
from tests.common.memory.backends import MemoryBackend, MemoryToken
from tests.common.softhsm import PIN, soft_token

PASSPHRASE = "only good for these tests"
NOW = 1_800_000_000


class SetClock:
    """Tell the time a test has set."""

    def __init__(self, now: int = NOW) -> None:
        self.time = now

    def now(self) -> int:
        return self.time


class SoftwareCustody:
    """Make and open the software keystore of one folder, with a key derivation that costs nothing."""

    makes_keys_here = True

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "keystore"
        self.clock = SetClock()

    def elsewhere(self) -> Elsewhere | None:
        """Give what else holds keys, opened anew for each keystore."""
        return None

    def create(self) -> Keystore:
        return Keystore.create_in(
            self.folder,
            Passphrase(PASSPHRASE),
            clock=self.clock,
            unsafe_fast_kdf=True,
            elsewhere=self.elsewhere(),
        )

    def open(self) -> Keystore:
        return Keystore.open_in(
            self.folder,
            Passphrase(PASSPHRASE),
            clock=self.clock,
            unsafe_fast_kdf=True,
            elsewhere=self.elsewhere(),
        )


class MemoryTokenCustody(SoftwareCustody):
    """Keep every key in a token in memory; the file has the records only."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.token = MemoryToken()

    def elsewhere(self) -> Elsewhere:
        return Elsewhere({"token": MemoryBackend(self.token)}, dict.fromkeys(Purpose, "token"))


class Pkcs11Custody(SoftwareCustody):
    """Keep every key in this process's SoftHSM token; the file has the records only."""

    makes_keys_here = False

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.token = soft_token()
        self.pin = folder / "pin"
        self.pin.touch(mode=0o600)
        self.pin.write_text(PIN + "\n")

    def settings(self) -> TokenSettings:
        return TokenSettings(self.token.module, self.token.label, sessions=2, wait_s=60.0)

    def backend(self) -> Pkcs11Backend:
        note = RefusalNote(self.folder.parent, "token")
        return Pkcs11Backend(shared_connection(self.settings(), FilePin(self.pin), note))

    def elsewhere(self) -> Elsewhere:
        return Elsewhere({"token": self.backend()}, dict.fromkeys(Purpose, "token"))
