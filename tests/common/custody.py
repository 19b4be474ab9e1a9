"""What tests of key custody share."""

from pathlib import Path

from keys.keystore import Keystore
from keys.passphrase import Passphrase

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

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "keystore"
        self.clock = SetClock()

    def create(self) -> Keystore:
        return Keystore.create_in(self.folder, Passphrase(PASSPHRASE), clock=self.clock, unsafe_fast_kdf=True)

    def open(self) -> Keystore:
        return Keystore.open_in(self.folder, Passphrase(PASSPHRASE), clock=self.clock, unsafe_fast_kdf=True)
